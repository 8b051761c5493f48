import { opendir, stat } from 'node:fs/promises';
import { UserError } from '../../contract/errors.ts';

/**
 * After mask files were read: without their drive, or with only the empty folder that an unmounted one leaves, they
 * are not damaged or missing one by one.
 * @throws UserError FILE_NOT_FOUND
 */
export async function refuseGoneFiles(path: string): Promise<void> {
  if (!(await isGone(path))) return;
  throw new UserError(
    'FILE_NOT_FOUND',
    `${path} went away while its masks were read, so none were imported.`,
    {
      hint: 'Connect its drive again, then resume the import.',
    },
  );
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
