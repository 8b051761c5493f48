import type { Runs } from '../../contract/run-lengths.ts';
import type { Polygon } from './polygon.ts';
import { encodeRle, encodeRuns, type Bitmap, type EncodedMask } from './rle.ts';

/** Width and height of what is filled, in pixels. */
export type Grid = { widthPx: number; heightPx: number };

/** The COCO API looks at a polygon on a grid five times as fine. */
const FINE = 5;

/**
 * The pixels that the COCO API gives a polygon: those whose middle it holds, up to its own rounding.
 * Source: `rleFrPoly` of cocoapi, common/maskApi.c; checked against it to the pixel.
 * @param polygon in pixels, where the middle of the first one is (0.5, 0.5); may reach beyond the grid
 */
export function fillCocoPolygon(polygon: Polygon, { widthPx, heightPx }: Grid): Bitmap {
  const turns = turnsOf(polygon, { widthPx, heightPx });
  const data = new Uint8Array(widthPx * heightPx);
  for (let at = 0; at < turns.length; at += 2) {
    const end = turns[at + 1] ?? widthPx * heightPx;
    for (let position = turns[at] ?? 0; position < end; position++) {
      const x = Math.floor(position / heightPx);
      data[(position - x * heightPx) * widthPx + x] = 1;
    }
  }
  return { data, widthPx, heightPx };
}

/**
 * The mask of a polygon as `fillCocoPolygon` fills it. Memory follows the length of the outline, not the grid.
 * @returns null where the polygon holds no pixel of the grid
 */
export function cocoPolygonMask(polygon: Polygon, { widthPx, heightPx }: Grid): EncodedMask | null {
  const runs: Runs = [];
  let start = 0;
  for (const turn of turnsOf(polygon, { widthPx, heightPx })) {
    // Two turns in the same place leave everything as it was.
    if (turn === start && runs.length > 0) start -= runs.pop() ?? 0;
    else {
      runs.push(turn - start);
      start = turn;
    }
  }
  const end = widthPx * heightPx;
  if (start < end || runs.length === 0) runs.push(end - start);
  return encodeRuns(runs, widthPx, heightPx);
}

/** Each crossing of a pixel column's middle line turns everything from there on, as run lengths do. */
function turnsOf(polygon: Polygon, grid: Grid): Float64Array {
  return Float64Array.from(crossingsOf(polygon, grid)).sort();
}

function crossingsOf(polygon: Polygon, { widthPx, heightPx }: Grid): number[] {
  const fine = polygon.map((value) => Math.trunc(FINE * value + 0.5));
  const crossings: number[] = [];
  let before: { x: number; y: number } | undefined;
  const visit = (x: number, y: number) => {
    if (before && x !== before.x) {
      const column = ((x < before.x ? x : x - 1) + 0.5) / FINE - 0.5;
      if (Number.isInteger(column) && column >= 0 && column <= widthPx - 1) {
        const row = (Math.min(y, before.y) + 0.5) / FINE - 0.5;
        crossings.push(column * heightPx + Math.ceil(Math.min(Math.max(row, 0), heightPx)));
      }
    }
    before = { x, y };
  };
  for (let at = 0; at < fine.length; at += 2) {
    const next = (at + 2) % fine.length;
    walkLine(
      { x: fine[at] ?? 0, y: fine[at + 1] ?? 0 },
      { x: fine[next] ?? 0, y: fine[next + 1] ?? 0 },
      { whole: Math.trunc, visit },
    );
  }
  return crossings;
}

type Point = { x: number; y: number };

/**
 * Every point of a line on a grid, both ends included.
 * @param whole what is behind the decimal point goes: the COCO API cuts it off, drawing libraries go down, which
 *   differs left of and above the image
 */
function walkLine(
  from: Point,
  to: Point,
  { whole, visit }: { whole: (value: number) => number; visit: (x: number, y: number) => void },
): void {
  const [dx, dy] = [Math.abs(to.x - from.x), Math.abs(to.y - from.y)];
  const isFlat = dx >= dy;
  const isFlipped = isFlat ? from.x > to.x : from.y > to.y;
  const [start, end] = isFlipped ? [to, from] : [from, to];
  const steps = isFlat ? dx : dy;
  // The slope of a single point is nothing over nothing; its only step is 0.
  const slope = steps === 0 ? 0 : (isFlat ? end.y - start.y : end.x - start.x) / steps;
  for (let step = 0; step <= steps; step++) {
    const t = isFlipped ? steps - step : step;
    if (isFlat) visit(start.x + t, whole(start.y + slope * t + 0.5));
    else visit(whole(start.x + slope * t + 0.5), start.y + t);
  }
}

