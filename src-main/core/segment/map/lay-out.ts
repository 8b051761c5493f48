import { u32At } from '../../tensor/random.ts';
import type { VectorTable } from '../describe/nearest.ts';
import { nearestOfEach } from '../describe/neighbour-lists.ts';
import { principalAxes, project } from '../projection.ts';
import { nearestTable, neighbourGraph, type NeighbourGraph } from './neighbour-graph.ts';
import { settle, unsettled, type Settling } from './settle.ts';

/** Neighbours that should stay neighbours on the map: UMAP's usual number. */
const NEIGHBOURS = 15;
/** Rounds of UMAP: small maps need more until they have settled. */
const ROUNDS = { few: 500, many: 200, manyFrom: 10_000 };
/** Extent of the points at the start, from the middle. */
const START_EXTENT = 10;
const SEED = 1;

export type LayoutProgress = {
  /** CPU threads of the search for neighbours. */
  cores: number;
  onNeighbours: (done: number, total: number) => void | Promise<void>;
  /** Called after every round with what the next ones depend on; it may wait, and throw to stop. */
  onRound: (settling: Settling) => void | Promise<void>;
  /** Of the same vectors: the rounds after it are all that is left. */
  resumed?: Settling | undefined;
};

/**
 * Places vectors on a plane so that near ones stay near: UMAP (arXiv 1802.03426), with a principal-component start, which
 * keeps the large picture and draws nothing at random, and with the kernel 1 / (1 + d^2), that is a = b = 1, which
 * changes maps little (arXiv 2007.08902, section 3) and needs no powers.
 *
 * The same vectors give the same map, in whichever order they come: they are put in order by their numbers first.
 *
 * Written here because the maintained libraries did not fit: umap-js 1.4.0 takes 17 s of CPU time and 740 MB for 10,000
 * rows, of which we need ten times as many, and DruidJS is under the LGPL.
 * @param table vectors of length 1
 * @returns [n, 2], in [-1, 1], centred
 */
export async function layOut(table: VectorTable, progress: LayoutProgress): Promise<Float32Array> {
  const { dim } = table;
  const order = inOrder(table);
  const ordered = new Float32Array(table.vectors.length);
  order.forEach((row, at) => ordered.set(table.vectors.subarray(row * dim, (row + 1) * dim), at * dim));
  const places = await placesOf({ vectors: ordered, dim }, progress);
  const result = new Float32Array(order.length * 2);
  fitIn(places);
  order.forEach((row, at) => result.set(places.subarray(at * 2, at * 2 + 2), row * 2));
  return result;
}

/** The rows by the first of their numbers that differs; equal ones as they come. */
function inOrder({ vectors, dim }: VectorTable): number[] {
  return Array.from({ length: vectors.length / dim }, (_, row) => row).sort((a, b) => {
    for (let d = 0; d < dim; d++) {
      const difference = (vectors[a * dim + d] ?? 0) - (vectors[b * dim + d] ?? 0);
      if (difference !== 0) return difference;
    }
    return a - b;
  });
}

async function placesOf(table: VectorTable, progress: LayoutProgress): Promise<Float32Array> {
  const rows = table.vectors.length / table.dim;
  // One or two points have no shape.
  if (rows < 3) return start(table);
  const settling = progress.resumed ?? unsettled(start(table), ...(await graphOf(table, progress)));
  while (settling.done < settling.rounds) {
    settle(settling);
    await progress.onRound(settling);
  }
  return settling.places;
}

async function graphOf(
  table: VectorTable,
  { cores, onNeighbours: onRows }: LayoutProgress,
): Promise<[graph: NeighbourGraph, rounds: number]> {
  const rows = table.vectors.length / table.dim;
  const limit = Math.min(NEIGHBOURS, rows - 1);
  const all = Int32Array.from({ length: rows }, (_, row) => row);
  const lists = await nearestOfEach(table, all, { limit, cores, onRows });
  const graph = await neighbourGraph(nearestTable(lists), () => onRows(rows, rows));
  return [graph, rows >= ROUNDS.manyFrom ? ROUNDS.many : ROUNDS.few];
}

/** The two strongest principal components, and along them so little noise that equal rows can part. */
function start(table: VectorTable): Float32Array {
  const { vectors, dim } = table;
  const rows = vectors.length / dim;
  const axes = principalAxes(vectors, dim, Math.min(2, dim));
  const along = project(axes, vectors);
  const kept = along.length / Math.max(1, rows);
  const places = new Float32Array(rows * 2);
  for (let row = 0; row < rows; row++)
    for (let axis = 0; axis < 2; axis++)
      places[row * 2 + axis] = axis < kept ? (along[row * kept + axis] ?? 0) : 0;
  const extent = places.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12);
  for (let at = 0; at < places.length; at++) {
    const noise = u32At(SEED, at) / 2 ** 32 - 0.5;
    places[at] = ((places[at] ?? 0) / extent) * START_EXTENT + noise * 1e-3;
  }
  return places;
}

/** Centres the points and scales them, both axes alike, so that the outermost is at 1. */
function fitIn(places: Float32Array): void {
  const box = [Infinity, -Infinity, Infinity, -Infinity] as [number, number, number, number];
  for (let at = 0; at < places.length; at += 2) {
    const [x, y] = [places[at] ?? 0, places[at + 1] ?? 0];
    [box[0], box[1]] = [Math.min(box[0], x), Math.max(box[1], x)];
    [box[2], box[3]] = [Math.min(box[2], y), Math.max(box[3], y)];
  }
  const [left, right, top, bottom] = box;
  const half = Math.max(right - left, bottom - top, 1e-12) / 2;
  for (let at = 0; at < places.length; at += 2) {
    places[at] = ((places[at] ?? 0) - (left + right) / 2) / half;
    places[at + 1] = ((places[at + 1] ?? 0) - (top + bottom) / 2) / half;
  }
}
