import type { Grid } from './fill-polygon.ts';
import type { Polygon } from './polygon.ts';
import { encodeRle, type Bitmap, type EncodedMask } from './rle.ts';

export type Point = { x: number; y: number };
/** A side of a polygon whose corners are pixels. */
export type Side = readonly [from: Point, to: Point];

/** The sides of a polygon, each of whose corners goes to the pixel that contains it. */
export function sidesOf(polygon: Polygon): Side[] {
  const at = (index: number) => {
    const place = (index * 2) % polygon.length;
    return { x: Math.floor(polygon[place] ?? 0), y: Math.floor(polygon[place + 1] ?? 0) };
  };
  return Array.from({ length: polygon.length / 2 }, (_, index) => [at(index), at(index + 1)] as const);
}

/** The sides that pass through a row, row by row: those of row y are `sides` from `starts[y]` to `starts[y + 1]`. */
export function sidesByRow(
  sides: readonly Side[],
  heightPx: number,
  { hasLast }: { /** Whether a side also counts in its last row. */ hasLast: boolean },
): { starts: Uint32Array; places: Uint32Array } {
  const starts = new Uint32Array(heightPx + 2);
  const eachRow = ([a, b]: Side, visit: (y: number) => void) => {
    const end = Math.min(Math.max(a.y, b.y) + Number(hasLast), heightPx);
    for (let y = Math.max(Math.min(a.y, b.y), 0); y < end; y++) visit(y);
  };
  // Counted two places ahead: filling in the places then moves each start to where its row begins.
  for (const side of sides) eachRow(side, (y) => void (starts[y + 2] = (starts[y + 2] ?? 0) + 1));
  for (let y = 2; y < starts.length; y++) starts[y] = (starts[y] ?? 0) + (starts[y - 1] ?? 0);
  const places = new Uint32Array(starts[heightPx + 1] ?? 0);
  for (const [index, side] of sides.entries()) {
    eachRow(side, (y) => {
      const at = starts[y + 1] ?? 0;
      places[at] = index;
      starts[y + 1] = at + 1;
    });
  }
  return { starts, places };
}

/** Sets the pixels of a row from `first` to `last` that are in the bitmap. */
export function fillRow({ data, widthPx, heightPx }: Bitmap, y: number, first: number, last: number): void {
  if (y < 0 || y >= heightPx) return;
  const [from, to] = [Math.max(first, 0), Math.min(last, widthPx - 1)];
  if (from <= to) data.fill(1, y * widthPx + from, y * widthPx + to + 1);
}

/**
 * The mask of a polygon, drawn on no more than the box of its corners.
 * @param fill fills a polygon on a grid
 * @returns null where the polygon holds no pixel of the grid
 */
export function maskInBox(
  polygon: Polygon,
  grid: Grid,
  fill: (polygon: Polygon, grid: Grid) => Bitmap,
): EncodedMask | null {
  let [left, top, right, bottom] = [grid.widthPx, grid.heightPx, -1, -1];
  for (const [{ x, y }] of sidesOf(polygon)) {
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  }
  const corner = { x: Math.max(left, 0), y: Math.max(top, 0) };
  const box = {
    widthPx: Math.min(right + 1, grid.widthPx) - corner.x,
    heightPx: Math.min(bottom + 1, grid.heightPx) - corner.y,
  };
  if (box.widthPx <= 0 || box.heightPx <= 0) return null;
  const moved = polygon.map((value, at) => value - (at % 2 === 0 ? corner.x : corner.y));
  return encodeRle(fill(moved, box), { corner, grid });
}
