import { opendir, stat } from 'node:fs/promises';
import { userError } from '../../contract/errors.ts';

/**
 * After mask files were read: without their drive, or with only the empty folder that an unmounted one leaves, they
 * are not damaged or missing one by one.
 * @throws UserError FILE_NOT_FOUND
 */
export async function refuseGoneFiles(path: string): Promise<void> {
  if (!(await isGone(path))) return;
  throw userError('import-files-gone', { path });
}

async function isGone(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats?.isDirectory()) return !stats;
  try {
    await using entries = await opendir(path);
    return (await entries.read()) === null;
  } catch {
    return true;
  }
}
