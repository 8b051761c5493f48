import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { resultOf, spawnProgram, waitForOutput, type CliResult } from '../support/cli.ts';
import { photos } from '../support/scan-under-way.ts';

const root = resolve(import.meta.dirname, '../..');
const isWindows = process.platform === 'win32';
const run = promisify(execFile);
const npm = (args: readonly string[], cwd: string) => run('npm', args, { cwd, shell: isWindows });

const containerFile = readFileSync(join(root, 'Containerfile'), 'utf8');

const MIB = 2 ** 20;
const Packed = z.array(
  z.object({ filename: z.string(), size: z.number(), files: z.array(z.object({ path: z.string() })) }),
);
/** As Vite names what it has built, by content. */
const withoutHash = (path: string) => path.replace(/-[\w-]{8}(?=\.\w+$)/, '');

/** Names of the packages in a folder `node_modules`. */
const packagesIn = (folder: string) =>
  readdirSync(folder).flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(folder, name)).map((inner) => `${name}/${inner}`) : [name],
  );

describe('the package for npm', () => {
  const outer = mkdtempSync(join(tmpdir(), 'r2o-install-'));
  afterAll(() => rmSync(outer, { recursive: true }));
  let packed: z.infer<typeof Packed>[number];
  /** Where `npm install -g` has put the app, and where a user is: in an empty folder. */
  let installed: string;
  let emptyFolder: string;

  beforeAll(async () => {
    const prefix = join(outer, 'prefix');
    emptyFolder = join(outer, 'empty');
    for (const folder of [prefix, emptyFolder]) mkdirSync(folder);
    // `npm ci` has run the script that builds; the command as documented would build again.
    const { stdout } = await npm(['pack', '--ignore-scripts', '--json', '--pack-destination', prefix], root);
    packed = Packed.parse(JSON.parse(stdout))[0] ?? expect.fail('nothing was packed');
    const file = join(prefix, packed.filename);
    const install = ['install', '--global', '--ignore-scripts', '--prefer-offline', '--prefix', prefix, file];
    await npm(install, emptyFolder);
    installed = join(prefix, isWindows ? 'node_modules' : 'lib/node_modules', 'r2o-studio');
  });

  /** `r2o` as installed, in the empty folder, with the home of somebody who has never used it. */
  function start(args: readonly string[], nodeOptions: readonly string[] = []) {
    const home = join(emptyFolder, 'home');
    mkdirSync(home, { recursive: true });
    const env = { HOME: home, XDG_DATA_HOME: '', LOCALAPPDATA: home, R2O_DATA: '' };
    const script = join(installed, 'resources/bin/r2o.mjs');
    return spawnProgram([...nodeOptions, script, ...args], { cwd: emptyFolder, env });
  }
  const r2o = (...args: string[]): Promise<CliResult> => resultOf(start(args));

  test('is small, and contains what runs without tests, maps and sources', () => {
    const paths = packed.files.map(({ path }) => withoutHash(path)).sort();
    expect(packed.size).toBeLessThan(15 * MIB);
    const beside = paths.filter((path) => !/^(out\/|resources\/(sample|torch)\/)/.test(path));
    expect(beside).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', 'resources/bin/r2o.mjs']);
    expect(paths).toEqual(expect.arrayContaining(['out/main/cli.js', 'out/renderer/index.html']));
    const torch = paths.filter((path) => path.startsWith('resources/torch/'));
    expect(torch).toEqual(expect.arrayContaining(['resources/torch/r2o_torch/__main__.py']));
    expect(torch.filter((path) => /tests|pycache/.test(path))).toEqual([]);
    expect(paths.filter((path) => /\.(map|ts|svelte)$|preload|updater/.test(path))).toEqual([]);
  });

  test('brings neither Electron nor what builds the app', () => {
    const names = packagesIn(join(installed, 'node_modules'));
    expect(names).toEqual(expect.arrayContaining(['better-sqlite3', 'onnxruntime-node', 'sharp']));
    const unwanted = /^electron|updater|vite|svelte|typescript|playwright|tfjs|^node$/;
    expect(names.filter((name) => unwanted.test(name))).toEqual([]);
  });

  test('goes from photos to masks, and every native module loads', async () => {
    const segmented = await r2o('segment', await photos(3), '--json');
    expect(segmented.code, segmented.stderr).toBe(0);
    expect(JSON.parse(segmented.stdout)).toMatchObject({ imageCount: 3, state: 'done' });
    const doctor = await r2o('doctor');
    expect(doctor.code, doctor.stdout).toBe(0);
  });

  test('serves the page with its licenses', async () => {
    const server = start(['serve']);
    const ended = resultOf(server);
    const output = await waitForOutput(server.stdout, /http:\/\/\S+/);
    const address = /http:\/\/\S+/.exec(output)?.[0] ?? '';
    const page = await fetch(address, { redirect: 'manual' });
    expect(page.status).toBeLessThan(400);
    expect(await healthOf(new URL(address).port)).toBe(0);
    server.kill('SIGTERM');
    await ended;
    expect(await healthOf(new URL(address).port)).toBe(1);
    expect((await r2o('licenses')).stdout).toContain('\nbetter-sqlite3 ');
  });

  /** The exit code of the container's health check, for a server on another port than the container's. */
  async function healthOf(port: string): Promise<number | null> {
    const check =
      /HEALTHCHECK[^[]*(\[.*\])/.exec(containerFile)?.[1] ?? expect.fail('there is no health check');
    const [program, ...args] = z.array(z.string()).parse(JSON.parse(check.replace('7777', port)));
    expect(program).toBe('node');
    return (await resultOf(spawnProgram(args, { env: {} }))).code;
  }

  test('is installed by the container in the same way, for a user without rights and one volume', () => {
    const steps = containerFile.replaceAll('\\\n', '').split('\n');
    expect(steps.filter((step) => step.startsWith('RUN'))).toEqual([
      expect.stringMatching(/^RUN npm install --global --ignore-scripts \/tmp\/r2o-studio-\*\.tgz /),
    ]);
    expect(steps.filter((step) => step.startsWith('VOLUME'))).toEqual(['VOLUME /data']);
    expect(steps.findLast((step) => step.startsWith('USER'))).toBe('USER node');
    expect(containerFile).toContain('ENV R2O_DATA=/data');
    expect(readFileSync(join(root, '.containerignore'), 'utf8')).toBe('*\n!r2o-studio-*.tgz\n');
  });

  test('writes nothing into the folder that it is started in', async () => {
    await r2o('collections', 'list');
    expect(readdirSync(emptyFolder)).toEqual(['home']);
  });

  test('says on an older Node what it needs, in two lines', async () => {
    const older = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'22.20.0'})`;
    const { code, stdout, stderr } = await resultOf(start(['serve'], ['--import', older]));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      'error: R2O Studio needs Node 22.21 or newer, but this is Node 22.20.0.\n' +
        '  Install a newer one from https://nodejs.org, then run this command again.\n',
    );
  });
});
