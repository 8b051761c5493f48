import { open, statfs, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { IncomingMessage } from 'node:http';
import { UserError, userError } from '../../contract/errors.ts';
import { isDiskFull } from '../../domain/system-errors.ts';
import { causeOf, request, type ProxySettings } from './request.ts';
import { discard, keptOf, writeNote, type Kept, type PartialPlace } from './partial-file.ts';
import { makeFolder } from '../../domain/make-folder.ts';

/** A file on a server, and how large it may be. */
type RemoteFile = { address: string; minBytes: number; maxBytes: number };

export type DownloadOptions = {
  remote: RemoteFile;
  place: PartialPlace;
  proxies: ProxySettings;
  signal: AbortSignal;
  /** A server that says nothing for this long is given up; half a minute where left out. */
  silenceMs?: number;
  /** @param totalBytes null where the server does not say it */
  onProgress: (doneBytes: number, totalBytes: number | null) => void;
};

/** Where the bytes of an answer belong, and how many the file has. */
type Answer = { startBytes: number; totalBytes: number | null };

const MIB = 2 ** 20;
const USER_AGENT = 'r2o-studio';
const OK = 200;
const PARTIAL_CONTENT = 206;
const RANGE_NOT_SATISFIABLE = 416;

/**
 * Downloads a file from one address, and no other. What an earlier try left is continued if the server still has the
 * same file and can send a part of it; otherwise it starts again. What has arrived is kept when the connection
 * breaks off or `signal` ends it, and deleted when it cannot be the file.
 * @throws UserError DOWNLOAD_FAILED, DISK_FULL, FILE_UNUSABLE; `signal.reason`
 */
export async function downloadFile(options: DownloadOptions): Promise<void> {
  const { remote, place, signal } = options;
  const kept = await keptOf(place, remote.address);
  if (kept.sizeBytes > 0 && kept.sizeBytes === kept.totalBytes) return;
  try {
    await continueFile(kept, options);
  } catch (error) {
    signal.throwIfAborted();
    throw asUserError(error, options);
  }
}

async function continueFile(kept: Kept, options: DownloadOptions): Promise<void> {
  const { remote, place } = options;
  const response = await ask(kept, options);
  // All had arrived when the connection broke, and nothing said that this was all.
  if (isWhole(kept, response, remote)) {
    response.destroy();
    return;
  }
  try {
    const answer = await answerOf(response, kept, options);
    const { startBytes, totalBytes } = answer;
    await makeFolder(dirname(place.file));
    await checkRoom(place, answer);
    // Past its start a file is continued. A new one is emptied before the note says what it will be.
    await using handle = await open(place.file, startBytes === 0 ? 'w' : 'r+');
    await writeNote(place, { address: remote.address, validator: validatorOf(response), totalBytes });
    await receive(response, handle, answer, options);
  } finally {
    response.destroy();
  }
}

/** Asks for what is missing, or for all of it once more where the server says that it has no such part. */
async function ask(kept: Kept, options: DownloadOptions): Promise<IncomingMessage> {
  const { remote, place } = options;
  const { sizeBytes, validator } = kept;
  const headers = { 'User-Agent': USER_AGENT, 'Accept-Encoding': 'identity' };
  if (sizeBytes === 0 || validator === null) return await request(remote.address, { ...options, headers });
  const range = { Range: `bytes=${sizeBytes}-`, 'If-Range': validator };
  const response = await request(remote.address, { ...options, headers: { ...headers, ...range } });
  if (response.statusCode !== RANGE_NOT_SATISFIABLE || isWhole(kept, response, remote)) return response;
  response.destroy();
  await discard(place);
  return await request(remote.address, { ...options, headers });
}

/** Whether a server refuses to send more because there is no more, of the same file. */
function isWhole({ sizeBytes }: Kept, { statusCode, headers }: IncomingMessage, remote: RemoteFile): boolean {
  const [, total] = /^bytes \*\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  const isPossible = sizeBytes >= remote.minBytes && sizeBytes <= remote.maxBytes;
  return statusCode === RANGE_NOT_SATISFIABLE && Number(total) === sizeBytes && isPossible;
}

/** `If-Range` takes a strong ETag, or else a date. */
function validatorOf({ headers }: IncomingMessage): string | null {
  const { etag } = headers;
  if (etag?.startsWith('"')) return etag;
  return headers['last-modified'] ?? null;
}

async function answerOf(
  response: IncomingMessage,
  kept: Kept,
  { remote, place }: DownloadOptions,
): Promise<Answer> {
  const answer = placeOf(response, kept);
  if (typeof answer === 'string') throw failed(remote.address, answer);
  const { totalBytes } = answer;
  if (totalBytes === null || (totalBytes >= remote.minBytes && totalBytes <= remote.maxBytes)) return answer;
  await discard(place);
  throw failed(
    remote.address,
    `the server announces ${totalBytes} bytes, but the file has ${remote.minBytes} to ${remote.maxBytes}`,
    { key: 'download-other-file' },
  );
}

/** What an answer says of itself; in words, why it is of no use. */
function placeOf({ statusCode = 0, statusMessage, headers }: IncomingMessage, kept: Kept): Answer | string {
  if (statusCode === OK) return { startBytes: 0, totalBytes: countOf(headers['content-length']) };
  if (statusCode === PARTIAL_CONTENT) {
    const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
    const isNext = Number(start) === kept.sizeBytes;
    return isNext
      ? { startBytes: kept.sizeBytes, totalBytes: countOf(total) }
      : `the server sent another part than it was asked for (${headers['content-range'] ?? 'no range'})`;
  }
  if (statusCode >= 300 && statusCode < 400)
    return `the server redirects to ${headers.location ?? 'another address'}, which is not contacted`;
  return `the server answered ${statusCode} ${statusMessage ?? ''}`.trim();
}

const countOf = (text: string | undefined) => (text === undefined ? null : Number(text));

/** Room for the rest of the file, and for the model that it becomes. */
async function checkRoom({ file }: PartialPlace, { startBytes, totalBytes }: Answer): Promise<void> {
  if (totalBytes === null) return;
  const folder = dirname(file);
  const { bavail, bsize } = await statfs(folder);
  const neededBytes = totalBytes - startBytes + totalBytes;
  if (bavail * bsize >= neededBytes) return;
  throw userError('download-disk-full', {
    needed: mib(neededBytes),
    path: folder,
    free: mib(bavail * bsize),
  });
}

const mib = (bytes: number) => `${Math.ceil(bytes / MIB)} MiB`;

async function receive(
  response: IncomingMessage,
  handle: FileHandle,
  { startBytes, totalBytes }: Answer,
  { remote, place, onProgress }: DownloadOptions,
): Promise<void> {
  const mostBytes = totalBytes ?? remote.maxBytes;
  let doneBytes = startBytes;
  onProgress(doneBytes, totalBytes);
  for await (const chunk of untilWhole(response, () => doneBytes === totalBytes)) {
    if (doneBytes + chunk.length > mostBytes) {
      await discard(place);
      throw failed(remote.address, `the server sent more than the ${mostBytes} bytes of the file`, {
        key: 'download-other-file',
      });
    }
    await writeAll(handle, chunk, doneBytes);
    doneBytes += chunk.length;
    onProgress(doneBytes, totalBytes);
  }
  await handle.sync();
  if (totalBytes !== null && doneBytes < totalBytes)
    throw failed(remote.address, `the connection ended after ${doneBytes} of ${totalBytes} bytes`);
  if (doneBytes >= remote.minBytes) return;
  await discard(place);
  throw failed(remote.address, `the server sent only ${doneBytes} bytes`, { key: 'download-other-file' });
}

/** The bytes of an answer. A connection that breaks after the last of them has done its work. */
async function* untilWhole(response: IncomingMessage, isWholeNow: () => boolean): AsyncGenerator<Buffer> {
  try {
    yield* response as AsyncIterable<Buffer>;
  } catch (error) {
    if (!isWholeNow()) throw error;
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length)
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}

type Failure = 'download-failed' | 'download-other-file';

function failed(
  address: string,
  reason: string,
  { key = 'download-failed', cause }: { key?: Failure; cause?: unknown } = {},
): UserError {
  return userError(key, { address, reason }, { action: { kind: 'import-model' }, cause });
}

function asUserError(error: unknown, { remote, place }: DownloadOptions): unknown {
  if (error instanceof UserError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (isDiskFull(error)) {
    return userError('download-file-full', { path: place.file }, { cause: error });
  }
  if (['EACCES', 'EPERM', 'EROFS', 'EISDIR'].includes(code)) {
    return userError('download-file-unusable', { path: place.file, errno: code }, { cause: error });
  }
  return failed(remote.address, causeOf(error), { cause: error });
}
