/**
 * A label map on a coarser grid: what every cell holds of every superpixel.
 *
 * A cell is a bilinear sample of the map, so it mixes four pixels at most: kept are their labels and shares, not a
 * channel for each superpixel. `softMasks` gives the dense form.
 */
export type SoftCells = {
  /** Cells along one side. */
  size: number;
  /** [size, size, 4], no label twice with a share. */
  labels: Uint16Array;
  /** [size, size, 4] float32 in [0, 1], 0 in unused places; the four of a cell sum to 1. */
  shares: Float32Array;
};

export type LabelGrid = { labels: ArrayLike<number>; widthPx: number; heightPx: number };

/** Places in a cell. */
const CORNERS = 4;

/**
 * Shares of superpixels in the cells of a `size` x `size` grid: one-hot, then bilinear interpolation without
 * antialiasing, align_corners=false. SPEC section 3.
 *
 * Where the image is an even multiple of the grid, shares are multiples of 0.25 and exact.
 */
export function softCells({ labels, widthPx, heightPx }: LabelGrid, size: number): SoftCells {
  const rows = bilinearTaps(heightPx, size);
  const columns = bilinearTaps(widthPx, size);
  const cells = {
    size,
    labels: new Uint16Array(size * size * CORNERS),
    shares: new Float32Array(size * size * CORNERS),
  };
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      for (let corner = 0; corner < CORNERS; corner++) {
        const row = y * 2 + (corner >> 1);
        const column = x * 2 + (corner & 1);
        const label = labels[(rows.at[row] ?? 0) * widthPx + (columns.at[column] ?? 0)] ?? 0;
        addShare(
          cells,
          (y * size + x) * CORNERS,
          label,
          (rows.share[row] ?? 0) * (columns.share[column] ?? 0),
        );
      }
    }
  }
  return cells;
}

/**
 * The dense form of `softCells`: soft(map, n, size) of SPEC section 3.
 * @returns [size, size, count] float32 in [0, 1]
 */
export function softMasks({ size, labels, shares }: SoftCells, count: number): Float32Array {
  const masks = new Float32Array(size * size * count);
  for (let at = 0; at < shares.length; at++) {
    const share = shares[at] ?? 0;
    if (share > 0) masks[Math.floor(at / CORNERS) * count + (labels[at] ?? 0)] = share;
  }
  return masks;
}

/** `features` is [size, size, dim] float32 of one image. */
export type FeatureGrid = { features: Float32Array; dim: number };

/**
 * Mean feature of each superpixel, by the `maskpool` rule of SPEC section 3: the divisor is at least 1 cell.
 * @returns `pooled` [count, dim], zeros where the area is 0; `areas` [count] in cells
 */
export function poolSuperpixels(
  { size, labels, shares }: SoftCells,
  { features, dim }: FeatureGrid,
  count: number,
): { pooled: Float32Array; areas: Float32Array } {
  if (features.length !== size * size * dim) {
    throw new Error(`features have ${features.length} elements, not ${size} x ${size} x ${dim}`);
  }
  const pooled = new Float32Array(count * dim);
  const areas = new Float32Array(count);
  for (let at = 0; at < shares.length; at++) {
    const share = shares[at] ?? 0;
    if (share === 0) continue;
    const label = labels[at] ?? 0;
    areas[label] = (areas[label] ?? 0) + share;
    const from = Math.floor(at / CORNERS) * dim;
    const to = label * dim;
    for (let d = 0; d < dim; d++) pooled[to + d] = (pooled[to + d] ?? 0) + share * (features[from + d] ?? 0);
  }
  for (let at = 0; at < pooled.length; at++) {
    pooled[at] = (pooled[at] ?? 0) / Math.max(areas[Math.floor(at / dim)] ?? 0, 1);
  }
  return { pooled, areas };
}

/** One image of a batch. */
export type PooledImage = { pooled: Float32Array; areas: Float32Array };

/** Rows that K-means clusters, and which superpixel each stands for. */
export type SuperpixelRows = {
  /** [count, dim] float32 of length 1, or 0 for padding. */
  rows: Float32Array;
  dim: number;
  count: number;
  /** [count]: position of the image in the batch, and label in that image. */
  images: Int32Array;
  labels: Int32Array;
};

/**
 * Rows for K-means over a batch, L2-normalised: SPEC section 4, step 2.
 *
 * Only superpixels that the feature grid sees take part. The official code also clusters a row of zeros for every
 * label that an image lacks, which makes its result a matter of rounding (SPEC Q4); `padTo` does the same.
 * @param padTo number of labels in the batch: every image then gives that many rows
 */
export function superpixelRows(images: readonly PooledImage[], dim: number, padTo?: number): SuperpixelRows {
  const members = images.flatMap(({ areas }, image) =>
    Array.from({ length: padTo ?? areas.length }, (_, label) => ({ image, label })).filter(
      ({ label }) => padTo !== undefined || (areas[label] ?? 0) > 0,
    ),
  );
  const rows = new Float32Array(members.length * dim);
  members.forEach(({ image, label }, row) => {
    const vector = images[image]?.pooled.subarray(label * dim, (label + 1) * dim) ?? [];
    let squares = 0;
    for (const value of vector) squares += value * value;
    const norm = Math.max(Math.sqrt(squares), 1e-12);
    for (let d = 0; d < vector.length; d++) rows[row * dim + d] = (vector[d] ?? 0) / norm;
  });
  return {
    rows,
    dim,
    count: members.length,
    images: Int32Array.from(members, ({ image }) => image),
    labels: Int32Array.from(members, ({ label }) => label),
  };
}

/** Two pixels and their shares for each of `size` samples: `at` and `share` are [size, 2]. */
function bilinearTaps(sizePx: number, size: number): { at: Int32Array; share: Float64Array } {
  const at = new Int32Array(size * 2);
  const share = new Float64Array(size * 2);
  for (let i = 0; i < size; i++) {
    const place = Math.max(((i + 0.5) * sizePx) / size - 0.5, 0);
    const low = Math.floor(place);
    at[i * 2] = low;
    at[i * 2 + 1] = Math.min(low + 1, sizePx - 1);
    share[i * 2] = 1 - (place - low);
    share[i * 2 + 1] = place - low;
  }
  return { at, share };
}

/** Adds to the place of `label` among the four from `first`, or to the first free one. */
function addShare({ labels, shares }: SoftCells, first: number, label: number, share: number): void {
  for (let at = first; share > 0 && at < first + CORNERS; at++) {
    if ((shares[at] ?? 0) > 0 && labels[at] !== label) continue;
    labels[at] = label;
    shares[at] = (shares[at] ?? 0) + share;
    return;
  }
}
