import { kmeans, type Clustering } from '../superpixel/kmeans.ts';
import type { Products, Rows } from '../superpixel/row-products.ts';
import { NO_REGION, regionMap } from '../superpixel/region-map.ts';
import { roiAlign, roiAlignRegions, roiSampling, type RoiSampling } from '../superpixel/roi-align.ts';
import { softMasks } from '../superpixel/superpixel-masks.ts';
import type { Draw } from '../tensor/random.ts';
import { BOX_FIELDS, REGION_GRID, type Batch, type ImageSuperpixels } from './batch.ts';

/** Area in cells below which a region is not visible in a view (SPEC section 7). */
const VISIBLE_AREA = 1e-3;

/** Superpixels of a batch as vectors: what the cluster step gives for each image and label. */
export type SuperpixelFeatures = {
  /** [B, slots, dim] float32 of length 1, zero where an image has no such superpixel. */
  rows: Float32Array;
  slots: number;
  dim: number;
};

export type ClusteringRule = {
  /** K of the step. */
  regionCount: number;
  /** `official` also clusters the zero rows of missing labels, and averages label numbers (SPEC Q4, Q6). */
  parity: 'recommended' | 'official';
  draw: Draw;
  productsOf: (rows: Rows) => Products;
};

/** Which region each superpixel of a batch belongs to; regions are shared by all images of the batch. */
export type RegionAssignment = {
  /** For each image: region of each superpixel, or NO_REGION where the feature grid missed it. */
  regions: readonly Int32Array[];
  clustering: Clustering;
};

/**
 * Clusters the superpixels of a batch: SPEC section 4, steps 2 and 3.
 * @param images superpixels of the images, in the order of the features
 */
export async function clusterSuperpixels(
  images: readonly ImageSuperpixels[],
  features: SuperpixelFeatures,
  { regionCount, parity, draw, productsOf }: ClusteringRule,
): Promise<RegionAssignment> {
  const { rows, slots, dim } = features;
  const longest = Math.max(...images.map(({ count }) => count));
  const members = images.flatMap((image, at) => {
    const labels = parity === 'official' ? range(longest) : seenLabels(image);
    return labels.map((label) => ({ at, label }));
  });
  const compact = new Float32Array(members.length * dim);
  members.forEach(({ at, label }, row) => {
    const from = (at * slots + label) * dim;
    compact.set(rows.subarray(from, from + dim), row * dim);
  });
  const task = { rows: compact, dim, products: productsOf(compact) };
  const clustering = await kmeans(task, regionCount, draw);
  const regions = images.map(({ count }) => new Int32Array(count).fill(NO_REGION));
  members.forEach(({ at, label }, row) => {
    const own = regions[at];
    if (own && label < own.length) own[label] = clustering.labels[row] ?? NO_REGION;
  });
  return { regions, clustering };
}

export type ViewMasks = {
  /** [2B, K, cells] float32 in [0, 1]: first views, then second views. */
  masks: Float32Array;
  /** Regions visible in both views of their image, of all images: what the loss counts. */
  visible: number;
};

/**
 * The regions as each view sees them: SPEC section 4, steps 4 and 5, and section 5.
 * @param regionCount K, the masks of a view
 * @param cells along a side of layer4's grid
 */
export function maskViews(
  batch: Pick<Batch, 'superpixels' | 'boxes'>,
  { regions }: Pick<RegionAssignment, 'regions'>,
  { regionCount, cells, parity }: { regionCount: number; cells: number; parity: ClusteringRule['parity'] },
): ViewMasks {
  const rule = parity === 'official' ? 'official-average' : 'largest-region';
  return forEachView(batch, { regionCount, cells }, ({ fine }, image) => {
    const map = regionMap(fine, regions[image] ?? [], rule);
    return (sampling) => roiAlignRegions(map, regionCount, sampling);
  });
}

/** Every superpixel as its own region, softly: what K = 9999 means (SPEC section 4, after step 5). */
export function maskViewsBySuperpixel(
  batch: Pick<Batch, 'superpixels' | 'boxes'>,
  { regionCount, cells }: { regionCount: number; cells: number },
): ViewMasks {
  return forEachView(batch, { regionCount, cells }, ({ fine }) => {
    const soft = softMasks(fine, regionCount);
    return (sampling) => roiAlign(soft, regionCount, sampling);
  });
}

type Sample = (sampling: RoiSampling) => Float32Array;

function forEachView(
  { superpixels, boxes }: Pick<Batch, 'superpixels' | 'boxes'>,
  { regionCount, cells }: { regionCount: number; cells: number },
  samplerOf: (image: ImageSuperpixels, index: number) => Sample,
): ViewMasks {
  const batch = superpixels.length;
  const viewLength = regionCount * cells * cells;
  const masks = new Float32Array(2 * batch * viewLength);
  let visible = 0;
  superpixels.forEach((image, index) => {
    const sample = samplerOf(image, index);
    const views = [0, 1].map((view) => {
      const box = boxAt(boxes, index * 2 + view);
      const seen = sample(roiSampling(box, { mapSize: REGION_GRID, outSize: cells })); // [cells², K]
      const at = (view * batch + index) * viewLength;
      transposeInto(masks.subarray(at, at + viewLength), seen, regionCount);
      return masks.subarray(at, at + viewLength);
    });
    visible += countVisible(views, regionCount);
  });
  return { masks, visible };
}

function boxAt(boxes: Float32Array, row: number) {
  const [y1 = 0, x1 = 0, y2 = 1, x2 = 1, flip = 0] = boxes.subarray(row * BOX_FIELDS, (row + 1) * BOX_FIELDS);
  return { y1, x1, y2, x2, isFlipped: flip === 1 };
}

/** From [cells, K] to [K, cells]. */
function transposeInto(out: Float32Array, cellsFirst: Float32Array, regionCount: number): void {
  const cells = out.length / regionCount;
  for (let cell = 0, from = 0; cell < cells; cell++) {
    for (let k = 0; k < regionCount; k++, from++) out[k * cells + cell] = cellsFirst[from] ?? 0;
  }
}

function countVisible(views: readonly Float32Array[], regionCount: number): number {
  let visible = 0;
  for (let k = 0; k < regionCount; k++) {
    if (views.every((view) => areaOf(view, k, regionCount) > VISIBLE_AREA)) visible++;
  }
  return visible;
}

function areaOf(view: Float32Array, region: number, regionCount: number): number {
  const cells = view.length / regionCount;
  let area = 0;
  for (let at = region * cells; at < (region + 1) * cells; at++) area += view[at] ?? 0;
  return area;
}

/** Labels that the feature grid sees: the others have no feature to cluster by. */
function seenLabels({ count, coarse }: ImageSuperpixels): number[] {
  const isSeen = new Uint8Array(count);
  coarse.shares.forEach((share, at) => {
    if (share > 0) isSeen[coarse.labels[at] ?? 0] = 1;
  });
  return range(count).filter((label) => isSeen[label] === 1);
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
