import { createHash } from 'node:crypto';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { userError } from '../../contract/errors.ts';
import { damagedFile, translateFileError } from './weights-error.ts';

/** Bytes read or hashed at once. */
const CHUNK_BYTES = 2 ** 20;

/** A file open for reading at any place, so that no reader holds more of it than it needs. */
export class RandomAccessFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle, sizeBytes: number) {
    this.path = path;
    this.#handle = handle;
    this.sizeBytes = sizeBytes;
  }

  /** @throws UserError FILE_NOT_FOUND, FILE_UNUSABLE (also for anything but a regular file) */
  static async open(path: string): Promise<RandomAccessFile> {
    try {
      // Before it is opened: opening a named pipe waits for a writer.
      if ((await stat(path)).isFile()) {
        const handle = await open(path, 'r');
        return new RandomAccessFile(path, handle, (await handle.stat()).size);
      }
    } catch (error) {
      throw translateFileError(error, path);
    }
    throw userError('not-regular-file', { path });
  }

  /**
   * A copy of `length` bytes from `offset`, aligned for typed arrays.
   * @throws UserError WEIGHTS_DAMAGED when the file ends before; FILE_UNUSABLE when its drive fails or goes away
   */
  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (length < 0 || offset < 0 || offset + length > this.sizeBytes) {
      throw damagedFile(this.path, `it ends at byte ${this.sizeBytes}, before byte ${offset + length}`);
    }
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.#handle
        .read(bytes, done, length - done, offset + done)
        .catch((error: unknown) => {
          throw translateFileError(error, this.path);
        });
      if (bytesRead === 0) throw damagedFile(this.path, 'it became shorter while it was being read');
      done += bytesRead;
    }
    return bytes;
  }

  /** SHA-256 of the whole file, 32 bytes. */
  async sha256(): Promise<Uint8Array> {
    const hash = createHash('sha256');
    for (let offset = 0; offset < this.sizeBytes; offset += CHUNK_BYTES) {
      hash.update(await this.read(offset, Math.min(CHUNK_BYTES, this.sizeBytes - offset)));
    }
    return hash.digest();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}
