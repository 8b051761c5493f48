import { lstatSync, mkdirSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { errnoOf } from './system-errors.ts';

/** How often it is tried again where others remove folders meanwhile. */
const ATTEMPTS = 8;

/**
 * Creates a folder, with the folders above it.
 *
 * [Note: Folders step by step] Node's own way (`recursive`) repeats itself for ever where a file system refuses new folders as
 * if the one above were missing, as /proc does and network drives may; ESLint keeps it out.
 * @returns whether the folder is new
 * @throws the error of the system; EEXIST where a file has the name
 */
export async function makeFolder(path: string): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    try {
      await mkdir(path);
      return true;
    } catch (error) {
      if (isFolder(path)) return false;
      if (attempt === ATTEMPTS || !isWorthAnother(error, path)) throw error;
      if (errnoOf(error) === 'ENOENT') await makeFolder(dirname(resolve(path)));
    }
  }
}

/**
 * `makeFolder`, synchronously.
 * @param mode rights of the folders that are new, by default those that the system gives
 */
export function makeFolderSync(path: string, mode?: number): void {
  for (let attempt = 1; ; attempt++) {
    try {
      mkdirSync(path, { mode });
      return;
    } catch (error) {
      if (isFolder(path)) return;
      if (attempt === ATTEMPTS || !isWorthAnother(error, path)) throw error;
      if (errnoOf(error) === 'ENOENT') makeFolderSync(dirname(resolve(path)), mode);
    }
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Where the folder above is missing, or where what had the name has gone or is a folder by now. */
function isWorthAnother(error: unknown, path: string): boolean {
  if (errnoOf(error) === 'ENOENT') return dirname(resolve(path)) !== resolve(path);
  return errnoOf(error) === 'EEXIST' && lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== false;
}
