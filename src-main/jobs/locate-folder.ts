import type { ErrorKey } from '../contract/error-texts/error-text.ts';
import type { ErrorInfo } from '../contract/errors.ts';
import type { Store } from '../store/database.ts';

/** Errors whose folder may have been moved; it is their value `path`. */
const OF_FOLDERS: ReadonlySet<string> = new Set<ErrorKey>(['root-gone', 'root-empty']);

/** An error of a job, with the offer to locate the folder that it names, if that belongs to a collection. */
export function offerToLocate(error: ErrorInfo, { collections }: Pick<Store, 'collections'>): ErrorInfo {
  if (!error.text || !OF_FOLDERS.has(error.text.key) || error.action) return error;
  const { path } = error.text.values;
  const collection = collections.list().find(({ rootPath }) => rootPath === path);
  return collection ? { ...error, action: { kind: 'locate-folder', collectionId: collection.id } } : error;
}
