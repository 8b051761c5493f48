import { RandomStream } from '../../tensor/random.ts';
import type { VectorTable } from './nearest.ts';

/** The neighbours of each row, the nearest first: [n, limit]; -1 where there are fewer. */
export type NeighbourLists = { limit: number; places: Int32Array; similarities: Float32Array };

/** Up to this many, each is compared with each. */
const EXACT = 3_000;
/** Cells whose members are compared with a row, in addition to its own. */
const CELLS_SEARCHED = 6;
/** Multiplications before others get their turn: a few milliseconds. */
const WORK_AT_ONCE = 4e6;

/**
 * The nearest neighbours of each of some rows among these rows. Many are divided into cells around some of them, and
 * compared with those of the nearest cells only: a few neighbours are missed, and 300,000 take a minute instead of hours.
 * @param rows of the table; `places` refers to positions in it
 */
export async function nearestOfEach(
  table: VectorTable,
  rows: Int32Array,
  { limit }: { limit: number },
): Promise<NeighbourLists> {
  const lists: NeighbourLists = {
    limit,
    places: new Int32Array(rows.length * limit).fill(-1),
    similarities: new Float32Array(rows.length * limit).fill(-Infinity),
  };
  const vectors = taken(table, rows);
  const cells = divide(vectors, table.dim, rows.length);
  let work = 0;
  for (const cell of cells) {
    const candidates = cell.near.flatMap((at) => cells[at]?.members ?? []);
    for (const place of cell.members) {
      compare(vectors, table.dim, { place, candidates, lists });
      work += candidates.length * table.dim;
      if (work < WORK_AT_ONCE) continue;
      work = 0;
      await new Promise(setImmediate);
    }
  }
  return lists;
}

function taken({ vectors, dim }: VectorTable, rows: Int32Array): Float32Array {
  const out = new Float32Array(rows.length * dim);
  rows.forEach((row, at) => out.set(vectors.subarray(row * dim, (row + 1) * dim), at * dim));
  return out;
}

type Cell = { members: number[]; near: number[] };

/** Cells around random members; `near` are those that are searched for the members of each. */
function divide(vectors: Float32Array, dim: number, count: number): Cell[] {
  const all = Array.from({ length: count }, (_, at) => at);
  if (count <= EXACT) return [{ members: all, near: [0] }];
  const random = new RandomStream(1);
  const centres = Array.from({ length: Math.round(Math.sqrt(count)) }, () =>
    Math.floor(random.uniform() * count),
  );
  const cells = centres.map((centre): Cell => {
    const order = centres
      .map((other, at) => ({ at, similarity: dot(vectors, dim, centre, other) }))
      .sort((a, b) => b.similarity - a.similarity);
    return { members: [], near: order.slice(0, 1 + CELLS_SEARCHED).map(({ at }) => at) };
  });
  for (const place of all) {
    let [best, most] = [0, -Infinity];
    centres.forEach((centre, at) => {
      const similarity = dot(vectors, dim, place, centre);
      if (similarity > most) [best, most] = [at, similarity];
    });
    cells[best]?.members.push(place);
  }
  return cells;
}

function dot(vectors: Float32Array, dim: number, a: number, b: number): number {
  let sum = 0;
  for (let d = 0; d < dim; d++) sum += (vectors[a * dim + d] ?? 0) * (vectors[b * dim + d] ?? 0);
  return sum;
}

/** Puts the nearest candidates of a place into its list, by insertion: most are farther than the last of it. */
function compare(
  vectors: Float32Array,
  dim: number,
  { place, candidates, lists }: { place: number; candidates: readonly number[]; lists: NeighbourLists },
): void {
  const { limit, places, similarities } = lists;
  const [start, end] = [place * limit, (place + 1) * limit - 1];
  for (const other of candidates) {
    if (other === place) continue;
    const similarity = dot(vectors, dim, place, other);
    if (similarity <= (similarities[end] ?? 0)) continue;
    let at = end;
    for (; at > start && (similarities[at - 1] ?? 0) < similarity; at--) {
      similarities[at] = similarities[at - 1] ?? 0;
      places[at] = places[at - 1] ?? -1;
    }
    similarities[at] = similarity;
    places[at] = other;
  }
}