/**
 * The pixels that drawing libraries (PIL, OpenCV) give a polygon: its corners go to the pixels that contain them, and
 * then it is everything inside or crossed by its line.
 * @param polygon in pixels, where the middle of the first one is (0.5, 0.5); may reach beyond the grid
 */
export function fillDrawnPolygon(polygon: Polygon, { widthPx, heightPx }: Grid): Bitmap {
  const data = new Uint8Array(widthPx * heightPx);
  const edges = edgesOf(polygon);
  const { crossings, rowStarts } = crossingsByRow(edges, heightPx);
  for (let y = 0; y < heightPx; y++) {
    const ofRow = crossings.subarray(rowStarts[y], rowStarts[y + 1]).sort();
    for (let pair = 0; pair + 1 < ofRow.length; pair += 2) {
      const first = Math.max(Math.ceil(ofRow[pair] ?? 0), 0);
      const last = Math.min(Math.floor(ofRow[pair + 1] ?? 0), widthPx - 1);
      if (first <= last) data.fill(1, y * widthPx + first, y * widthPx + last + 1);
    }
  }
  for (const [from, to] of edges) {
    const visit = (x: number, y: number) => {
      if (x >= 0 && y >= 0 && x < widthPx && y < heightPx) data[y * widthPx + x] = 1;
    };
    walkLine(from, to, { whole: Math.floor, visit });
  }
  return { data, widthPx, heightPx };
}

/**
 * The mask of a polygon as `fillDrawnPolygon` fills it, drawn on no more than its own box.
 * @returns null where the polygon holds no pixel of the grid
 */
export function drawnPolygonMask(polygon: Polygon, grid: Grid): EncodedMask | null {
  let [left, top, right, bottom] = [grid.widthPx, grid.heightPx, -1, -1];
  for (const [{ x, y }] of edgesOf(polygon)) {
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
  return encodeRle(fillDrawnPolygon(moved, box), { corner, grid });
}

type Edge = readonly [from: Point, to: Point];

function edgesOf(polygon: Polygon): Edge[] {
  const at = (index: number) => {
    const place = (index * 2) % polygon.length;
    return { x: Math.floor(polygon[place] ?? 0), y: Math.floor(polygon[place + 1] ?? 0) };
  };
  return Array.from({ length: polygon.length / 2 }, (_, index) => [at(index), at(index + 1)] as const);
}

/** Where edges cross the rows of a grid: those of row y lie between `rowStarts[y]` and `rowStarts[y + 1]`. */
function crossingsByRow(edges: readonly Edge[], heightPx: number) {
  const rowStarts = new Uint32Array(heightPx + 2);
  const eachRow = ([a, b]: Edge, visit: (y: number) => void) => {
    const end = Math.min(Math.max(a.y, b.y), heightPx);
    for (let y = Math.max(Math.min(a.y, b.y), 0); y < end; y++) visit(y);
  };
  // Counted two places ahead: placing the crossings then moves each start to where its row begins.
  for (const edge of edges) eachRow(edge, (y) => void (rowStarts[y + 2] = (rowStarts[y + 2] ?? 0) + 1));
  for (let y = 2; y < rowStarts.length; y++) rowStarts[y] = (rowStarts[y] ?? 0) + (rowStarts[y - 1] ?? 0);
  const crossings = new Float64Array(rowStarts[heightPx + 1] ?? 0);
  for (const edge of edges) {
    const [a, b] = edge;
    eachRow(edge, (y) => {
      const at = rowStarts[y + 1] ?? 0;
      crossings[at] = a.x + ((y - a.y) * (b.x - a.x)) / (b.y - a.y);
      rowStarts[y + 1] = at + 1;
    });
  }
  return { crossings, rowStarts };
}
