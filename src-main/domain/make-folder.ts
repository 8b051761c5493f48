import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { errnoOf } from './system-errors.ts';

/**
 * Creates a folder, with the folders above it.
 *
 * [Note: Folders step by step] Node's own way (`recursive`) repeats itself for ever where a file system refuses new folders as
 * if the one above were missing, as /proc does and network drives may; ESLint keeps it out.
 * @returns whether the folder is new
 * @throws the error of the system; EEXIST where a file has the name
 */
export async function makeFolder(path: string): Promise<boolean> {
  try {
    return await makeOne(path);
  } catch (error) {
    const parent = dirname(resolve(path));
    if (errnoOf(error) !== 'ENOENT' || parent === resolve(path)) throw error;
    await makeFolder(parent);
    return makeOne(path);
  }
}

async function makeOne(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    // Another process was faster, or a drive says EPERM or EROFS of an existing folder.
    if (await isFolder(path)) return false;
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/**
 * `makeFolder`, synchronously.
 * @param mode rights of the folders that are new, by default those that the system gives
 */
export function makeFolderSync(path: string, mode?: number): void {
  try {
    makeOneSync(path, mode);
  } catch (error) {
    const parent = dirname(resolve(path));
    if (errnoOf(error) !== 'ENOENT' || parent === resolve(path)) throw error;
    makeFolderSync(parent, mode);
    makeOneSync(path, mode);
  }
}

function makeOneSync(path: string, mode: number | undefined): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (!isFolderSync(path)) throw error;
  }
}

function isFolderSync(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
