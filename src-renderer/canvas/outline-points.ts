import type { Point } from './brush.ts';
import { emptyBitmap, type ColumnBitmap } from './column-bitmap.ts';

/** A closed line; the last point leads to the first one. Holes are rings as well. */
export type Ring = readonly Point[];
/** A point of an outline, by ring and place. */
export type PointAt = { ring: number; at: number };

/** East, south, west, north. */
const STEPS: readonly Point[] = [
  { x: 1, y: 0 },
  { x: 0, y: 1 },
  { x: -1, y: 0 },
  { x: 0, y: -1 },
];
/** Fewer points enclose nothing. */
const FEWEST = 3;

/**
 * The outlines of a mask as lines of few points, which a hand can move.
 * @param tolerancePx how far a line may be from the border of the pixels
 */
export function outlinePoints(bitmap: ColumnBitmap, tolerancePx: number): Ring[] {
  return borders(bitmap)
    .map((ring) => thinned(ring, tolerancePx))
    .filter((ring) => ring.length >= FEWEST);
}

/** The borders along the edges of the pixels, the mask to the right of them; corners only. */
function borders({ data, width, height }: ColumnBitmap): Point[][] {
  const isInside = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height && data[x * height + y] === 1;
  const seen = new Uint8Array(data.length);
  const rings: Point[][] = [];
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      if (!isInside(x, y) || isInside(x, y - 1) || seen[x * height + y] === 1) continue;
      rings.push(walked({ x, y }, isInside, (at) => (seen[at.x * height + at.y] = 1)));
    }
  }
  return rings;
}

/** Walks from the upper left corner of a pixel along its upper edge until it is back there. */
function walked(
  start: Point,
  isInside: (x: number, y: number) => boolean,
  onUpperEdge: (pixel: Point) => void,
): Point[] {
  const corners: Point[] = [start];
  let [x, y, heading] = [start.x, start.y, 0];
  for (;;) {
    if (heading === 0) onUpperEdge({ x, y });
    const step = STEPS[heading] ?? { x: 0, y: 0 };
    [x, y] = [x + step.x, y + step.y];
    // The pixels ahead, to the left and to the right of the way.
    const right = STEPS[(heading + 1) % 4] ?? { x: 0, y: 0 };
    const [aheadX, aheadY] = [x + (step.x - 1) / 2, y + (step.y - 1) / 2];
    const isLeft = isInside(Math.round(aheadX - right.x / 2), Math.round(aheadY - right.y / 2));
    const isRight = isInside(Math.round(aheadX + right.x / 2), Math.round(aheadY + right.y / 2));
    const next = isLeft ? (heading + 3) % 4 : isRight ? heading : (heading + 1) % 4;
    if (next === heading) continue;
    heading = next;
    if (x === start.x && y === start.y && heading === 0) return corners;
    corners.push({ x, y });
  }
}

/** Douglas and Peucker's algorithm on a closed line, from its first point and the one farthest from it. */
function thinned(ring: readonly Point[], tolerancePx: number): Point[] {
  const [first] = ring;
  if (!first) return [];
  const far = farthest(ring, (point) => Math.hypot(point.x - first.x, point.y - first.y)).at;
  const kept = new Set([0, far]);
  const stretches: [number, number][] = [
    [0, far],
    [far, ring.length],
  ];
  for (let stretch = stretches.pop(); stretch; stretch = stretches.pop()) {
    const [from, to] = stretch;
    const between = ring.slice(from + 1, to);
    const [a, b] = [ring[from] ?? first, ring[to % ring.length] ?? first];
    const worst = farthest(between, (point) => distanceToLine(point, a, b));
    if (worst.distance <= tolerancePx) continue;
    const middle = from + 1 + worst.at;
    kept.add(middle);
    stretches.push([from, middle], [middle, to]);
  }
  return [...kept].sort((a, b) => a - b).flatMap((at) => ring[at] ?? []);
}

function farthest(points: readonly Point[], distanceOf: (point: Point) => number) {
  let [at, distance] = [-1, -1];
  points.forEach((point, place) => {
    const away = distanceOf(point);
    if (away > distance) [at, distance] = [place, away];
  });
  return { at, distance };
}

