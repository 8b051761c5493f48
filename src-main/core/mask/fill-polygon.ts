import type { Runs } from '../../contract/run-lengths.ts';
import type { Polygon } from './polygon.ts';
import { encodeRuns, type Bitmap, type EncodedMask } from './rle.ts';

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
    const end = { x: fine[next] ?? 0, y: fine[next + 1] ?? 0 };
    walkLine({ x: fine[at] ?? 0, y: fine[at + 1] ?? 0 }, end, visit);
  }
  return crossings;
}

type Point = { x: number; y: number };

/** Every point of a line on a grid, both ends included. */
function walkLine(from: Point, to: Point, visit: (x: number, y: number) => void): void {
  const [dx, dy] = [Math.abs(to.x - from.x), Math.abs(to.y - from.y)];
  const isFlat = dx >= dy;
  const isFlipped = isFlat ? from.x > to.x : from.y > to.y;
  const [start, end] = isFlipped ? [to, from] : [from, to];
  const steps = isFlat ? dx : dy;
  // The slope of a single point is nothing over nothing; its only step is 0.
  const slope = steps === 0 ? 0 : (isFlat ? end.y - start.y : end.x - start.x) / steps;
  for (let step = 0; step <= steps; step++) {
    const t = isFlipped ? steps - step : step;
    if (isFlat) visit(start.x + t, Math.trunc(start.y + slope * t + 0.5));
    else visit(Math.trunc(start.x + slope * t + 0.5), start.y + t);
  }
}
