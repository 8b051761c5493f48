import { rm } from 'node:fs/promises';
import type { DatasetVersionDetail } from '../contract/dataset.ts';
import { type UserError, userError } from '../contract/errors.ts';
import { readingFolder } from '../domain/data-layout.ts';
import { partialExportPath, type ExportPlan } from '../domain/export-plan.ts';
import type { Export } from '../contract/export.ts';
import type { DatasetVersionId, ExportId } from '../contract/ids.ts';
import type { Store } from '../store/database.ts';
import type { JobEnvironment, JobKindHandler } from './job-kind.ts';
import { refuseOwnFolders } from './output-files.ts';
import { workerLimits } from './worker-settings.ts';

/**
 * A page ends at this many images, once its run lengths have this many bytes, or once reading it has taken so long:
 * a slow disk makes small pages, and not a service that does not answer.
 */
const PAGE_IMAGES = 32;
const PAGE_BYTES = 4 * 2 ** 20;
const PAGE_MS = 5;
/** Paths take little: a page of them is read in about a millisecond. */
const PAGE_NAMES = 1_000;

/** Writing a dataset version to files: the worker writes, the store hands out the rows page by page. */
export function exportKind(environment: JobEnvironment): JobKindHandler<'export'> {
  const { store, settings, version, nowMs } = environment;
  const page = (exportId: ExportId, afterId: number) => {
    const images = [];
    let bytes = 0;
    const startedMs = performance.now();
    const versionId = versionOrThrow(store, exportId);
    for (const image of store.datasetRows.page({ versionId, afterId, limit: PAGE_IMAGES })) {
      const masks = store.datasetRows.masksOf(image.id);
      images.push({ ...image, masks });
      bytes += masks.reduce((sum, { rle }) => sum + rle.length, 0);
      if (bytes > PAGE_BYTES || performance.now() - startedMs > PAGE_MS) break;
    }
    return { images };
  };

  return {
    // Datasets hold copies of all they need of a collection.
    collectionOf: () => null,
    prepare: ({ exportId }) => {
      const plan = planOf(store, exportId, version);
      // The folder may have become one of a collection since the export was queued.
      refuseOwnFolders(environment, plan.options.outPath);
      return {
        kind: 'export',
        plan,
        limits: workerLimits(settings()),
        readingFolder: readingFolder(environment.layout.cache, `export-${exportId}`),
      };
    },
    onAbandoned: ({ exportId }) => {
      const made = store.exports.get(exportId);
      if (!made) return;
      const { createdAtMs: startedAtMs, options } = made;
      const path = partialExportPath({ exportId, startedAtMs, outPath: options.outPath });
      // A folder that cannot be removed now is hidden and in nobody's way.
      void rm(path, { recursive: true, force: true }).catch(() => undefined);
    },
    answer: (ask, { spec: { exportId } }) => {
      switch (ask.kind) {
        case 'export/page':
          return page(exportId, ask.afterId);
        case 'export/names':
          return {
            images: store.datasetRows.names(versionOrThrow(store, exportId), { ...ask, limit: PAGE_NAMES }),
          };
        case 'export/finish':
          store.exports.finish(exportId, ask.result, nowMs());
          return null;
        default:
          return ask satisfies never;
      }
    },
  };
}

function planOf(store: Store, exportId: ExportId, appVersion: string): ExportPlan {
  const { made, dataset } = exportOrThrow(store, exportId);
  const roots = store.datasetRows.roots(dataset.id);
  return {
    exportId,
    appVersion,
    startedAtMs: made.createdAtMs,
    options: made.options,
    datasetName: dataset.datasetName,
    versionNumber: dataset.number,
    createdAtMs: dataset.createdAtMs,
    classes: dataset.classes,
    counts: dataset.counts,
    rootPaths: roots.map(({ rootPath }) => rootPath),
    brightness: brightnessOf(store, roots),
    sizeBytes: roots.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}

function brightnessOf(store: Store, roots: readonly { rootPath: string }[]): ExportPlan['brightness'] {
  const used = new Set(roots.map(({ rootPath }) => rootPath));
  const collections = store.collections.list().filter(({ rootPath }) => used.has(rootPath));
  return Object.fromEntries(collections.map(({ rootPath, brightness }) => [rootPath, brightness]));
}

/** @throws UserError NOT_FOUND where the version has been removed since */
function exportOrThrow(store: Store, id: ExportId): { made: Export; dataset: DatasetVersionDetail } {
  const made = store.exports.get(id);
  const dataset = made?.versionId ? store.datasets.version(made.versionId) : undefined;
  if (made && dataset) return { made, dataset };
  throw versionRemoved(id);
}

/** Cheaper than the whole version with its recipe: pages ask for it. */
function versionOrThrow(store: Store, id: ExportId): DatasetVersionId {
  const found = store.exports.frozenVersion(id);
  if (found) return found;
  throw versionRemoved(id);
}

function versionRemoved(id: ExportId): UserError {
  return userError('export-version-removed', { id });
}
