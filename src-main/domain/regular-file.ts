import { stat } from 'node:fs/promises';

/**
 * Whether something may be opened for reading: not a folder or device, and not a named pipe, which would wait for
 * somebody to write into it.
 */
export async function isRegularFile(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  return stats?.isFile() === true;
}
