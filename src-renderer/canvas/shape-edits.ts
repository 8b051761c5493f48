import type { ColumnBitmap } from './column-bitmap.ts';
import { squaredDistances } from './distance.ts';

/** Changes of a whole shape. Each gives a new bitmap of the same size. */
export type ShapeEdit = 'fill' | 'smooth' | 'grow' | 'shrink';

/** Pixels of the longer side of an image that one step is a pixel of: as little as can be seen on a screen. */
const SIDE_PER_STEP = 400;

/** How far one step grows, shrinks or smooths a shape, in pixels of the grid. */
export function stepOf({ width, height }: { width: number; height: number }): number {
  return Math.max(1, Math.round(Math.max(width, height) / SIDE_PER_STEP));
}

/** @param stepPx how far to grow, shrink or smooth */
export function editShape(bitmap: ColumnBitmap, edit: ShapeEdit, stepPx: number): ColumnBitmap {
  const box = boxOf(bitmap);
  if (!box) return { ...bitmap, data: bitmap.data.slice() };
  const around = widened(box, 2 * stepPx + 1);
  const edited = EDITS[edit](cropped(bitmap, around), stepPx);
  return pasted(bitmap, edited, around);
}

const EDITS: Record<ShapeEdit, (bitmap: ColumnBitmap, stepPx: number) => ColumnBitmap> = {
  fill: filled,
  grow,
  shrink,
  smooth,
};

/** All pixels whose centre is no further than `stepPx` from one of the shape. */
function grow(bitmap: ColumnBitmap, stepPx: number): ColumnBitmap {
  const distances = squaredDistances(bitmap, 1);
  return { ...bitmap, data: Uint8Array.from(distances, (squared) => (squared <= stepPx * stepPx ? 1 : 0)) };
}

/** Without all pixels that are no further than `stepPx` from one outside. */
function shrink(bitmap: ColumnBitmap, stepPx: number): ColumnBitmap {
  const distances = squaredDistances(bitmap, 0);
  return { ...bitmap, data: Uint8Array.from(distances, (squared) => (squared > stepPx * stepPx ? 1 : 0)) };
}

/** All pixels most of whose neighbours, no further than `stepPx` along either side, are in the shape. */
function smooth({ data, width, height }: ColumnBitmap, stepPx: number): ColumnBitmap {
  const columns = windowSums(data, { lines: width, lineStep: height, length: height, step: 1 }, stepPx);
  const counts = windowSums(columns, { lines: height, lineStep: 1, length: width, step: height }, stepPx);
  const half = (2 * stepPx + 1) ** 2 / 2;
  return { data: Uint8Array.from(counts, (count) => (count > half ? 1 : 0)), width, height };
}

type Lines = { lines: number; lineStep: number; length: number; step: number };

/** The sum of the values around each, `reach` to both sides along its line; what is beyond the line is 0. */
function windowSums(
  values: Uint8Array | Int32Array,
  { lines, lineStep, length, step }: Lines,
  reach: number,
): Int32Array {
  const sums = new Int32Array(values.length);
  for (let line = 0; line < lines; line++) {
    const start = line * lineStep;
    const at = (place: number) => (place < 0 || place >= length ? 0 : (values[start + place * step] ?? 0));
    let sum = 0;
    for (let place = 0; place < reach; place++) sum += at(place);
    for (let place = 0; place < length; place++) {
      sum += at(place + reach) - at(place - reach - 1);
      sums[start + place * step] = sum;
    }
  }
  return sums;
}

/** With everything that cannot be reached from the border of the grid, by sides of pixels. */
function filled({ data, width, height }: ColumnBitmap): ColumnBitmap {
  const isOutside = new Uint8Array(data.length);
  const waiting: number[] = [];
  const visit = (at: number) => {
    if (data[at] === 1 || isOutside[at] === 1) return;
    isOutside[at] = 1;
    waiting.push(at);
  };
  for (let x = 0; x < width; x++) [x * height, x * height + height - 1].forEach(visit);
  for (let y = 0; y < height; y++) [y, (width - 1) * height + y].forEach(visit);
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const y = at % height;
    if (y > 0) visit(at - 1);
    if (y + 1 < height) visit(at + 1);
    if (at >= height) visit(at - height);
    if (at + height < data.length) visit(at + height);
  }
  return { data: isOutside.map((outside) => 1 - outside), width, height };
}

type Box = { left: number; top: number; right: number; bottom: number };

/** The smallest box around the shape; undefined where it is empty. */
function boxOf({ data, width, height }: ColumnBitmap): Box | undefined {
  const box = { left: width, top: height, right: 0, bottom: 0 };
  for (let x = 0; x < width; x++) {
    const column = data.subarray(x * height, (x + 1) * height);
    const top = column.indexOf(1);
    if (top < 0) continue;
    box.left = Math.min(box.left, x);
    box.right = x + 1;
    box.top = Math.min(box.top, top);
    box.bottom = Math.max(box.bottom, column.lastIndexOf(1) + 1);
  }
  return box.right > box.left ? box : undefined;
}

/** A box may reach beyond the grid. */
function widened({ left, top, right, bottom }: Box, by: number): Box {
  return { left: left - by, top: top - by, right: right + by, bottom: bottom + by };
}

/** What is beyond the grid is as the nearest pixel inside: a shape that the image cuts off continues there. */
function cropped({ data, width, height }: ColumnBitmap, { left, top, right, bottom }: Box): ColumnBitmap {
  const inner = new Uint8Array((right - left) * (bottom - top));
  for (let x = left, at = 0; x < right; x++) {
    const column = Math.min(width - 1, Math.max(0, x)) * height;
    for (let y = top; y < bottom; y++, at++)
      inner[at] = data[column + Math.min(height - 1, Math.max(0, y))] ?? 0;
  }
  return { data: inner, width: right - left, height: bottom - top };
}

function pasted(
  whole: ColumnBitmap,
  { data, height }: ColumnBitmap,
  { left, top, right, bottom }: Box,
): ColumnBitmap {
  const all = new Uint8Array(whole.data.length);
  const [first, last] = [Math.max(0, top), Math.min(whole.height, bottom)];
  for (let x = Math.max(0, left); x < Math.min(whole.width, right); x++) {
    const from = (x - left) * height + first - top;
    all.set(data.subarray(from, from + last - first), x * whole.height + first);
  }
  return { ...whole, data: all };
}
