import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readlinkSync,
  realpathSync,
  rmdirSync,
  statSync,
  type Stats,
} from 'node:fs';
import systemPaths, { dirname, extname, join, type PlatformPath, resolve } from 'node:path';
import { userError } from '../contract/errors.ts';
import { dataLayout, type DataLayout } from '../domain/data-layout.ts';
import { isSameFolder } from '../domain/folder-identity.ts';
import { givenPath } from '../domain/given-path.ts';
import { errnoOf, isDiskFull } from '../domain/system-errors.ts';

/** What the guard has to know: where collections and the app's own data lie. */
export type GuardedFolders = {
  store: { collections: { list: () => readonly { name: string; rootPath: string }[] } };
  layout: Pick<DataLayout, 'folder'>;
};

/** Links that lead on to links are followed this often at most, as systems do. */
const MAX_LINKS = 40;

/**
 * The absolute path of a file that may be written where a person wants it; a link is followed to its target.
 *
 * [Note: Files that people name] Everything that is written to a path that a person has named passes this guard or,
 * for what is never overwritten, `refuseOwnFolders`; `test/unit/jobs/output-files.test.ts` lists the commands and methods
 * that take such a path. The file is then written next to its place and renamed (`writeFileAtomically`).
 * @throws UserError FOLDER_OVERLAPS inside a collection or a data folder; ALREADY_EXISTS unless `overwrite`;
 *   FILE_UNUSABLE for a folder, a device, a name that the system does not allow or a folder that cannot be written;
 *   NOT_A_FOLDER below a file
 */
export function outputFile(
  guarded: GuardedFolders,
  path: string,
  { overwrite }: { overwrite: boolean },
): string {
  const absolute = givenPath(path);
  refuseOwnFolders(guarded, absolute);
  const target = isLink(absolute) ? realPlace(absolute) : absolute;
  const stats = statsOf(target);
  if (stats && !stats.isFile()) throw userError('not-a-file', { path: absolute });
  refuseUnwritable(dirname(target));
  if (!stats) return target;
  if (overwrite) return target;
  throw userError('file-exists', { path: absolute });
}

/** Refuses to write a file under a name that says it is of another format. @throws UserError BAD_INPUT */
export function requireEnding(path: string, endings: readonly string[]): void {
  if (endings.includes(extname(path).toLowerCase())) return;
  throw userError('other-ending', { path, endings: endings.join(' / ') });
}

/** `requireEnding` for a picture, whose name may also do without an ending. */
export function requirePictureEnding(path: string, endings: readonly string[] = ['.png']): void {
  if (extname(path) !== '') requireEnding(path, endings);
}

/** Undefined for what does not exist. @throws UserError FILE_UNUSABLE where the system does not say */
function statsOf(path: string): Stats | undefined {
  return translated(path, () => statSync(path, { throwIfNoEntry: false }));
}

/**
 * Says before work that takes hours that a folder, or one that will be made in its place, cannot be written. That is tried in the
 * nearest existing folder of its path, since some refuse what their rights allow (/proc).
 * @throws UserError FILE_UNUSABLE, DISK_FULL; NOT_A_FOLDER below a file
 */
export function refuseUnwritable(folder: string): void {
  const stats = statsOf(folder);
  if (!stats && dirname(folder) !== folder) refuseUnwritable(dirname(folder));
  else if (!stats?.isDirectory()) throw userError('root-not-a-folder', { path: folder });
  else translated(folder, () => rmdirSync(mkdtempSync(join(folder, '.r2o-'))));
}

function translated<T>(path: string, ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    if (isDiskFull(error)) throw userError('file-disk-full', { path }, { cause: error });
    const errno = errnoOf(error);
    throw errno === undefined ? error : userError('file-unusable', { path, errno }, { cause: error });
  }
}

/**
 * What is written inside a collection would be scanned as its images, and nothing may be written into the app's own
 * folder, nor into those that it has elsewhere. Links are followed, also those whose target does not exist yet.
 * @throws UserError FOLDER_OVERLAPS
 */
export function refuseOwnFolders({ store, layout }: GuardedFolders, outPath: string): void {
  const real = realPlace(resolve(outPath));
  for (const collection of store.collections.list()) refuseImageFolder(collection, outPath);
  if (holds(layout.folder, real) || isInsideDataFolder(real))
    throw userError('inside-data-folder', { path: outPath });
}

/** Whether a place is in a data folder, whichever program has it open, if any. @param place a real path */
function isInsideDataFolder(place: string): boolean {
  for (let at = dirname(place); ; at = dirname(at)) {
    const { database, lock } = dataLayout(at);
    if (existsSync(database) && existsSync(lock)) return true;
    if (dirname(at) === at) return false;
  }
}

/** Refuses to write into a folder of images. @throws UserError FOLDER_OVERLAPS */
export function refuseImageFolder(folder: { name: string; rootPath: string }, outPath: string): void {
  const { name, rootPath } = folder;
  if (!holds(rootPath, realPlace(resolve(outPath)))) return;
  throw userError('inside-collection', { path: outPath, name, rootPath });
}

/** Whether `inner` is `outer` or inside it, by their names. @param names how a system writes paths, by default this one */
export function isInside(inner: string, outer: string, names: PlatformPath = systemPaths): boolean {
  const path = names.relative(outer, inner);
  return path === '' || (!path.startsWith(`..${names.sep}`) && path !== '..' && !names.isAbsolute(path));
}

/** Whether a folder is, or holds, a place, by whatever names. @param place a real path */
export function holds(folder: string, place: string): boolean {
  if (isInside(place, realPlace(resolve(folder)))) return true;
  for (let at = place; ; at = dirname(at)) {
    if (isSameFolder(at, folder)) return true;
    if (dirname(at) === at) return false;
  }
}

/** Where a path leads, whether all of it exists or not. */
function realPlace(path: string, linksLeft = MAX_LINKS): string {
  try {
    return realpathSync.native(path);
  } catch {
    const parent = dirname(path);
    if (parent === path || linksLeft === 0) return path;
    // A link whose target is new leads to where that will be. Otherwise the last part is new itself.
    if (isLink(path)) return realPlace(resolve(parent, readlinkSync(path)), linksLeft - 1);
    return join(realPlace(parent, linksLeft), path.slice(parent.length));
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}
