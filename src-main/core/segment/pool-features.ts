import type { SuperpixelMap } from '../superpixel/slic.ts';
import type { FeatureMap } from './encoder.ts';

/** Every second pixel of every second row says as much of a superpixel of a hundred pixels. */
const SAMPLE_STEP = 2;

/**
 * Mean feature of each superpixel, of a feature map interpolated bilinearly to the pixels (align_corners=false):
 * a superpixel smaller than a cell still gets a mixture of the cells around it.
 * @returns [count, dim] float32
 */
export function poolFeatures(superpixels: SuperpixelMap, map: FeatureMap): Float32Array {
  const { count } = superpixels;
  const { data, channels: dim } = map;
  const pooled = new Float32Array(count * dim);
  const weights = cellWeights(superpixels, map);
  weights.forEach((cells, label) => {
    let sum = 0;
    const to = label * dim;
    for (const [cell, weight] of cells) {
      sum += weight;
      const from = cell * dim;
      for (let d = 0; d < dim; d++) pooled[to + d] = (pooled[to + d] ?? 0) + weight * (data[from + d] ?? 0);
    }
    for (let d = 0; d < dim; d++) pooled[to + d] = (pooled[to + d] ?? 0) / Math.max(sum, 1e-9);
  });
  return pooled;
}

/** For each superpixel the cells around its pixels, and their shares of it. */
function cellWeights(
  { labels, count, widthPx, heightPx }: SuperpixelMap,
  { width: widthCells, height: heightCells }: FeatureMap,
): Map<number, number>[] {
  const weights = Array.from({ length: count }, () => new Map<number, number>());
  const columns = taps(widthPx, widthCells);
  const rows = taps(heightPx, heightCells);
  const add = (label: number, cell: number, weight: number) => {
    const cells = weights[label];
    if (cells && weight > 0) cells.set(cell, (cells.get(cell) ?? 0) + weight);
  };
  const visit = (x: number, y: number) => {
    const label = labels[y * widthPx + x] ?? 0;
    const top = (rows.low[y] ?? 0) * widthCells;
    const bottom = (rows.high[y] ?? 0) * widthCells;
    const [left, right] = [columns.low[x] ?? 0, columns.high[x] ?? 0];
    const [fx, fy] = [columns.share[x] ?? 0, rows.share[y] ?? 0];
    add(label, top + left, (1 - fy) * (1 - fx));
    add(label, top + right, (1 - fy) * fx);
    add(label, bottom + left, fy * (1 - fx));
    add(label, bottom + right, fy * fx);
  };
  for (let y = 0; y < heightPx; y += SAMPLE_STEP) for (let x = 0; x < widthPx; x += SAMPLE_STEP) visit(x, y);
  // A sliver between the samples: its every pixel counts.
  const isMissed = weights.map((cells) => cells.size === 0);
  if (isMissed.includes(true)) {
    for (let y = 0; y < heightPx; y++)
      for (let x = 0; x < widthPx; x++) if (isMissed[labels[y * widthPx + x] ?? 0]) visit(x, y);
  }
  return weights;
}

/** For each pixel the two cells around it and the share of the higher one. */
function taps(pixels: number, cells: number) {
  const low = new Int32Array(pixels);
  const high = new Int32Array(pixels);
  const share = new Float64Array(pixels);
  for (let i = 0; i < pixels; i++) {
    const place = Math.min(Math.max(((i + 0.5) * cells) / pixels - 0.5, 0), cells - 1);
    low[i] = Math.floor(place);
    high[i] = Math.min(Math.floor(place) + 1, cells - 1);
    share[i] = place - Math.floor(place);
  }
  return { low, high, share };
}
