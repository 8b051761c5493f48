import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { MAX_MESSAGE_BYTES } from '../../../src-main/contract/message-limit.ts';
import {
  IssuedTicket,
  PageSession,
  signedTarget,
  pictureExpiryS,
  pictureText,
  socketProtocols,
  ticketOfFragment,
} from '../../../src-main/contract/page-access.ts';
import { sendDownload } from '../../../src-main/host/server/responses.ts';
import { startServer, type LocalServer } from '../../../src-main/host/server/server.ts';
import { sharp } from '../../../src-main/core/image/sharp-setup.ts';
import { drawnImage } from '../../support/drawn-images.ts';
import { bitmapOf } from '../../support/masks.ts';
import { inProcessWorker } from '../../support/in-process-worker.ts';
import { makePhotos } from '../../support/photo-folder.ts';
import { startService, waitForState, type RunningService } from '../../support/running-service.ts';
import { saveDrawn, startSegmented } from '../../support/segmented-service.ts';
import { tempFolder } from '../../support/temp-folder.ts';

type Answer = { status: number; headers: Record<string, string | string[] | undefined>; body: Buffer };

async function start(): Promise<RunningService & { server: LocalServer }> {
  const running = startService({ fork: inProcessWorker });
  const pageFolder = tempFolder();
  writeFileSync(join(pageFolder, 'index.html'), '<!doctype html><title>page</title>');
  const server = await startServer({ service: running.service, port: 0, pageFolder });
  onTestFinished(() => server.close());
  return { ...running, server };
}

/** A request as any program could make it: path and headers go out exactly as given. */
function get(
  server: LocalServer,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    })
      .on('error', reject)
      .end();
  });
}

const ticketOf = (address: string) => ticketOfFragment(new URL(address).hash) ?? '';

/** What a page does with the address that was printed. */
async function openPageSession(server: LocalServer): Promise<{ ticket: string; session: PageSession }> {
  const ticket = ticketOf(server.newPageUrl());
  const { status, body } = await get(server, '/session', { Authorization: `Ticket ${ticket}` }, 'POST');
  expect(status).toBe(200);
  return { ticket, session: PageSession.parse(JSON.parse(body.toString())) };
}

const bearer = (server: LocalServer) => ({ Authorization: `Bearer ${server.token}` });

/** The status of the answer to bytes as they are, or `closed` where there is none. */
async function statusOf(server: LocalServer, bytes: string): Promise<number | 'closed'> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  socket.write(Buffer.from(bytes, 'latin1'));
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  // A keep-alive connection stays open after its answer; then the answer is all there is to wait for.
  await new Promise((resolve) => socket.once('data', resolve).once('close', resolve));
  const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1];
  return status === undefined ? 'closed' : Number(status);
}

