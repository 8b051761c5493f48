import { readFile, stat } from 'node:fs/promises';

/**
 * The bytes of a mask file, or one sentence about why they cannot be read.
 * @param maxBytes more are not read
 */
export async function readMaskFile(path: string, maxBytes: number): Promise<Buffer | string> {
  try {
    const stats = await stat(path);
    // Opening a named pipe would wait for a writer.
    if (!stats.isFile()) return 'It is not a regular file.';
    if (stats.size > maxBytes) {
      return `The file is larger than ${maxBytes / 1e6} MB: split it, then try again.`;
    }
    return await readFile(path);
  } catch (error) {
    return unreadable(error);
  }
}

/** Why the system does not let a file or folder be read, as one sentence. */
export function unreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return `It cannot be read (${code}): check its permissions and its disk.`;
}
