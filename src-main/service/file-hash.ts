import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { isRegularFile } from '../domain/regular-file.ts';

/** SHA-256 of a file, which may have gigabytes. @throws the system's error for one that cannot be read */
export async function fileDigest(path: string): Promise<Buffer> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest();
}

/** The same in hexadecimal digits; undefined for what is no file, or one that cannot be read. */
export async function fileHash(path: string): Promise<string | undefined> {
  if (!(await isRegularFile(path))) return undefined;
  try {
    return (await fileDigest(path)).toString('hex');
  } catch {
    return undefined;
  }
}
