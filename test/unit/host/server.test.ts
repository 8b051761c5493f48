import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
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

const bearer = (server: LocalServer) => ({ Authorization: `Bearer ${server.token}` });

describe('the local server', () => {
  test('listens on 127.0.0.1 alone', async () => {
    const { server } = await start();
    expect(new URL(server.url).hostname).toBe('127.0.0.1');
  });

  test('turns away whoever has no token, and says how to get in', async () => {
    const { server } = await start();
    for (const path of ['/', '/index.html', '/images/1/thumbnail']) {
      const answer = await get(server, path);
      expect(answer.status).toBe(401);
      expect(answer.body.toString()).toContain('Open the address that r2o serve printed');
    }
    expect((await get(server, '/', { Authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await get(server, '/?token=wrong')).status).toBe(401);
  });

  test('takes the token out of the address and into a cookie', async () => {
    const { server } = await start();
    const welcome = await get(server, `/${new URL(server.pageUrl).search}`);
    expect(welcome.status).toBe(303);
    expect(welcome.headers.location).toBe('/');
    const [cookie] = welcome.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    const page = await get(server, '/', { Cookie: String(cookie).split(';')[0] ?? '' });
    expect(page.status).toBe(200);
    expect(page.body.toString()).toContain('<title>page</title>');
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
      '//etc/passwd',
      '/images/../../etc/passwd',
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
    greedy.send(Buffer.alloc(2 ** 20 + 1));
    await once(greedy, 'close');
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
    });
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
