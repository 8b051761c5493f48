import { existsSync, opendirSync, realpathSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { BrightnessChange, Collection } from '../contract/collection.ts';
import { type UserError, userError } from '../contract/errors.ts';
import { isSameFolder } from '../domain/folder-identity.ts';
import { freeName } from '../contract/free-name.ts';
import { givenPath } from '../domain/given-path.ts';
import type { CollectionId } from '../contract/ids.ts';
import type { Job } from '../contract/job.ts';
import { isOnHold } from '../contract/job-state.ts';
import { holds } from '../jobs/output-files.ts';
import { removeLearned } from './segmentations.ts';
import type { Service } from './service.ts';

/** Images that a folder is recognized by. */
const KNOWN_FILES = 200;

/** Collections as clients handle them: folders on disk behind rows in the store. */
export function collectionHandlers(service: Service) {
  const { store, queue, layout } = service;

  const get = (id: CollectionId): Collection => {
    const collection = store.collections.get(id);
    if (!collection) {
      throw userError('no-collection', { id });
    }
    return collection;
  };

  const scan = ({ id: collectionId, name }: Collection, isVerifying = false): Job => {
    const open = openScanOf(collectionId, isVerifying);
    const spec = { kind: 'scan', collectionId, ...(isVerifying && { isVerifying }) } as const;
    if (!open) return queue.enqueue(spec, `Scan ${name}`);
    return isOnHold(open.state) ? queue.resume(open.id) : open;
  };

  /** A folder with none of the first images is hardly that of the collection. */
  const refuseForeignFolder = ({ id: collectionId, name }: Collection, rootPath: string): void => {
    const { items } = store.images.page({ collectionId, cursor: null, limit: KNOWN_FILES });
    const known = items.flatMap(({ id, relPath }) => {
      const location = store.images.locate(id);
      const isText = location?.pathBytes === null;
      return isText && location.contentHash !== null ? [{ relPath, path: join(rootPath, relPath) }] : [];
    });
    const [first] = known;
    if (!first || known.some(({ path }) => existsSync(path))) return;
    throw userError('not-its-folder', { path: rootPath, name, example: first.relPath });
  };

  /** A scan that will still see all of the folder, as thoroughly: one that is being cancelled will not. */
  const openScanOf = (id: CollectionId, isVerifying: boolean): Job | undefined =>
    queue
      .openJobsOf(id)
      .find(
        ({ spec, state }) =>
          spec.kind === 'scan' && state !== 'cancelling' && (spec.isVerifying === true || !isVerifying),
      );

  return {
    get,

    /** Adds a folder, or refuses it with the reason, and queues its first scan. */
    add(input: { path: string; name?: string | undefined }): { collection: Collection; job: Job } {
      const rootPath = readableFolder(input.path, service.layout.folder);
      const collections = store.collections.list();
      refuseDuplicateFolder(rootPath, collections);
      const name = input.name ?? freeName(basename(rootPath) || rootPath, collections);
      return store.together(() => {
        const id = store.collections.insert({ name, rootPath, createdAtMs: service.nowMs() });
        service.publish({ type: 'collection', collectionId: id });
        const collection = get(id);
        return { collection, job: scan(collection) };
      });
    },

    rename(id: CollectionId, name: string): Collection {
      get(id);
      store.collections.rename(id, name);
      service.publish({ type: 'collection', collectionId: id });
      return get(id);
    },

    /** Reads the images of a collection from another folder from now on, or refuses that with the reason. */
    async move(input: { id: CollectionId; path: string }): Promise<{ collection: Collection; job: Job }> {
      const before = get(input.id);
      const rootPath = readableFolder(input.path, layout.folder);
      refuseDuplicateFolder(
        rootPath,
        store.collections.list().filter(({ id }) => id !== before.id),
      );
      refuseForeignFolder(before, rootPath);
      // A scan that is under way would list the former folder.
      for (const { id, spec } of queue.openJobsOf(before.id))
        if (spec.kind === 'scan') await queue.cancelAndWait(id);
      while (!store.collections.moveChunk(before.id, rootPath)) await new Promise(setImmediate);
      service.publish({ type: 'collection', collectionId: before.id });
      const collection = get(before.id);
      return { collection, job: scan(collection) };
    },

    /** Other pictures are made of the same files from then on; masks stay as they are. */
    async setBrightness({
      id,
      setting,
    }: BrightnessChange): Promise<{ collection: Collection; job: Job | null }> {
      get(id);
      store.collections.setBrightness(id, setting);
      let last: number | null = 0;
      while ((last = store.collections.deleteBrightness(id, last)) !== null) await new Promise(setImmediate);
      service.publish({ type: 'collection', collectionId: id });
      const collection = get(id);
      return { collection, job: setting.kind === 'automatic' ? scan(collection, true) : null };
    },

    rescan({ id, isVerifying }: { id: CollectionId; isVerifying: boolean }): Job {
      const collection = get(id);
      const { rootPath: path, name } = collection;
      if (!existsSync(path)) {
        const action = { kind: 'locate-folder', collectionId: id } as const;
        throw userError('collection-folder-gone', { path, name }, { action });
      }
      readableFolder(path, layout.folder);
      return scan(collection, isVerifying);
    },

    /** Removes a collection. The rows are deleted in small steps, so that the process stays responsive meanwhile. */
    async remove(id: CollectionId): Promise<{ removedImages: number }> {
      get(id);
      for (const open of queue.openJobsOf(id)) await queue.cancelAndWait(open.id);
      const learned = store.segmentations.ofCollection(id).map((segmentation) => segmentation.id);
      let removedImages = 0;
      for (;;) {
        const removed = store.collections.removeChunk(id);
        removedImages += removed.images;
        if (removed.isComplete) break;
        await new Promise(setImmediate);
      }
      for (const segmentation of learned) await removeLearned(layout, segmentation);
      service.publish({ type: 'collection-removed', collectionId: id });
      return { removedImages };
    },
  };
}

/**
 * The real path of a folder that can be listed.
 * @throws UserError FOLDER_NOT_FOUND, NOT_A_FOLDER, FOLDER_UNREADABLE, FOLDER_OVERLAPS
 */
function readableFolder(path: string, dataFolder: string): string {
  const absolute = givenPath(path);
  const stats = statOf(absolute);
  if (!stats) {
    throw userError('no-folder', { path: absolute });
  }
  if (!stats.isDirectory()) {
    throw userError('not-a-folder', { path: absolute });
  }
  // As the system writes it, where case does not count.
  const real = realpathSync.native(absolute);
  if (holds(real, realpathSync.native(dataFolder))) {
    throw userError('contains-data-folder', { path: absolute, dataFolder });
  }
  try {
    opendirSync(real).closeSync();
  } catch (cause) {
    throw unreadable(absolute, cause);
  }
  return real;
}

function statOf(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): UserError {
  return userError('folder-unlisted', { path }, { cause });
}

function refuseDuplicateFolder(rootPath: string, collections: Collection[]): void {
  const existing = collections.find((collection) => isSameFolder(collection.rootPath, rootPath));
  if (!existing) return;
  throw userError(
    'collection-exists',
    { path: rootPath, name: existing.name, id: existing.id },
    { action: { kind: 'rescan', collectionId: existing.id } },
  );
}