describe('the local server', () => {
  test('listens on 127.0.0.1 alone', async () => {
    const { server } = await start();
    expect(new URL(server.url).hostname).toBe('127.0.0.1');
  });

  test('gives its page to anybody on this machine, and all else only to a session', async () => {
    const { server } = await start();
    const page = await get(server, '/');
    expect(page.status).toBe(200);
    expect(page.body.toString()).toContain('<title>page</title>');
    for (const path of ['/images/1/thumbnail', '/segmentations/1/sheet.png', '/session']) {
      for (const headers of [{}, { Authorization: 'Bearer wrong' }, { Authorization: 'Basic Og==' }]) {
        const answer = await get(server, path, headers);
        expect(answer.status, path).toBe(401);
        expect(answer.body.toString()).toContain('open the address that r2o serve printed');
      }
    }
  });

  test('says that a file of the page is missing, with or without a session', async () => {
    const { server } = await start();
    for (const path of ['/nothing', '/assets/index-of-an-older-version.js', '/favicon.ico']) {
      for (const headers of [{}, bearer(server)]) {
        const answer = await get(server, path, headers);
        expect([answer.status, answer.body.toString()], path).toEqual([404, 'There is nothing here.\n']);
      }
    }
  });

  test('exchanges the ticket of an address for a session, once', async () => {
    const { server } = await start();
    const { ticket, session } = await openPageSession(server);
    expect((await get(server, '/session', { Authorization: `Bearer ${session.token}` })).status).toBe(204);
    expect((await get(server, '/session', { Authorization: `Ticket ${ticket}` }, 'POST')).status).toBe(401);
    // Neither is good for the other's purpose.
    expect((await get(server, '/session', { Authorization: `Bearer ${ticket}` })).status).toBe(401);
    expect((await get(server, '/session', { Authorization: `Ticket ${session.token}` }, 'POST')).status).toBe(
      401,
    );
    expect((await get(server, '/session', { Authorization: 'Ticket ' }, 'POST')).status).toBe(401);
  });

  test('sets no cookie, since those are sent to every port, and lets no answer about access be cached', async () => {
    const { server } = await start();
    const ticket = ticketOf(server.newPageUrl());
    const answers = [
      await get(server, '/'),
      await get(server, '/session', { Authorization: `Ticket ${ticket}` }, 'POST'),
      await get(server, '/ticket', bearer(server), 'POST'),
      await get(server, '/session', bearer(server)),
      await get(server, '/session'),
    ];
    for (const { headers } of answers) {
      expect(headers['set-cookie']).toBeUndefined();
      expect(headers['referrer-policy']).toBe('no-referrer');
    }
    for (const { headers } of answers.slice(1)) expect(headers['cache-control']).toBe('no-store');
  });

  test('does not know the session of another launch', async () => {
    const [{ server }, other] = [await start(), await start()];
    const { session } = await openPageSession(other.server);
    for (const token of [session.token, other.server.token])
      expect((await get(server, '/session', { Authorization: `Bearer ${token}` })).status).toBe(401);
    const ticket = ticketOf(other.server.newPageUrl());
    expect((await get(server, '/session', { Authorization: `Ticket ${ticket}` }, 'POST')).status).toBe(401);
  });

  test('issues further tickets to those who are in', async () => {
    const { server } = await start();
    expect((await get(server, '/ticket', {}, 'POST')).status).toBe(401);
    const issued = await get(server, '/ticket', bearer(server), 'POST');
    const { ticket } = IssuedTicket.parse(JSON.parse(issued.body.toString()));
    expect((await get(server, '/session', { Authorization: `Ticket ${ticket}` }, 'POST')).status).toBe(200);
  });

  test('answers under local names only, against DNS rebinding', async () => {
    const { server } = await start();
    const ask = (host: string) => get(server, '/', { ...bearer(server), Host: host });
    expect((await ask('evil.example')).status).toBe(403);
    expect((await ask('127.0.0.1.evil.example:80')).status).toBe(403);
    // Another port is an SSH tunnel.
    expect((await ask('localhost:9999')).status).toBe(200);
  });

  test('answers no page of another origin', async () => {
    const { server } = await start();
    const ask = (origin: string) => get(server, '/', { ...bearer(server), Origin: origin });
    expect((await ask('http://evil.example')).status).toBe(403);
    expect((await ask('null')).status).toBe(403);
    expect((await ask('http://127.0.0.1:1')).status).toBe(403);
    expect((await ask(server.url)).status).toBe(200);
  });

  test('allows nothing but its own files to run on the page', async () => {
    const { server } = await start();
    const { headers } = await get(server, '/', bearer(server));
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  test('takes no path from a request', async () => {
    const { server } = await start();
    for (const path of [
      '/../package.json',
      '/..%2f..%2fetc/passwd',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/images/../../etc/passwd',
      '/%00',
      '/images/1%00/thumbnail',
      '/%',
      '/%c0%ae%c0%ae/etc/passwd',
      '/images/1%2f..%2f..%2fetc%2fpasswd/thumbnail',
      '/images/etc/thumbnail',
      '/images/-1/thumbnail',
      '/images/1/original',
      '/segmentations/1/../sheet.png',
      '/segmentations/x/sheet.png',
      '/segmentations/1/heat/x.webp',
      '/segmentations/1/heat/../sheet.png',
    ]) {
      const answer = await get(server, path, bearer(server));
      expect(answer.status, path).toBe(404);
      expect(answer.body.toString()).not.toContain('root:');
    }
  });

  test('serves reading and nothing else over HTTP', async () => {
    const { server } = await start();
    expect((await get(server, '/', bearer(server), 'POST')).status).toBe(405);
    expect((await get(server, '/', bearer(server), 'DELETE')).status).toBe(405);
  });

  test('turns away before it reads anything what no page of ours sends, and logs none of it', async () => {
    const { server, bugs } = await start();
    const { port, host } = new URL(server.url);
    const head = (line: string, ...headers: string[]) => [line, ...headers, '', ''].join('\r\n');
    const cases: [string, number | 'closed'][] = [
      [head('GET // HTTP/1.1', `Host: ${host}`), 400],
      [head('GET //evil.example/ HTTP/1.1', `Host: ${host}`), 400],
      [head('GET http://evil.example/ HTTP/1.1', `Host: ${host}`), 400],
      [head(`GET ${server.url}/ HTTP/1.1`, `Host: ${host}`), 400],
      [head('OPTIONS * HTTP/1.1', `Host: ${host}`), 400],
      [head('GET /\u00e9 HTTP/1.1', `Host: ${host}`), 400],
      [head('GET /\0 HTTP/1.1', `Host: ${host}`), 400],
      [head(`GET /${'a'.repeat(3_000)} HTTP/1.1`, `Host: ${host}`), 414],
      [head('GET / HTTP/1.1', `Host: ${host}`, `X: ${'a'.repeat(20_000)}`), 431],
      [head('GET / HTTP/1.1'), 400],
      [head('GET / HTTP/1.0'), 403],
      [head('GET / HTTP/1.1', `Host: ${host}`, 'Host: evil.example'), 400],
      [head('GET / HTTP/1.1', 'Host: evil.example', `Host: ${host}`), 400],
      [head('GET / HTTP/1.1', `Host: ${host}`, `Origin: ${server.url}`, 'Origin: http://evil.example'), 400],
      [head('GET / HTTP/1.1', `Host: 127.0.0.1:${port}0000`), 403],
      [head('GET / HTTP/1.1', `Host: ${host}@evil.example`), 403],
      [head(`CONNECT ${host} HTTP/1.1`, `Host: ${host}`), 'closed'],
      [head('TRACE / HTTP/1.1', `Host: ${host}`), 405],
      [head('POST / HTTP/1.1', `Host: ${host}`, 'Content-Length: 5') + 'hello', 405],
      ['\0\x01\x02\r\n\r\n', 400],
    ];
    for (const [text, status] of cases) expect(await statusOf(server, text), text.slice(0, 60)).toBe(status);
    expect(bugs).toEqual([]);
    expect((await get(server, '/')).status).toBe(200);
  });

  test('takes a browser at its word about where a request comes from', async () => {
    const { server } = await start();
    const ask = (path: string, site: string, mode: string, target: string) =>
      get(server, path, { 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': mode, 'Sec-Fetch-Dest': target });
    // A page of another port is of the same site.
    for (const site of ['cross-site', 'same-site']) {
      expect((await ask('/index.html', site, 'no-cors', 'script')).status).toBe(403);
      expect((await ask('/', site, 'navigate', 'iframe')).status).toBe(403);
      expect((await ask('/', site, 'navigate', 'document')).status).toBe(200);
    }
    expect((await ask('/', 'none', 'navigate', 'document')).status).toBe(200);
    expect((await ask('/index.html', 'same-origin', 'no-cors', 'script')).status).toBe(200);
  });

  test('answers odd ranges of its page with the whole of it', async () => {
    const { server } = await start();
    for (const range of [
      'bytes=5-1',
      'bytes=-0',
      'bytes=9999-',
      'bytes=a-b',
      'bytes=0-0,2-3',
      'lines=1-2',
      'bytes=-1e9',
    ])
      expect((await get(server, '/', { Range: range })).status, range).toBe(200);
  });

  test('turns a WebSocket away that has no token or comes from another page', async () => {
    const { server } = await start();
    const url = server.url.replace('http', 'ws');
    const refusalOf = async (path: string, headers: Record<string, string>) => {
      const socket = new WebSocket(url + path, { headers });
      const [error] = (await once(socket, 'error')) as [Error];
      return error.message;
    };
    expect(await refusalOf('/rpc', {})).toContain('401');
    expect(await refusalOf('/rpc', { ...bearer(server), Origin: 'http://evil.example' })).toContain('403');
    expect(await refusalOf('/rpc', { ...bearer(server), Host: 'evil.example' })).toContain('403');
    expect(await refusalOf('/other', bearer(server))).toContain('404');
    expect(await refusalOf('//', bearer(server))).toContain('400');
    const { session } = await openPageSession(server);
    const offer = (...protocols: string[]) => ({ 'Sec-WebSocket-Protocol': protocols.join(', ') });
    expect(await refusalOf('/rpc', offer('r2o', 'r2o.token.wrong'))).toContain('401');
    expect(await refusalOf(`/rpc?token=${session.token}`, {})).toContain('404');
    expect(await refusalOf('/rpc', { Cookie: `r2o=${session.token}` })).toContain('401');
  });

  test('lets a page in by a subprotocol, and does not repeat its token', async () => {
    const { server } = await start();
    const { session } = await openPageSession(server);
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/rpc`, socketProtocols(session.token));
    onTestFinished(() => socket.terminate());
    await once(socket, 'open');
    expect(socket.protocol).toBe('r2o');
  });

  test('does not keep the connections of refused upgrades', async () => {
    const { server, bugs } = await start();
    const { port, host } = new URL(server.url);
    const sockets = Array.from({ length: 100 }, () => {
      const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
      onTestFinished(() => void socket.destroy());
      socket.on('error', () => undefined);
      socket.write(`GET /rpc HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
      socket.resume();
      return socket;
    });
    // The other side never closes, and still the server lets go: a write to it ends in an error.
    await Promise.all(sockets.map((socket) => once(socket, 'end')));
    await expect.poll(() => server.connectionCount()).toBe(0);
    expect(bugs).toEqual([]);
  });

  test('closes a WebSocket that sends anything but messages of the contract, without a word in the log', async () => {
    const { server, bugs } = await start();
    const printed = vi.spyOn(console, 'error');
    onTestFinished(() => printed.mockRestore());
    for (const frame of [
      '',
      'x',
      'null',
      '[]',
      '{"i":1}',
      '{"i":"1","p":{"u":5}}',
      '{"i":"1","p":{"u":"::"}}',
      Buffer.of(255, 0),
    ]) {
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/rpc`, { headers: bearer(server) });
      await once(socket, 'open');
      socket.send(frame);
      const [code] = (await once(socket, 'close')) as [number];
      expect(code, String(frame)).toBe(1007);
    }
    expect(printed).not.toHaveBeenCalled();
    expect(bugs).toEqual([]);
  });

  test('closes a WebSocket that sends a message above the limit, and stays there for the others', async () => {
    const { server } = await start();
    const connect = async () => {
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/rpc`, { headers: bearer(server) });
      onTestFinished(() => socket.terminate());
      await once(socket, 'open');
      return socket;
    };
    const [greedy, other] = [await connect(), await connect()];
    greedy.send(Buffer.alloc(MAX_MESSAGE_BYTES + 1));
    // Too large (RFC 6455, 7.4.1), which is seen before all of it has come; without a limit it would be no message of the contract.
    const [code] = (await once(greedy, 'close')) as [number];
    expect(code).toBe(1009);
    expect(other.readyState).toBe(WebSocket.OPEN);
    other.ping();
    await once(other, 'pong');
  });

  test('serves thumbnail and view of an image by its id, upright and cacheable', async () => {
    const { server, client } = await start();
    const folder = join(tempFolder(), 'photos');
    await makePhotos(folder, 1);
    const { collection, job } = await client.collections.add({ path: folder });
    await waitForState(client, job.id, 'done');
    const { items } = await client.images.page({ collectionId: collection.id });
    const id = items[0]?.id ?? 0;
    for (const variant of ['thumbnail', 'view']) {
      const answer = await get(server, `/images/${id}/${variant}`, bearer(server));
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toBe('image/webp');
      expect(await sharp(answer.body).metadata()).toMatchObject({ format: 'webp', width: 96, height: 64 });
      const etag = String(answer.headers.etag);
      expect(
        (await get(server, `/images/${id}/${variant}`, { ...bearer(server), 'If-None-Match': etag })).status,
      ).toBe(304);
    }
  });

  test('gives a picture to whoever has its signed address, and no other picture', async () => {
    const { server, client } = await start();
    const folder = join(tempFolder(), 'photos');
    await makePhotos(folder, 2);
    const { collection, job } = await client.collections.add({ path: folder });
    await waitForState(client, job.id, 'done');
    const { items } = await client.images.page({ collectionId: collection.id });
    const target = `/images/${items[0]?.id ?? 0}/thumbnail`;
    const { session } = await openPageSession(server);
    const sign = (path: string, expiryS: number, key = session.pictureKey) =>
      signedTarget(
        path,
        expiryS,
        createHmac('sha256', key).update(pictureText(path, expiryS)).digest('base64url'),
      );
    const expiryS = pictureExpiryS(Date.now());
    const statusFor = async (path: string) => (await get(server, path)).status;
    const signed = sign(target, expiryS);
    const answer = await get(server, signed);
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toContain('private');
    expect(await statusFor(signed.replace('thumbnail', 'view'))).toBe(401);
    expect(await statusFor(signed.replace(String(items[0]?.id), String(items[1]?.id)))).toBe(401);
    expect(await statusFor(signed.replace(String(expiryS), String(expiryS + 1)))).toBe(401);
    expect(await statusFor(signed.slice(0, -3))).toBe(401);
    expect(await statusFor(sign(target, Math.floor(Date.now() / 1_000) - 1))).toBe(401);
    expect(await statusFor(sign(target, expiryS, session.token))).toBe(401);
    expect(await statusFor(`${signed}&more=1`)).toBe(401);
    // Signed addresses open pictures only.
    expect(await statusFor(sign('/session', expiryS))).toBe(401);
  });

  test('signs the same picture alike for half a day, so that browsers find it in their cache', () => {
    const noon = Date.UTC(2026, 0, 2, 12);
    const hour = 3_600_000;
    expect(pictureExpiryS(noon)).toBe(pictureExpiryS(noon + 12 * hour - 1));
    expect(pictureExpiryS(noon + 12 * hour)).toBe(pictureExpiryS(noon) + 12 * 3_600);
    for (const at of [0, 5, 11.9]) {
      const leftHours = (pictureExpiryS(noon + at * hour) * 1_000 - noon) / hour - at;
      expect(leftHours).toBeGreaterThan(12);
      expect(leftHours).toBeLessThanOrEqual(24);
    }
  });

  test('makes a thumbnail again whose cache was deleted, and explains a file that is gone', async () => {
    const { server, client, service } = await start();
    const folder = join(tempFolder(), 'photos');
    await makePhotos(folder, 2);
    const { collection, job } = await client.collections.add({ path: folder });
    await waitForState(client, job.id, 'done');
    const { items } = await client.images.page({ collectionId: collection.id });
    rmSync(join(service.layout.cache, 'thumbnails'), { recursive: true });
    rmSync(join(folder, 'photo-0001.jpg'));
    expect((await get(server, `/images/${items[0]?.id ?? 0}/thumbnail`, bearer(server))).status).toBe(200);
    const gone = await get(server, `/images/${items[1]?.id ?? 0}/thumbnail`, bearer(server));
    expect(gone.status).toBe(409);
    expect(gone.body.toString()).toContain('disappeared');
    expect((await get(server, '/images/999/thumbnail', bearer(server))).status).toBe(404);
  });

  test('draws the contact sheet of a segmentation, and explains one that has no image yet', async () => {
    const bitmap = bitmapOf('........', '..###...', '..###...', '........');
    const segmented = startSegmented([await drawnImage('a.png', [{ bitmap, className: 'cat' }])]);
    const server = await startServer({ service: segmented.service, port: 0, pageFolder: tempFolder() });
    onTestFinished(() => server.close());
    const sheet = await get(server, `/segmentations/${segmented.segmentationId}/sheet.png`, bearer(server));
    expect(sheet.status).toBe(200);
    expect(sheet.headers['content-type']).toBe('image/png');
    expect(await sharp(sheet.body).metadata()).toMatchObject({ format: 'png', width: 248, height: 248 });
    const empty = saveDrawn(segmented, segmented.collection, []);
    const refused = await get(server, `/segmentations/${empty}/sheet.png`, bearer(server));
    expect(refused.status).toBe(409);
    expect(JSON.parse(refused.body.toString())).toEqual({
      code: 'WRONG_STATE',
      message: expect.stringContaining('no finished images yet') as unknown,
      hint: expect.stringContaining('resume') as unknown,
      text: { key: 'segmentation-empty', values: { id: empty } },
    });
  });

  test('sends a finished export as one ZIP file to whoever may ask, and explains one that is gone', async () => {
    const bitmap = bitmapOf('........', '..###...', '..###...', '........');
    const segmented = startSegmented([await drawnImage('a.png', [{ bitmap, className: 'cat' }])]);
    const { client, service, segmentationId } = segmented;
    const server = await startServer({ service, port: 0, pageFolder: tempFolder() });
    onTestFinished(() => server.close());
    const version = await client.datasets.create({
      name: 'cats',
      recipe: { segmentationIds: [segmentationId] },
    });
    const outPath = join(tempFolder(), 'cats & dogs');
    const { job, export: made } = await client.exports.start({
      versionId: version.id,
      options: { format: 'coco', outPath },
    });
    const path = `/exports/${made.id}/archive.zip`;
    await waitForState(client, job.id, 'done');

    expect((await get(server, path)).status).toBe(401);
    const answer = await get(server, path, bearer(server));
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/zip',
      'cache-control': 'no-store',
      'content-disposition': "attachment; filename*=UTF-8''cats%20%26%20dogs.zip",
    });
    const files = unzipSync(answer.body);
    const written = Object.keys(files).filter((name) => name.endsWith('.json'));
    expect(written).not.toEqual([]);
    for (const name of written)
      expect(Buffer.from(files[name] ?? [])).toEqual(readFileSync(join(outPath, '..', name)));
    const asked = await get(server, path, bearer(server), 'HEAD');
    expect([asked.status, asked.body.length]).toEqual([200, 0]);

    // Links lead to what no export has written, or in a circle.
    symlinkSync('.', join(outPath, 'again'));
    symlinkSync(import.meta.filename, join(outPath, 'linked.txt'));
    const withLinks = unzipSync((await get(server, path, bearer(server))).body);
    expect(Object.keys(withLinks)).toEqual(Object.keys(files));

    // Something else is there by now.
    const manifest = join(outPath, 'r2o-studio.json');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"startedAtMs": ', '"startedAtMs": 1'));
    expect((await get(server, path, bearer(server))).status).toBe(404);

    rmSync(outPath, { recursive: true });
    const gone = await get(server, path, bearer(server));
    expect(gone.status).toBe(404);
    expect(JSON.parse(gone.body.toString())).toMatchObject({ code: 'NOT_FOUND' });
    expect((await get(server, '/exports/999/archive.zip', bearer(server))).status).toBe(404);
  });

  test('ends the making of a ZIP file when its reader leaves', async () => {
    let isClosed = false;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield await Promise.resolve(Buffer.alloc(65_536));
      } finally {
        isClosed = true;
      }
    };
    const open = () => Promise.resolve({ name: 'endless.zip', bytes: endless() });
    const http = createServer((asked, response) => void sendDownload(asked, response, open));
    onTestFinished(() => void http.close());
    await once(http.listen(0, '127.0.0.1'), 'listening');
    const address = http.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const asking = request({ port, host: '127.0.0.1' }).end();
    const [response] = (await once(asking, 'response')) as [IncomingMessage];
    await once(response, 'data');
    response.destroy();
    await expect.poll(() => isClosed).toBe(true);
  });

  test('says which port is taken', async () => {
    const { server, service } = await start();
    const port = Number(new URL(server.url).port);
    await expect(startServer({ service, port, pageFolder: tempFolder() })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: `Port ${port} is already in use.`,
    });
  });
});
