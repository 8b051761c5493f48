import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Collection } from '../contract/collection.ts';
import { userError } from '../contract/errors.ts';
import type { Job } from '../contract/job.ts';
import { isSameFolder } from '../domain/folder-identity.ts';
import { freeName } from '../contract/free-name.ts';
import { makePrivateFolder } from '../store/private-folder.ts';
import { collectionHandlers } from './collections.ts';
import type { Service } from './service.ts';

/** Folders of the sample that become collections, the first to show first. */
const SAMPLES = ['photos', 'nuclei'] as const;

/**
 * Adds the pictures that ship with the app. They are copied into the data folder: the app's own folder may be an archive, and
 * has another path after an update. What was added before is scanned again.
 * @throws UserError NOT_FOUND in an app without them; DISK_FULL and the like
 */
export function addSample(service: Service): { collection: Collection; job: Job }[] {
  const { layout, options, store } = service;
  const from = options.sampleFolder;
  if (from === undefined) throw userError('no-sample');
  const collections = collectionHandlers(service);
  return SAMPLES.map((name) => {
    const path = join(layout.sample, name);
    copyFolder(join(from, name), path);
    const existing = store.collections.list().find(({ rootPath }) => isSameFolder(rootPath, path));
    return existing
      ? { collection: existing, job: collections.rescan({ id: existing.id, isVerifying: false }) }
      : collections.add({ path, name: freeName(`sample-${name}`, store.collections.list()) });
  });
}

function copyFolder(from: string, to: string): void {
  makePrivateFolder(to);
  // One by one: a packaged app reads them out of an archive, from which whole folders cannot be copied.
  for (const file of readdirSync(from)) {
    if (!existsSync(join(to, file))) copyFileSync(join(from, file), join(to, file));
  }
}
