import { setTimeout as delay } from 'node:timers/promises';
import { createORPCClient, ORPCError } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import { createRouterClient } from '@orpc/server';
import { WebSocket } from 'ws';
import type { Client } from '../../contract/contract.ts';
import { ErrorCode, UserError } from '../../contract/errors.ts';
import { createRouter } from '../../service/router.ts';
import { Service } from '../../service/service.ts';
import { acquireDataFolderLock, readLockHolder, type DataFolderLock } from '../../store/lock.ts';
import { RPC_PATH, startServer } from '../server/server.ts';
import { readEndpoint, removeEndpoint, writeEndpoint } from '../shared/endpoint.ts';
import { forkNodeWorker } from '../shared/fork-node-worker.ts';
import { openLogFile } from '../shared/log-file.ts';
import { appVersion, rendererFolder, workerEntry } from '../shared/paths.ts';
import { publishedEncoders } from '../shared/published.ts';

/** How long a command waits for another short one to let go of the data folder. */
const LOCK_WAIT_MS = 5_000;

/** A client of the contract, with what keeps it alive. */
export type Session = {
  client: Client;
  /** The page of the server that serves it. */
  pageUrl: string;
  [Symbol.asyncDispose]: () => Promise<void>;
};

/**
 * [Note: One owner] One process at a time owns a data folder: it holds the lock, runs the jobs and listens on
 * a local endpoint whose address and token are in the folder. Every other command finds that endpoint and
 * becomes its client, so that `r2o jobs cancel` in a second terminal reaches the job of the first.
 */
export async function openSession(folder: string): Promise<Session> {
  const deadlineMs = performance.now() + LOCK_WAIT_MS;
  for (;;) {
    const lock = acquireDataFolderLock(folder, { pid: process.pid, role: 'r2o' });
    if (lock) return becomeOwner(folder, lock, 0);
    const client = await connectToOwner(folder);
    if (client) return client;
    if (performance.now() > deadlineMs) throw busyError(folder);
    await delay(50);
  }
}

/** Opens the data folder as its owner, for `r2o serve`. @throws UserError DATA_FOLDER_BUSY, PORT_IN_USE */
export async function openOwnSession(folder: string, port: number): Promise<Session> {
  const lock = acquireDataFolderLock(folder, { pid: process.pid, role: 'r2o serve' });
  if (!lock) throw busyError(folder);
  return becomeOwner(folder, lock, port);
}

async function becomeOwner(folder: string, lock: DataFolderLock, port: number): Promise<Session> {
  const stack = new AsyncDisposableStack();
  stack.use(lock);
  try {
    const logger = openLogFile(folder);
    const service = stack.use(
      new Service({
        dataFolder: folder,
        fork: forkNodeWorker(workerEntry, (output) => logger.info('worker output', { output })),
        logger,
        version: appVersion(),
        published: publishedEncoders(),
        proxies: process.env,
      }),
    );
    const server = await startServer({ service, port, pageFolder: rendererFolder });
    stack.defer(() => server.close());
    writeEndpoint(folder, { url: server.url, token: server.token, pid: process.pid });
    stack.defer(() => removeEndpoint(folder));
    const client: Client = createRouterClient(createRouter(service));
    return { client, pageUrl: server.pageUrl, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** A client of the process that owns the folder; undefined while there is none that answers. */
async function connectToOwner(folder: string): Promise<Session | undefined> {
  const endpoint = readEndpoint(folder);
  if (!endpoint) return undefined;
  const socket = new WebSocket(`${endpoint.url.replace('http', 'ws')}${RPC_PATH}`, {
    headers: { Authorization: `Bearer ${endpoint.token}` },
  });
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.once('open', () => resolve(true));
    socket.once('error', () => resolve(false));
  });
  if (!isOpen) return undefined;
  // ws implements the browser's WebSocket events; its type declares them in its own words.
  const link = new RPCLink({ websocket: socket as unknown as globalThis.WebSocket });
  const client: Client = createORPCClient(link);
  const pageUrl = `${endpoint.url}/?token=${endpoint.token}`;
  return {
    client,
    pageUrl,
    [Symbol.asyncDispose]: () => {
      socket.close();
      return Promise.resolve();
    },
  };
}

function busyError(folder: string): UserError {
  const holder = readLockHolder(folder);
  const who = holder ? `${holder.role}, process ${holder.pid}` : 'another process';
  return new UserError('DATA_FOLDER_BUSY', `The data folder ${folder} is in use (${who}).`, {
    hint: 'Close that program first, or use its window.',
  });
}

/** The user error behind a failed call of the contract, whatever the transport; a bug comes back unchanged. */
export function toUserError(error: unknown): unknown {
  if (!(error instanceof ORPCError)) return error;
  const code = ErrorCode.safeParse(error.code);
  if (!code.success) return error;
  const data: unknown = error.data;
  const hasHint =
    typeof data === 'object' && data !== null && 'hint' in data && typeof data.hint === 'string';
  return new UserError(
    code.data,
    error.message,
    hasHint ? { hint: data.hint as string, cause: error } : { cause: error },
  );
}
