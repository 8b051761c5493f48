import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { tempFolder } from '../support/temp-folder.ts';

const main = resolve(import.meta.dirname, '../../out/main');
const runner = resolve(import.meta.dirname, '../support/run-updater.mjs');

/** The app that runs, and the one that is offered: programs that do nothing, as the new one is started once. */
const OLD = '#!/bin/sh\n# the version that runs\n';
const NEW = `#!/bin/sh\n# the new version\n${'# content\n'.repeat(1_000)}`;
const NAME = 'R2O-Studio-0.2.0.AppImage';
const sha512 = (text: string) => createHash('sha512').update(text).digest('base64');

type Offer = { version?: string; sum?: string; sentBytes?: number };

/** A server with a manifest as electron-builder writes it, and the file that it names. */
async function offer({ version = '0.2.0', sum = sha512(NEW), sentBytes = NEW.length }: Offer) {
  const manifest = [
    `version: ${version}`,
    'files:',
    `  - url: ${NAME}`,
    `    sha512: ${sum}`,
    `    size: ${NEW.length}`,
    `path: ${NAME}`,
    `sha512: ${sum}`,
    "releaseDate: '2026-12-01T00:00:00.000Z'",
  ].join('\n');
  const paths: string[] = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://server').pathname;
    paths.push(path);
    if (path === `/${NAME}`) {
      response.writeHead(200, { 'Content-Length': NEW.length }).write(NEW.slice(0, sentBytes), () => {
        if (sentBytes < NEW.length) response.destroy();
        else response.end();
      });
    } else response.end(path.endsWith('.yml') ? manifest : '');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((done) => server.once('listening', done));
  // A server that listens on a port has an address with one.
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, paths };
}

/** Runs the updater as an AppImage that quits afterwards. */
async function update(offered: Offer) {
  const { url, paths } = await offer(offered);
  const folder = tempFolder();
  const appImage = join(folder, 'r2o.AppImage');
  writeFileSync(appImage, OLD, { mode: 0o755 });
  const resources = join(folder, 'resources');
  mkdirSync(resources);
  writeFileSync(join(resources, 'app-update.yml'), readFileSync('resources/app-update.yml'));
  const chunk = readdirSync(main).find((name) => /^updater-.*\.js$/.test(name));
  const updater = pathToFileURL(join(main, chunk ?? expect.fail('there is no updater'))).href;
  const env = { ...process.env, APPIMAGE: appImage, R2O_DATA: folder, XDG_CACHE_HOME: join(folder, 'cache') };
  const setResources = `data:text/javascript,process.resourcesPath=${JSON.stringify(resources)}`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', setResources, runner, url, updater],
    { env },
  );
  const result: unknown = JSON.parse(stdout);
  return {
    result,
    paths,
    installed: readFileSync(appImage, 'utf8'),
    left: downloadsBelow(join(folder, 'cache')),
  };
}

const downloadsBelow = (cache: string) =>
  existsSync(cache)
    ? readdirSync(cache, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.AppImage'))
    : [];

describe.skipIf(process.platform !== 'linux')('an update from a server', () => {
  test('replaces the app at the next quit if its SHA-512 is that of the manifest', async () => {
    const { result, installed } = await update({});
    expect(result).toEqual({ version: '0.2.0' });
    expect(installed).toBe(NEW);
  });

  test.each([
    ['is another file than the manifest names', { sum: sha512('another file') }, /sha512 checksum mismatch/],
    ['breaks off', { sentBytes: 4_000 }, /aborted|socket hang up|ECONNRESET|checksum/],
    ['comes without a sum', { sum: "''" }, /checksum/i],
  ])('changes nothing if it %s', async (_case, offered, problem) => {
    const { result, installed, left } = await update(offered);
    expect(result).toEqual({ problem: expect.stringMatching(problem) as unknown });
    expect(installed).toBe(OLD);
    expect(left).toEqual([]);
  });

  test('is not downloaded if it is no newer', async () => {
    const { result, installed, paths } = await update({ version: '0.1.0' });
    expect(result).toEqual({ version: null });
    expect(installed).toBe(OLD);
    expect(paths).not.toContain(`/${NAME}`);
  });
});
