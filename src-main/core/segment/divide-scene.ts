import { connectedComponents, type Grid } from '../superpixel/components.ts';
import type { SuperpixelMap } from '../superpixel/slic.ts';
import type { Divide } from './objects.ts';
import { nearest } from './original-grid.ts';
import type { SuperpixelGraph } from './superpixel-graph.ts';
import type { SuperpixelRows } from './superpixel-rows.ts';

/** Share of a foreground below which a part belongs to its neighbour. */
export const MIN_PART = 0.05;

export type DivideOptions = {
  /** Ward's distance from which neighbouring parts stay apart, in squared units of the rows. */
  minDistance: number;
  /** Parts below this share of the foreground join their most similar neighbour whatever the distance. */
  minShare: number;
};

/**
 * Divides the foreground of a scene into parts that differ: the two neighbours with the least distance of Ward (1963)
 * become one, again and again, until all that touch are far enough apart. The distance of parts that take the shares a
 * and b of the foreground is a b / (a + b) times the squared distance of their mean rows, so that small parts join first.
 * @param selected [count]: 1 for superpixels of the foreground
 * @returns [count]: the part of each superpixel, -1 outside of the foreground
 */
export function divideScene(
  graph: DividedGraph,
  selected: Uint8Array,
  rows: SuperpixelRows,
  { minDistance, minShare }: DivideOptions,
): Int32Array {
  const parts = partsOf(graph, selected, rows);
  const isAny = () => true;
  for (let pair = parts.closest(isAny); pair && pair.distance < minDistance; pair = parts.closest(isAny)) {
    parts.join(pair.a, pair.b);
  }
  const isSmall = (part: number) => parts.shareOf(part) < minShare;
  for (let pair = parts.closest(isSmall); pair; pair = parts.closest(isSmall)) parts.join(pair.a, pair.b);
  return Int32Array.from(selected, (isInside, s) => (isInside ? parts.rootOf(s) : -1));
}

/**
 * How different the most different parts of a foreground are: `divideScene` leaves it whole, in as many parts as its
 * superpixels are connected in, with a `minDistance` above this.
 * @returns the largest of Ward's distances at which two parts become one that both take at least `minShare`; 0 where none do
 */
export function widestDistance(
  graph: DividedGraph,
  selected: Uint8Array,
  rows: SuperpixelRows,
  minShare: number,
): number {
  const parts = partsOf(graph, selected, rows);
  let widest = 0;
  for (let pair = parts.closest(() => true); pair; pair = parts.closest(() => true)) {
    if (Math.min(parts.shareOf(pair.a), parts.shareOf(pair.b)) >= minShare) {
      widest = Math.max(widest, pair.distance);
    }
    parts.join(pair.a, pair.b);
  }
  return widest;
}

type DividedGraph = Pick<SuperpixelGraph, 'areas' | 'edges'>;

/** Each superpixel of a foreground as a part, with its neighbours in it. */
function partsOf({ areas, edges }: DividedGraph, selected: Uint8Array, { rows, dim }: SuperpixelRows): Parts {
  const foregroundPx = areas.reduce((sum, px, s) => sum + (selected[s] ? px : 0), 0);
  const parts = new Parts(
    areas.map((px) => px / foregroundPx),
    rows,
    dim,
  );
  edges.lengths.forEach((_, edge) => {
    const [a, b] = [edges.from[edge] ?? 0, edges.to[edge] ?? 0];
    if (selected[a] && selected[b]) parts.link(a, b);
  });
  return parts;
}

/**
 * Divides a mask of the fine grid by the parts of superpixels, without losing a pixel: pieces of parts that are too
 * small, and pixels that no part covers, go to the nearest piece.
 * @param parts [map.count], -1 for none
 * @param minShare smallest piece, in shares of the mask
 */
export function divideByParts(parts: Int32Array, map: SuperpixelMap, minShare: number): Divide {
  return (mask, grid) => {
    const partOf = partsOnGrid(parts, map, mask, grid);
    const area = mask.reduce((sum, inside) => sum + inside, 0);
    const { labels, count } = largePieces(partOf, grid, minShare * area);
    spread(labels, mask, grid);
    const rest = connectedComponents(
      mask.map((inside, pixel) => (inside && labels[pixel] === 0 ? 1 : 0)),
      grid,
    );
    return {
      labels: labels.map((label, pixel) => label || (rest.labels[pixel] ? count + rest.labels[pixel] : 0)),
    };
  };
}

/** [fine H, W]: the part of each pixel of the mask from 1; 0 outside of the mask or of all parts. */
function partsOnGrid(parts: Int32Array, map: SuperpixelMap, mask: Uint8Array, { widthPx, heightPx }: Grid) {
  const out = new Int32Array(mask.length);
  const columns = nearest(map.widthPx, widthPx);
  const rows = nearest(map.heightPx, heightPx);
  for (let y = 0, pixel = 0; y < heightPx; y++) {
    const row = (rows[y] ?? 0) * map.widthPx;
    for (let x = 0; x < widthPx; x++, pixel++) {
      if (mask[pixel]) out[pixel] = 1 + (parts[map.labels[row + (columns[x] ?? 0)] ?? 0] ?? -1);
    }
  }
  return out;
}

