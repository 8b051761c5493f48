import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { RPC_PATH } from '../../../src-main/contract/page-access.ts';
import { startServer, type LocalServer } from '../../../src-main/host/server/server.ts';
import { inProcessWorker } from '../../support/in-process-worker.ts';
import { startService } from '../../support/running-service.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const MAX_CONNECTIONS = 500;

/** A server, and the socket of an open page. */
async function serve(pageFolder = tempFolder()) {
  const { service } = startService({ fork: inProcessWorker });
  const index = join(pageFolder, 'index.html');
  if (!existsSync(index)) writeFileSync(index, '<!doctype html><title>page</title>');
  const server = await startServer({ service, port: 0, pageFolder });
  onTestFinished(() => server.close());
  return { server, page: await connectPage(server) };
}

async function connectPage(server: LocalServer): Promise<WebSocket> {
  const page = new WebSocket(`${server.url.replace('http', 'ws')}${RPC_PATH}`, {
    headers: { Authorization: `Bearer ${server.token}` },
  });
  onTestFinished(() => page.terminate());
  await once(page, 'open');
  return page;
}

async function open({ url }: LocalServer, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(Number(new URL(url).port), '127.0.0.1'));
  for (const socket of sockets) socket.on('error', () => undefined).resume();
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  await Promise.all(sockets.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')])));
  return sockets;
}

/** An open page calls something and is answered. */
async function answered(page: WebSocket): Promise<void> {
  page.send(JSON.stringify({ i: '1', p: { u: '/collections/list', b: {} } }));
  const [message] = (await once(page, 'message')) as [Buffer];
  expect(message.toString()).not.toContain('INTERNAL');
}

const isClosed = (socket: Socket) => socket.destroyed || socket.readableEnded;

test(
  'hundreds of sockets that say nothing keep nobody out for long, and no page that is open',
  { timeout: 90_000 },
  async () => {
    const { server, page } = await serve();
    const idle = await open(server, MAX_CONNECTIONS + 100);
    expect(await server.connectionCount()).toBeLessThanOrEqual(MAX_CONNECTIONS);
    await answered(page);
    // Somebody else comes while all of them still wait.
    expect((await fetch(server.url)).status).toBe(200);
    const another = await connectPage(server);
    await answered(another);
    expect(idle.filter(isClosed).length).toBeLessThan(idle.length);
    another.terminate();
    await expect.poll(() => idle.every(isClosed), { timeout: 60_000, interval: 200 }).toBe(true);
    await answered(page);
    expect((await fetch(server.url)).status).toBe(200);
    page.terminate();
    await expect.poll(() => server.connectionCount(), { timeout: 60_000 }).toBeLessThan(3);
  },
);

test.each([
  ['headers', 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n', 'X-a: b\r\n'],
  ['a body', 'POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n', 'x'],
  ['its first line', 'G', 'E'],
])(
  'clients that trickle %s are cut off, and others answered meanwhile',
  { timeout: 90_000 },
  async (_, start, drop) => {
    const { server, page } = await serve();
    const host = `Host: ${new URL(server.url).host}`;
    const slow = await open(server, 50);
    for (const socket of slow) socket.write(start.replace('Host: 127.0.0.1', host));
    const dripping = setInterval(() => {
      for (const socket of slow) if (!isClosed(socket)) socket.write(drop);
    }, 300);
    onTestFinished(() => clearInterval(dripping));
    await answered(page);
    expect((await fetch(server.url)).status).toBe(200);
    await expect.poll(() => slow.every(isClosed), { timeout: 60_000, interval: 200 }).toBe(true);
    await answered(page);
  },
);

test.skipIf(process.platform !== 'linux')(
  'clients that are gone before their answer has ended leave no file of the page open',
  async () => {
    const pageFolder = tempFolder();
    writeFileSync(join(pageFolder, 'index.html'), '<!doctype html>'.padEnd(200_000));
    const { server } = await serve(pageFolder);
    const request = `GET / HTTP/1.1\r\nHost: ${new URL(server.url).host}\r\n\r\n`;
    for (let count = 0; count < 30; count++) {
      const [socket] = await open(server, 1);
      socket?.write(request);
      if (socket) await once(socket, 'data');
      socket?.destroy();
    }
    const filesOfPage = () =>
      readdirSync('/proc/self/fd')
        .map((handle) => {
          try {
            return readlinkSync(`/proc/self/fd/${handle}`);
          } catch {
            // The handle of this very listing.
            return '';
          }
        })
        .filter((path) => path.startsWith(pageFolder));
    await expect.poll(filesOfPage, { timeout: 20_000 }).toEqual([]);
  },
);
