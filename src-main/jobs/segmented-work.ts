import type { SegmentationId } from '../contract/ids.ts';
import { userError } from '../contract/errors.ts';
import { readingFolder } from '../domain/data-layout.ts';
import type { JobEnvironment } from './job-kind.ts';
import { workerCache, workerLimits } from './worker-settings.ts';

/**
 * What a worker needs to look again at the images of a segmentation, with its encoder, which is undefined if it has none.
 * @param kind names the folder of its reading notes
 * @throws UserError if the segmentation, its collection or its encoder was removed
 */
export function segmentedWork(
  environment: JobEnvironment,
  kind: 'describe' | 'recut',
  segmentationId: SegmentationId,
) {
  const { store, layout } = environment;
  const segmentation = store.segmentations.get(segmentationId);
  if (!segmentation) throw userError('segmentation-removed', { id: segmentationId });
  const { modelId, hasModel, name, collectionId, device } = segmentation;
  const collection = store.collections.get(collectionId);
  if (!collection) throw userError('segmentation-collection-removed', { name });
  const model = modelId === null ? undefined : store.models.get(modelId);
  if (hasModel && !model) throw userError('segmentation-encoder-removed', { name });
  const settings = environment.settings();
  return {
    segmentation,
    model,
    images: {
      rootPath: collection.rootPath,
      limits: workerLimits(settings, collection.brightness),
      cache: workerCache(settings, layout),
      readingFolder: readingFolder(layout.cache, `${kind}-${segmentationId}`),
      device,
    },
  };
}
