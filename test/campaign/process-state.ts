import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { dataLayout } from '../../src-main/domain/data-layout.ts';
import type { Served } from './served.ts';

/** Whether the system tells about processes as this file reads it. */
export const canReadProcesses = existsSync('/proc/self/fd');

const MIB = 2 ** 20;
const POLL_MS = 20;
/** Nothing keeps it from an answer for so long. */
const ANSWER_MS = 60_000;

/** What a server holds at this moment: memory without garbage, handles, processes and files. */
export async function stateOf(served: Served): Promise<Record<string, number>> {
  const { endpoint, data, temporary } = served;
  const { pid } = endpoint;
  const held = await heldBy(served);
  const children = childrenOf(pid);
  const layout = dataLayout(data);
  // Caches fill up to their own bound.
  const outsideCaches = filesBelow(data).filter((path) => !path.startsWith(layout.cache));
  return {
    'heap MiB': (held.heapUsed + held.external) / MIB,
    'memory MiB': held.rss / MIB,
    handles: handlesOf(pid),
    threads: statusOf(pid, 'Threads'),
    'child processes': children.length,
    ...ofLargest(children),
    'temporary files': filesBelow(temporary).length,
    'files of the data folder': outsideCaches.length,
    'database MiB': sizeOf(layout.database) / MIB,
    'write-ahead log MiB': sizeOf(layout.writeAheadLog) / MIB,
    'log KiB': (sizeOf(layout.logFile) + sizeOf(layout.previousLogFile)) / 1024,
  };
}

const Held = z.object({ heapUsed: z.number(), external: z.number(), rss: z.number() });

/** Has a server collect its garbage, and say how many bytes it still holds. */
async function heldBy({ endpoint: { pid }, heldFile }: Served): Promise<z.infer<typeof Held>> {
  rmSync(heldFile, { force: true });
  process.kill(pid, 'SIGUSR2');
  const deadlineMs = performance.now() + ANSWER_MS;
  while (!existsSync(heldFile)) {
    if (performance.now() > deadlineMs) throw new Error('the server does not say what memory it holds');
    await delay(POLL_MS);
  }
  return Held.parse(JSON.parse(readFileSync(heldFile, 'utf8')));
}

/** What the largest of some processes has, which is the worker that answers calls; nothing of none. */
function ofLargest(pids: readonly number[]): Record<string, number> {
  const states = pids.flatMap((pid) => {
    try {
      return { memoryMiB: statusOf(pid, 'VmRSS') / 1024, handles: handlesOf(pid) };
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
  // One that has ended and has not been waited for has no memory.
  const [largest] = states
    .filter(({ memoryMiB }) => memoryMiB > 0)
    .toSorted((a, b) => b.memoryMiB - a.memoryMiB);
  return largest ? { 'worker memory MiB': largest.memoryMiB, 'worker handles': largest.handles } : {};
}

const handlesOf = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;

/** A number of `/proc/PID/status`. */
function statusOf(pid: number, name: string): number {
  return Number(
    new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1],
  );
}

/** Processes that it started and that have not been waited for. */
function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    const list = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8');
    return list.split(' ').filter(Boolean).map(Number);
  });
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

/** 0 for a file that is gone. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
