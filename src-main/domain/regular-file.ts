import { statSync, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { errnoOf } from './system-errors.ts';

/**
 * Whether something may be opened for reading: not a folder or device, and not a named pipe, which would wait for
 * somebody to write into it.
 */
export async function isRegularFile(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  return stats?.isFile() === true;
}

/**
 * What the system says of a path that a person has named; undefined where nothing can be read: nothing is there, links lead in a
 * circle, or the name is longer than any.
 */
export function statsIfAny(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
