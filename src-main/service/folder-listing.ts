import type { Dirent } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { userError } from '../contract/errors.ts';
import type { FolderListing } from '../contract/system.ts';
import { givenPath } from '../domain/given-path.ts';

/** More entries than people look through; a folder of a million files must not keep anybody waiting. */
const MAX_ENTRIES = 5_000;

/**
 * What is in a folder, hidden entries left out, for choosing one where there is no system dialog. Whoever may ask for
 * it may also add any folder as a collection, so it shows nothing that was out of reach before.
 * @param path null for the home folder
 * @throws UserError FOLDER_NOT_FOUND, NOT_A_FOLDER, FOLDER_UNREADABLE
 */
export async function listFolder(path: string | null): Promise<FolderListing> {
  const folder = path === null ? homedir() : givenPath(path);
  const listing: FolderListing = {
    path: folder,
    parent: dirname(folder) === folder ? null : dirname(folder),
    home: homedir(),
    folders: [],
    files: [],
    isCut: false,
  };
  try {
    for await (const entry of await opendir(folder)) {
      if (entry.name.startsWith('.')) continue;
      if (listing.folders.length + listing.files.length === MAX_ENTRIES) {
        listing.isCut = true;
        break;
      }
      ((await isFolder(entry)) ? listing.folders : listing.files).push(entry.name);
    }
  } catch (cause) {
    throw explained(folder, cause);
  }
  const { compare } = new Intl.Collator(undefined, { numeric: true });
  listing.folders.sort(compare);
  listing.files.sort(compare);
  return listing;
}

/** A link counts as what it leads to. */
async function isFolder(entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  const target = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
  return target?.isDirectory() ?? false;
}

function explained(folder: string, cause: unknown): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  switch (code) {
    case 'ENOENT':
      return userError('no-folder', { path: folder }, { cause });
    case 'ENOTDIR':
      return userError('not-a-folder', { path: folder }, { cause });
    case 'EACCES':
    case 'EPERM':
      return userError('folder-unlisted', { path: folder }, { cause });
    default:
      return cause;
  }
}
