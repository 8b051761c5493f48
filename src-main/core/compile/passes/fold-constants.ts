import { allocate } from '../../tensor/dtype.ts';
import { broadcastShapes, sameShape, sizeOf, type Shape } from '../../tensor/shape.ts';
import type { Graph, Node, Value } from '../ir/graph.ts';
import type { NodeList } from '../ir/node-list.ts';
import {
  isPredicate,
  type ArithmeticFunction,
  type BinaryFunction,
  type OperationOf,
  type UnaryFunction,
} from '../ir/operation.ts';
import { rewrite } from './rewrite.ts';

/** Constants above this size are left to the runtime; none that the model makes is as large. */
const MAX_FOLDED_ELEMENTS = 65_536;

/**
 * Evaluates what is constant while compiling, drops operations that change nothing (x + 0, x * 1, a
 * reshape to the same shape), and keeps broadcasts lazy: tfjs's gradients of sums multiply by a tensor
 * of ones, which would otherwise be stored and read at full size.
 */
export function foldConstants(graph: Graph): Graph {
  return rewrite(graph, simplify);
}

function simplify(node: Node, inputs: readonly Value[], nodes: NodeList): readonly Value[] | undefined {
  const { operation } = node;
  const [x, y] = inputs;
  const [output] = node.outputs;
  if (!x || !output) return undefined;
  switch (operation.op) {
    case 'reshape':
      return reshape(x, operation.shape, nodes);
    case 'transpose':
      return operation.perm.every((axis, position) => axis === position) ? [x] : undefined;
    case 'tile':
      return operation.reps.every((rep) => rep === 1) ? [x] : undefined;
    case 'slice':
      return sameShape(x.shape, output.shape) ? [x] : undefined;
    case 'concat':
      return inputs.length === 1 ? [x] : undefined;
    case 'cast': {
      const value = nodes.splatOf(x);
      return value === undefined ? undefined : [nodes.splat(castTo(operation.dtype, value), output)];
    }
    case 'unary':
      return unary(operation.fn, x, nodes);
    case 'binary':
      return y ? binary({ operation, a: x, b: y, output }, nodes) : undefined;
    default:
      return undefined;
  }
}

/** Every unary function gives what it takes: the result has the operand's shape and element type. */
function unary(fn: UnaryFunction, x: Value, nodes: NodeList): readonly Value[] | undefined {
  const value = nodes.splatOf(x);
  if (value !== undefined) return [nodes.splat(evaluateUnary(fn, value), x)];
  const data = nodes.dataOf(x);
  if (!data || data.length > MAX_FOLDED_ELEMENTS) return undefined;
  const results = data.map((element) => evaluateUnary(fn, element));
  return [nodes.constant(results, x)];
}

/** Reshapes of reshapes collapse; a reshaped splat is a splat. */
function reshape(x: Value, shape: Shape, nodes: NodeList): readonly Value[] | undefined {
  if (sameShape(x.shape, shape)) return [x];
  const producer = nodes.producerOf(x);
  if (producer?.operation.op === 'splat') return [nodes.splat(producer.operation.value, { ...x, shape })];
  if (producer?.operation.op === 'constant') {
    return [nodes.constant(producer.operation.data, { ...x, shape })];
  }
  const [source] = producer?.inputs ?? [];
  if (producer?.operation.op !== 'reshape' || !source) return undefined;
  return sameShape(source.shape, shape) ? [source] : nodes.append({ op: 'reshape', shape }, [source]);
}

/** A binary node: its operands in the new graph, its output in the old one. */
type BinaryNode = { operation: OperationOf<'binary'>; a: Value; b: Value; output: Value };

function binary(node: BinaryNode, nodes: NodeList): readonly Value[] | undefined {
  const folded = evaluated(node, nodes);
  if (folded) return [folded];

  const { operation, a, b, output } = node;
  const { fn } = operation;
  const splatA = nodes.splatOf(a);
  const splatB = nodes.splatOf(b);
  const [core, value] = splatB !== undefined ? [a, splatB] : [b, splatA];
  if (value !== undefined && isNeutral(fn, value, splatB !== undefined)) {
    return [broadcastTo(core, output.shape, nodes)];
  }
  // A splat need not be larger than a scalar, nor an operand larger than before it was tiled.
  const narrowA = narrowed(a, nodes);
  const narrowB = narrowed(b, nodes);
  for (const [left, right] of [
    [narrowA, narrowB],
    [narrowA, b],
    [a, narrowB],
  ] as const) {
    if (left === a && right === b) continue;
    if (sameShape(broadcastShapes(left.shape, right.shape), output.shape)) {
      return nodes.append(operation, [left, right]);
    }
  }
  if (narrowA !== a && narrowB !== b) {
    return [broadcastTo(nodes.one(operation, narrowA, narrowB), output.shape, nodes)];
  }
  return undefined;
}

