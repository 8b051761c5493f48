import type { Polygon } from './polygon.ts';
import { type Bitmap } from './rle.ts';

type Grid = { widthPx: number; heightPx: number };

/** The COCO API looks at a polygon on a grid five times as fine. */
const FINE = 5;

/**
 * The pixels that the COCO API gives a polygon: those whose middle it holds, up to its own rounding.
 * Source: `rleFrPoly` of cocoapi, common/maskApi.c; checked against it to the pixel.
 * @param polygon in pixels, where the middle of the first one is (0.5, 0.5); may reach beyond the grid
 */
export function fillCocoPolygon(polygon: Polygon, { widthPx, heightPx }: Grid): Bitmap {
  // Each crossing of a pixel column's middle line turns everything from there on, as run lengths do.
  const turns = crossingsOf(polygon, { widthPx, heightPx }).sort((a, b) => a - b);
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
      visit,
    );
  }
  return crossings;
}

type Point = { x: number; y: number };

/** Every point of a line on the fine grid, both ends included. */
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

/**
 * The pixels that drawing libraries (PIL, OpenCV) give a polygon: its corners go to the pixels that contain them, and
 * then it is everything inside or crossed by its line.
 * @param polygon in pixels, where the middle of the first one is (0.5, 0.5); may reach beyond the grid
 */
export function fillDrawnPolygon(polygon: Polygon, { widthPx, heightPx }: Grid): Bitmap {
  const data = new Uint8Array(widthPx * heightPx);
  const set = (x: number, y: number) => {
    if (x >= 0 && y >= 0 && x < widthPx && y < heightPx) data[y * widthPx + x] = 1;
  };
  const at = (index: number) => {
    const place = (index * 2) % polygon.length;
    return { x: Math.floor(polygon[place] ?? 0), y: Math.floor(polygon[place + 1] ?? 0) };
  };
  const edges = Array.from({ length: polygon.length / 2 }, (_, index) => [at(index), at(index + 1)] as const);
  for (let y = 0; y < heightPx; y++) {
    const crossings = edges
      .filter(([a, b]) => a.y <= y !== b.y <= y)
      .map(([a, b]) => a.x + ((y - a.y) * (b.x - a.x)) / (b.y - a.y))
      .sort((a, b) => a - b);
    for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
      const last = Math.min(Math.floor(crossings[pair + 1] ?? 0), widthPx - 1);
      for (let x = Math.max(Math.ceil(crossings[pair] ?? 0), 0); x <= last; x++) set(x, y);
    }
  }
  for (const [from, to] of edges) walkLine(from, to, set);
  return { data, widthPx, heightPx };
}
