import { GraphBuilder } from '../../compile/lower/onnx/graph-builder.ts';
import { ShapedSession } from '../../compile/runtime/shaped-session.ts';
import type { VectorTable } from '../describe/nearest.ts';

/** The nearest rows of each row, itself left out, nearest first: [n, count]. */
export type NearestTable = {
  count: number;
  indices: Int32Array;
  /** Euclidean. */
  distances: Float32Array;
};

/** Rows that are compared with all others at once: products of 100,000 rows then take 50 MB. */
const ROWS_AT_ONCE = 128;

/**
 * The nearest neighbours of all rows, by exact search: every row is compared with every other, as one matrix product
 * after another. Vectors of 77 numbers: 1.5e12 operations for 100,000 rows.
 * @param table vectors of length 1; fewer than 2^24, so that a float32 can carry their indices
 * @param count neighbours of each; no more than there are other rows
 * @param onRows called now and then with the number of rows that are done; it may throw to stop
 */
export async function nearestTable(
  { vectors, dim }: VectorTable,
  count: number,
  { cores, onRows }: { cores: number; onRows: (done: number) => void | Promise<void> },
): Promise<NearestTable> {
  const rows = vectors.length / dim;
  const table: NearestTable = {
    count,
    indices: new Int32Array(rows * count),
    distances: new Float32Array(rows * count),
  };
  // One more, because a row is the nearest to itself.
  using session = await ShapedSession.open(productsModel(dim, count + 1), 'onnx:cpu', cores);
  const all = { data: vectors, shape: [rows, dim] };
  for (let from = 0; from < rows; from += ROWS_AT_ONCE) {
    await onRows(from);
    const to = Math.min(rows, from + ROWS_AT_ONCE);
    const sought = { data: vectors.subarray(from * dim, to * dim), shape: [to - from, dim] };
    const [similarities, indices] = await session.run({ all, sought }, ['similarities', 'indices']);
    if (!similarities || !indices) throw new Error('The search for neighbours gave no result');
    for (let row = from; row < to; row++) {
      const at = (row - from) * (count + 1);
      const found = { similarities: similarities.data, indices: indices.data };
      takeOthers(table, row, at, found);
    }
  }
  return table;
}

/** Takes over what was found for a row, without the row itself. */
function takeOthers(
  { count, indices, distances }: NearestTable,
  row: number,
  from: number,
  found: { similarities: Float32Array; indices: Float32Array },
): void {
  let to = row * count;
  for (let at = from; at <= from + count && to < (row + 1) * count; at++) {
    const other = found.indices[at] ?? 0;
    if (other === row) continue;
    indices[to] = other;
    distances[to] = Math.sqrt(Math.max(0, 2 - 2 * (found.similarities[at] ?? 0)));
    to++;
  }
}

/** Products of some rows with all, and the `count` largest of each. */
function productsModel(dim: number, count: number): Uint8Array {
  const builder = new GraphBuilder('nearest');
  const all = builder.input('all', 'float32', ['rows', dim]);
  const sought = builder.input('sought', 'float32', ['some', dim]);
  const products = builder.op('Gemm', [sought, all], { transB: 1 });
  const [values, indices] = builder.pairOp('TopK', [products, builder.int64s([count])], { axis: -1 });
  builder.output('similarities', values, 'float32', ['some', count]);
  // Results come back as float32.
  builder.output('indices', builder.op('Cast', [indices], { to: 1 }), 'float32', ['some', count]);
  return builder.model();
}
