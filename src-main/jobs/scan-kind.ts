import { userError } from '../contract/errors.ts';
import type { CollectionId, JobId } from '../contract/ids.ts';
import { readingFolder } from '../domain/data-layout.ts';
import type { JobEnvironment, JobKindHandler } from './job-kind.ts';
import { workerCache, workerLimits } from './worker-settings.ts';

/** Scanning a collection's folder: the worker walks and opens files, the store keeps what it found. */
export function scanKind(environment: JobEnvironment): JobKindHandler<'scan'> {
  const { store, nowMs } = environment;
  const onCollection = (collectionId: CollectionId) =>
    environment.publish({ type: 'collection', collectionId });

  const refuseRemoved = (collectionId: CollectionId, scanId: JobId): void => {
    if (store.collections.get(collectionId)) return;
    throw userError('scan-collection-removed', { id: scanId });
  };

  const finish = async (collectionId: CollectionId, scanId: JobId): Promise<null> => {
    while (!store.scans.finishChunk({ collectionId, scanId, finishedAtMs: nowMs() })) {
      await new Promise(setImmediate);
    }
    let at = store.movedImages.rejoinChunk(collectionId, null);
    while (at) {
      await new Promise(setImmediate);
      at = store.movedImages.rejoinChunk(collectionId, at);
    }
    onCollection(collectionId);
    return null;
  };

  return {
    collectionOf: ({ collectionId }) => collectionId,
    prepare: ({ collectionId }) => {
      const collection = store.collections.get(collectionId);
      if (!collection) {
        throw userError('collection-removed-scan', { id: collectionId });
      }
      const settings = environment.settings();
      return {
        kind: 'scan',
        rootPath: collection.rootPath,
        limits: workerLimits(settings, collection.brightness),
        cache: workerCache(settings, environment.layout),
        readingFolder: readingFolder(environment.layout.cache, `scan-${collectionId}`),
      };
    },
    answer: (ask, { id: scanId, spec: { collectionId, isVerifying = false } }) => {
      refuseRemoved(collectionId, scanId);
      switch (ask.kind) {
        case 'scan/diff':
          return { inspect: store.scans.diffFound({ collectionId, scanId, isVerifying, files: ask.files }) };
        case 'scan/save':
          store.scans.saveInspected({ collectionId, scanId, files: ask.files });
          onCollection(collectionId);
          return null;
        case 'scan/brightness':
          store.collections.addBrightnessRanges(collectionId, ask.ranges);
          onCollection(collectionId);
          return null;
        case 'scan/finish':
          return finish(collectionId, scanId);
        default:
          return ask satisfies never;
      }
    },
  };
}
