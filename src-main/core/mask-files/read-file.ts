import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { userError } from '../../contract/errors.ts';
import { errnoOf } from '../../domain/system-errors.ts';

/**
 * The bytes of a mask file that was listed, or one sentence about why they cannot be read.
 * @param maxBytes more are not read
 * @throws UserError FILE_NOT_FOUND for a file that is gone by now, as all of a drive that was unmounted are: what is
 *   read of the others would be taken for all
 */
export async function readMaskFile(path: string, maxBytes: number): Promise<Buffer | string> {
  const bytes = await readOptionalFile(path, maxBytes);
  if (bytes === undefined) throw goneWhileRead(path);
  return bytes;
}

/** The same of a file that need not exist; undefined if it does not. */
export async function readOptionalFile(path: string, maxBytes: number): Promise<Buffer | string | undefined> {
  try {
    const stats = await stat(path);
    // Opening a named pipe would wait for a writer.
    if (!stats.isFile()) return 'It is not a regular file.';
    if (stats.size > maxBytes) {
      return `The file is larger than ${maxBytes / 1e6} MB: split it, then try again.`;
    }
    return await readFile(path);
  } catch (error) {
    return isGone(error) ? undefined : unreadable(error);
  }
}

/** The entries of a folder that was listed, or one sentence. @throws UserError FILE_NOT_FOUND if it is gone by now */
export async function listMaskFolder(folder: string): Promise<Dirent[] | string> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isGone(error)) throw goneWhileRead(folder);
    return unreadable(error);
  }
}

const isGone = (error: unknown) => ['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '');

const goneWhileRead = (path: string) => userError('mask-files-gone', { path });

/** Why the system does not let a file or folder be read, as one sentence. */
export function unreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return `It cannot be read (${code}): check its permissions and its disk.`;
}
