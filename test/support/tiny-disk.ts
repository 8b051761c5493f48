import { onTestFinished } from 'vitest';
import { canMakeDisks, SmallDrive } from './small-drive.ts';

export { canMakeDisks } from './small-drive.ts';

/** Appended to the names of tests that need one. */
export const diskReason = canMakeDisks ? '' : ' (skipped: no drive can be mounted here)';

/** A real drive of so many kibibytes; it goes away with the test. */
export function tinyDisk(sizeKiB: number): string {
  const drive = new SmallDrive(sizeKiB);
  onTestFinished(() => drive[Symbol.dispose]());
  return drive.folder;
}
