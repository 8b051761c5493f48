import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage, type RequestOptions } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import { WebSocket } from 'ws';
import type { Client } from '../../src-main/contract/contract.ts';
import {
  PageSession,
  pictureExpiryS,
  pictureText,
  RPC_PATH,
  SESSION_PATH,
  signedTarget,
  socketProtocols,
  TICKET_SCHEME,
  ticketOfFragment,
} from '../../src-main/contract/page-access.ts';

/** What a visit may ask of a page that is open. */
export type OpenPage = {
  client: Client;
  /** Loads a picture, as an `img` element does. @returns its status */
  picture: (target: string) => Promise<number>;
};

/** Opens a page as a browser does: its files, a session for its ticket, a socket, events. Closes it after `visit`. */
export async function visitPage(address: string, visit: (page: OpenPage) => Promise<void>): Promise<void> {
  const { origin, hash } = new URL(address);
  await loadFiles(origin);
  const { token, pictureKey } = await openSession(origin, ticketOfFragment(hash) ?? '');
  const socket = new WebSocket(`${origin.replace('http', 'ws')}${RPC_PATH}`, socketProtocols(token), {
    origin,
  });
  await once(socket, 'open');
  // ws implements the browser's WebSocket events; its type declares them in its own words.
  const link = new RPCLink({ websocket: socket as unknown as globalThis.WebSocket });
  const client: Client = createORPCClient(link);
  const events = await client.events.watch();
  const watching = watchUntilClosed(events);
  try {
    await visit({
      client,
      picture: async (target) => (await ask(origin + signed(target, pictureKey))).status,
    });
  } finally {
    const closed = once(socket, 'close');
    socket.close();
    await Promise.all([closed, watching]);
  }
}

async function loadFiles(origin: string): Promise<void> {
  const page = await ask(`${origin}/`);
  const files = Array.from(
    page.body.toString().matchAll(/(?:src|href)="(?!data:)([^"]+)"/g),
    ([, path = '']) => path,
  );
  if (files.length === 0) throw new Error('The page names no files.');
  for (const file of files) {
    const { status } = await ask(new URL(file, origin).href);
    if (status !== 200) throw new Error(`${file} is answered ${status}.`);
  }
}

async function openSession(origin: string, ticket: string): Promise<PageSession> {
  const headers = { Authorization: `${TICKET_SCHEME} ${ticket}` };
  const { body } = await ask(origin + SESSION_PATH, { method: 'POST', headers });
  return PageSession.parse(JSON.parse(body.toString()));
}

function signed(target: string, pictureKey: string): string {
  const expiryS = pictureExpiryS(Date.now());
  const signature = createHmac('sha256', pictureKey).update(pictureText(target, expiryS)).digest('base64url');
  return signedTarget(target, expiryS, signature);
}

/** A server that gets no time to read a request answers so; a browser asks again. */
const TIMED_OUT = 408;

async function ask(url: string, options: RequestOptions = {}): Promise<{ status: number; body: Buffer }> {
  const answer = await askOnce(url, options);
  return answer.status === TIMED_OUT ? await askOnce(url, options) : answer;
}

/** One request with a connection of its own, which does not outlive it: open handles can be counted afterwards. */
async function askOnce(url: string, options: RequestOptions): Promise<{ status: number; body: Buffer }> {
  const asked = request(url, { ...options, agent: false }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  // What goes wrong from now on is an error of the answer, too.
  asked.on('error', () => undefined);
  return { status: answer.statusCode ?? 0, body: await buffer(answer) };
}

/** A page that is closed gets no further events; its list ends with an error, or without one. */
async function watchUntilClosed(events: AsyncIterable<unknown>): Promise<void> {
  const iterator = events[Symbol.asyncIterator]();
  try {
    for (let isOver = false; !isOver;) isOver = (await iterator.next()).done ?? false;
  } catch {
    // The socket was closed.
  }
}

/** Loads a file and leaves after `maxBytes` of it. @throws Error for an answer without one */
export async function download(
  url: string,
  { token, maxBytes }: { token: string; maxBytes: number },
): Promise<void> {
  const asked = request(url, { headers: { Authorization: `Bearer ${token}` }, agent: false }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  // What goes wrong from now on is an error of the answer, too.
  asked.on('error', () => undefined);
  if (answer.statusCode !== 200) throw new Error(`${url} is answered ${answer.statusCode}.`);
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) break;
  }
  if (bytes === 0) throw new Error(`${url} is empty.`);
}
