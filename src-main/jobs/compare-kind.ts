import { userError } from '../contract/errors.ts';
import { readingFolder, segmentationFiles } from '../domain/data-layout.ts';
import type { JobEnvironment, JobKindHandler } from './job-kind.ts';
import { workerCache, workerLimits } from './worker-settings.ts';

/** Comparing the images of a collection: the worker looks at them, the store keeps what looks alike. */
export function compareKind(environment: JobEnvironment): JobKindHandler<'compare'> {
  const { store, layout, nowMs, publish } = environment;
  return {
    collectionOf: ({ collectionId }) => collectionId,
    prepare: ({ collectionId }) => {
      const collection = store.collections.get(collectionId);
      if (!collection) throw userError('no-collection', { id: collectionId });
      const settings = environment.settings();
      const described = store.segmentations
        .ofCollection(collectionId)
        .find(({ id, hasModel }) => hasModel && store.descriptions.get(id) !== null);
      return {
        kind: 'compare',
        rootPath: collection.rootPath,
        limits: workerLimits(settings, collection.brightness),
        cache: workerCache(settings, layout),
        readingFolder: readingFolder(layout.cache, `compare-${collectionId}`),
        vectorsFile: described ? segmentationFiles(layout, described.id).vectors : null,
      };
    },
    answer: (ask, { spec: { collectionId: id } }) => {
      switch (ask.kind) {
        case 'compare/images':
          return { images: store.lookAlikes.images({ id, ...ask }) };
        case 'compare/save':
          store.lookAlikes.savePrints(ask.prints);
          return null;
        case 'compare/groups':
          store.lookAlikes.saveGroups({ id, ...ask });
          return null;
        case 'compare/finish':
          store.lookAlikes.finish(id, ask, nowMs());
          publish({ type: 'collection', collectionId: id });
          return null;
        default:
          return ask satisfies never;
      }
    },
  };
}
