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
  const turns = { rows: new Int32Array(fine.heightPx), count: 0 };
  for (let x = 0, of = -1; x < original.widthPx; x++) {
    const place = clamp(((x + 0.5) * fine.widthPx) / original.widthPx - 0.5, 0, fine.widthPx - 1);
    const left = Math.floor(place);
    if (left + 1 < bounds.x0 || left > bounds.x1) continue;
    const pair = { left, right: Math.min(left + 1, fine.widthPx - 1), rows };
    if (left !== of) findTurns(soft, fine, pair, turns);
    of = left;
    const start = x * original.heightPx;
    const blend = { soft, widthPx: fine.widthPx, ...pair, share: place - left };
    eachStretch(blend, turns, { scale, heightPx: original.heightPx }, (from, to) =>
      add(start + from, start + to),
    );
  }
  const total = original.widthPx * original.heightPx;
  if (end < total) runs.push(total - end);
  return encodeRuns(runs, original.widthPx, original.heightPx);
}

type RowRange = { from: number; to: number };

/** Two neighbouring columns of the fine grid, and the rows of it that are looked at. */
type ColumnPair = { left: number; right: number; rows: RowRange };
/** Rows after which values may cross one half: the first `count` of a list. */
type Turns = { rows: Int32Array; count: number };

/** Where the values between two columns may cross one half: not where all four around a place are on the same side. */
function findTurns(
  soft: Float32Array,
  { widthPx }: Grid,
  { left, right, rows }: ColumnPair,
  turns: Turns,
): void {
  turns.count = 0;
  const sidesOf = (y: number) =>
    Number((soft[y * widthPx + left] ?? 0) > 0.5) + Number((soft[y * widthPx + right] ?? 0) > 0.5);
  let above = sidesOf(rows.from);
  for (let y = rows.from; y + 1 < rows.to; y++) {
    const below = sidesOf(y + 1);
    if (above === 1 || below !== above) turns.rows[turns.count++] = y;
    above = below;
  }
}

/** A column between two of the fine grid: `share` is how far it is from the left to the right one. */
type Blend = ColumnPair & { soft: Float32Array; widthPx: number; share: number };

/** Rows of the original at which a column is above one half. */
function eachStretch(
  { soft, widthPx, left, right, rows, share }: Blend,
  turns: Turns,
  { scale, heightPx }: { scale: number; heightPx: number },
  visit: (from: number, to: number) => void,
): void {
  // Rounded as values of the fine grid are.
  const valueAt = (y: number) =>
    Math.fround((1 - share) * (soft[y * widthPx + left] ?? 0) + share * (soft[y * widthPx + right] ?? 0));
  /** The first row of the original behind a place between rows of the fine grid. */
  const behind = (place: number) => clamp(Math.floor((place + 0.5) * scale - 0.5) + 1, 0, heightPx);
  let isInside = valueAt(rows.from) > 0.5;
  let from = isInside ? (rows.from === 0 ? 0 : behind(rows.from)) : 0;
  for (let turn = 0; turn < turns.count; turn++) {
    const y = turns.rows[turn] ?? 0;
    const [above, below] = [valueAt(y), valueAt(y + 1)];
    if (below > 0.5 === isInside) continue;
    const crossing = behind(y + (0.5 - above) / (below - above));
    if (isInside) visit(from, crossing);
    else from = crossing;
    isInside = !isInside;
  }
  if (isInside) visit(from, heightPx);
}

const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);
