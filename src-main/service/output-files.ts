import { existsSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { UserError } from '../contract/errors.ts';
import type { Service } from './service.ts';

/**
 * The absolute path of a file that may be written where a person wants it.
 * @throws UserError FOLDER_OVERLAPS inside a collection or the data folder; ALREADY_EXISTS unless `overwrite`
 */
export function outputFile(
  service: Pick<Service, 'store' | 'layout'>,
  path: string,
  { overwrite }: { overwrite: boolean },
): string {
  const absolute = resolve(path);
  refuseOwnFolders(service, absolute);
  if (overwrite || !existsSync(absolute)) return absolute;
  throw new UserError('ALREADY_EXISTS', `${absolute} already exists.`, {
    hint: 'Choose another name, or overwrite it with --force.',
  });
}

/**
 * What is written inside a collection would be scanned as its images, and nothing may be written into the app's own
 * folder. Links are followed.
 * @throws UserError FOLDER_OVERLAPS
 */
export function refuseOwnFolders(
  { store, layout }: Pick<Service, 'store' | 'layout'>,
  outPath: string,
): void {
  const real = realPlace(resolve(outPath));
  const holder = store.collections.list().find(({ rootPath }) => isInside(real, rootPath));
  if (holder) {
    throw new UserError('FOLDER_OVERLAPS', `${outPath} is inside the collection '${holder.name}'.`, {
      hint: `What is written there would be scanned as images of the collection. Choose a folder outside ${holder.rootPath}.`,
    });
  }
  if (!isInside(real, realPlace(resolve(layout.folder)))) return;
  throw new UserError('FOLDER_OVERLAPS', `${outPath} is inside the app's own data folder.`, {
    hint: 'Choose a folder outside it.',
  });
}

/** Whether `inner` is `outer` or inside it. */
export function isInside(inner: string, outer: string): boolean {
  const path = relative(outer, inner);
  return path === '' || (!path.startsWith(`..${sep}`) && path !== '..' && !isAbsolute(path));
}

/** Where a path leads, whether all of it exists or not. */
function realPlace(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    // The last part is new, or nothing can be said of it: then the folder above decides.
    const parent = dirname(path);
    return parent === path ? path : join(realPlace(parent), path.slice(parent.length));
  }
}