/** How far a point is from a stretch of line, and how far along that it is, from 0 to 1. */
function nearestOnLine(point: Point, from: Point, to: Point): { distance: number; along: number } {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const squared = dx * dx + dy * dy;
  const share = squared === 0 ? 0 : ((point.x - from.x) * dx + (point.y - from.y) * dy) / squared;
  const along = Math.min(1, Math.max(0, share));
  return { distance: Math.hypot(point.x - from.x - along * dx, point.y - from.y - along * dy), along };
}

const distanceToLine = (point: Point, from: Point, to: Point) => nearestOnLine(point, from, to).distance;

/** The pixels whose middle is inside of the rings, by the even-odd rule. */
export function filledRings(
  rings: readonly Ring[],
  { width, height }: { width: number; height: number },
): ColumnBitmap {
  const bitmap = emptyBitmap(width, height);
  const crossings: number[][] = Array.from({ length: width }, () => []);
  for (const ring of rings) {
    ring.forEach((from, at) => {
      const to = ring[(at + 1) % ring.length] ?? from;
      const [left, right] = from.x < to.x ? [from, to] : [to, from];
      const first = Math.max(0, Math.ceil(left.x - 0.5));
      const end = Math.min(width, Math.ceil(right.x - 0.5));
      for (let x = first; x < end; x++)
        crossings[x]?.push(left.y + ((right.y - left.y) * (x + 0.5 - left.x)) / (right.x - left.x));
    });
  }
  crossings.forEach((ys, x) => {
    ys.sort((a, b) => a - b);
    for (let at = 0; at + 1 < ys.length; at += 2) {
      const from = Math.max(0, Math.ceil((ys[at] ?? 0) - 0.5));
      const to = Math.min(height, Math.ceil((ys[at + 1] ?? 0) - 0.5));
      if (from < to) bitmap.data.fill(1, x * height + from, x * height + to);
    }
  });
  return bitmap;
}

/**
 * A mask after its outline was changed: only what is between the old line and the new one is different, so that pixels
 * which the lines only come near stay exactly as they are.
 */
export function reshapedBy(
  mask: ColumnBitmap,
  before: readonly Ring[],
  after: readonly Ring[],
): ColumnBitmap {
  const [old, young] = [filledRings(before, mask), filledRings(after, mask)];
  return {
    ...mask,
    data: mask.data.map((value, at) => (old.data[at] === young.data[at] ? value : (young.data[at] ?? 0))),
  };
}

/** The point of an outline that is nearest to a place; undefined if none is within reach. */
export function pointNear(rings: readonly Ring[], place: Point, reach: number): PointAt | undefined {
  let [found, least] = [undefined as PointAt | undefined, reach];
  rings.forEach((points, ring) => {
    points.forEach((point, at) => {
      const distance = Math.hypot(point.x - place.x, point.y - place.y);
      if (distance <= least) [found, least] = [{ ring, at }, distance];
    });
  });
  return found;
}

/** The line of an outline that is nearest to a place, as the point that it starts from. */
export function lineNear(rings: readonly Ring[], place: Point, reach: number): PointAt | undefined {
  let [found, least] = [undefined as PointAt | undefined, reach];
  rings.forEach((points, ring) => {
    points.forEach((from, at) => {
      const { distance } = nearestOnLine(place, from, points[(at + 1) % points.length] ?? from);
      if (distance <= least) [found, least] = [{ ring, at }, distance];
    });
  });
  return found;
}

export function withPointMoved(rings: readonly Ring[], { ring, at }: PointAt, to: Point): Ring[] {
  return rings.map((points, place) => (place === ring ? points.with(at, to) : points));
}

/** @returns the rings, and where the new point is: after the one that its line starts from */
export function withPointAdded(
  rings: readonly Ring[],
  { ring, at }: PointAt,
  to: Point,
): { rings: Ring[]; added: PointAt } {
  const wider = rings.map((points, place) => (place === ring ? points.toSpliced(at + 1, 0, to) : points));
  return { rings: wider, added: { ring, at: at + 1 } };
}

/** Without a point; a ring that would enclose nothing goes as a whole. */
export function withPointRemoved(rings: readonly Ring[], { ring, at }: PointAt): Ring[] {
  return rings
    .map((points, place) => (place === ring ? points.toSpliced(at, 1) : points))
    .filter((points) => points.length >= FEWEST);
}
