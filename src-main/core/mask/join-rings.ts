import type { Polygon } from './polygon.ts';

type Point = { x: number; y: number };
/** Rounds in which the ends of a seam are moved closer to each other. */
const ROUNDS = 3;

/**
 * One polygon for all parts of an object, as Ultralytics joins them: from each part, a seam leads to the next and, at
 * the end, back. Seams have no width, but OpenCV colours the pixels under them.
 * Source: ultralytics, data/converter.py, `merge_multi_segment`; here the nearest part comes next.
 * @param polygons at least one
 */
export function joinRings(polygons: readonly Polygon[]): Polygon {
  const rings = nearestNext(polygons.map(pointsOf));
  const seams = rings.slice(1).map((ring, index) => seamBetween(rings[index] ?? ring, ring));
  const ways = rings.map((ring, index) => {
    const entry = seams[index - 1]?.to ?? 0;
    const exit = seams[index]?.from ?? entry;
    const turned = [...ring.slice(entry), ...ring.slice(0, entry)];
    const place = (exit - entry + ring.length) % ring.length;
    return { turned, place };
  });
  const there = ways.map(({ turned, place }, index) =>
    index === ways.length - 1 ? turned : turned.slice(0, place + 1),
  );
  // Each ring but the first, with which the polygon ends, is closed where it was entered.
  const back = ways.map(({ turned, place }, index) => {
    const rest = index === ways.length - 1 ? [] : turned.slice(place);
    return index === 0 ? rest : [...rest, ...turned.slice(0, 1)];
  });
  return [...there, ...back.toReversed()].flat().flatMap(({ x, y }) => [x, y]);
}

function pointsOf(polygon: Polygon): Point[] {
  return Array.from({ length: polygon.length / 2 }, (_, at) => ({
    x: polygon[at * 2] ?? 0,
    y: polygon[at * 2 + 1] ?? 0,
  }));
}

/** The rings in an order in which each is near the one before it. */
function nearestNext(rings: readonly Point[][]): Point[][] {
  const left = rings.map((ring) => ({ ring, middle: middleOf(ring) }));
  const ordered: Point[][] = [];
  for (let last = left.shift(); last;) {
    ordered.push(last.ring);
    const { middle } = last;
    let [best, bestDistance] = [-1, Infinity];
    for (const [index, other] of left.entries()) {
      const distance = distanceOf(middle, other.middle);
      if (distance < bestDistance) [best, bestDistance] = [index, distance];
    }
    last = left.splice(best, best < 0 ? 0 : 1)[0];
  }
  return ordered;
}

/** Where a short seam between two rings starts and ends; comparing each point with each would take too long. */
function seamBetween(from: readonly Point[], to: readonly Point[]): { from: number; to: number } {
  const seam = { from: nearestTo(middleOf(to), from), to: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    seam.to = nearestTo(from[seam.from] ?? middleOf(from), to);
    seam.from = nearestTo(to[seam.to] ?? middleOf(to), from);
  }
  return seam;
}

function nearestTo(point: Point, ring: readonly Point[]): number {
  let [best, bestDistance] = [0, Infinity];
  for (const [index, other] of ring.entries()) {
    const distance = distanceOf(point, other);
    if (distance < bestDistance) [best, bestDistance] = [index, distance];
  }
  return best;
}

function middleOf(ring: readonly Point[]): Point {
  const sum = ring.reduce((total, { x, y }) => ({ x: total.x + x, y: total.y + y }), { x: 0, y: 0 });
  return { x: sum.x / ring.length, y: sum.y / ring.length };
}

const distanceOf = (a: Point, b: Point) => (a.x - b.x) ** 2 + (a.y - b.y) ** 2;
