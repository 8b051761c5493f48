import { encodeLabels } from '../mask/encode-labels.ts';
import { kmeans } from '../segment/kmeans.ts';
import { drawsFor } from '../tensor/random.ts';
import { coordinates, unitRows, type ConceptModel } from './concepts.ts';
import { regionsOnOriginal } from './original-grid.ts';
import type { FoundMask, SegmentTask } from './segment-image.ts';
import type { SuperpixelGraph } from './superpixel-graph.ts';

/** Lab units that weigh as much as one unit of the features. */
const COLOUR_UNIT = 40;

/**
 * One mask for each region that the image has; together they cover every pixel once.
 * @param regions [superpixels]; there are 200 of them at most
 */
export function regionMasks(
  { embedding, original }: SegmentTask,
  regions: Int32Array,
  level: 0 | 1,
): FoundMask[] {
  const masks = encodeLabels(regionsOnOriginal(embedding.map, regions, original), original);
  const pixels = original.widthPx * original.heightPx;
  return [...masks]
    .sort(([a], [b]) => a - b)
    .map(([label, mask]) => ({ ...mask, level, score: mask.areaPx / pixels, concept: label - 1 }));
}

/** Regions of this image alone: k-means on its own superpixels, features beside colour. */
export async function ownRegions(
  { embedding, settings }: SegmentTask,
  concepts: ConceptModel,
  graph: SuperpixelGraph,
): Promise<Int32Array> {
  const rows = coordinates(concepts.projection, unitRows(embedding.features, embedding.dim));
  const axes = concepts.projection.variances.length;
  const dim = axes + 3;
  const joined = new Float32Array(embedding.map.count * dim);
  for (let s = 0; s < embedding.map.count; s++) {
    joined.set(rows.subarray(s * axes, (s + 1) * axes), s * dim);
    for (let c = 0; c < 3; c++) joined[s * dim + axes + c] = (graph.lab[s * 3 + c] ?? 0) / COLOUR_UNIT;
  }
  const draw = drawsFor({ seed: settings.seed, step: 0, stream: 'regions' });
  return (await kmeans({ rows: joined, dim }, settings.regionCount, draw)).labels;
}
