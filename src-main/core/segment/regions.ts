import type { SegmentSettings } from '../../contract/segmentation.ts';
import { encodeLabels } from '../mask/encode-labels.ts';
import { kmeans } from '../superpixel/kmeans.ts';
import { drawsFor } from '../tensor/random.ts';
import { regionsOnOriginal } from './original-grid.ts';
import type { FoundMask, SegmentTask } from './segment-task.ts';
import { clusterRows, type Descriptors, type RowModel } from './superpixel-rows.ts';

/**
 * One mask for each region that the image has; together they cover every pixel once.
 * @param regions [superpixels]; there are 200 of them at most
 */
export function regionMasks(
  { embedding, original }: Pick<SegmentTask, 'embedding' | 'original'>,
  regions: Int32Array,
  level: 0 | 1,
): FoundMask[] {
  const masks = encodeLabels(regionsOnOriginal(embedding.map, regions, original), original);
  const pixels = original.widthPx * original.heightPx;
  return [...masks]
    .sort(([a], [b]) => a - b)
    .map(([label, mask]) => ({ ...mask, level, score: mask.areaPx / pixels, concept: label - 1 }));
}

/** Regions of this image alone: k-means on its own superpixels. */
export async function ownRegions(
  rowModel: RowModel,
  descriptors: Descriptors,
  { regionCount, seed }: SegmentSettings,
): Promise<Int32Array> {
  const draw = drawsFor({ seed, step: 0, stream: 'regions' });
  return (await kmeans(clusterRows(rowModel, descriptors), regionCount, draw)).labels;
}
