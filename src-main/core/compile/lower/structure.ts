import { allocate } from '../../tensor/dtype.ts';
import { dimAt, sameShape, sizeOf } from '../../tensor/shape.ts';
import { constantData, type Node, type Value } from '../ir/graph.ts';
import type { OperationOf, ReduceFunction } from '../ir/operation.ts';
import type { Emitted, Emitter } from './emitter.ts';
import { isRowMajor, memoryOrder, NCHW, rowMajor, viewShape, type Layout } from './layout.ts';

/** Lowers a reshape, transpose, concat, slice, pad, tile, reverse or gather; all of them row-major. */
export function lowerStructure(node: Node, emitter: Emitter): void {
  const { operation } = node;
  const [output] = node.outputs;
  const operands = node.inputs.map((input) => emitter.get(input));
  const [x, indices] = operands;
  if (!output || !x) throw new Error(`${operation.op} needs an operand`);
  const { shape } = output;
  const { builder } = emitter;
  const emitted = ((): Emitted => {
    switch (operation.op) {
      case 'reshape':
        return emitter.reshape(x, shape);
      case 'transpose':
        return emitter.transpose(x, operation.perm);
      case 'concat':
        return emitter.op('Concat', operands, shape, { axis: operation.axis });
      case 'slice': {
        const ends = operation.begin.map((begin, axis) => begin + dimAt(operation.size, axis));
        return emitter.op('Slice', [x, builder.int64s(operation.begin), builder.int64s(ends)], shape);
      }
      case 'pad': {
        const pads = builder.int64s([...operation.before, ...operation.after]);
        return emitter.op('Pad', [x, pads, builder.floats(operation.value)], shape);
      }
      case 'tile':
        // Expand repeats axes of extent 1 alone.
        return operation.reps.every((rep, axis) => rep === 1 || x.shape[axis] === 1)
          ? emitter.op('Expand', [x, builder.int64s(shape)], shape)
          : emitter.op('Tile', [x, builder.int64s(operation.reps)], shape);
      case 'reverse':
        return reversed(x, operation.axes, emitter);
      case 'gather':
        if (!indices) throw new Error('gather needs indices');
        return emitter.op('Gather', [x, indices], shape, { axis: operation.axis });
      default:
        throw new Error(`${operation.op} does not move elements`);
    }
  })();
  emitter.define(output, rowMajor(shape.length), emitted);
}

/** x with the order along `axes` turned round. */
function reversed(x: Emitted, axes: readonly number[], emitter: Emitter): Emitted {
  const { builder } = emitter;
  const all = axes.map(() => -1);
  const starts = builder.int64s(all);
  // One before the first element: the end of a slice that runs backwards to the start.
  const ends = builder.int64s(axes.map(() => -(2 ** 31)));
  return emitter.op('Slice', [x, starts, ends, builder.int64s(axes), builder.int64s(all)], x.shape);
}

/** Lowers a constant, or the same value everywhere, in the order in which it will be read. */
export function lowerConstant(node: Node, emitter: Emitter): void {
  const [output] = node.outputs;
  const data = constantData(node);
  if (!output || !data) throw new Error(`${node.operation.op} has no data`);
  const layout = emitter.layoutOf(output);
  const ordered = allocate(output.dtype, data.length);
  const order = memoryOrder(layout, output.shape);
  for (let index = 0; index < ordered.length; index++) ordered[index] = data[order[index] ?? 0] ?? NaN;
  const shape = viewShape(layout, output.shape);
  emitter.define(output, layout, { name: emitter.builder.constant(output.dtype, shape, ordered), shape });
}

const REDUCE_OPS: Record<ReduceFunction, string> = {
  sum: 'ReduceSum',
  mean: 'ReduceMean',
  max: 'ReduceMax',
  min: 'ReduceMin',
  sumSquare: 'ReduceSumSquare',
};

/** Lowers a reduction in the operand's own layout where the result is then in the graph's order. */
export function lowerReduce(node: Node, operation: OperationOf<'reduce'>, emitter: Emitter): void {
  const [x] = node.inputs;
  const [output] = node.outputs;
  if (!x || !output) throw new Error('reduce needs an operand');
  const define = (emitted: Emitted) => {
    const own = emitter.reshape(emitted, output.shape);
    emitter.define(output, rowMajor(output.shape.length), own);
  };
  const layout = emitter.layoutOf(x);
  if (sizeOf(output.shape) === 1) {
    define(reduceAxis(emitter.getFlat(x, layout), 0, operation.fn, emitter));
    return;
  }
  if (isChannelReduction(x, operation)) {
    define(reduceRows(emitter.get(x, layout), x, { layout, fn: operation.fn }, emitter));
    return;
  }
  if (isImageMean(operation) && layout.name === NCHW.name && !operation.keepDims) {
    const [batch, channels] = output.shape;
    const pooled = emitter.op(
      'GlobalAveragePool',
      [emitter.get(x, layout)],
      [batch ?? 0, channels ?? 0, 1, 1],
    );
    define(emitter.op('Flatten', [pooled], output.shape, { axis: 1 }));
    return;
  }
  const operands = [emitter.get(x), emitter.builder.int64s(operation.axes)];
  const keepdims = operation.keepDims ? 1 : 0;
  define(emitter.op(REDUCE_OPS[operation.fn], operands, output.shape, { keepdims }));
}

/** The mean over an image's positions, for which there is an operator in every opset. */
function isImageMean({ fn, axes }: OperationOf<'reduce'>): boolean {
  return fn === 'mean' && sameShape(axes, [1, 2]);
}

