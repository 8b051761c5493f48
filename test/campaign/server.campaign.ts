import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import {
  PAIR_PATH,
  RPC_PATH,
  SESSION_PATH,
  TICKET_SCHEME,
  ticketOfFragment,
} from '../../src-main/contract/page-access.ts';
import type { Campaign, Chance } from './campaign.ts';
import { canReadProcesses } from './process-state.ts';
import { serve, type Served } from './served.ts';

/** Connections that were turned away may take a moment to be gone. */
const SPARE_HANDLES = 40;
/** Nothing that a stranger sends is worth a line of the log. */
const MAX_LOG_BYTES = 0;
const ANSWER_MS = 20_000;

/** A running `r2o serve`, and what a stranger knows about it. */
type Server = { served: Served; port: number; usedTicket: string; token: string };
type Case = { name: string; run: (server: Server, chance: Chance) => Promise<void> };

const JUNK = [
  '',
  '\0',
  '%',
  '%00',
  '%2e%2e',
  '..',
  '..%2f',
  '%c0%ae',
  '//',
  '\\',
  'etc/passwd',
  '?',
  '#',
  '*',
  ' ',
  'é',
] as const;
const DOORS = [
  '/',
  '/session',
  '/ticket',
  '/images/1/thumbnail',
  '/segmentations/1/sheet.png',
  '/exports/1/archive.zip',
  '/index.html',
  '/pair',
  '/rpc',
] as const;
const SECRETS = [
  '/session',
  '/images/1/thumbnail',
  '/images/1/view',
  '/masks/1/1/crop.webp',
  '/datasets/masks/1/crop.webp',
  '/segmentations/1/heat/1.webp',
  '/exports/1/archive.zip',
] as const;

const CASES: readonly [Case, ...Case[]] = [
  {
    name: 'foreign host',
    run: (server, chance) => refused(server, get(chance.pick(DOORS), [`Host: ${foreign(chance)}`])),
  },
  {
    name: 'foreign origin',
    run: (server, chance) =>
      refused(
        server,
        get(chance.pick(DOORS), [host(server), `Origin: http://${foreign(chance)}`, bearer(server)]),
      ),
  },
  {
    name: 'another port',
    run: (server, chance) =>
      refused(
        server,
        get(chance.pick(SECRETS), [
          host(server),
          'Sec-Fetch-Site: same-site',
          'Sec-Fetch-Mode: no-cors',
          bearer(server),
        ]),
      ),
  },
  {
    name: 'traversal',
    run: (server, chance) => refused(server, get(`/..%2f${junk(chance)}`, [host(server), bearer(server)])),
  },
  {
    name: 'missing token',
    run: (server, chance) => refused(server, get(chance.pick(SECRETS), [host(server)])),
  },
  {
    name: 'foreign token',
    run: (server, chance) =>
      refused(server, get(chance.pick(SECRETS), [host(server), `Authorization: Bearer ${text(chance, 32)}`])),
  },
  {
    name: 'used ticket',
    run: (server) =>
      refused(
        server,
        get(SESSION_PATH, [host(server), `Authorization: ${TICKET_SCHEME} ${server.usedTicket}`], 'POST'),
      ),
  },
  {
    name: 'forged code',
    run: (server, chance) =>
      refused(
        server,
        get(PAIR_PATH, [host(server), `Authorization: ${TICKET_SCHEME} ${text(chance, 43)}`], 'POST'),
      ),
  },
  {
    name: 'forged picture',
    run: (server, chance) =>
      refused(server, get(`${chance.pick(SECRETS)}?ticket=99999999999.${text(chance, 43)}`, [host(server)])),
  },
  {
    name: 'malformed request',
    run: async (server, chance) => {
      const method = chance.pick(['GET', 'POST', 'OPTIONS', 'CONNECT', 'TRACE', 'PUT', 'x', '']);
      const headers = [
        host(server),
        ...(chance.draw() < 0.5 ? [host(server)] : [`Range: bytes=${junk(chance)}`]),
      ];
      await answered(server, get(junk(chance), headers, method));
    },
  },
  {
    name: 'large header',
    run: (server, chance) =>
      refused(server, get('/', [host(server), `X: ${'x'.repeat(chance.whole(17_000, 200_000))}`])),
  },
  {
    name: 'refused upgrade',
    run: (server, chance) =>
      refused(
        server,
        get(chance.pick(DOORS), [
          host(server),
          'Connection: Upgrade',
          'Upgrade: websocket',
          `Sec-WebSocket-Protocol: r2o, r2o.token.${text(chance, 32)}`,
        ]),
      ),
  },
  { name: 'malformed frame', run: malformedFrame },
];

/** Strangers and clients gone mad at a real server: all turned away, none noticed by the others. */
export const campaign: Campaign = {
  count: 300,
  open: async () => {
    const server = await start();
    const handlesBefore = handlesOf(server);
    return {
      run: async (chance) => {
        const { name, run } = chance.pick(CASES);
        await run(server, chance);
        await healthy(server, handlesBefore);
        return name;
      },
      [Symbol.asyncDispose]: () => server.served.stop(),
    };
  },
};

