import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const tmpfs = (options: string, folder: string) =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).status === 0;

/** A real drive of so many kibibytes, which goes away when it is disposed. */
export class SmallDrive {
  readonly folder: string;

  constructor(sizeKiB: number) {
    this.folder = mkdtempSync(join(tmpdir(), 'r2o-disk-'));
    if (tmpfs(`size=${sizeKiB}k`, this.folder)) return;
    rmdirSync(this.folder);
    throw new Error('no drive was mounted');
  }

  /** What is on it stays. */
  resize(sizeKiB: number): void {
    if (!tmpfs(`remount,size=${sizeKiB}k`, this.folder)) throw new Error('the drive kept its size');
  }

  [Symbol.dispose](): void {
    spawnSync('umount', [this.folder]);
    rmSync(this.folder, { recursive: true });
  }
}

/** Whether a small drive can be made here: on Linux, by those who may mount. */
export const canMakeDisks: boolean = (() => {
  try {
    new SmallDrive(64)[Symbol.dispose]();
    return true;
  } catch {
    return false;
  }
})();
