import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  PageSession,
  pairingAddress,
  socketProtocols,
  ticketOfFragment,
} from '../../../src-main/contract/page-access.ts';
import { startServer } from '../../../src-main/host/server/server.ts';
import { pairingOf, pairWith, remotePageAddress } from '../../../src-main/host/shared/remote-access.ts';
import { addRemote, openRemote } from '../../../src-main/host/shared/remote-machines.ts';
import { Pairing } from '../../../src-main/service/pairing.ts';
import { RemoteBook } from '../../../src-main/host/shared/remote-book.ts';
import { inProcessWorker } from '../../support/in-process-worker.ts';
import { startService } from '../../support/running-service.ts';
import { tempFolder } from '../../support/temp-folder.ts';

async function start(dataFolder = join(tempFolder(), 'data')) {
  const running = startService({ fork: inProcessWorker, dataFolder });
  const pageFolder = tempFolder();
  writeFileSync(join(pageFolder, 'index.html'), '<!doctype html><title>page</title>');
  const server = await startServer({ service: running.service, port: 0, pageFolder });
  onTestFinished(() => server.close());
  return { ...running, server, dataFolder };
}

const post = (url: string, authorization: string) =>
  fetch(url, { method: 'POST', headers: { Authorization: authorization } });

async function openSession(origin: string, pageUrl: string): Promise<PageSession> {
  const ticket = ticketOfFragment(new URL(pageUrl).hash) ?? expect.fail('no ticket');
  const response = await post(`${origin}/session`, `Ticket ${ticket}`);
  expect(response.status).toBe(200);
  return PageSession.parse(await response.json());
}

