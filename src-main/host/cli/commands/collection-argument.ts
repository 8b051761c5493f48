import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Collection } from '../../../contract/collection.ts';
import type { Client } from '../../../contract/contract.ts';
import { isSameFolder } from '../../../domain/folder-identity.ts';
import { statsIfAny } from '../../../domain/regular-file.ts';
import { findNamed, isNamed } from '../find-named.ts';
import { followJob } from '../follow-job.ts';

const KIND = { one: 'collection', many: 'collections', listCommand: 'r2o collections list' };
const KIND_OR_FOLDER = { ...KIND, listCommand: `${KIND.listCommand}, or give a folder that exists` };

/** How commands describe the argument that `openCollection` reads. */
export const COLLECTION_OR_FOLDER = 'number or name, or a folder of images, which is added';

/** A collection by its number or name. @throws UserError NOT_FOUND, or BAD_INPUT for a name that several have */
export async function findCollection(client: Client, which: string): Promise<Collection> {
  return findNamed(await client.collections.list(), which, KIND);
}

/**
 * The collection to work on: by its number or name, or by its folder. A folder is added if it is not a collection yet;
 * otherwise it is scanned again, so that the work covers what the folder contains now.
 * @throws UserError NOT_FOUND, BAD_INPUT, or what adding the folder throws
 */
export async function openCollection(client: Client, which: string): Promise<Collection> {
  const all = await client.collections.list();
  const folder = folderAt(which);
  if (folder === undefined || isNamed(all, which)) return findNamed(all, which, KIND_OR_FOLDER);
  const known = all.find(({ rootPath }) => isSameFolder(rootPath, folder));
  if (known) {
    await followJob(client, (await client.collections.rescan({ id: known.id, isVerifying: false })).id);
    return client.collections.get({ id: known.id });
  }
  const { collection, job } = await client.collections.add({ path: folder });
  await followJob(client, job.id);
  return client.collections.get({ id: collection.id });
}

/** The real path of a folder; undefined for anything else. */
function folderAt(path: string): string | undefined {
  const absolute = resolve(path);
  const isFolder = statsIfAny(absolute)?.isDirectory() === true;
  return isFolder ? realpathSync.native(absolute) : undefined;
}
