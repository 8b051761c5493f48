import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

function mount(folder: string, sizeKiB: number): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeKiB}k`, 'tmpfs', folder]).status === 0;
}

/** Whether a small drive can be made here: on Linux, by those who may mount. */
export const canMakeDisks: boolean = (() => {
  const folder = mkdtempSync(join(tmpdir(), 'r2o-disk-'));
  const isMounted = mount(folder, 64);
  if (isMounted) spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true });
  return isMounted;
})();

/** Appended to the names of tests that need one. */
export const diskReason = canMakeDisks ? '' : ' (skipped: no drive can be mounted here)';

/** A real drive of so many kibibytes; it goes away with the test. */
export function tinyDisk(sizeKiB: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'r2o-disk-'));
  if (!mount(folder, sizeKiB)) throw new Error('no drive was mounted');
  onTestFinished(() => {
    spawnSync('umount', [folder]);
    rmSync(folder, { recursive: true });
  });
  return folder;
}