/** Connected pieces of the same part with at least that many pixels, numbered from 1; 0 elsewhere. */
function largePieces(partOf: Int32Array, grid: Grid, minPx: number): { labels: Int32Array; count: number } {
  const { labels, areasPx } = connectedComponents(partOf, grid);
  let count = 0;
  const numbers = areasPx.map((px) => (px > 0 && px >= minPx ? ++count : 0));
  for (let pixel = 0; pixel < labels.length; pixel++) labels[pixel] = numbers[labels[pixel] ?? 0] ?? 0;
  return { labels, count };
}

/** Breadth first from what has a label into the rest of the mask. */
function spread(labels: Int32Array, mask: Uint8Array, { widthPx }: Grid): void {
  const steps = [-1, 1, -widthPx, widthPx] as const;
  const queue = new Int32Array(mask.length);
  let end = 0;
  for (let pixel = 0; pixel < labels.length; pixel++) if (labels[pixel]) queue[end++] = pixel;
  for (let at = 0; at < end; at++) {
    const pixel = queue[at] ?? 0;
    const x = pixel % widthPx;
    for (let side = 0; side < 4; side++) {
      if (side === 0 ? x === 0 : side === 1 && x === widthPx - 1) continue;
      const other = pixel + (steps[side] ?? 0);
      if (!mask[other] || labels[other] !== 0) continue;
      labels[other] = labels[pixel] ?? 0;
      queue[end++] = other;
    }
  }
}

type Pair = { a: number; b: number; distance: number };

/** Superpixels that have become one, with their mean rows, neighbours, and the most similar of these. */
class Parts {
  readonly #dim: number;
  readonly #shares: Float64Array;
  readonly #means: Float64Array;
  readonly #parent: Int32Array;
  readonly #near = new Map<number, Set<number>>();
  /** The neighbour with the least distance of each part that has neighbours. */
  readonly #closest = new Map<number, Pair>();

  constructor(shares: Float32Array, rows: Float32Array, dim: number) {
    this.#dim = dim;
    this.#shares = Float64Array.from(shares);
    this.#means = Float64Array.from(rows);
    this.#parent = Int32Array.from(shares, (_, s) => s);
  }

  shareOf(part: number): number {
    return this.#shares[part] ?? 0;
  }

  rootOf(superpixel: number): number {
    let root = superpixel;
    while (this.#parent[root] !== root) root = this.#parent[root] ?? root;
    return root;
  }

  link(a: number, b: number): void {
    this.#neighbours(a).add(b);
    this.#neighbours(b).add(a);
  }

  /** The two most similar neighbours of which one meets the condition. */
  closest(condition: (part: number) => boolean): Pair | undefined {
    let best: Pair | undefined;
    for (const part of this.#near.keys()) {
      if (!condition(part)) continue;
      const pair = this.#closest.get(part) ?? this.#findClosest(part);
      if (pair && pair.distance < (best?.distance ?? Infinity)) best = pair;
    }
    return best;
  }

  /** `b` becomes a part of `a`. */
  join(a: number, b: number): void {
    const [shareA, shareB] = [this.shareOf(a), this.shareOf(b)];
    for (let d = 0; d < this.#dim; d++) {
      const sum =
        shareA * (this.#means[a * this.#dim + d] ?? 0) + shareB * (this.#means[b * this.#dim + d] ?? 0);
      this.#means[a * this.#dim + d] = sum / (shareA + shareB);
    }
    this.#shares[a] = shareA + shareB;
    this.#parent[b] = a;
    for (const near of this.#neighbours(b)) {
      this.#neighbours(near).delete(b);
      if (near !== a) this.link(a, near);
    }
    this.#near.delete(b);
    this.#closest.delete(a);
    for (const near of this.#neighbours(a)) this.#closest.delete(near);
  }

  #findClosest(part: number): Pair | undefined {
    let best: Pair | undefined;
    for (const other of this.#neighbours(part)) {
      const distance = this.#distance(part, other);
      if (distance < (best?.distance ?? Infinity)) best = { a: part, b: other, distance };
    }
    if (best) this.#closest.set(part, best);
    return best;
  }

  #neighbours(part: number): Set<number> {
    const neighbours = this.#near.get(part) ?? new Set<number>();
    this.#near.set(part, neighbours);
    return neighbours;
  }

  #distance(a: number, b: number): number {
    let sum = 0;
    for (let d = 0; d < this.#dim; d++) {
      sum += ((this.#means[a * this.#dim + d] ?? 0) - (this.#means[b * this.#dim + d] ?? 0)) ** 2;
    }
    const [shareA, shareB] = [this.shareOf(a), this.shareOf(b)];
    return (sum * shareA * shareB) / (shareA + shareB);
  }
}
