import type { Box } from '../../contract/mask.ts';
import type { MaskShape } from '../../domain/mask-shape.ts';
import { packRuns, unpackRuns, type Runs } from '../../contract/run-lengths.ts';

/** A mask on the upright grid: `data` is [heightPx, widthPx] row-major, 0 outside, anything else inside. */
export type Bitmap = { data: Uint8Array; widthPx: number; heightPx: number };

/** A mask as it is stored; never empty. */
export type EncodedMask = { shape: MaskShape; areaPx: number; box: Box };

/** Where a bitmap lies on a larger grid. */
type Place = { corner: { x: number; y: number }; grid: { widthPx: number; heightPx: number } };

/**
 * A mask as COCO's compressed run lengths, with its area and its tight box.
 * @param place of a bitmap that is a part of its grid; nothing outside of it is inside the mask
 * @returns null for a mask without any pixel: there is nothing to store
 */
export function encodeRle(bitmap: Bitmap, place?: Place): EncodedMask | null {
  const inner = tightBox(bitmap);
  if (inner === null) return null;
  const { corner, grid } = place ?? { corner: { x: 0, y: 0 }, grid: bitmap };
  const box = { ...inner, x: inner.x + corner.x, y: inner.y + corner.y };
  const { data, widthPx } = bitmap;
  const { heightPx } = grid;
  const runs: Runs = [];
  let runStart = 0;
  let areaPx = 0;
  // Runs come in turns, background first: while their number is odd, the current one is inside.
  const isInside = () => runs.length % 2 === 1;
  const turnAt = (position: number) => {
    if (isInside()) areaPx += position - runStart;
    runs.push(position - runStart);
    runStart = position;
  };
  const bottom = box.y + box.height;
  for (let x = box.x; x < box.x + box.width; x++) {
    // Above and below the box there is only background.
    if (isInside() && box.y > 0) turnAt(x * heightPx);
    const column = inner.y * widthPx + x - corner.x;
    for (let y = box.y, at = column; y < bottom; y++, at += widthPx) {
      if ((data[at] !== 0) !== isInside()) turnAt(x * heightPx + y);
    }
    if (isInside() && bottom < heightPx) turnAt(x * heightPx + bottom);
  }
  if (isInside()) turnAt((box.x + box.width) * heightPx);
  const end = grid.widthPx * heightPx;
  if (runStart < end) runs.push(end - runStart);
  return { shape: { gridWidth: grid.widthPx, gridHeight: heightPx, rle: packRuns(runs) }, areaPx, box };
}

/**
 * The pixels of stored run lengths: 1 inside, 0 outside.
 * @throws RangeError where the run lengths do not fit the grid
 */
export function decodeRle(shape: MaskShape): Bitmap {
  const { gridWidth: widthPx, gridHeight: heightPx } = shape;
  const data = new Uint8Array(widthPx * heightPx);
  let position = 0;
  runsOf(shape).forEach((length, index) => {
    if (index % 2 === 1) fillColumns(data, { from: position, to: position + length, widthPx, heightPx });
    position += length;
  });
  return { data, widthPx, heightPx };
}

/**
 * The run lengths of a stored mask, column by column, background first.
 * @throws RangeError where they do not fit the grid
 */
export function runsOf({ rle, gridWidth, gridHeight }: MaskShape): Runs {
  const runs = unpackRuns(rle);
  const total = runs.reduce((sum, length) => sum + length, 0);
  if (total === gridWidth * gridHeight) return runs;
  throw new RangeError(`the run lengths cover ${total} pixels, not ${gridWidth} x ${gridHeight}`);
}

/**
 * A mask from its run lengths, as formats hold them that are not compressed.
 * @returns null for a mask without any pixel
 * @throws RangeError where they do not fit the grid
 */
export function encodeRuns(runs: Runs, gridWidth: number, gridHeight: number): EncodedMask | null {
  const total = runs.reduce((sum, length) => sum + length, 0);
  if (total !== gridWidth * gridHeight) {
    throw new RangeError(`the run lengths cover ${total} pixels, not ${gridWidth} x ${gridHeight}`);
  }
  const extent = extentOf(runs, gridHeight);
  return extent && { shape: { gridWidth, gridHeight, rle: packRuns(runs) }, ...extent };
}

/** Area and tight box of runs; null where no run is inside. */
function extentOf(runs: Readonly<Runs>, heightPx: number): { areaPx: number; box: Box } | null {
  let [areaPx, left, right, top, bottom] = [0, Infinity, -1, Infinity, -1];
  let position = 0;
  runs.forEach((length, index) => {
    if (index % 2 === 1 && length > 0) {
      const last = position + length - 1;
      const [firstColumn, lastColumn] = [Math.floor(position / heightPx), Math.floor(last / heightPx)];
      const spansColumns = firstColumn < lastColumn;
      areaPx += length;
      left = Math.min(left, firstColumn);
      right = lastColumn;
      top = spansColumns ? 0 : Math.min(top, position % heightPx);
      bottom = spansColumns ? heightPx - 1 : Math.max(bottom, last % heightPx);
    }
    position += length;
  });
  if (areaPx === 0) return null;
  return { areaPx, box: { x: left, y: top, width: right - left + 1, height: bottom - top + 1 } };
}

type ColumnRange = { from: number; to: number; widthPx: number; heightPx: number };

function fillColumns(data: Uint8Array, { from, to, widthPx, heightPx }: ColumnRange): void {
  let x = Math.floor(from / heightPx);
  let y = from % heightPx;
  for (let position = from; position < to; position++) {
    data[y * widthPx + x] = 1;
    if (++y === heightPx) {
      y = 0;
      x++;
    }
  }
}

/** The smallest box that holds the mask; null where the mask is empty. */
function tightBox({ data, widthPx, heightPx }: Bitmap): Box | null {
  const size = widthPx * heightPx;
  let first = 0;
  while (first < size && data[first] === 0) first++;
  if (first === size) return null;
  let last = size - 1;
  while (data[last] === 0) last--;
  const [top, bottom] = [Math.floor(first / widthPx), Math.floor(last / widthPx)];
  let [left, right] = [widthPx, -1];
  for (let y = top; y <= bottom; y++) {
    const row = y * widthPx;
    for (let x = 0; x < left; x++) if (data[row + x] !== 0) left = x;
    for (let x = widthPx - 1; x > right; x--) if (data[row + x] !== 0) right = x;
  }
  return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}
