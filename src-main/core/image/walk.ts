import { isUtf8 } from 'node:buffer';
import type { Dirent, Stats } from 'node:fs';
import { open, opendir, readdir, realpath, stat } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { userError } from '../../contract/errors.ts';
import type { ImageProblem } from '../../contract/image.ts';
import type { FileKey, FoundFile } from '../../domain/scan.ts';
import { extensionOf, isHiddenName, promiseOf } from './file-names.ts';
import { errnoOf } from '../../domain/system-errors.ts';
import { ImageProblemError, problemOfErrno } from './image-problem.ts';
import { brokenLink, refuseSpecialFile } from './original-file.ts';
import { sniff, SNIFF_BYTES } from './sniff.ts';

/** Rows a batch, at most. */
const BATCH_SIZE = 256;
/** Entries of a folder that are looked at together; their order is kept. */
const WINDOW_SIZE = 64;

/** A folder to list. Paths are bytes all the way, because a name need not be valid UTF-8. */
type Folder = {
  path: Buffer;
  /** Path below the root with forward slashes; empty for the root. */
  relPath: Buffer;
  /** Reached through a link that leads out of the root. */
  isOutside: boolean;
};

type Visit = { kind: 'file'; file: FoundFile } | { kind: 'folder'; folder: Folder };

type Walk = { rootRealPath: Buffer; signal: AbortSignal; visitedOutside: Set<string> };

/**
 * Lists the images below a folder, in batches, folder by folder in the byte order of their names.
 *
 * [Note: What is a row] A file is listed if its extension is one of a picture, readable here or not, so that
 * a camera raw file is distinguished from a file that was never seen. Files with a well-known other extension (text,
 * video, sidecars, ...) are left out. Any other file is listed if its first bytes are those of a picture, or
 * cannot be read. Hidden names (leading dot, `Thumbs.db`, `@eaDir`, `__MACOSX`, ...) are left out with all
 * that is below them. Pipes and the like are listed, as problems, if they are named like a picture.
 *
 * Links to files are followed. Links to folders are followed out of the root, each target once; a link to a
 * folder that holds it, or that is listed anyway, becomes a row `link-loop` and is not followed.
 *
 * Memory: the names of the folders on the way down to the current one, and one batch.
 * @throws UserError `FOLDER_NOT_FOUND`, `NOT_A_FOLDER` or `FOLDER_UNREADABLE` about the root itself; a folder
 *   below it that cannot be listed is a row
 * @throws the signal's reason when aborted
 */
