import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';

const ROOT = '/sys/fs/cgroup';
const MIB = 2 ** 20;
/** The files of the first version of control groups, which has a tree of its own for memory, and of the second. */
const FILES = existsSync(join(ROOT, 'memory'))
  ? {
      root: join(ROOT, 'memory'),
      limit: 'memory.limit_in_bytes',
      swap: 'memory.memsw.limit_in_bytes',
      peak: 'memory.max_usage_in_bytes',
    }
  : { root: ROOT, limit: 'memory.max', swap: 'memory.swap.max' };

/** Processes that together may take so much memory and no more: the system kills one of them that asks for more. */
export class MemoryGroup implements Disposable {
  readonly #folder = join(FILES.root, `r2o-test-${randomUUID()}`);

  /** @throws Error where this user may not make one */
  constructor(limitMiB: number) {
    mkdirSync(this.#folder);
    writeFileSync(join(this.#folder, FILES.limit), String(limitMiB * MIB));
    const isOfFirst = FILES.limit === 'memory.limit_in_bytes';
    // Without swap, which is counted together with memory in the first version.
    writeFileSync(join(this.#folder, FILES.swap), String(isOfFirst ? limitMiB * MIB : 0));
  }

  /** Starts the program that follows inside the group. */
  get prefix(): string[] {
    return ['sh', '-c', `echo $$ > ${join(this.#folder, 'cgroup.procs')} && exec "$@"`, 'sh'];
  }

  [Symbol.dispose](): void {
    rmdirSync(this.#folder);
  }
}

/** Whether this user may limit memory. */
export const canLimitMemory = ((): boolean => {
  try {
    using _ = new MemoryGroup(64);
    return true;
  } catch {
    return false;
  }
})();