describe('pairing', () => {
  test('lets a machine in with a code, once, and again after a restart of the server', async () => {
    const { server, client, service, dataFolder } = await start();
    const { code } = await client.pairing.offer({ name: 'laptop' });
    const { origin, code: read } = pairingOf(` ${pairingAddress(server.url, code)}\n`);
    expect({ origin, read }).toEqual({ origin: server.url, read: code });
    const token = await pairWith(origin, code);
    await expect(pairWith(origin, code)).rejects.toThrow('it was used, or it is older than ten minutes');
    await openSession(origin, await remotePageAddress(origin, 'here', token));
    const [machine] = await client.pairing.list();
    expect(machine).toMatchObject({ name: 'laptop' });
    expect(machine?.seenAtMs).toBeGreaterThanOrEqual(machine?.pairedAtMs ?? Infinity);
    await server.close();
    service[Symbol.dispose]();

    const again = await start(dataFolder);
    await openSession(again.server.url, await remotePageAddress(again.server.url, 'here', token));
  });

  test('gives a token that is good for tickets alone', async () => {
    const { server, client } = await start();
    const { code } = await client.pairing.offer({ name: 'laptop' });
    const token = await pairWith(server.url, code);
    for (const path of ['/session', '/images/1/thumbnail'])
      expect((await fetch(server.url + path, { headers: { Authorization: `Bearer ${token}` } })).status).toBe(
        401,
      );
    expect((await post(`${server.url}/session`, `Ticket ${token}`)).status).toBe(401);
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/rpc`, socketProtocols(token));
    await expect(once(socket, 'open')).rejects.toThrow('401');
    for (const [path, authorization] of [
      ['/pair', `Ticket ${token}`],
      ['/pair', 'Ticket '],
      ['/pair', ''],
      ['/ticket', 'Bearer '],
    ] as const)
      expect((await post(server.url + path, authorization)).status, path).toBe(401);
    expect((await fetch(`${server.url}/pair`)).status).toBe(401);
  });

  test('forgets a code after ten minutes', async () => {
    const { service } = await start();
    let nowMs = 1_000;
    const pairing = new Pairing(service.store.settings, () => nowMs);
    const [early, late] = [pairing.offer('a').code, pairing.offer('b').code];
    nowMs += 10 * 60_000;
    expect(pairing.redeem(early)).toEqual(expect.any(String));
    nowMs += 1;
    expect(pairing.redeem(late)).toBeUndefined();
    expect(pairing.list().map(({ name }) => name)).toEqual(['a']);
  });

  test('takes no code that was offered at a time to come: the clock was set back, and its ten minutes may be over', async () => {
    const { service } = await start();
    let nowMs = 1e12;
    const pairing = new Pairing(service.store.settings, () => nowMs);
    const { code } = pairing.offer('a');
    nowMs -= 3_600_000;
    expect(pairing.redeem(code)).toBeUndefined();
    const { code: again } = pairing.offer('a');
    nowMs += 1;
    expect(pairing.redeem(again)).toEqual(expect.any(String));
  });

  test.each(['removed', 'paired again'])(
    'ends with all that the machine has open when it is %s',
    async (how) => {
      const { server, client } = await start();
      const pair = async (name: string) => pairWith(server.url, (await client.pairing.offer({ name })).code);
      const tokens = { laptop: await pair('laptop'), tablet: await pair('tablet') };
      const open = async (token: string) => {
        const { token: session } = await openSession(
          server.url,
          await remotePageAddress(server.url, 'here', token),
        );
        const socket = new WebSocket(`${server.url.replace('http', 'ws')}/rpc`, socketProtocols(session));
        await once(socket, 'open');
        return { session, socket };
      };
      const [laptop, tablet] = [await open(tokens.laptop), await open(tokens.tablet)];
      const unused = await remotePageAddress(server.url, 'here', tokens.laptop);
      const closed = once(laptop.socket, 'close');
      if (how === 'removed') await client.pairing.remove({ name: 'laptop' });
      else await pair('laptop');
      await closed;
      const known = async (token: string) =>
        (await fetch(`${server.url}/session`, { headers: { Authorization: `Bearer ${token}` } })).status;
      expect([await known(laptop.session), await known(tablet.session)]).toEqual([401, 204]);
      expect(
        (await post(`${server.url}/session`, `Ticket ${ticketOfFragment(new URL(unused).hash)}`)).status,
      ).toBe(401);
      await expect(remotePageAddress(server.url, 'here', tokens.laptop)).rejects.toThrow('no longer paired');
      expect(tablet.socket.readyState).toBe(WebSocket.OPEN);
      tablet.socket.terminate();
      await expect(client.pairing.remove({ name: 'nobody' })).rejects.toThrow(
        "No machine is paired under the name 'nobody'",
      );
    },
  );

  test('stores no token that could be used, nor lists one', async () => {
    const { server, client, service } = await start();
    const token = await pairWith(server.url, (await client.pairing.offer({ name: 'laptop' })).code);
    expect(JSON.stringify(service.store.settings.all())).not.toContain(token);
    expect(Object.keys((await client.pairing.list())[0] ?? {})).toEqual(['name', 'pairedAtMs', 'seenAtMs']);
  });
});

describe('the book of the other side', () => {
  test('pairs through a tunnel that is open already, and opens the page from then on', async () => {
    const { server, client } = await start();
    const book = new RemoteBook(tempFolder());
    const { code } = await client.pairing.offer({ name: 'laptop' });
    const address = pairingAddress(server.url, code);
    expect(await addRemote(book, { name: 'workstation', address, ssh: null })).toMatchObject({
      origin: server.url,
    });
    using reached = await openRemote(book, 'workstation');
    await openSession(server.url, await reached.newPageUrl());
    await openSession(server.url, await reached.newPageUrl());
  });

  test.each([
    'https://evil.example/#pair=abc',
    'http://192.168.0.7:80/#pair=abc',
    'http://127.0.0.1:1/#ticket=abc',
    'abc',
  ])('sends nothing to %s', async (address) => {
    const book = new RemoteBook(tempFolder());
    await expect(addRemote(book, { name: 'x', address, ssh: null })).rejects.toThrow(
      'is not an address for pairing',
    );
    expect(book.list()).toEqual([]);
  });

  test.each([
    ['nothing listens there', undefined],
    ['another program answers', (url: string) => ({ status: 200, body: url })],
    ['it sends us elsewhere', () => ({ status: 302, body: '' })],
    ['it fails', () => ({ status: 500, body: '{}' })],
  ])('says that no R2O Studio answers when %s', async (_case, answer) => {
    const other = createServer((request, response) => {
      const { status, body } = answer?.(request.url ?? '') ?? { status: 404, body: '' };
      response.writeHead(status, { Location: 'http://127.0.0.1:1/' }).end(body);
    });
    await once(other.listen(0, '127.0.0.1'), 'listening');
    const { port } = other.address() as AddressInfo;
    if (!answer) other.close();
    onTestFinished(() => void other.close());
    await expect(pairWith(`http://127.0.0.1:${port}`, 'code')).rejects.toThrow(
      `No R2O Studio answers at http://127.0.0.1:${port}.`,
    );
  });
});
