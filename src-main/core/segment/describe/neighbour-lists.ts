import { RandomStream } from '../../tensor/random.ts';
import { NearestSearch, vectorsOf, type NearestBlock } from './nearest-search.ts';
import type { VectorTable } from './nearest.ts';

/** The neighbours of each row, the nearest first: [n, limit]; -1 where there are fewer. */
export type NeighbourLists = { limit: number; places: Int32Array; similarities: Float32Array };

export type Watch = {
  /** CPU threads; all by default. */
  cores?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Called now and then with the number of rows that are done. */
  onRows?: (done: number, total: number) => void | Promise<void>;
};

/** Up to this many, each is compared with each. */
const EXACT = 10_000;
/** Cells whose members are compared with a row, in addition to its own. */
const CELLS_SEARCHED = 24;
/** Rows of each cell from which centres are found, and in how many rounds. */
const CENTRES = { rowsOfCell: 64, rounds: 4 };
/** A cell this many times as large as the mean is divided: rows that are all alike would make one of all. */
const LARGEST = 4;

/**
 * The nearest neighbours of each of some rows among these rows. Many are divided into cells, and compared with those of
 * the nearest cells only: a few neighbours are missed, and 300,000 take seconds instead of minutes.
 * @param rows of the table; `places` refers to positions in it
 */
export async function nearestOfEach(
  table: VectorTable,
  rows: Int32Array,
  { limit, cores, signal, onRows }: Watch & { limit: number },
): Promise<NeighbourLists> {
  const lists: NeighbourLists = {
    limit,
    places: new Int32Array(rows.length * limit).fill(-1),
    similarities: new Float32Array(rows.length * limit).fill(-Infinity),
  };
  if (rows.length === 0) return lists;
  await onRows?.(0, rows.length);
  using search = await NearestSearch.open(table.dim, { cores, signal });
  const cells = await divide(search, table, rows);
  let done = 0;
  for (const { members, vectors, near } of cells) {
    const around = near.flatMap((cell) => cells[cell] ?? []);
    const isEnough = around.reduce((sum, cell) => sum + cell.members.length, 0) > limit;
    const others = isEnough ? around : cells;
    const candidates = joined(others.map((cell) => cell.members));
    const sought = { table: { vectors, dim: table.dim }, rows: Int32Array.from(members.keys()) };
    // One more, because a row is the nearest to itself.
    for await (const block of search.find(joined(others.map((cell) => cell.vectors)), sought, limit + 1)) {
      list(lists, block, { members, candidates });
      done += block.rows.length;
      await onRows?.(done, rows.length);
    }
  }
  return lists;
}

function list(
  { limit, places, similarities }: NeighbourLists,
  found: NearestBlock,
  { members, candidates }: { members: Int32Array; candidates: Int32Array },
): void {
  for (let row = 0; row < found.rows.length; row++) {
    const place = members[found.from + row] ?? 0;
    let to = place * limit;
    for (let at = row * found.count; at < (row + 1) * found.count && to < (place + 1) * limit; at++) {
      const other = candidates[found.places[at] ?? 0] ?? 0;
      if (other === place) continue;
      places[to] = other;
      similarities[to] = found.similarities[at] ?? 0;
      to++;
    }
  }
}

/** Positions in the list of rows with their vectors, and the cells around theirs, itself among them. */
type Cell = { members: Int32Array; vectors: Float32Array; near: number[] };

async function divide(search: NearestSearch, table: VectorTable, rows: Int32Array): Promise<Cell[]> {
  const rowsAt = (places: Int32Array) => places.map((place) => rows[place] ?? 0);
  if (rows.length <= EXACT)
    return [{ members: Int32Array.from(rows.keys()), vectors: vectorsOf(table, rows), near: [0] }];
  const { dim } = table;
  const count = Math.round(Math.sqrt(rows.length));
  const centres = await centresOf(search, { table, rows }, count);
  const largest = Math.ceil((LARGEST * rows.length) / count);
  const parts = (await membersOf(search, centres, { table, rows })).flatMap((members, centre) =>
    Array.from({ length: Math.ceil(members.length / largest) }, (_, part) => ({
      centre,
      members: members.subarray(part * largest, (part + 1) * largest),
    })),
  );
  const own = { vectors: centres, dim };
  const around = vectorsOf(
    own,
    Int32Array.from(parts, ({ centre }) => centre),
  );
  const sought = { table: { vectors: around, dim }, rows: Int32Array.from(parts.keys()) };
  const cells: Cell[] = [];
  for await (const { rows: some, count: found, places } of search.find(around, sought, 1 + CELLS_SEARCHED))
    for (const [at, part] of some.entries()) {
      const members = parts[part]?.members ?? new Int32Array();
      cells.push({
        members,
        vectors: vectorsOf(table, rowsAt(members)),
        near: [...places.subarray(at * found, (at + 1) * found)],
      });
    }
  return cells;
}

type Rows = { table: VectorTable; rows: Int32Array };

/** K-means on the sphere, on a sample: [count, dim], of length 1. */
async function centresOf(search: NearestSearch, { table, rows }: Rows, count: number): Promise<Float32Array> {
  const random = new RandomStream(1);
  const draw = (size: number) =>
    Int32Array.from({ length: size }, () => rows[Math.floor(random.uniform() * rows.length)] ?? 0);
  let centres = vectorsOf(table, draw(count));
  const sample = draw(Math.min(rows.length, count * CENTRES.rowsOfCell));
  for (let round = 0; round < CENTRES.rounds; round++) {
    const members = await membersOf(search, centres, { table, rows: sample });
    const means = Float32Array.from(centres);
    members.forEach((places, centre) => {
      const mean = means.subarray(centre * table.dim, (centre + 1) * table.dim);
      addAll(
        mean,
        vectorsOf(
          table,
          places.map((place) => sample[place] ?? 0),
        ),
      );
    });
    centres = means;
  }
  return centres;
}

/** Adds vectors to one, and makes it as long as it was: 1. */
function addAll(sum: Float32Array, vectors: Float32Array): void {
  for (let at = 0; at < vectors.length; at++)
    sum[at % sum.length] = (sum[at % sum.length] ?? 0) + (vectors[at] ?? 0);
  const length = Math.hypot(...sum);
  for (let d = 0; d < sum.length; d++) sum[d] = (sum[d] ?? 0) / Math.max(length, 1e-12);
}

/** For each centre the positions of the rows that it is the nearest to. */
async function membersOf(search: NearestSearch, centres: Float32Array, sought: Rows): Promise<Int32Array[]> {
  const nearest = new Int32Array(sought.rows.length);
  const sizes = new Int32Array(centres.length / sought.table.dim);
  for await (const { from, places } of search.find(centres, sought, 1)) nearest.set(places, from);
  for (const centre of nearest) sizes[centre] = (sizes[centre] ?? 0) + 1;
  const members = Array.from(sizes, (size) => new Int32Array(size));
  nearest.forEach((centre, place) => {
    const left = (sizes[centre] ?? 1) - 1;
    sizes[centre] = left;
    members[centre]?.set([place], left);
  });
  return members;
}

function joined<T extends Float32Array | Int32Array>(parts: readonly T[]): T {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  // Of the type that the parts have: there is always one.
  const all = new (parts[0]?.constructor as new (length: number) => T)(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
