import type { NeighbourLists } from '../describe/neighbour-lists.ts';

/** The nearest rows of each row, nearest first: [n, count]. */
type NearestTable = {
  count: number;
  indices: Int32Array;
  /** Euclidean. */
  distances: Float32Array;
};

/** As many for each row: lists of at least `limit` + 1 rows have no gaps. */
export function nearestTable({ limit, places, similarities }: NeighbourLists): NearestTable {
  // The squared distance of vectors of length 1.
  const distances = similarities.map((similarity) => Math.sqrt(Math.max(0, 2 - 2 * similarity)));
  return { count: limit, indices: places, distances };
}

/** How strongly rows belong together: `from[i]` to `to[i]` with `weights[i]` in (0, 1], each pair once. */
export type NeighbourGraph = { from: Int32Array; to: Int32Array; weights: Float32Array };

type OnTurn = () => void | Promise<void>;

/** Rows between two turns for others. */
const ROWS_AT_ONCE = 5_000;
const SEARCH_STEPS = 64;
const TOLERANCE = 1e-5;
/** Least width of a neighbourhood, as a share of the mean distance in it. */
const LEAST_WIDTH = 1e-3;

/**
 * The fuzzy graph of a table of neighbours (UMAP, arXiv 1802.03426, algorithms 2 and 3): each row's distances become
 * weights whose sum is log2 of their number, and the two directions of a pair are joined, a + b - ab.
 * @param onTurn called every few milliseconds; it may wait, and throw to stop
 */
export async function neighbourGraph(table: NearestTable, onTurn: OnTurn): Promise<NeighbourGraph> {
  const { count, indices } = table;
  const directed = await directedWeights(table, onTurn);
  const rows = indices.length / count;
  const [from, to, weights]: [number[], number[], number[]] = [[], [], []];
  for (let row = 0; row < rows; row++) {
    if (row % ROWS_AT_ONCE === 0) await onTurn();
    for (let at = row * count; at < (row + 1) * count; at++) {
      const other = indices[at] ?? 0;
      const reverse = placeOf(table, other, row);
      // The pair is met from both sides: it is taken from the first.
      if (reverse >= 0 && other < row) continue;
      const [a, b] = [directed[at] ?? 0, reverse < 0 ? 0 : (directed[reverse] ?? 0)];
      from.push(row);
      to.push(other);
      weights.push(a + b - a * b);
    }
  }
  return { from: Int32Array.from(from), to: Int32Array.from(to), weights: Float32Array.from(weights) };
}

/** Where `wanted` is among the neighbours of a row; -1 for nowhere. */
function placeOf({ count, indices }: NearestTable, row: number, wanted: number): number {
  for (let at = row * count; at < (row + 1) * count; at++) if (indices[at] === wanted) return at;
  return -1;
}

/** exp(-(distance - nearest) / width), with the width of each row that gives the sum log2(count). */
async function directedWeights({ count, distances }: NearestTable, onTurn: OnTurn): Promise<Float32Array> {
  const weights = new Float32Array(distances.length);
  const wanted = Math.log2(count + 1);
  for (let from = 0; from < distances.length; from += count) {
    if ((from / count) % ROWS_AT_ONCE === 0) await onTurn();
    const own = distances.subarray(from, from + count);
    const nearest = own.find((distance) => distance > 0) ?? 0;
    const width = widthOf(own, nearest, wanted);
    for (let at = 0; at < count; at++)
      weights[from + at] = Math.exp(-Math.max(0, (own[at] ?? 0) - nearest) / width);
  }
  return weights;
}

function widthOf(distances: Float32Array, nearest: number, wanted: number): number {
  let [low, high, width] = [0, Infinity, 1];
  for (let step = 0; step < SEARCH_STEPS; step++) {
    let sum = 0;
    for (const distance of distances) sum += Math.exp(-Math.max(0, distance - nearest) / width);
    if (Math.abs(sum - wanted) < TOLERANCE) break;
    if (sum > wanted) [high, width] = [width, (low + width) / 2];
    else [low, width] = [width, high === Infinity ? width * 2 : (width + high) / 2];
  }
  const mean = distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
  return Math.max(width, LEAST_WIDTH * mean, 1e-12);
}
