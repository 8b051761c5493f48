import type { GraphBuilder } from '../../compile/lower/onnx/graph-builder.ts';
import { ANTIALIASED_A, isAntialiased, PLAIN_A, SIZE_OFFSET } from './positions.ts';
import type { Vit } from './spec.ts';

/** Cells beyond the trained grid that the plain kernel reads: the border's, as often as needed. */
const BORDER = 2;

/** Values of a graph: the grid of patches, as int64 and as float32 scalars. */
type GraphGrid = { rows: Side; columns: Side };
type Side = { whole: string; float: string };

/** What a graph knows of where its patches are, see `vitGraph`. */
export type GraphPlaces = { positions: string } | { sin: string; cos: string };

/**
 * Writes into a graph what positions.ts computes outside of one, for images of whatever size it is given.
 * @param images name of the value [B, 3, H, W]
 * @returns names of `positions` [1, N, C], or of `sin` and `cos` [N, D] for DINOv3
 */
export function placesInGraph(builder: GraphBuilder, images: string, vit: Vit): GraphPlaces {
  const shape = builder.op('Shape', [images]);
  const side = (axis: number): Side => {
    const px = builder.op('Gather', [shape, builder.int64(axis)]);
    const whole = builder.op('Div', [px, builder.int64(vit.spec.patch)]);
    return { whole, float: builder.op('Cast', [whole], { to: 1 }) };
  };
  const grid = { rows: side(2), columns: side(3) };
  return vit.spec.grid > 0
    ? { positions: resizedTable(builder, grid, vit) }
    : rotationsOf(builder, grid, vit.weights['rope_embed.periods'] ?? new Float32Array());
}

/** `resizedPositions` as two products with matrices of weights, one for each axis. */
function resizedTable(builder: GraphBuilder, { rows, columns }: GraphGrid, { spec, weights }: Vit): string {
  const { grid: size, width } = spec;
  const border = isAntialiased(spec.family) ? 0 : BORDER;
  const padded = size + 2 * border;
  const table = (weights.pos_embed ?? new Float32Array()).subarray(width);
  const values = builder.floats(withBorder(table, { size, border, width }), [padded, padded, width]);
  const isTrained = builder.op('And', [
    builder.op('Equal', [rows.whole, builder.int64(size)]),
    builder.op('Equal', [columns.whole, builder.int64(size)]),
  ]);
  // The trained grid is read as it is.
  const offset = builder.op('Where', [isTrained, builder.floats(0), builder.floats(SIZE_OFFSET)]);
  const along = ({ float }: Side) =>
    border > 0 ? plainWeights(builder, float, { size, offset }) : antialiasedWeights(builder, float, size);
  const wide = builder.op('MatMul', [along(columns), values]); // [padded, columns, C]
  const flat = builder.op('Reshape', [wide, builder.int64s([padded, -1])]);
  const tall = builder.op('MatMul', [along(rows), flat]); // [rows, columns * C]
  return builder.op('Reshape', [tall, builder.int64s([1, -1, width])]);
}

/** The table with the values of its border repeated around it: [(size + 2 border)^2, width]. */
function withBorder(
  table: Float32Array,
  { size, border, width }: { size: number; border: number; width: number },
): Float32Array {
  const padded = size + 2 * border;
  const out = new Float32Array(padded * padded * width);
  const clamped = (at: number) => Math.min(Math.max(at - border, 0), size - 1);
  for (let y = 0; y < padded; y++) {
    for (let x = 0; x < padded; x++) {
      const from = (clamped(y) * size + clamped(x)) * width;
      out.set(table.subarray(from, from + width), (y * padded + x) * width);
    }
  }
  return out;
}

