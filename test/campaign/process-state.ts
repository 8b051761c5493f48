import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { dataLayout } from '../../src-main/domain/data-layout.ts';
import type { Served } from './served.ts';

/** Whether the system tells about processes as this file reads it. */
export const canReadProcesses = existsSync('/proc/self/fd');

const MIB = 2 ** 20;

/** What a server holds at this moment: memory, handles, processes and files. */
export function stateOf({ endpoint: { pid }, data, temporary }: Served): Record<string, number> {
  const layout = dataLayout(data);
  // Caches fill up to their own bound.
  const outsideCaches = filesBelow(data).filter((path) => !path.startsWith(layout.cache));
  return {
    'memory MiB': statusOf(pid, 'VmRSS') / 1024,
    handles: readdirSync(`/proc/${pid}/fd`).length,
    threads: statusOf(pid, 'Threads'),
    'child processes': childrenOf(pid).length,
    'temporary files': filesBelow(temporary).length,
    'files of the data folder': outsideCaches.length,
    'database MiB': sizeOf(layout.database) / MIB,
    'write-ahead log MiB': sizeOf(layout.writeAheadLog) / MIB,
    'log KiB': (sizeOf(layout.logFile) + sizeOf(layout.previousLogFile)) / 1024,
  };
}

/** A number of `/proc/PID/status`; memory is there in KiB. */
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