/** The value that `value` broadcasts, when it was made by `broadcastTo`, or a scalar for a splat. */
function narrowed(value: Value, nodes: NodeList): Value {
  const splatValue = nodes.splatOf(value);
  if (splatValue !== undefined) {
    return sizeOf(value.shape) === 1 ? value : nodes.splat(splatValue, { ...value, shape: [] });
  }
  const producer = nodes.producerOf(value);
  const [source] = producer?.inputs ?? [];
  return producer?.operation.op === 'tile' && source && isBroadcast(producer.operation.reps, source.shape)
    ? source
    : value;
}

function isBroadcast(reps: readonly number[], shape: Shape): boolean {
  return reps.every((rep, axis) => rep === 1 || shape[axis] === 1);
}

function broadcastTo(value: Value, shape: Shape, nodes: NodeList): Value {
  if (sameShape(value.shape, shape)) return value;
  const padded = [...Array.from({ length: shape.length - value.shape.length }, () => 1), ...value.shape];
  const aligned = sameShape(padded, value.shape) ? value : nodes.one({ op: 'reshape', shape: padded }, value);
  const reps = shape.map((dim, axis) => dim / (padded[axis] ?? 1));
  return nodes.one({ op: 'tile', reps }, aligned);
}

function isNeutral(fn: BinaryFunction, value: number, isRight: boolean): boolean {
  switch (fn) {
    case 'add':
      return value === 0;
    case 'mul':
      return value === 1;
    case 'sub':
      return isRight && value === 0;
    case 'div':
    case 'pow':
      return isRight && value === 1;
    default:
      return false;
  }
}

/** Both operands constant: the result as a constant. Elementwise on equal sizes, or with a splat. */
function evaluated({ operation, a, b, output }: BinaryNode, nodes: NodeList): Value | undefined {
  const { fn } = operation;
  if (isPredicate(fn) || sizeOf(output.shape) > MAX_FOLDED_ELEMENTS) return undefined;
  const [splatA, splatB] = [nodes.splatOf(a), nodes.splatOf(b)];
  if (splatA !== undefined && splatB !== undefined) {
    return nodes.splat(evaluateBinary(fn, splatA, splatB), output);
  }
  const [dataA, dataB] = [nodes.dataOf(a), nodes.dataOf(b)];
  if (!dataA || !dataB) return undefined;
  if (splatA === undefined && !sameShape(a.shape, output.shape)) return undefined;
  if (splatB === undefined && !sameShape(b.shape, output.shape)) return undefined;
  const data = allocate(output.dtype, sizeOf(output.shape));
  for (let index = 0; index < data.length; index++) {
    data[index] = evaluateBinary(fn, splatA ?? dataA[index] ?? NaN, splatB ?? dataB[index] ?? NaN);
  }
  return nodes.constant(data, output);
}

function castTo(dtype: Value['dtype'], value: number): number {
  switch (dtype) {
    case 'float32':
      return Math.fround(value);
    case 'int32':
      return Math.trunc(value);
    case 'bool':
      return value === 0 ? 0 : 1;
  }
}

function evaluateUnary(fn: UnaryFunction, x: number): number {
  switch (fn) {
    case 'neg':
      return -x;
    case 'sqrt':
      return Math.fround(Math.sqrt(x));
    case 'rsqrt':
      return Math.fround(1 / Math.sqrt(x));
    case 'square':
      return Math.fround(x * x);
    case 'exp':
      return Math.fround(Math.exp(x));
    case 'log':
      return Math.fround(Math.log(x));
    case 'abs':
      return Math.abs(x);
    case 'relu':
      return Math.max(x, 0);
    case 'step':
      return x > 0 ? 1 : 0;
    case 'sigmoid':
      return Math.fround(1 / (1 + Math.exp(-x)));
    case 'not':
      return x === 0 ? 1 : 0;
  }
}

function evaluateBinary(fn: ArithmeticFunction, a: number, b: number): number {
  switch (fn) {
    case 'add':
      return Math.fround(a + b);
    case 'sub':
      return Math.fround(a - b);
    case 'mul':
      return Math.fround(a * b);
    case 'div':
      return Math.fround(a / b);
    case 'max':
      return Math.max(a, b);
    case 'min':
      return Math.min(a, b);
    case 'pow':
      return Math.fround(a ** b);
    case 'squaredDifference':
      return Math.fround((a - b) ** 2);
  }
}
