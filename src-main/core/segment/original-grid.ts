import type { Grid } from '../superpixel/components.ts';
import type { SuperpixelMap } from '../superpixel/slic.ts';
import { resampled } from './resample.ts';

/** Values that keep a pixel inside or outside of an object whatever its neighbours say. */
export const INSIDE = 0.51;
export const OUTSIDE = 0.49;

/**
 * Objects of the fine grid on the original's: their common outline is enlarged smoothly, not pixel by pixel; where
 * they touch, the nearest pixel says whose a pixel is.
 * @param labels [fine H, W]: number of the object from 1, 0 outside
 * @param soft [fine H, W]: about 0..1, inside above 0.5
 * @returns [original H, W]
 */
export function labelsOnOriginal(
  { labels, soft }: { labels: Int32Array; soft: Float32Array },
  fine: Grid,
  original: Grid,
): Int32Array {
  if (fine.widthPx === original.widthPx && fine.heightPx === original.heightPx) return labels;
  const own = new Float32Array(labels.length);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const value = soft[pixel] ?? 0;
    own[pixel] = labels[pixel] ? Math.max(value, INSIDE) : Math.min(value, OUTSIDE);
  }
  const large = resampled(own, fine, original);
  const out = new Int32Array(large.length);
  const columns = nearest(fine.widthPx, original.widthPx);
  const rows = nearest(fine.heightPx, original.heightPx);
  for (let y = 0, at = 0; y < original.heightPx; y++) {
    for (let x = 0; x < original.widthPx; x++, at++) {
      if ((large[at] ?? 0) > 0.5) out[at] = labelNear(labels, fine, columns[x] ?? 0, rows[y] ?? 0);
    }
  }
  return out;
}

/** The label at x, y or, where there is none, of the first neighbour that has one. */
function labelNear(labels: Int32Array, { widthPx, heightPx }: Grid, x: number, y: number): number {
  const own = labels[y * widthPx + x] ?? 0;
  if (own > 0) return own;
  for (let ny = Math.max(y - 1, 0); ny <= Math.min(y + 1, heightPx - 1); ny++) {
    for (let nx = Math.max(x - 1, 0); nx <= Math.min(x + 1, widthPx - 1); nx++) {
      const label = labels[ny * widthPx + nx] ?? 0;
      if (label > 0) return label;
    }
  }
  return 0;
}

/**
 * Regions of superpixels on the original's grid, nearest pixels.
 * @param regions [map.count] below 255
 * @returns [original H, W]: region + 1
 */
export function regionsOnOriginal(map: SuperpixelMap, regions: Int32Array, original: Grid): Uint8Array {
  const out = new Uint8Array(original.widthPx * original.heightPx);
  const columns = nearest(map.widthPx, original.widthPx);
  const rows = nearest(map.heightPx, original.heightPx);
  for (let y = 0, at = 0; y < original.heightPx; y++) {
    const row = (rows[y] ?? 0) * map.widthPx;
    for (let x = 0; x < original.widthPx; x++, at++) {
      out[at] = 1 + (regions[map.labels[row + (columns[x] ?? 0)] ?? 0] ?? 0);
    }
  }
  return out;
}

/** For each of `to` places the nearest of `from`. */
export function nearest(from: number, to: number): Int32Array {
  return Int32Array.from({ length: to }, (_, at) => Math.min(Math.floor(((at + 0.5) * from) / to), from - 1));
}
