import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { EncoderDownload, PublishedEncoder } from '../../../../src-main/contract/published-encoder.ts';
import { PUBLISHED_ENCODERS } from '../../../../src-main/contract/published-encoder.ts';
import { downloadFiles } from '../../../../src-main/domain/data-layout.ts';
import { serveFile, type FileServer } from '../../../support/file-server.ts';
import { inProcessWorker } from '../../../support/in-process-worker.ts';
import { startService, type RunningService } from '../../../support/running-service.ts';
import { canMakeDisks, diskReason, tinyDisk } from '../../../support/tiny-disk.ts';
import { SMALL_VIT, vitFileBytes } from '../../../support/vit-weights.ts';

const NAME = 'dino-vits16';
const FILE_NAME = 'dino_deitsmall16_pretrain.pth';
const PATH = `/dino/${FILE_NAME}`;

let weights: Buffer;
beforeAll(async () => void (weights = await vitFileBytes(SMALL_VIT)));

/** The table's entry of an encoder, on another server and of another size. */
function published(address: string, weightsBytes: number): PublishedEncoder[] {
  const [first] = PUBLISHED_ENCODERS;
  if (!first) throw new Error('the table is empty');
  return [{ ...first, address, weightsBytes }];
}

const containing = (text: string): unknown => expect.stringContaining(text);
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

type Started = RunningService & {
  place: ReturnType<typeof downloadFiles>;
  /** Downloads until it is idle again. */
  get: () => Promise<EncoderDownload>;
  seen: EncoderDownload[];
};