/** [count, size + 2 BORDER]: what each patch along an axis reads of the table, as `plainTaps`. */
function plainWeights(
  builder: GraphBuilder,
  count: string,
  { size, offset }: { size: number; offset: string },
): string {
  const shown = builder.op('Add', [count, offset]);
  const scale = builder.op('Div', [builder.floats(size), shown]);
  const centres = builder.op('Sub', [
    builder.op('Mul', [middles(builder, count), scale]),
    builder.floats(0.5),
  ]);
  const cells = Array.from({ length: size + 2 * BORDER }, (_, at) => at - BORDER);
  return cubic(builder, distances(builder, centres, cells), PLAIN_A);
}

/** [count, size]: as `antialiasedTaps`. */
function antialiasedWeights(builder: GraphBuilder, count: string, size: number): string {
  const ratio = builder.op('Div', [builder.floats(size), count]);
  const reach = builder.op('Max', [ratio, builder.floats(1)]);
  const centres = builder.op('Mul', [middles(builder, count), ratio]);
  const cells = Array.from({ length: size }, (_, at) => at + 0.5);
  const scaled = builder.op('Div', [distances(builder, centres, cells), reach]);
  const weights = cubic(builder, scaled, ANTIALIASED_A);
  const sums = builder.op('ReduceSum', [weights, builder.int64s([1])], { keepdims: 1 });
  return builder.op('Div', [weights, sums]);
}

/** [count]: 0.5, 1.5, ... */
function middles(builder: GraphBuilder, count: string): string {
  const indices = builder.op('Range', [builder.floats(0), count, builder.floats(1)]);
  return builder.op('Add', [indices, builder.floats(0.5)]);
}

/** [centres, cells] */
function distances(builder: GraphBuilder, centres: string, cells: readonly number[]): string {
  const column = builder.op('Reshape', [centres, builder.int64s([-1, 1])]);
  return builder.op('Abs', [builder.op('Sub', [column, builder.floats(cells, [1, cells.length])])]);
}

/** Keys' kernel; each of its two polynomials is zero where the other begins, so they can be summed. */
function cubic(builder: GraphBuilder, distance: string, a: number): string {
  const horner = (d: string, first: number, ...others: number[]) =>
    others.reduce(
      (value, next) => builder.op('Add', [builder.op('Mul', [value, d]), builder.floats(next)]),
      builder.floats(first),
    );
  const near = builder.op('Min', [distance, builder.floats(1)]);
  const far = builder.op('Clip', [distance, builder.floats(1), builder.floats(2)]);
  const inside = horner(near, a + 2, -(a + 3), 0, 1);
  const outside = horner(far, a, -5 * a, 8 * a, -4 * a);
  return builder.op('Add', [inside, outside]);
}

/** `rotations`: angles of rows and columns, [N, D]. */
function rotationsOf(
  builder: GraphBuilder,
  { rows, columns }: GraphGrid,
  periods: Float32Array,
): { sin: string; cos: string } {
  const count = periods.length;
  const speeds = builder.floats(
    periods.map((period) => (2 * Math.PI) / period),
    [1, count],
  );
  const lengths = [rows, columns].map(({ whole }) => builder.op('Reshape', [whole, builder.int64s([1])]));
  const all = builder.op('Concat', [...lengths, builder.int64s([count])], { axis: 0 });
  const angles = ({ float }: Side, shape: readonly number[]) => {
    const twice = builder.op('Mul', [middles(builder, float), builder.floats(2)]);
    const along = builder.op('Sub', [builder.op('Div', [twice, float]), builder.floats(1)]); // -1..1
    const column = builder.op('Reshape', [along, builder.int64s([-1, 1])]);
    const turned = builder.op('Mul', [column, speeds]); // [cells, periods]
    return builder.op('Expand', [builder.op('Reshape', [turned, builder.int64s(shape)]), all]);
  };
  const y = angles(rows, [-1, 1, count]);
  const x = angles(columns, [1, -1, count]);
  const dims = builder.op('Concat', [y, x, y, x], { axis: 2 });
  const flat = builder.op('Reshape', [dims, builder.int64s([-1, 4 * count])]);
  return { sin: builder.op('Sin', [flat]), cos: builder.op('Cos', [flat]) };
}
