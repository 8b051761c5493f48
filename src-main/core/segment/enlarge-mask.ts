import type { Runs } from '../../contract/run-lengths.ts';
import { encodeRle, encodeRuns, type EncodedMask } from '../mask/rle.ts';
import { boundsOf, type Grid } from '../superpixel/components.ts';
import { boxMean } from './box-mean.ts';
import { INSIDE, OUTSIDE } from './original-grid.ts';

/**
 * A mask of the fine grid on the original's, as `labelsOnOriginal` enlarges it, but without looking at every pixel of the
 * original: along a column the enlarged values are straight between two rows of the fine grid, so that the places where
 * they cross one half can be computed. A photo of 12 megapixels takes a few milliseconds.
 * @param mask [fine H, W], 1 inside
 * @returns null where nothing is inside
 */
export function enlargeMask(mask: Uint8Array, fine: Grid, original: Grid): EncodedMask | null {
  if (fine.widthPx === original.widthPx && fine.heightPx === original.heightPx) {
    return encodeRle({ data: mask, widthPx: fine.widthPx, heightPx: fine.heightPx });
  }
  const bounds = boundsOf((pixel) => mask[pixel] === 1, fine);
  if (!bounds) return null;
  const soft = boxMean(mask, { widthPx: fine.widthPx, heightPx: fine.heightPx, radius: 1 });
  for (let pixel = 0; pixel < soft.length; pixel++) {
    const value = soft[pixel] ?? 0;
    soft[pixel] = mask[pixel] ? Math.max(value, INSIDE) : Math.min(value, OUTSIDE);
  }
  const rows = { from: Math.max(bounds.y0 - 1, 0), to: Math.min(bounds.y1 + 1, fine.heightPx) };
  const scale = original.heightPx / fine.heightPx;
  const runs: Runs = [];
  let end = 0;
  const add = (from: number, to: number) => {
    if (from >= to) return;
    // A stretch to the bottom of a column continues at the top of the next one.
    if (from === end && runs.length > 0) runs[runs.length - 1] = (runs.at(-1) ?? 0) + to - from;
    else runs.push(from - end, to - from);
    end = to;
  };
  const column = new Float32Array(fine.heightPx);
  for (let x = 0; x < original.widthPx; x++) {
    const place = clamp(((x + 0.5) * fine.widthPx) / original.widthPx - 0.5, 0, fine.widthPx - 1);
    const left = Math.floor(place);
    if (left + 1 < bounds.x0 || left > bounds.x1) continue;
    blendColumns(soft, fine, { left, share: place - left, rows }, column);
    const start = x * original.heightPx;
    eachStretch(column, { rows, scale, heightPx: original.heightPx }, (from, to) =>
      add(start + from, start + to),
    );
  }
  const total = original.widthPx * original.heightPx;
  if (end < total) runs.push(total - end);
  return encodeRuns(runs, original.widthPx, original.heightPx);
}

type RowRange = { from: number; to: number };

/** Values between two columns of the fine grid. */
function blendColumns(
  soft: Float32Array,
  { widthPx }: Grid,
  { left, share, rows }: { left: number; share: number; rows: RowRange },
  out: Float32Array,
): void {
  const right = Math.min(left + 1, widthPx - 1);
  for (let y = rows.from; y < rows.to; y++) {
    const row = y * widthPx;
    out[y] = (1 - share) * (soft[row + left] ?? 0) + share * (soft[row + right] ?? 0);
  }
}

/** Rows of the original at which a column is above one half. */
function eachStretch(
  column: Float32Array,
  { rows, scale, heightPx }: { rows: RowRange; scale: number; heightPx: number },
  visit: (from: number, to: number) => void,
): void {
  /** The first row of the original behind a place between rows of the fine grid. */
  const behind = (place: number) => clamp(Math.floor((place + 0.5) * scale - 0.5) + 1, 0, heightPx);
  let isInside = (column[rows.from] ?? 0) > 0.5;
  let from = isInside ? (rows.from === 0 ? 0 : behind(rows.from)) : 0;
  for (let y = rows.from; y + 1 < rows.to; y++) {
    const [above, below] = [column[y] ?? 0, column[y + 1] ?? 0];
    if (below > 0.5 === isInside) continue;
    const crossing = behind(y + (0.5 - above) / (below - above));
    if (isInside) visit(from, crossing);
    else from = crossing;
    isInside = !isInside;
  }
  if (isInside) visit(from, heightPx);
}

const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);
