import { createHash } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, stat, type FileHandle } from 'node:fs/promises';
import { ContentHash } from '../../contract/ids.ts';
import { errnoOf } from '../../domain/system-errors.ts';
import { refuseTooLargeFile, type ImageLimits } from './image-limits.ts';
import { asImageProblem, ImageProblemError } from './image-problem.ts';
import { SNIFF_BYTES } from './sniff.ts';

/** A person's file, open for reading. It is never opened in any other way. */
export type Original = {
  sizeBytes: number;
  /** The first bytes, enough for `sniff`. */
  head: Buffer;
  /** Reads the whole file into memory. */
  readWhole: () => Promise<{ bytes: Buffer; contentHash: ContentHash }>;
  /** Reads the whole file once, keeping a chunk of it at a time. */
  readHash: () => Promise<ContentHash>;
};

type ReadOptions = { limits: ImageLimits; signal: AbortSignal };

const CHUNK_BYTES = 4 * 2 ** 20;

/** Without O_NONBLOCK, opening a pipe would wait for a writer. Windows knows neither. */
const READ_ONLY = constants.O_RDONLY | ((constants.O_NONBLOCK as number | undefined) ?? 0);

/**
 * Opens a file read-only, hands it to `use`, and makes sure that it stayed the same all the while.
 *
 * A file that another program is writing is used a second time from the start, and given up after that.
 * @throws ImageProblemError for everything that the file is to blame for; `use`'s own errors pass through
 * @throws the signal's reason when it is aborted
 */
export async function readOriginal<T>(
  path: string | Buffer,
  options: ReadOptions,
  use: (original: Original) => Promise<T>,
): Promise<T> {
  for (const isLastAttempt of [false, true]) {
    options.signal.throwIfAborted();
    try {
      return await readOnce(path, options, use);
    } catch (error) {
      if (!(error instanceof ChangedWhileRead)) throw await explain(error, path);
      if (isLastAttempt) break;
    }
  }
  throw new ImageProblemError(
    'unreadable',
    'The file kept changing while it was being read: wait until the other program has finished, then rescan.',
  );
}

class ChangedWhileRead extends Error {}

async function readOnce<T>(
  path: string | Buffer,
  options: ReadOptions,
  use: (original: Original) => Promise<T>,
): Promise<T> {
  // Asked before opening, because opening a device can do something to it.
  refuseSpecialFile(await stat(path));
  await using handle = await open(path, READ_ONLY);
  const before = await handle.stat({ bigint: true });
  const sizeBytes = Number(before.size);
  if (sizeBytes === 0) {
    throw new ImageProblemError('empty-file', 'The file is empty (0 bytes): copy or download it again.');
  }
  refuseTooLargeFile(sizeBytes, options.limits);
  const head = await readRange(handle, { from: 0, length: Math.min(SNIFF_BYTES, sizeBytes) });
  const { signal } = options;
  const outcome = await use({
    sizeBytes,
    head,
    readWhole: () => readWhole(handle, { head, sizeBytes, signal }),
    readHash: () => readHash(handle, { sizeBytes, signal }),
  }).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  // Asked first: a file that changed explains why it could not be decoded.
  if (!isSameContent(before, await handle.stat({ bigint: true }))) throw new ChangedWhileRead();
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

type WholeFile = { sizeBytes: number; signal: AbortSignal };

async function readWhole(handle: FileHandle, { head, sizeBytes, signal }: WholeFile & { head: Buffer }) {
  const bytes = Buffer.allocUnsafe(sizeBytes);
  const hash = createHash('sha256');
  head.copy(bytes);
  hash.update(head);
  for (let at = head.length; at < sizeBytes; at += CHUNK_BYTES) {
    signal.throwIfAborted();
    const length = Math.min(CHUNK_BYTES, sizeBytes - at);
    hash.update(await readRange(handle, { from: at, length, into: bytes.subarray(at, at + length) }));
  }
  const contentHash = ContentHash.parse(hash.digest('hex'));
  return { bytes, contentHash };
}

async function readHash(handle: FileHandle, { sizeBytes, signal }: WholeFile): Promise<ContentHash> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let from = 0; from < sizeBytes; from += CHUNK_BYTES) {
    signal.throwIfAborted();
    const length = Math.min(CHUNK_BYTES, sizeBytes - from);
    hash.update(await readRange(handle, { from, length, into: chunk.subarray(0, length) }));
  }
  return ContentHash.parse(hash.digest('hex'));
}

type Range = { from: number; length: number; into?: Buffer };

/** Reads a range; systems may give less than was asked for at a time. */
async function readRange(handle: FileHandle, { from, length, into }: Range): Promise<Buffer> {
  const bytes = into ?? Buffer.allocUnsafe(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await handle.read(bytes, done, length - done, from + done);
    if (bytesRead === 0) throw new ChangedWhileRead();
    done += bytesRead;
  }
  return bytes;
}

function isSameContent(before: BigIntStats, after: BigIntStats): boolean {
  return before.size === after.size && before.mtimeNs === after.mtimeNs;
}

/** @throws ImageProblemError `not-an-image` for pipes, sockets, devices and folders */
export function refuseSpecialFile(stats: {
  isFile(): boolean;
  isDirectory(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
}): void {
  if (stats.isFile()) return;
  const what = stats.isDirectory()
    ? 'a folder'
    : stats.isFIFO()
      ? 'a named pipe'
      : stats.isSocket()
        ? 'a socket'
        : 'a device';
  throw new ImageProblemError('not-an-image', `This is ${what}, not a file: remove it from the folder.`);
}

/** Says what an operating system error means here; a link that leads nowhere is not a file that vanished. */
async function explain(error: unknown, path: string | Buffer): Promise<unknown> {
  if (errnoOf(error) === 'ENOENT' && (await isLink(path))) return brokenLink();
  return asImageProblem(error);
}

async function isLink(path: string | Buffer): Promise<boolean> {
  const stats = await lstat(path).catch(() => undefined);
  return stats?.isSymbolicLink() ?? false;
}

/** The problem of a link whose target does not exist. */
export function brokenLink(): ImageProblemError {
  return new ImageProblemError(
    'broken-link',
    'This link points to a file that does not exist: restore the target or remove the link.',
  );
}
