import { readdirSync, readFileSync } from 'node:fs';

/** User and system time, and memory now, of a process and those below it; 0 once it is gone. Linux. */
export function familyUse(root: number | undefined): { cpuMs: number; residentMiB: number } {
  const none = { cpuMs: 0, residentMiB: 0 };
  if (root === undefined || process.platform !== 'linux') return none;
  const stats = readdirSync('/proc').flatMap((pid) => {
    try {
      // Behind the name, which may have spaces: state, parent, ...; as 12th and 13th utime and stime, as 22nd pages in memory.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ').map(Number) ?? [];
      const [parent = 0, userTicks = 0, systemTicks = 0, pages = 0] = [1, 11, 12, 21].map((at) => fields[at]);
      return [
        { pid: Number(pid), parent, cpuMs: 10 * (userTicks + systemTicks), residentMiB: (pages * 4) / 1_024 },
      ];
    } catch {
      return [];
    }
  });
  const family = new Set([root]);
  for (const _ of [1, 2, 3]) for (const { pid, parent } of stats) if (family.has(parent)) family.add(pid);
  return stats
    .filter(({ pid }) => family.has(pid))
    .reduce(
      (sum, one) => ({
        cpuMs: sum.cpuMs + one.cpuMs,
        residentMiB: sum.residentMiB + one.residentMiB,
      }),
      none,
    );
}
