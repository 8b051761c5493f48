import { readFileSync } from 'node:fs';

/** Most memory that a process has held so far; 0 where that cannot be read. */
export function residentMiB(pid: number | undefined): number {
  if (pid === undefined || process.platform !== 'linux') return 0;
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1_024;
  } catch {
    // The worker has just ended.
    return 0;
  }
}
