import { basename } from 'node:path';
import { userError } from '../contract/errors.ts';
import type { ImportId } from '../contract/ids.ts';
import type { Job } from '../contract/job.ts';
import type { ImportedImage, ImportQuery, MaskImport, MaskImportOptions } from '../contract/mask-import.ts';
import { givenPath } from '../domain/given-path.ts';
import type { Page } from '../store/cursor.ts';
import type { Service } from './service.ts';

/** Imports of masks as clients handle them. The worker reads the files; here they are queued and looked up. */
export function maskImportHandlers({ store, queue, nowMs }: Service) {
  const get = (id: ImportId): MaskImport => {
    const found = store.maskImports.get(id);
    if (found) return found;
    throw userError('no-import', { id });
  };
  return {
    get,

    images({ id, ...query }: ImportQuery & { cursor: string | null; limit: number }): Page<ImportedImage> {
      return store.maskImports.imagesOf(get(id).id, query);
    },

    start(options: MaskImportOptions): { import: MaskImport; job: Job } {
      if (!store.segmentations.get(options.segmentationId)) {
        throw userError('no-segmentation-for-import', { id: options.segmentationId });
      }
      const path = givenPath(options.path);
      return store.together(() => {
        const id = store.maskImports.insert({ ...options, path }, nowMs());
        const job = queue.enqueue(
          { kind: 'import', importId: id },
          `${options.isDryRun ? 'Preview' : 'Import'} ${basename(path)}`,
        );
        return { import: get(id), job };
      });
    },
  };
}