export async function* walkFolder(
  root: string,
  { signal }: { signal: AbortSignal },
): AsyncGenerator<FoundFile[]> {
  const path = Buffer.from(resolve(root));
  const rootRealPath = await realRoot(path);
  const walk: Walk = { rootRealPath, signal, visitedOutside: new Set() };
  const stack = [visitFolder({ path, relPath: Buffer.alloc(0), isOutside: false }, walk)];
  let batch: FoundFile[] = [];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const step = await top.next();
    if (step.done === true) {
      stack.pop();
    } else if (step.value.kind === 'folder') {
      stack.push(visitFolder(step.value.folder, walk));
    } else {
      batch.push(step.value.file);
    }
    if (batch.length >= BATCH_SIZE) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/**
 * The path to open for a file of a collection: bytes where the name is not valid UTF-8.
 * @throws UserError `BAD_INPUT` for keys that no walk could have given: absolute ones, or with `..` in them
 */
export function resolveFile(root: string, { relPath, pathBytes }: FileKey): string | Buffer {
  const parts = (pathBytes === null ? relPath : Buffer.from(pathBytes).toString('latin1')).split('/');
  const isWindows = sep === '\\';
  const isSafe = parts.every(
    (part) => !['', '.', '..'].includes(part) && !part.includes('\0') && !(isWindows && /[\\:]/.test(part)),
  );
  if (!isSafe) {
    throw userError('path-outside', { path: relPath });
  }
  const base = resolve(root);
  if (pathBytes === null) return [base, ...parts].join(sep);
  return Buffer.concat([Buffer.from(base + sep), pathBytes]);
}

/**
 * Where a collection's folder really lies.
 * @throws UserError `FOLDER_NOT_FOUND`, `NOT_A_FOLDER` or `FOLDER_UNREADABLE`
 */
export async function realRoot(path: Buffer | string): Promise<Buffer> {
  const stats = await stat(path).catch((error: unknown) => {
    throw rootError(error, path);
  });
  if (!stats.isDirectory()) {
    throw userError('root-not-a-folder', { path: path.toString() });
  }
  return realpath(path, { encoding: 'buffer' });
}

/**
 * After a file could not be read: without its drive, a collection is not one of damaged images. Where a drive was
 * unmounted, an empty folder is left.
 * @throws UserError as `realRoot`, and FOLDER_NOT_FOUND for an empty folder
 */
export async function refuseGoneFolder(root: string): Promise<void> {
  await realRoot(root);
  await using entries = await opendir(root);
  if ((await entries.read()) !== null) return;
  throw userError('root-empty', { path: root });
}

function rootError(error: unknown, path: Buffer | string): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  const folder = path.toString();
  if (problemOfErrno(errno).code === 'vanished') {
    return userError('root-gone', { path: folder }, { cause: error });
  }
  return userError('root-unlisted', { path: folder, errno }, { cause: error });
}

async function* visitFolder(folder: Folder, walk: Walk): AsyncGenerator<Visit> {
  walk.signal.throwIfAborted();
  const entries = await listFolder(folder);
  if (!Array.isArray(entries)) {
    yield problemRow(folder.relPath, entries);
    return;
  }
  for (let start = 0; start < entries.length; start += WINDOW_SIZE) {
    walk.signal.throwIfAborted();
    const window = entries.slice(start, start + WINDOW_SIZE);
    const visits = await Promise.all(window.map((entry) => visitEntry(entry, folder, walk)));
    for (const visit of visits) if (visit !== null) yield await followOnce(visit, walk);
  }
}

async function listFolder(folder: Folder): Promise<Dirent<Buffer>[] | ImageProblem> {
  try {
    const entries = await readdir(folder.path, { withFileTypes: true, encoding: 'buffer' });
    return entries.sort((a, b) => Buffer.compare(a.name, b.name));
  } catch (error) {
    if (folder.relPath.length === 0) throw rootError(error, folder.path);
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    const next =
      errno === 'ENAMETOOLONG'
        ? 'its path is too long for the system: move it to a shorter path'
        : 'change its permissions or check its drive';
    const detail = `The images in this folder could not be listed (${errno}): ${next}, then rescan.`;
    return { code: 'folder-unreadable', detail };
  }
}

async function visitEntry(entry: Dirent<Buffer>, folder: Folder, walk: Walk): Promise<Visit | null> {
  const name = entry.name.toString();
  if (isHiddenName(name)) return null;
  const isBelowRoot = folder.relPath.length === 0;
  const found: Folder = {
    path: Buffer.concat([folder.path, Buffer.from(sep), entry.name]),
    relPath: isBelowRoot ? entry.name : Buffer.concat([folder.relPath, Buffer.from('/'), entry.name]),
    isOutside: folder.isOutside,
  };
  if (entry.isDirectory()) return { kind: 'folder', folder: found };
  const { kind: promise } = promiseOf(extensionOf(name));
  if (promise === 'other' && !entry.isSymbolicLink()) return null;
  try {
    const stats = await stat(found.path);
    if (stats.isDirectory()) return await visitLinkedFolder(found, walk);
    if (promise === 'other') return null;
    if (promise === 'unknown' && !(await looksLikePicture(found.path, stats))) return null;
    refuseSpecialFile(stats);
    return fileRow(found.relPath, stats, null);
  } catch (error) {
    return promise === 'other' ? null : rowOfError(error, found.relPath, entry.isSymbolicLink());
  }
}

