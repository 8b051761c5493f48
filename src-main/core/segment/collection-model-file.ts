import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { CollectionModel } from './segment-image.ts';

/** Changes with every change of what a CollectionModel is: an older one is learned again. */
const MODEL_VERSION = 2;

/** Keeps what was learned from a collection, whole or not at all. */
export async function writeCollectionModel(path: string, model: CollectionModel): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.tmp`, serialize({ version: MODEL_VERSION, model }));
  await rename(`${path}.tmp`, path);
}

/** What was kept; undefined for a file that is not there, or that an older app wrote. */
export async function readCollectionModel(path: string): Promise<CollectionModel | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  if (!bytes) return undefined;
  // Written by `writeCollectionModel` alone: of the same version, it is of the same shape.
  const { version, model } = deserialize(bytes) as { version?: number; model: CollectionModel };
  return version === MODEL_VERSION ? model : undefined;
}