function start(url: string, options: Parameters<typeof startService>[0] = {}): Started {
  const running = startService({
    fork: inProcessWorker,
    published: published(`${url}${PATH}`, weights.length - 10_000),
    ...options,
  });
  const { service, client } = running;
  const seen: EncoderDownload[] = [];
  service.events.subscribe('event', (event) => {
    if (event.type === 'download') seen.push(event.download);
  });
  const get = async () => {
    await client.models.download({ name: NAME });
    for (;;) {
      const [encoder] = await client.models.published();
      if (!encoder) throw new Error('the list is empty');
      if (encoder.download.state === 'idle') return encoder.download;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  return { ...running, seen, get, place: downloadFiles(service.layout.cache, NAME, FILE_NAME) };
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const rangesOf = (server: FileServer) => server.requests.map(({ headers }) => headers.range);

describe('a published encoder', () => {
  test('is listed without any request, then downloaded whole, imported, and not downloaded again', async () => {
    const server = await serveFile(weights);
    const { client, get, place, seen, bugs } = start(server.url);
    expect(await client.models.published()).toMatchObject([
      { name: NAME, modelId: null, download: { state: 'idle', doneBytes: 0, totalBytes: null, error: null } },
    ]);
    expect(server.requests).toEqual([]);

    expect(await get()).toMatchObject({ state: 'idle', error: null, doneBytes: 0 });
    const [model, ...others] = await client.models.list();
    expect(others).toEqual([]);
    expect(model).toMatchObject({
      name: NAME,
      architecture: NAME,
      card: { licence: 'Apache-2.0', imported: { fileName: FILE_NAME } },
    });
    expect(existsSync(place.folder)).toBe(false);
    expect(seen.map(({ state }) => state).filter((state, at, all) => state !== all[at - 1])).toEqual([
      'downloading',
      'importing',
      'idle',
    ]);

    const again = await client.models.download({ name: NAME });
    expect(again).toMatchObject({ modelId: model?.id, download: { state: 'idle' } });
    expect(server.requests.map(({ path }) => path)).toEqual([PATH]);
    expect(bugs).toEqual([]);
  });

  test('continues after a break where it ended', async () => {
    const server = await serveFile(weights);
    server.breakAfter = 100_000;
    const { client, get, place } = start(server.url);
    const broken = await get();
    expect(broken.error).toMatchObject({ code: 'DOWNLOAD_FAILED', hint: containing('is kept') });
    expect(broken.error?.message).toContain(`${server.url}${PATH}`);
    expect(broken).toMatchObject({ doneBytes: 100_000, totalBytes: weights.length });
    expect(readFileSync(place.file)).toEqual(weights.subarray(0, 100_000));

    server.breakAfter = undefined;
    expect(await get()).toMatchObject({ error: null });
    expect(rangesOf(server)).toEqual([undefined, 'bytes=100000-']);
    expect(server.requests[1]?.headers['if-range']).toBe('"first"');
    expect(await client.models.list()).toHaveLength(1);
  });

  test('continues by the date of the file where its ETag is a weak one', async () => {
    const server = await serveFile(weights);
    Object.assign(server, {
      breakAfter: 100_000,
      etag: 'W/"weak"',
      lastModified: 'Mon, 03 May 2021 10:00:00 GMT',
    });
    const { client, get } = start(server.url);
    await get();
    server.breakAfter = undefined;
    expect(await get()).toMatchObject({ error: null });
    expect(server.requests[1]?.headers['if-range']).toBe('Mon, 03 May 2021 10:00:00 GMT');
    expect(await client.models.list()).toHaveLength(1);
  });

  test.each([
    ['has no ranges', { hasRanges: false }, 'bytes=100000-'],
    ['has another file by now', { etag: '"second"' }, 'bytes=100000-'],
  ])('starts again where the server %s', async (_name, change, range) => {
    const server = await serveFile(weights);
    server.breakAfter = 100_000;
    const { client, get } = start(server.url);
    await get();
    Object.assign(server, { breakAfter: undefined, ...change });
    expect(await get()).toMatchObject({ error: null });
    expect(rangesOf(server)).toEqual([undefined, range]);
    expect(await client.models.list()).toHaveLength(1);
  });

  test('starts again where the server never said which file it was', async () => {
    const server = await serveFile(weights);
    Object.assign(server, { breakAfter: 100_000, etag: undefined });
    const { client, get } = start(server.url);
    await get();
    server.breakAfter = undefined;
    expect(await get()).toMatchObject({ error: null });
    expect(rangesOf(server)).toEqual([undefined, undefined]);
    expect(await client.models.list()).toHaveLength(1);
  });

  test('starts again where the server has no such part', async () => {
    const server = await serveFile(weights);
    server.breakAfter = 100_000;
    const { get } = start(server.url);
    await get();
    server.breakAfter = undefined;
    server.bytes = weights.subarray(0, 50_000);
    const second = await get();
    expect(second.error?.message).toContain('the server announces 50000 bytes');
    expect(rangesOf(server)).toEqual([undefined, 'bytes=100000-', undefined]);
  });

  test.each([true, false])(
    'whose connection breaks right after its last byte is whole at the next try (size unsaid: %s)',
    async (isChunked) => {
      const server = await serveFile(weights);
      Object.assign(server, { isChunked, breakAfter: weights.length });
      const { client, get } = start(server.url);
      const first = await get();
      expect(first.error === null).toBe(!isChunked);
      server.breakAfter = undefined;
      expect(await get()).toMatchObject({ error: null });
      expect(rangesOf(server)).toEqual(isChunked ? [undefined, `bytes=${weights.length}-`] : [undefined]);
      expect(await client.models.list()).toHaveLength(1);
    },
  );

  test('of which the server does not say the size is downloaded too', async () => {
    const server = await serveFile(weights);
    server.isChunked = true;
    const { client, get, seen } = start(server.url);
    expect(await get()).toMatchObject({ error: null });
    expect(seen.every(({ totalBytes }) => totalBytes === null)).toBe(true);
    expect(await client.models.list()).toHaveLength(1);
  });
});

describe('a download that is stopped', () => {
  test('keeps what has arrived, and continues when it is started again', async () => {
    const server = await serveFile(weights);
    server.stopAfter = 200_000;
    const { client, service, get, place, seen, bugs } = start(server.url);
    await client.models.download({ name: NAME });
    await until(() => existsSync(place.file) && readFileSync(place.file).length === 200_000);
    // The last of what arrived is published too, although nothing follows.
    await until(() => seen.at(-1)?.doneBytes === 200_000);
    const stopped = await client.models.stopDownload({ name: NAME });
    expect(stopped.download).toEqual({
      name: NAME,
      state: 'idle',
      doneBytes: 200_000,
      totalBytes: weights.length,
      error: null,
    });
    expect(seen.at(-1)).toEqual(stopped.download);
    server.stopAfter = undefined;
    expect(await get()).toMatchObject({ error: null });
    expect(rangesOf(server)).toEqual([undefined, 'bytes=200000-']);
    expect(readdirSync(service.layout.models)).toHaveLength(1);
    expect(bugs).toEqual([]);
  });

  test('deletes what has arrived if that is asked for', async () => {
    const server = await serveFile(weights);
    server.breakAfter = 100_000;
    const { client, get, place } = start(server.url);
    await get();
    const { download } = await client.models.stopDownload({ name: NAME, discard: true });
    expect(download).toMatchObject({ state: 'idle', doneBytes: 0, error: null });
    expect(existsSync(place.folder)).toBe(false);
  });

  test('by the end of the app can be continued by the next one', async () => {
    const server = await serveFile(weights);
    server.stopAfter = 200_000;
    const first = start(server.url);
    await first.client.models.download({ name: NAME });
    await until(() => existsSync(first.place.file) && readFileSync(first.place.file).length === 200_000);
    first.service[Symbol.dispose]();
    server.stopAfter = undefined;
    const second = start(server.url, { dataFolder: first.service.layout.folder });
    expect(await second.get()).toMatchObject({ error: null });
    expect(rangesOf(server)).toEqual([undefined, 'bytes=200000-']);
    expect([...first.bugs, ...second.bugs]).toEqual([]);
  });
});

describe('what is not the encoder', () => {
  test.each([
    ['shorter than the weights', (bytes: Buffer) => bytes.subarray(0, 50_000)],
    ['much longer than the weights', (bytes: Buffer) => Buffer.concat([bytes, bytes])],
  ])('is refused before it is downloaded: %s', async (_name, change) => {
    const server = await serveFile(change(weights));
    const { get, place } = start(server.url);
    const { error, doneBytes } = await get();
    expect(error).toMatchObject({
      code: 'DOWNLOAD_FAILED',
      message: containing(`the server announces ${server.bytes.length} bytes`),
      hint: containing('download it in a browser'),
      action: { kind: 'import-model' },
    });
    expect(doneBytes).toBe(0);
    expect(existsSync(place.file)).toBe(false);
  });

  test.each([
    ['too long', (bytes: Buffer) => Buffer.concat([bytes, bytes]), 'the server sent more than'],
    ['too short', (bytes: Buffer) => bytes.subarray(0, 50_000), 'the server sent only 50000 bytes'],
  ])('is deleted where its size was not announced: %s', async (_name, change, message) => {
    const server = await serveFile(change(weights));
    server.isChunked = true;
    const { get, place } = start(server.url);
    expect((await get()).error?.message).toContain(message);
    expect(existsSync(place.file)).toBe(false);
  });

  test.each([
    [
      'a web page of the same size',
      () => Buffer.from(`<!doctype html>${' '.repeat(weights.length - 15)}`),
      'it is a web page',
    ],
    ['damaged weights', () => Buffer.from(weights).fill(0, weights.length - 30_000), ''],
  ])('is deleted and not imported: %s', async (_name, makeBytes, message) => {
    const server = await serveFile(makeBytes());
    const { service, client, get, place, bugs } = start(server.url);
    const { error } = await get();
    expect(error?.code).toMatch(/^WEIGHTS_/);
    expect(error?.message).toContain(server.url);
    expect(error?.message).toContain(message);
    expect(existsSync(place.file)).toBe(false);
    expect(await client.models.list()).toEqual([]);
    expect(readdirSync(service.layout.models)).toEqual([]);
    expect(bugs).toEqual([]);
  });

  test('is deleted and not imported: another encoder', async () => {
    const other = await vitFileBytes({ ...SMALL_VIT, patch: 8 });
    const server = await serveFile(other);
    const { client, get, place } = start(server.url, {
      published: published(`${server.url}${PATH}`, other.length - 10_000),
    });
    expect((await get()).error?.message).toContain('it is dino-vits8, not dino-vits16');
    expect(existsSync(place.file)).toBe(false);
    expect(await client.models.list()).toEqual([]);
  });
});

describe('a server', () => {
  test.each([
    [404, {}, 'the server answered 404 Not Found'],
    [503, {}, 'the server answered 503 Service Unavailable'],
    [302, { Location: 'http://elsewhere.test/file' }, 'the server redirects to http://elsewhere.test/file'],
  ])('that answers %s is named with it', async (code, headers, message) => {
    const server = await serveFile(weights);
    server.status = { code, headers };
    const { error } = await start(server.url).get();
    expect(error).toMatchObject({ code: 'DOWNLOAD_FAILED', message: containing(message) });
    expect(error?.message).toContain(`${server.url}${PATH}`);
    expect(error?.hint).toContain('in a browser');
  });

  test('that is not there is named', async () => {
    const { error } = await start('http://127.0.0.1:9').get();
    expect(error?.message).toContain('the connection was refused (connect ECONNREFUSED 127.0.0.1:9)');
  });

  test('on another machine is contacted by https only', async () => {
    const { error } = await start('http://192.0.2.1').get();
    expect(error?.message).toContain('is not encrypted');
  });
});

describe('a proxy', () => {
  /** Forwards requests, and answers tunnels with a refusal. */
  async function startProxy(): Promise<{ url: string; asked: string[] }> {
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      const { headers } = request;
      httpRequest(String(request.url), { headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      }).end();
    });
    proxy.on('connect', (request, socket) => {
      asked.push(`CONNECT ${request.url}`);
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void proxy.close());
    return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, asked };
  }

  test('is used if one is set, unless the server is excepted', async () => {
    const server = await serveFile(weights);
    const proxy = await startProxy();
    const through = start(server.url, { proxies: { HTTP_PROXY: proxy.url } });
    expect(await through.get()).toMatchObject({ error: null });
    expect(await through.client.models.list()).toHaveLength(1);
    expect(proxy.asked).toEqual([`GET ${server.url}${PATH}`]);

    const past = start(server.url, { proxies: { http_proxy: proxy.url, no_proxy: '127.0.0.1' } });
    expect(await past.get()).toMatchObject({ error: null });
    expect(proxy.asked).toHaveLength(1);
  });

  test('that refuses the tunnel to an https server is named', async () => {
    const proxy = await startProxy();
    const { error } = await start('https://encoders.test', { proxies: { HTTPS_PROXY: proxy.url } }).get();
    expect(error?.message).toContain('the proxy refused the connection');
    expect(proxy.asked).toEqual(['CONNECT encoders.test:443']);
  });
});

describe('a disk', () => {
  test.skipIf(!canMakeDisks)(
    `without room for the file and the model is noticed before${diskReason}`,
    async () => {
      const server = await serveFile(weights);
      const disk = tinyDisk(4 * 1_024);
      const { get } = start(server.url, { dataFolder: join(disk, 'data') });
      const { error } = await get();
      expect(error).toMatchObject({
        code: 'DISK_FULL',
        message: matching(/needs \d+ MiB, but .* has only \d MiB/),
      });
    },
  );

  test.skipIf(!existsSync('/dev/full'))('that is full in the middle of the download is named', async () => {
    const server = await serveFile(weights);
    const { get, place, bugs } = start(server.url);
    mkdirSync(dirname(place.file), { recursive: true });
    symlinkSync('/dev/full', place.file);
    expect((await get()).error).toMatchObject({
      code: 'DISK_FULL',
      hint: containing('Free some space'),
    });
    expect(bugs).toEqual([]);
  });
});
