import { setTimeout as delay } from 'node:timers/promises';
import { ORPCError } from '@orpc/client';
import { ErrorCode } from '../../contract/error-texts/error-code.ts';
import { ErrorInfo, UserError, userErrorFromInfo } from '../../contract/errors.ts';
import { acquireDataFolderLock, readLockHolder } from '../../store/lock.ts';
import type { ServerOptions } from '../server/server.ts';
import { readEndpoint } from '../shared/endpoint.ts';
import { Owner } from './owner.ts';
import { connectTo, type OwnerConnection } from './owner-connection.ts';

/** How long a command waits for another short one to let go of the data folder. */
const LOCK_WAIT_MS = 5_000;

/** A client of the contract, with what keeps it alive. */
export type Session = Pick<Owner, 'client'>;

/** What this process has opened. A command works with one data folder. */
let owner: Owner | undefined;
let connection: OwnerConnection | undefined;

/**
 * [Note: One owner] One process at a time owns a data folder: it holds the lock, runs the jobs and listens on
 * a local endpoint whose address and token are in the folder. Every other command finds that endpoint and
 * becomes its client, so that `r2o jobs cancel` in a second terminal reaches the job of the first. An owner that has
 * done its own work stays until its clients are done with theirs (`leaveSessions`).
 */
export async function openSession(folder: string, note: (line: string) => void): Promise<Session> {
  if (owner?.folder === folder) return owner;
  const deadlineMs = performance.now() + LOCK_WAIT_MS;
  for (;;) {
    const lock = acquireDataFolderLock(folder, { pid: process.pid, role: 'r2o' });
    if (lock) {
      owner = await Owner.open({ folder, lock, port: 0, isStaying: false });
      noteLeftJobs(owner, note);
      return owner;
    }
    const client = await connectToOwner(folder);
    if (client) return client;
    if (performance.now() > deadlineMs) throw busyError(folder);
    await delay(50);
  }
}

/** Opens the data folder as its owner, for `r2o serve`. @throws UserError DATA_FOLDER_BUSY, PORT_IN_USE */
export async function openOwnSession(
  folder: string,
  options: { port: number | undefined } & Pick<ServerOptions, 'onOpened'>,
): Promise<Owner> {
  const lock = acquireDataFolderLock(folder, { pid: process.pid, role: 'r2o serve' });
  if (!lock) throw busyError(folder);
  return (owner = await Owner.open({ folder, lock, isStaying: true, ...options }));
}

/** A client of the process that owns the folder; undefined while there is none that answers. */
export async function connectToOwner(folder: string): Promise<OwnerConnection | undefined> {
  const endpoint = readEndpoint(folder);
  connection?.close();
  connection = endpoint && (await connectTo(endpoint));
  return connection;
}

/** Closes what this process has opened, once nobody else needs it. @param note says what it waits for */
export async function leaveSessions(note: (line: string) => void): Promise<void> {
  connection?.close();
  await owner?.serveOthers(note);
  await owner?.close();
  owner = undefined;
}

/** Jobs of a process that has ended may take hours: a command that was not asked to does not start them. */
function noteLeftJobs({ leftJobs }: Owner, note: (line: string) => void): void {
  const [first] = leftJobs;
  if (first === undefined) return;
  note(
    `Still queued, because the process that was to run them has ended: job ${leftJobs.join(', ')}. Resume one with r2o jobs resume ${first}; r2o serve runs them all.`,
  );
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
  const data = ErrorInfo.partial().safeParse(error.data).data;
  const info = { ...data, code: code.data, message: error.message, hint: data?.hint ?? null };
  return userErrorFromInfo(info, error);
}
