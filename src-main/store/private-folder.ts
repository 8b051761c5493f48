import { chmodSync, readdirSync, statSync } from 'node:fs';
import { makeFolderSync } from '../domain/make-folder.ts';

const PRIVATE_MODE = 0o700;

/**
 * Creates a folder that only its owner can read, with the folders above it.
 * @throws the error of the system
 */
export function makePrivateFolder(path: string): void {
  makeFolderSync(path, PRIVATE_MODE);
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
