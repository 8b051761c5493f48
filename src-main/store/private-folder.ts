import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const PRIVATE_MODE = 0o700;

/**
 * Creates a folder that only its owner can read, with the folders above it.
 *
 * Step by step: Node's own way repeats itself for ever where a file system refuses new folders as if the one above were
 * missing, as /proc does.
 * @throws the error of the system
 */
export function makePrivateFolder(path: string): void {
  if (isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path && !existsSync(parent)) makePrivateFolder(parent);
  try {
    mkdirSync(path, { mode: PRIVATE_MODE });
  } catch (error) {
    // Another process was faster.
    if (!isFolder(path)) throw error;
  }
}

/**
 * Takes the right to read a data folder from others, unless it was a person's own folder before: then only what the app
 * puts into it is private.
 * @param isOwn whether a name in it is one that the app uses
 */
export function closeToOthers(folder: string, isOwn: (name: string) => boolean): void {
  if (process.platform === 'win32' || !readdirSync(folder).every(isOwn)) return;
  makePrivate(folder);
}

/** Takes all rights to a file or folder from others, where this process may; the owner's stay as they are. */
export function makePrivate(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats || (stats.mode & 0o077) === 0 || stats.uid !== process.geteuid?.()) return;
  chmodSync(path, stats.mode & PRIVATE_MODE);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