async function start(): Promise<Server> {
  const served = await serve();
  const { port, hash } = new URL(served.pageUrl);
  const server = {
    served,
    port: Number(port),
    token: served.endpoint.token,
    usedTicket: ticketOfFragment(hash) ?? '',
  };
  const opened = get(
    SESSION_PATH,
    [host(server), `Authorization: ${TICKET_SCHEME} ${server.usedTicket}`],
    'POST',
  );
  if ((await statusOf(server, opened)) !== 200)
    throw new Error('The ticket of the printed address opens nothing.');
  return server;
}

async function refused(server: Server, request: Buffer): Promise<void> {
  const status = await statusOf(server, request);
  if (status < 400 || status >= 500)
    throw new Error(`Answered ${status} to ${JSON.stringify(request.toString('latin1', 0, 200))}`);
}

/** Whatever it is answered, it is not the server's fault. */
async function answered(server: Server, request: Buffer): Promise<void> {
  const status = await statusOf(server, request);
  if (status >= 500)
    throw new Error(`Answered ${status} to ${JSON.stringify(request.toString('latin1', 0, 200))}`);
}

/** A client that is in sends something else than the contract says: it is cut off, or told so, and nobody else is. */
async function malformedFrame(server: Server, chance: Chance): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${RPC_PATH}`, {
    headers: { Authorization: `Bearer ${server.token}` },
  });
  socket.on('error', () => undefined);
  await once(socket, 'open');
  const paths = [
    '/collections/get',
    '/jobs/get',
    '/images/page',
    '/masks/create',
    '/masks/click',
    '/tags/change',
    '/similar/images',
    '/maps/write',
    '/exports/start',
    '/pairing/offer',
    '/nothing',
    '/__proto__',
    '',
  ] as const;
  const inputs = [
    null,
    [],
    {},
    { id: -1 },
    { id: 2 ** 53 },
    { id: 'x' },
    { id: { id: 1 } },
    text(chance, 1_000),
  ] as const;
  const call = JSON.stringify({ i: '1', p: { u: chance.pick(paths), b: { json: chance.pick(inputs) } } });
  const frame = chance.draw() < 0.5 ? call : call.slice(0, chance.whole(0, call.length));
  const answer = Promise.race([once(socket, 'message'), once(socket, 'close')]) as Promise<[unknown]>;
  if (chance.draw() < 0.2) socket.send(Buffer.from(text(chance, 200), 'latin1'));
  else socket.send(frame);
  const [first] = await answer;
  socket.terminate();
  if (Buffer.isBuffer(first) && first.includes('INTERNAL'))
    throw new Error(`INTERNAL after ${frame}: ${first.toString()}`);
}

async function healthy(server: Server, handlesBefore: number): Promise<void> {
  const status = await statusOf(
    server,
    get(SESSION_PATH, [host(server), bearer(server), 'Connection: close']),
  );
  if (status !== 204) throw new Error(`Afterwards, a known session is answered ${status}.`);
  const handles = handlesOf(server);
  if (handles > handlesBefore + SPARE_HANDLES)
    throw new Error(`${handles} handles are open instead of ${handlesBefore}.`);
  const logBytes =
    statSync(join(server.served.data, 'logs', 'r2o.log'), { throwIfNoEntry: false })?.size ?? 0;
  if (logBytes > MAX_LOG_BYTES) throw new Error(`The log has ${logBytes} bytes.`);
}

/** Files and sockets of the server; 0 where the system does not list them. */
function handlesOf({ served }: Server): number {
  return canReadProcesses ? readdirSync(`/proc/${served.endpoint.pid}/fd`).length : 0;
}

/** The status of the answer to bytes as they are; 400 where the server only closes. */
async function statusOf({ port }: Server, request: Buffer): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error('no answer')));
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  socket.write(request);
  let failure: Error | undefined;
  socket.on('error', (error) => (failure = error));
  await new Promise((done) => socket.once('data', done).once('close', done));
  socket.destroy();
  if (failure?.message === 'no answer') throw failure;
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 400);
}

function get(target: string, headers: readonly string[], method = 'GET'): Buffer {
  return Buffer.from([`${method} ${target} HTTP/1.1`, ...headers, '', ''].join('\r\n'), 'latin1');
}

const host = ({ port }: Pick<Server, 'port'>) => `Host: 127.0.0.1:${port}`;
const bearer = ({ token }: Pick<Server, 'token'>) => `Authorization: Bearer ${token}`;

function foreign(chance: Chance): string {
  const name = chance.pick([
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.',
    '0.0.0.0',
    '[::]',
    '127.0.0.2',
    'LOCALHOST@x',
  ]);
  return chance.draw() < 0.5 ? name : `${name}:${chance.whole(1, 65_536)}`;
}

function junk(chance: Chance): string {
  return Array.from({ length: chance.whole(1, 8) }, () => chance.pick(JUNK)).join(chance.pick(['', '/']));
}

function text(chance: Chance, length: number): string {
  return Array.from({ length }, () => String.fromCharCode(chance.whole(97, 123))).join('');
}