/** Whether a file whose name does not show its type contains an image; unreadable ones are left to the inspection. */
async function looksLikePicture(path: Buffer, stats: Stats): Promise<boolean> {
  if (!stats.isFile() || stats.size === 0) return false;
  try {
    await using handle = await open(path);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SNIFF_BYTES), 0, SNIFF_BYTES, 0);
    const sniffed = sniff(buffer.subarray(0, bytesRead), '');
    return sniffed.kind === 'foreign' ? sniffed.isPicture : sniffed.kind !== 'other';
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return true;
  }
}

/** The row of an entry that could not be looked at; none for a file that is gone by now. */
function rowOfError(error: unknown, relPath: Buffer, isLink: boolean): Visit | null {
  if (error instanceof ImageProblemError) return problemRow(relPath, error.problem);
  const errno = errnoOf(error);
  if (errno === undefined) throw error;
  if (errno === 'ENOENT') return isLink ? problemRow(relPath, brokenLink().problem) : null;
  return problemRow(relPath, problemOfErrno(errno));
}

async function visitLinkedFolder(link: Folder, walk: Walk): Promise<Visit> {
  const target = await realpath(link.path, { encoding: 'buffer' });
  if (isWithin(walk.rootRealPath, target)) {
    return problemRow(link.relPath, {
      code: 'link-loop',
      detail:
        'This link points to a folder that contains it: it is not followed, because that would never end.',
    });
  }
  if (isWithin(target, walk.rootRealPath) && !hasHiddenPart(target.subarray(walk.rootRealPath.length))) {
    return problemRow(link.relPath, {
      code: 'link-loop',
      detail:
        'This link points to another folder of this collection: it is not followed, because that folder is listed anyway.',
    });
  }
  return { kind: 'folder', folder: { ...link, isOutside: true } };
}

/** Outside the root, a folder can be reached by several ways, or by endlessly many: the first one counts. */
async function followOnce(visit: Visit, { visitedOutside }: Walk): Promise<Visit> {
  if (visit.kind === 'file' || !visit.folder.isOutside) return visit;
  const { path, relPath } = visit.folder;
  const stats = await stat(path, { bigint: true }).catch(() => undefined);
  // A folder that cannot be looked at cannot be listed either, and listing it gives the reason.
  if (stats === undefined) return visit;
  const identity = `${stats.dev}:${stats.ino}`;
  if (visitedOutside.has(identity)) {
    return problemRow(relPath, {
      code: 'link-loop',
      detail: 'This folder was already listed through another link: it is not followed a second time.',
    });
  }
  visitedOutside.add(identity);
  return visit;
}

function isWithin(path: Buffer, folder: Buffer): boolean {
  if (path.equals(folder)) return true;
  const prefix = folder.at(-1) === sep.charCodeAt(0) ? folder : Buffer.concat([folder, Buffer.from(sep)]);
  return path.subarray(0, prefix.length).equals(prefix);
}

function hasHiddenPart(path: Buffer): boolean {
  return path
    .toString()
    .split(sep)
    .some((name) => name !== '' && isHiddenName(name));
}

function problemRow(relPath: Buffer, problem: ImageProblem): Visit {
  return fileRow(relPath, { size: 0, mtimeMs: 0, ctimeMs: null }, problem);
}

function fileRow(
  relPath: Buffer,
  {
    size: sizeBytes,
    mtimeMs,
    ctimeMs: changeTimeMs,
  }: { size: number; mtimeMs: number; ctimeMs: number | null },
  problem: ImageProblem | null,
): Visit {
  const pathBytes = isUtf8(relPath) ? null : Uint8Array.from(relPath);
  const key = { relPath: relPath.toString(), pathBytes };
  return { kind: 'file', file: { ...key, sizeBytes, mtimeMs, changeTimeMs, problem } };
}
