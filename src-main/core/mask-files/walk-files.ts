import { join } from 'node:path';
import { MANIFEST_NAMES } from '../../domain/export-plan.ts';
import { listMaskFolder } from './read-file.ts';

/** A file, a folder that is given as a whole, or a folder that cannot be listed. */
export type WalkEntry = { path: string; isWhole: boolean; problem?: string };

type WalkOptions = {
  /** Whether a folder is one entry; none if omitted. */
  isWhole?: (folder: string) => Promise<boolean>;
  signal: AbortSignal | undefined;
};

/** Files below a folder, without hidden ones and the file that describes an export. */
export async function* walkFiles(folder: string, options: WalkOptions): AsyncGenerator<WalkEntry> {
  const entries = await listMaskFolder(folder);
  if (typeof entries === 'string') {
    yield { path: folder, isWhole: false, problem: entries };
    return;
  }
  for (const entry of entries) {
    options.signal?.throwIfAborted();
    if (entry.name.startsWith('.') || MANIFEST_NAMES.includes(entry.name)) continue;
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) yield { path, isWhole: false };
    else if (await options.isWhole?.(path)) yield { path, isWhole: true };
    else yield* walkFiles(path, options);
  }
}
