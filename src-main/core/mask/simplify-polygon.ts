import { fillOpenCvPolygon } from './fill-opencv.ts';
import { fillCocoPolygon } from './fill-polygon.ts';
import type { Polygon, PolygonLine } from './polygon.ts';

/** How far the line may leave the exact one, in pixels: the first that stays alike enough is taken. */
const TOLERANCES_PX = [1.5, 1, 0.75, 0.5] as const;
/** What is promised is 0.98; the rest is for tools that draw a line one pixel off ours. */
const MIN_IOU = 0.985;

/**
 * A polygon with fewer corners, which a person can edit, whose pixels are nearly those of the exact one: their IoU is
 * at least 0.98 as the tools fill it that this kind of line is for. Where fewer corners would change more, as with
 * small objects, it stays as it is.
 *
 * Corners that the line meets twice are kept: they are the ends of the seams to holes, which must stay closed, and
 * places where parts touch. What lies between them is thinned by Douglas and Peucker's algorithm.
 */
export function simplifyPolygon(polygon: Polygon, line: PolygonLine): Polygon {
  const points = pointsOf(polygon);
  if (points.length <= 4) return polygon;
  const exact = pixelsOf(polygon, polygon, line);
  for (const tolerancePx of TOLERANCES_PX) {
    const fewer = thin(points, tolerancePx).flatMap(({ x, y }) => [x, y]);
    if (fewer.length >= 6 && iouOf(exact, pixelsOf(fewer, polygon, line)) >= MIN_IOU) return fewer;
  }
  return polygon;
}

type Point = { x: number; y: number };

function pointsOf(polygon: Polygon): Point[] {
  return Array.from({ length: polygon.length / 2 }, (_, at) => ({
    x: polygon[at * 2] ?? 0,
    y: polygon[at * 2 + 1] ?? 0,
  }));
}

/** The pixels of a polygon on a grid around another one, which it does not leave. */
function pixelsOf(polygon: Polygon, around: Polygon, line: PolygonLine): Uint8Array {
  const bounds = boundsOf(around);
  const moved = polygon.map((value, at) => value - (at % 2 === 0 ? bounds.x : bounds.y));
  const fill = line === 'edges' ? fillCocoPolygon : fillOpenCvPolygon;
  return fill(moved, bounds).data;
}

function boundsOf(polygon: Polygon) {
  let [x, y, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let at = 0; at < polygon.length; at += 2) {
    x = Math.min(x, Math.floor(polygon[at] ?? 0));
    y = Math.min(y, Math.floor(polygon[at + 1] ?? 0));
    right = Math.max(right, Math.floor(polygon[at] ?? 0));
    bottom = Math.max(bottom, Math.floor(polygon[at + 1] ?? 0));
  }
  return { x, y, widthPx: right - x + 1, heightPx: bottom - y + 1 };
}

function iouOf(a: Uint8Array, b: Uint8Array): number {
  let [both, either] = [0, 0];
  for (let at = 0; at < a.length; at++) {
    both += (a[at] ?? 0) & (b[at] ?? 0);
    either += (a[at] ?? 0) | (b[at] ?? 0);
  }
  return either === 0 ? 1 : both / either;
}

/** Thins a closed line between the corners that must stay. */
function thin(points: readonly Point[], tolerancePx: number): Point[] {
  const anchors = anchorsOf(points);
  return anchors.flatMap((from, index) => {
    const next = anchors[(index + 1) % anchors.length] ?? from;
    const to = next > from ? next : next + points.length;
    return keptBetween(points, { from, to, tolerancePx });
  });
}

/** Corners that are met twice; where there are none, the first and the one farthest from it. */
function anchorsOf(points: readonly Point[]): number[] {
  const keyOf = ({ x, y }: Point) => `${x} ${y}`;
  const counts = new Map<string, number>();
  for (const point of points) counts.set(keyOf(point), (counts.get(keyOf(point)) ?? 0) + 1);
  const met = [...points.keys()].filter((at) => {
    const point = points[at];
    return point !== undefined && (counts.get(keyOf(point)) ?? 0) > 1;
  });
  if (met.length > 1) return met;
  const [first] = points;
  if (!first) return [];
  let farthest = 1;
  points.forEach((point, at) => {
    if (distance(first, point) > distance(first, points[farthest] ?? first)) farthest = at;
  });
  return [0, farthest];
}

type Stretch = { from: number; to: number; tolerancePx: number };

/** Douglas and Peucker's algorithm, with a stack, on points whose numbers go round; the last one is left out. */
function keptBetween(points: readonly Point[], { from, to, tolerancePx }: Stretch): Point[] {
  const at = (index: number): Point => points[index % points.length] ?? { x: 0, y: 0 };
  const kept = [from];
  const stack: [number, number][] = [[from, to]];
  for (let stretch = stack.pop(); stretch !== undefined; stretch = stack.pop()) {
    const [start, end] = stretch;
    let [worst, farthest] = [tolerancePx, -1];
    for (let index = start + 1; index < end; index++) {
      const away = distanceToLine(at(index), at(start), at(end));
      if (away > worst) [worst, farthest] = [away, index];
    }
    if (farthest < 0) continue;
    kept.push(farthest);
    stack.push([start, farthest], [farthest, end]);
  }
  return kept.sort((a, b) => a - b).map(at);
}

const distance = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y);

/** From a point to a stretch of line, which may be a single point. */
function distanceToLine(point: Point, from: Point, to: Point): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const lengthSquared = dx * dx + dy * dy;
  if (lengthSquared === 0) return distance(point, from);
  const share = ((point.x - from.x) * dx + (point.y - from.y) * dy) / lengthSquared;
  const along = Math.min(1, Math.max(0, share));
  return distance(point, { x: from.x + along * dx, y: from.y + along * dy });
}
