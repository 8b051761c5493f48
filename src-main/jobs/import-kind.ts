import { UserError } from '../contract/errors.ts';
import type { ImportId } from '../contract/ids.ts';
import type { MaskImport } from '../contract/mask-import.ts';
import type { Store } from '../store/database.ts';
import type { JobEnvironment, JobKindHandler } from './job-kind.ts';

const PAGE = 256;

/** Importing masks: the worker reads and compares them, the store keeps the result for each. */
export function importKind({ store, nowMs, publish }: JobEnvironment): JobKindHandler<'import'> {
  const finish = (id: ImportId) => {
    const collectionId = store.maskImports.collectionOf(id);
    if (collectionId) publish({ type: 'collection', collectionId });
    return null;
  };
  return {
    collectionOf: ({ importId }) => store.maskImports.collectionOf(importId) ?? null,
    prepare: ({ importId }) => ({ kind: 'import', options: importOrThrow(store, importId).options }),
    answer: (ask, { spec: { importId } }) => {
      const { segmentationId } = importOrThrow(store, importId).options;
      switch (ask.kind) {
        case 'import/images':
          return { images: store.maskImports.images({ segmentationId, afterId: ask.afterId, limit: PAGE }) };
        case 'import/masks':
          return { masks: store.maskImports.masksOf(segmentationId, ask.imageId) };
        case 'import/save':
          store.maskImports.save({ segmentationId, imageId: ask.imageId, changes: ask.changes });
          return null;
        case 'import/finish':
          store.maskImports.finish(importId, ask.result, nowMs());
          return finish(importId);
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
  throw new UserError(
    'NOT_FOUND',
    'The segmentation that the masks were to be imported into has been removed.',
  );
}
