import { wholeSegmentation } from '../contract/event.ts';
import { userError } from '../contract/errors.ts';
import type { ImportId } from '../contract/ids.ts';
import type { MaskImport } from '../contract/mask-import.ts';
import type { Store } from '../store/database.ts';
import type { JobEnvironment, JobKindHandler } from './job-kind.ts';

const PAGE = 256;

/** Importing masks: the worker reads and compares them, the store keeps the result for each image. */
export function importKind({ store, nowMs, publish }: JobEnvironment): JobKindHandler<'import'> {
  const announce = (id: ImportId) => {
    const { segmentationId } = importOrThrow(store, id).options;
    const collectionId = store.maskImports.collectionOf(id);
    publish(wholeSegmentation(segmentationId));
    if (collectionId) publish({ type: 'collection', collectionId });
  };
  return {
    collectionOf: ({ importId }) => store.maskImports.collectionOf(importId) ?? null,
    prepare: ({ importId }) => {
      const { options } = importOrThrow(store, importId);
      const collectionId = store.maskImports.collectionOf(importId);
      const collection = collectionId && store.collections.get(collectionId);
      if (!collection) throw new Error(`import ${importId} has no collection`);
      return { kind: 'import', options, rootPath: collection.rootPath };
    },
    answer: (ask, { spec: { importId } }) => {
      const { segmentationId } = importOrThrow(store, importId).options;
      const { maskImports } = store;
      switch (ask.kind) {
        case 'import/images':
          return {
            images: maskImports.images({ importId, segmentationId, afterId: ask.afterId, limit: PAGE }),
          };
        case 'import/version':
          return { versionId: maskImports.exported.versionOf(ask) };
        case 'import/classes':
          return { classes: maskImports.exported.classes({ segmentationId, versionIds: ask.versionIds }) };
        case 'import/masks':
          return maskImports.masksOf(ask.imageId, { segmentationId, versionIds: ask.versionIds });
        case 'import/save':
          return { isSaved: maskImports.save(importId, ask, nowMs()) };
        case 'import/finish':
          maskImports.finish(importId, ask, nowMs());
          announce(importId);
          return null;
        default:
          return ask satisfies never;
      }
    },
  };
}

/** @throws UserError NOT_FOUND where the segmentation has been removed, and the import with it */
function importOrThrow(store: Store, id: ImportId): MaskImport {
  const found = store.maskImports.get(id);
  if (found) return found;
  throw userError('import-segmentation-removed');
}
