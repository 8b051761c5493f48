import { createHash, randomBytes } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { nameBeside } from '../../domain/name-beside.ts';
import { translateFileError } from './weights-error.ts';

/** Appends to the file that is being written. */
export type WriteChunk = (bytes: Uint8Array) => Promise<void>;

/** What was written: the file's size and its SHA-256, 32 bytes. */
export type WrittenFile = { sizeBytes: number; sha256: Uint8Array };

/**
 * Writes a file that appears under its name only when all of it is on the disk; until then, and after any
 * failure, whatever had that name is as it was.
 * @param content calls `write` with one part after the other
 * @throws UserError DISK_FULL, FILE_NOT_FOUND (no such folder), FILE_UNUSABLE; what `content` throws
 */
export async function writeFileAtomically(
  path: string,
  content: (write: WriteChunk) => Promise<void>,
): Promise<WrittenFile> {
  const temporary = nameBeside(path, { suffix: `.${randomBytes(6).toString('hex')}.partial` });
  try {
    const written = await writeAndSync(temporary, content);
    await rename(temporary, path);
    await syncFolder(dirname(path));
    return written;
  } catch (error) {
    // Where even that fails, the first failure is the one that says why.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw translateFileError(error, path);
  }
}

/** Writes a text in the same way. @returns path and size, as exports report them */
export async function writeTextAtomically(
  path: string,
  text: string,
): Promise<{ path: string; sizeBytes: number }> {
  const { sizeBytes } = await writeFileAtomically(path, (write) => write(new TextEncoder().encode(text)));
  return { path, sizeBytes };
}

async function writeAndSync(
  path: string,
  content: (write: WriteChunk) => Promise<void>,
): Promise<WrittenFile> {
  const handle = await open(path, 'wx');
  try {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    await content(async (bytes) => {
      hash.update(bytes);
      sizeBytes += bytes.length;
      await writeAll(handle, bytes);
    });
    await handle.sync();
    return { sizeBytes, sha256: hash.digest() };
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.length) done += (await handle.write(bytes, done)).bytesWritten;
}

/** Makes a rename durable. Windows has no such call and needs none. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