/** One number a channel, over all other axes. */
function isChannelReduction(x: Value, operation: OperationOf<'reduce'>): boolean {
  const last = x.shape.length - 1;
  return !operation.axes.includes(last) && sameShape(operation.axes, [...Array(last).keys()]) && last > 0;
}

/**
 * Reduces all axes of x but the last. Images go in two strides: a single reduction over axes that are
 * not neighbours falls to ONNX Runtime's slow generic loop, and ReduceSumSquare always does.
 * @param image x's elements in `layout`, or others of the same shape
 * @returns [C]
 */
export function reduceRows(
  image: Emitted,
  x: Value,
  options: { layout: Layout; fn: ReduceFunction },
  emitter: Emitter,
): Emitted {
  const { layout, fn } = options;
  const channels = dimAt(x.shape, x.shape.length - 1);
  if (fn === 'sumSquare') {
    const squares = emitter.op('Mul', [image, image], image.shape);
    return reduceRows(squares, x, { layout, fn: 'sum' }, emitter);
  }
  if (isRowMajor(layout)) {
    return reduceAxis(emitter.reshape(image, [sizeOf(x.shape) / channels, channels]), 0, fn, emitter);
  }
  const batch = dimAt(x.shape, 0);
  const positions = sizeOf(x.shape) / batch / channels;
  if (layout.block > 1 && (fn === 'mean' || fn === 'sum')) {
    const pooled = emitter.op(
      'com.microsoft.nchwc:GlobalAveragePool',
      [emitter.reshape(image, viewShape(layout, x.shape))],
      [batch, channels, 1, 1],
    );
    const reduced = reduceAxis(emitter.reshape(pooled, [batch, channels]), 0, fn, emitter);
    return fn === 'mean'
      ? reduced
      : emitter.op('Mul', [reduced, emitter.builder.floats(positions)], [channels]);
  }
  const inner = layout.block;
  const flat = emitter.reshape(image, [(batch * channels) / inner, positions, inner]);
  const perImage = emitter.reshape(reduceAxis(flat, 1, fn, emitter), [batch, channels]);
  return reduceAxis(perImage, 0, fn, emitter);
}

function reduceAxis(x: Emitted, axis: number, fn: ReduceFunction, emitter: Emitter): Emitted {
  const shape = x.shape.toSpliced(axis, 1);
  return emitter.op(REDUCE_OPS[fn], [x, emitter.builder.int64s([axis])], shape, { keepdims: 0 });
}

/** Lowers argMax and argMin; ONNX counts in int64, the graph in int32. */
export function lowerArgReduce(node: Node, operation: OperationOf<'argReduce'>, emitter: Emitter): void {
  const [x] = node.inputs;
  const [output] = node.outputs;
  if (!x || !output) throw new Error('argReduce needs an operand');
  const op = operation.fn === 'max' ? 'ArgMax' : 'ArgMin';
  const wide = emitter.op(op, [emitter.get(x)], output.shape, { axis: operation.axis, keepdims: 0 });
  const narrow = emitter.op('Cast', [wide], output.shape, { to: 6 });
  emitter.define(output, rowMajor(output.shape.length), narrow);
}

/** Lowers oneHot: [..., depth], `on` at the index and `off` elsewhere. */
export function lowerOneHot(node: Node, operation: OperationOf<'oneHot'>, emitter: Emitter): void {
  const [indices] = node.inputs;
  const [output] = node.outputs;
  if (!indices || !output) throw new Error('oneHot needs an operand');
  const { builder } = emitter;
  const levels = builder.constant('int32', [operation.depth], Int32Array.from(Array(operation.depth).keys()));
  const column = emitter.reshape(emitter.get(indices), [...indices.shape, 1]);
  const isOn = emitter.op('Equal', [column, levels], output.shape);
  const values = [builder.floats(operation.on), builder.floats(operation.off)];
  emitter.define(output, rowMajor(output.shape.length), emitter.op('Where', [isOn, ...values], output.shape));
}

/** Lowers a product of matrices; two single matrices become one Gemm, which transposes for free. */
export function lowerMatMul(node: Node, operation: OperationOf<'matMul'>, emitter: Emitter): void {
  const [a, b] = node.inputs;
  const [output] = node.outputs;
  if (!a || !b || !output) throw new Error('matMul needs two operands');
  const { transposeA, transposeB } = operation;
  const isSingle = sizeOf(a.shape.slice(0, -2)) === 1 && sizeOf(b.shape.slice(0, -2)) === 1;
  const flat = (value: Value) => emitter.reshape(emitter.get(value), value.shape.slice(-2));
  const emitted = isSingle
    ? emitter.op('Gemm', [flat(a), flat(b)], output.shape.slice(-2), {
        transA: transposeA ? 1 : 0,
        transB: transposeB ? 1 : 0,
      })
    : emitter.op(
        'MatMul',
        [swapped(emitter.get(a), transposeA, emitter), swapped(emitter.get(b), transposeB, emitter)],
        output.shape,
      );
  emitter.define(output, rowMajor(output.shape.length), emitted);
}

function swapped(x: Emitted, isTransposed: boolean, emitter: Emitter): Emitted {
  if (!isTransposed) return x;
  const rank = x.shape.length;
  const perm = x.shape.map((_, axis) => (axis < rank - 2 ? axis : axis === rank - 2 ? rank - 1 : rank - 2));
  return emitter.transpose(x, perm);
}
