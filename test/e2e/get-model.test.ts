import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { AvailableEncoder } from '../../src-main/contract/published-encoder.ts';
import type { Model } from '../../src-main/contract/model.ts';
import { ENCODER_SERVER_VARIABLE } from '../../src-main/host/shared/published.ts';
import { resultOf, spawnCli, waitForOutput } from '../support/cli.ts';
import { serveFile } from '../support/file-server.ts';
import { goldenPath } from '../support/golden.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { SMALL_VIT, vitFileBytes } from '../support/vit-weights.ts';

const PATH = '/dino/dino_deitsmall16_pretrain/dino_deitsmall16_pretrain.pth';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

const run = (dataFolder: string, args: readonly string[], env?: NodeJS.ProcessEnv) =>
  resultOf(spawnCli(dataFolder, args, env));

/** A file of the published size and layout, with random weights. */
let weights: Buffer;
beforeAll(async () => {
  weights = await vitFileBytes({ ...SMALL_VIT, blocks: 12, hidden: 1_536, grid: 14 });
});

const containing = (text: string): unknown => expect.stringContaining(text);

describe('r2o models get', () => {
  test('lists what can be downloaded, with size, licence and address, and contacts nobody', async () => {
    const server = await serveFile(weights);
    const { stdout, code } = await run(tempFolder(), ['models', 'get'], {
      [ENCODER_SERVER_VARIABLE]: server.url,
    });
    expect(code).toBe(0);
    expect(stdout).toContain('dino-vits16: DINO ViT-S/16');
    expect(stdout).toContain(`82.6 MiB, licence Apache-2.0\n  ${server.url}${PATH}`);
    expect(stdout).toContain('https://ai.meta.com/resources/models-and-libraries/dinov3-downloads/');
    expect(server.requests).toEqual([]);
  });

  test('shows the address first and needs --yes without a terminal', async () => {
    const server = await serveFile(weights);
    const env = { [ENCODER_SERVER_VARIABLE]: server.url };
    const { stderr, code } = await run(tempFolder(), ['models', 'get', 'dino-vits16'], env);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`${server.url}${PATH}\nerror: Downloading 'dino-vits16' needs confirmation`),
    );
    expect(server.requests).toEqual([]);
  });

  test('downloads the one file, imports it, and does not download it twice', async () => {
    const server = await serveFile(weights);
    const env = { [ENCODER_SERVER_VARIABLE]: server.url };
    const data = tempFolder();
    const first = await run(data, ['models', 'get', 'dino-vits16', '--yes', '--json'], env);
    expect(first.stderr).toContain('downloading');
    expect(first.code).toBe(0);
    const model = JSON.parse(first.stdout) as Model;
    expect(model).toMatchObject({
      name: 'dino-vits16',
      architecture: 'dino-vits16',
      card: { licence: 'Apache-2.0', encoder: { kind: 'vit', multipleOf: 16 } },
    });
    expect(existsSync(join(data, 'cache/downloads/dino-vits16'))).toBe(false);
    const second = await run(data, ['models', 'get', 'dino-vits16', '--yes', '--json'], env);
    expect((JSON.parse(second.stdout) as Model).id).toBe(model.id);
    expect(server.requests.map(({ path }) => path)).toEqual([PATH]);
  });

  test('stops on Ctrl-C, keeps what has arrived, and continues with it', async () => {
    const server = await serveFile(weights);
    server.stopAfter = 30_000_000;
    const env = { [ENCODER_SERVER_VARIABLE]: server.url };
    const data = tempFolder();
    const child = spawnCli(data, ['models', 'get', 'dino-vits16', '--yes'], env);
    const ended = resultOf(child);
    await waitForOutput(child.stderr, /downloading/);
    const file = join(data, 'cache/downloads/dino-vits16/dino_deitsmall16_pretrain.pth');
    while (!existsSync(file) || readFileSync(file).length < 30_000_000)
      await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGINT');
    const stopped = await ended;
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain(
      'What has arrived is kept; to continue, run: r2o models get dino-vits16',
    );

    server.stopAfter = undefined;
    const listed = await run(data, ['models', 'get', '--json'], env);
    expect((JSON.parse(listed.stdout) as AvailableEncoder[])[0]?.download.doneBytes).toBe(30_000_000);
    const { code } = await run(data, ['models', 'get', 'dino-vits16', '--yes'], env);
    expect(code).toBe(0);
    expect(server.requests.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=30000000-']);
  });

  test.skipIf(!hasOpenssl)('goes through the proxy of HTTPS_PROXY to an https server', async () => {
    const tls = certificate();
    const paths: string[] = [];
    const origin = createTlsServer(tls, (request, response) => {
      paths.push(request.url ?? '');
      response.writeHead(200, { 'Content-Length': weights.length }).end(weights);
    });
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      const [host, port] = (request.url ?? '').split(':');
      const upstream = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      for (const end of [socket, upstream]) end.on('error', () => upstream.destroy());
    });
    for (const server of [origin, proxy]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void server.close());
    }
    const portOf = ({ port }: AddressInfo) => port;
    // Servers that listen on ports have addresses of this kind.
    const [originPort, proxyPort] = [origin, proxy].map((server) => portOf(server.address() as AddressInfo));
    const { code, stderr } = await run(tempFolder(), ['models', 'get', 'dino-vits16', '--yes'], {
      [ENCODER_SERVER_VARIABLE]: `https://127.0.0.1:${originPort}`,
      HTTPS_PROXY: `http://127.0.0.1:${proxyPort}`,
      NODE_EXTRA_CA_CERTS: tls.path,
    });
    expect(stderr).not.toContain('error');
    expect(code).toBe(0);
    expect(asked).toEqual([`127.0.0.1:${originPort}`]);
    expect(paths).toEqual([PATH]);
  });

  test('refuses a server of tests that is not on this machine, and names that do not exist', async () => {
    const elsewhere = await run(tempFolder(), ['models', 'get'], {
      [ENCODER_SERVER_VARIABLE]: 'https://elsewhere.test',
    });
    expect(elsewhere).toMatchObject({ code: 1, stderr: containing('is not on this machine') });
    const unknown = await run(tempFolder(), ['models', 'get', 'dinov3-vits16']);
    expect(unknown.stderr).toContain('DINOv3 is given out by a form: https://ai.meta.com');
  });
});

describe('weights with terms of their own', () => {
  const weightsFile = goldenPath('vit', 'dinov3-p16', 'weights.safetensors');

  test('are imported once the terms were accepted, which is asked once', async () => {
    const data = tempFolder();
    const args = ['models', 'import', weightsFile, '--heads', '2'];
    const refused = await run(data, args);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('https://ai.meta.com/resources/models-and-libraries/dinov3-license');
    expect(refused.stderr).toContain('add --yes to accept them');
    const listed = await run(data, ['models', 'list', '--json']);
    expect(JSON.parse(listed.stdout)).toEqual([]);

    const accepted = await run(data, [...args, '--yes']);
    expect(accepted.code).toBe(0);
    expect(accepted.stderr).toContain('DINOv3 License');
    expect(accepted.stdout).toContain('licence: DINOv3 License');
    const again = await run(data, args);
    expect(again).toMatchObject({ code: 0, stderr: '' });
  });
});

/** A certificate for 127.0.0.1 that nobody else trusts. */
function certificate(): { key: Buffer; cert: Buffer; path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'r2o-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...subject];
  spawnSync('openssl', [...args, '-keyout', key, '-out', cert]);
  return { key: readFileSync(key), cert: readFileSync(cert), path: cert };
}
