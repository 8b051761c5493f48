import { sameShape, sizeOf } from '../../tensor/shape.ts';
import type { Node, Value } from '../ir/graph.ts';
import type { BinaryFunction, OperationOf, UnaryFunction } from '../ir/operation.ts';
import type { Emitted, Emitter } from './emitter.ts';
import { physicalShape, type Layout } from './layout.ts';

const UNARY_OPS: Record<Exclude<UnaryFunction, 'rsqrt' | 'square' | 'step'>, string> = {
  neg: 'Neg',
  sqrt: 'Sqrt',
  exp: 'Exp',
  log: 'Log',
  abs: 'Abs',
  relu: 'Relu',
  sigmoid: 'Sigmoid',
  not: 'Not',
};

const BINARY_OPS: Record<Exclude<BinaryFunction, 'notEqual' | 'squaredDifference'>, string> = {
  add: 'Add',
  sub: 'Sub',
  mul: 'Mul',
  div: 'Div',
  max: 'Max',
  min: 'Min',
  pow: 'Pow',
  greater: 'Greater',
  greaterEqual: 'GreaterOrEqual',
  less: 'Less',
  lessEqual: 'LessOrEqual',
  equal: 'Equal',
  and: 'And',
  or: 'Or',
};

/**
 * HardSigmoid(x) = clamp(alpha * x + beta, 0, 1) is 1 for every positive normal float32 and 0 for the
 * rest, and unlike a comparison with a select it is vectorised.
 */
const STEP_SLOPE = 3e38;

/** Lowers an operation that works element by element, in whatever layout its output has. */
export function lowerElementwise(node: Node, emitter: Emitter): void {
  const { operation } = node;
  const [output] = node.outputs;
  if (!output) throw new Error(`${operation.op} has no output`);
  const layout = emitter.layoutOf(output);
  const operands = alignedOperands(node.inputs, output, layout, emitter);
  emitter.define(output, layout, lowered(operation, operands, output, emitter));
}

function lowered(
  operation: Node['operation'],
  operands: readonly Emitted[],
  output: Value,
  emitter: Emitter,
): Emitted {
  const shape = operands.reduce<readonly number[]>(
    (largest, operand) => (sizeOf(operand.shape) >= sizeOf(largest) ? operand.shape : largest),
    [],
  );
  const [a, b] = operands;
  const result = sizeOf(shape) === sizeOf(output.shape) ? shape : broadcast(operands);
  if (!a) throw new Error(`${operation.op} needs an operand`);
  switch (operation.op) {
    case 'unary':
      return unary(operation.fn, a, emitter);
    case 'binary':
      if (!b) throw new Error(`${operation.fn} needs two operands`);
      return binary(operation.fn, { a, b, shape: result }, emitter);
    case 'select':
      return emitter.op('Where', operands, result);
    case 'cast':
      return emitter.op('Cast', [a], result, { to: CAST_TYPES[operation.dtype] });
    case 'reluGradient':
      if (!b) throw new Error('reluGradient needs two operands');
      return reluGradient(a, b, emitter);
    default:
      throw new Error(`${operation.op} is not elementwise`);
  }
}

/** TensorProto.DataType numbers. */
const CAST_TYPES: Record<OperationOf<'cast'>['dtype'], number> = { float32: 1, int32: 6, bool: 9 };

function unary(fn: UnaryFunction, x: Emitted, emitter: Emitter): Emitted {
  switch (fn) {
    case 'rsqrt':
      return emitter.op('Reciprocal', [emitter.op('Sqrt', [x], x.shape)], x.shape);
    case 'square':
      return emitter.op('Mul', [x, x], x.shape);
    case 'step':
      return step(x, emitter);
    default:
      return emitter.op(UNARY_OPS[fn], [x], x.shape);
  }
}

function step(x: Emitted, emitter: Emitter): Emitted {
  if (emitter.recipes.reluGradient === 'multiply') {
    return emitter.op('HardSigmoid', [x], x.shape, {
      alpha: { float: STEP_SLOPE },
      beta: { float: 0 },
    });
  }
  const isPositive = emitter.op('Greater', [x, emitter.builder.floats(0)], x.shape);
  return emitter.op('Cast', [isPositive], x.shape, { to: CAST_TYPES.float32 });
}

function reluGradient(dy: Emitted, y: Emitted, emitter: Emitter): Emitted {
  if (emitter.recipes.reluGradient === 'multiply') {
    return emitter.op('Mul', [dy, step(y, emitter)], dy.shape);
  }
  const zero = emitter.builder.floats(0);
  const isPositive = emitter.op('Greater', [y, zero], y.shape);
  return emitter.op('Where', [isPositive, dy, zero], dy.shape);
}

function binary(
  fn: BinaryFunction,
  { a, b, shape }: { a: Emitted; b: Emitted; shape: readonly number[] },
  emitter: Emitter,
): Emitted {
  switch (fn) {
    case 'notEqual':
      return emitter.op('Not', [emitter.op('Equal', [a, b], shape)], shape);
    case 'squaredDifference': {
      const difference = emitter.op('Sub', [a, b], shape);
      return emitter.op('Mul', [difference, difference], shape);
    }
    default:
      return emitter.op(BINARY_OPS[fn], [a, b], shape);
  }
}

/**
 * The operands in one layout and in shapes that ONNX broadcasts as the graph does. Next to scalars,
 * operands of the output's shape become vectors, whose length is written down: ONNX Runtime multiplies
 * [2048, 1024, 1, 1] by a scalar thirteen times slower than the same elements as a vector.
 */
function alignedOperands(
  inputs: readonly Value[],
  output: Value,
  layout: Layout,
  emitter: Emitter,
): Emitted[] {
  const isScalar = (value: Value) => sizeOf(value.shape) === 1;
  const isFull = (value: Value) => sameShape(value.shape, output.shape);
  const [first] = inputs;
  if (first && inputs.every(isFull)) {
    const { shape } = emitter.getAnyShape(first, layout);
    return inputs.map((value) => emitter.reshape(emitter.getAnyShape(value, layout), shape));
  }
  if (!emitter.isOpen && inputs.every((value) => isFull(value) || isScalar(value))) {
    return inputs.map((value) =>
      isFull(value) ? emitter.getFlat(value, layout) : emitter.reshape(emitter.get(value), []),
    );
  }
  const rank = output.shape.length;
  return inputs.map((value) => {
    if (isFull(value)) return emitter.getPhysical(value, layout);
    const padded = [...Array.from({ length: rank - value.shape.length }, () => 1), ...value.shape];
    return inLayout(emitter.get(value), padded, layout, emitter);
  });
}

/** A small operand, given row-major as `shape`, in the physical axes of `layout`. */
function inLayout(operand: Emitted, shape: readonly number[], layout: Layout, emitter: Emitter): Emitted {
  // Cut axes stand next to each other here, so that one transpose reaches the physical order.
  const parts = layout.axes.map((entry, position) => ({ ...entry, position }));
  const sorted = parts.toSorted((p, q) => p.axis - q.axis || (p.part === 'inner' ? 1 : -1));
  const physical = physicalShape(layout, shape);
  const split = sorted.map(({ position }) => physical[position] ?? 1);
  const perm = parts.map((part) => sorted.findIndex(({ position }) => position === part.position));
  return emitter.transpose(emitter.reshape(operand, split), perm);
}

function broadcast(operands: readonly Emitted[]): number[] {
  const rank = Math.max(...operands.map((operand) => operand.shape.length));
  return Array.from({ length: rank }, (_, axis) =>
    Math.max(...operands.map((operand) => operand.shape[axis - rank + operand.shape.length] ?? 1)),
  );
}
