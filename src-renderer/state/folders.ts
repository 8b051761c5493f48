import { getContext, setContext } from 'svelte';
import type { FolderListing } from '../../src-main/contract/system.ts';

type ListFolder = (path: string | null) => Promise<FolderListing>;
const KEY = Symbol('folders');

/** Lets path fields inside this component list the folders of the machine that the app runs on. */
export function provideFolders(list: ListFolder): void {
  setContext(KEY, list);
}

/** Lists a folder; null is the home folder. Undefined outside the app's frame. */
export function folderLister(): ListFolder | undefined {
  return getContext<ListFolder | undefined>(KEY);
}
