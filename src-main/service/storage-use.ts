import { opendir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { cachePlace, type CacheName, type DataLayout } from '../domain/data-layout.ts';
import type { StorageUse } from '../contract/system.ts';

const SMALL_PICTURES: readonly CacheName[] = ['thumbnails', 'crops', 'drawn'];
/** What was computed from images once, and bounded together with their pixels. */
const IMAGE_DATA: readonly CacheName[] = ['decoded', 'superpixels', 'embeddings'];

/** What the data folder occupies, counted file by file without holding anything else up. */
export async function storageUse({
  folder,
  database,
  writeAheadLog,
  cache,
  segmentations,
}: DataLayout): Promise<StorageUse> {
  const databaseFiles = await Promise.all([database, writeAheadLog].map(sizeOf));
  return {
    databaseBytes: databaseFiles.reduce((sum, size) => sum + size, 0),
    thumbnailBytes: await sizeOfAll(SMALL_PICTURES.map((name) => cachePlace(cache, name).folder)),
    decodedBytes: await sizeOfAll(IMAGE_DATA.map((name) => cachePlace(cache, name).folder)),
    learnedBytes: await sizeOfAll([segmentations]),
    freeBytes: await freeBytes(folder),
  };
}

/** Caches may be deleted at any time, also while a worker reads and writes them. */
export async function emptyCaches(layout: DataLayout): Promise<StorageUse> {
  for (const name of [...SMALL_PICTURES, ...IMAGE_DATA]) {
    await rm(cachePlace(layout.cache, name).folder, { recursive: true, force: true, maxRetries: 3 });
  }
  return storageUse(layout);
}

async function sizeOfAll(folders: readonly string[]): Promise<number> {
  let total = 0;
  for (const folder of folders) total += await folderSize(folder);
  return total;
}

async function folderSize(folder: string): Promise<number> {
  let total = 0;
  try {
    for await (const entry of await opendir(folder)) {
      const path = join(folder, entry.name);
      total += entry.isDirectory() ? await folderSize(path) : await sizeOf(path);
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  return total;
}

/** Zero for a file that does not exist (or no longer does). */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isGone(error)) return 0;
    throw error;
  }
}

async function freeBytes(folder: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    // Some network file systems do not report it.
    return null;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
