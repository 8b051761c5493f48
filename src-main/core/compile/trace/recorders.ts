import { dimAt, sizeOf } from '../../tensor/shape.ts';
import { BATCH_NORM_TRAIN, BATCH_NORM_TRAIN_GRADIENT } from './batch-norm-kernel.ts';
import type { Value } from '../ir/graph.ts';
import type { NodeList } from '../ir/node-list.ts';
import { windowedShape } from '../ir/output-specs.ts';
import type { BinaryFunction, Operation, ReduceFunction, UnaryFunction, Window } from '../ir/operation.ts';
import { fourDims, type KernelAttributes } from './attributes.ts';

/** What one kernel call brings: its operands in tfjs's order and by name, and its attributes. */
export type RecordingContext = {
  nodes: NodeList;
  operands: readonly Value[];
  attributes: KernelAttributes;
};

type Call = RecordingContext & { named: Readonly<Record<string, Value>> };
type Recorder = (call: Call) => readonly Value[];

const UNARY: Readonly<Record<string, UnaryFunction>> = {
  Neg: 'neg',
  Sqrt: 'sqrt',
  Rsqrt: 'rsqrt',
  Square: 'square',
  Exp: 'exp',
  Log: 'log',
  Abs: 'abs',
  Relu: 'relu',
  Sigmoid: 'sigmoid',
  LogicalNot: 'not',
};

const BINARY: Readonly<Record<string, BinaryFunction>> = {
  Add: 'add',
  Sub: 'sub',
  Multiply: 'mul',
  RealDiv: 'div',
  Maximum: 'max',
  Minimum: 'min',
  Pow: 'pow',
  SquaredDifference: 'squaredDifference',
  Greater: 'greater',
  GreaterEqual: 'greaterEqual',
  Less: 'less',
  LessEqual: 'lessEqual',
  Equal: 'equal',
  NotEqual: 'notEqual',
  LogicalAnd: 'and',
  LogicalOr: 'or',
};

const elementwise = Object.fromEntries<Recorder>([
  ...Object.entries(UNARY).map(([name, fn]) => [name, plain({ op: 'unary', fn }, 'x')] as const),
  ...Object.entries(BINARY).map(([name, fn]) => [name, plain({ op: 'binary', fn }, 'a', 'b')] as const),
]);

/**
 * How each TensorFlow.js kernel becomes nodes. A kernel that is not here cannot be compiled, and
 * tfjs-core says so by its name.
 */
export const RECORDERS: Readonly<Record<string, Recorder>> = {
  ...elementwise,
  Step: (call) => {
    call.attributes.require('alpha', 0);
    return [call.nodes.one({ op: 'unary', fn: 'step' }, operand(call, 'x'))];
  },
  AddN: (call) => [
    call.operands.reduce((sum, term) => call.nodes.one({ op: 'binary', fn: 'add' }, sum, term)),
  ],
  Select: plain({ op: 'select' }, 'condition', 't', 'e'),
  Cast: (call) => [castTo(call, operand(call, 'x'))],
  Identity: (call) => [operand(call, 'x')],
  Reshape: (call) => reshape(call, operand(call, 'x'), resolved(call, call.attributes.numbers('shape'))),
  ExpandDims: (call) => {
    const x = operand(call, 'input');
    const dim = call.attributes.number('dim');
    return reshape(call, x, x.shape.toSpliced(dim < 0 ? dim + x.shape.length + 1 : dim, 0, 1));
  },
  Transpose: (call) => [
    call.nodes.one({ op: 'transpose', perm: call.attributes.numbers('perm') }, operand(call, 'x')),
  ],
  Concat: (call) => {
    const [first] = call.operands;
    if (!first) throw new Error('Concat needs an operand');
    return [
      call.nodes.one({ op: 'concat', axis: axisOf(first, call.attributes.number('axis')) }, ...call.operands),
    ];
  },
  Pack: (call) => {
    const axis = call.attributes.number('axis');
    const expanded = call.operands.flatMap((value) =>
      reshape(call, value, value.shape.toSpliced(axis, 0, 1)),
    );
    return [call.nodes.one({ op: 'concat', axis }, ...expanded)];
  },
  SplitV: (call) => split(call, operand(call, 'x'), call.attributes.numbers('numOrSizeSplits')),
  Slice: (call) => {
    const x = operand(call, 'x');
    const begin = call.attributes.numbers('begin');
    const size = call.attributes
      .numbers('size')
      .map((extent, axis) => (extent < 0 ? dimAt(x.shape, axis) - (begin[axis] ?? 0) : extent));
    return [call.nodes.one({ op: 'slice', begin, size }, x)];
  },
  PadV2: (call) => {
    const paddings = call.attributes.pairs('paddings');
    const before = paddings.map((pair) => pair[0]);
    const after = paddings.map((pair) => pair[1]);
    const value = call.attributes.number('constantValue');
    return [call.nodes.one({ op: 'pad', before, after, value }, operand(call, 'x'))];
  },
  Tile: (call) => [call.nodes.one({ op: 'tile', reps: call.attributes.numbers('reps') }, operand(call, 'x'))],
  Reverse: (call) => {
    const x = operand(call, 'x');
    const axes = call.attributes.numbers('dims').map((axis) => axisOf(x, axis));
    return [call.nodes.one({ op: 'reverse', axes }, x)];
  },
  GatherV2: (call) => {
    call.attributes.require('batchDims', 0);
    const x = operand(call, 'x');
    const axis = axisOf(x, call.attributes.number('axis'));
    return [call.nodes.one({ op: 'gather', axis }, x, operand(call, 'indices'))];
  },
  Sum: reduction('sum', 'axis'),
  Mean: reduction('mean', 'axis'),
  Max: reduction('max', 'reductionIndices'),
  Min: reduction('min', 'axis'),
  ArgMax: argReduction('max'),
  ArgMin: argReduction('min'),
  OneHot: (call) => {
    const { attributes, nodes } = call;
    const levels = {
      depth: attributes.number('depth'),
      on: attributes.number('onValue'),
      off: attributes.number('offValue'),
    };
    return [castTo(call, nodes.one({ op: 'oneHot', ...levels }, operand(call, 'indices')))];
  },
  ZerosLike: (call) => [call.nodes.splat(0, operand(call, 'x'))],
  OnesLike: (call) => [call.nodes.splat(1, operand(call, 'x'))],
  Fill: (call) => {
    const spec = { shape: call.attributes.numbers('shape'), dtype: 'float32' } as const;
    call.attributes.require('dtype', 'float32');
    return [call.nodes.splat(call.attributes.number('value'), spec)];
  },
  BatchMatMul: (call) => {
    const transposeA = call.attributes.boolean('transposeA');
    const transposeB = call.attributes.boolean('transposeB');
    return [call.nodes.one({ op: 'matMul', transposeA, transposeB }, operand(call, 'a'), operand(call, 'b'))];
  },
  Conv2D: (call) => {
    const x = operand(call, 'x');
    const filter = operand(call, 'filter');
    const window = convolutionWindow(call, x.shape, filter.shape);
    return [call.nodes.one({ op: 'conv2d', window }, x, filter)];
  },
  Conv2DBackpropInput: (call) => {
    const shape = call.attributes.numbers('inputShape');
    const filter = operand(call, 'filter');
    const window = convolutionWindow(call, shape, filter.shape);
    return [call.nodes.one({ op: 'conv2dInputGradient', window, shape }, operand(call, 'dy'), filter)];
  },
  Conv2DBackpropFilter: (call) => {
    const shape = call.attributes.numbers('filterShape');
    const x = operand(call, 'x');
    const window = convolutionWindow(call, x.shape, shape);
    return [call.nodes.one({ op: 'conv2dFilterGradient', window, shape }, x, operand(call, 'dy'))];
  },
  MaxPool: (call) => {
    const x = operand(call, 'x');
    return [call.nodes.one({ op: 'maxPool', window: poolingWindow(call, x.shape) }, x)];
  },
  MaxPoolGrad: (call) => {
    const x = operand(call, 'input');
    const window = poolingWindow(call, x.shape);
    const y = operand(call, 'output');
    return [call.nodes.one({ op: 'maxPoolGradient', window }, operand(call, 'dy'), x, y)];
  },
  FusedBatchNorm: (call) => {
    const epsilon = call.attributes.number('varianceEpsilon');
    const operands = ['x', 'mean', 'variance', 'offset', 'scale'].map((name) => operand(call, name));
    return [call.nodes.one({ op: 'batchNorm', epsilon }, ...operands)];
  },
  [BATCH_NORM_TRAIN]: (call) => {
    const operands = ['x', 'scale', 'offset'].map((name) => operand(call, name));
    return call.nodes.append({ op: 'batchNormTrain', epsilon: call.attributes.number('epsilon') }, operands);
  },
  [BATCH_NORM_TRAIN_GRADIENT]: (call) => {
    const operands = ['dy', 'x', 'scale', 'mean', 'variance'].map((name) => operand(call, name));
    const epsilon = call.attributes.number('epsilon');
    return call.nodes.append({ op: 'batchNormTrainGradient', epsilon }, operands);
  },
};

/** Kernels whose result is a list of tensors. */
export const LIST_KERNELS: ReadonlySet<string> = new Set([
  'SplitV',
  BATCH_NORM_TRAIN,
  BATCH_NORM_TRAIN_GRADIENT,
]);

/** A kernel that is one operation on its operands of the given names. */
/** `x` in the element type that the kernel asks for. */
function castTo({ attributes, nodes }: Call, x: Value): Value {
  const dtype = attributes.string('dtype');
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') {
    throw new Error(`the compiler cannot cast to '${dtype}'`);
  }
  return x.dtype === dtype ? x : nodes.one({ op: 'cast', dtype }, x);
}

function plain(operation: Operation, ...names: readonly string[]): Recorder {
  return (call) => [call.nodes.one(operation, ...names.map((name) => operand(call, name)))];
}

function operand(call: Call, name: string): Value {
  const value = call.named[name];
  if (!value) throw new Error(`a kernel was called without its operand '${name}'`);
  return value;
}

function axisOf(value: Value, axis: number): number {
  return axis < 0 ? axis + value.shape.length : axis;
}

function reshape(call: Call, x: Value, shape: readonly number[]): readonly Value[] {
  return [call.nodes.one({ op: 'reshape', shape }, x)];
}

/** A target shape with its -1, if any, computed. */
function resolved(call: Call, shape: readonly number[]): number[] {
  const givenSize = sizeOf(shape.filter((dim) => dim >= 0));
  return shape.map((dim) => (dim < 0 ? sizeOf(operand(call, 'x').shape) / givenSize : dim));
}

/** tfjs says null for all axes. */
function reduction(fn: ReduceFunction, axisAttribute: string): Recorder {
  return (call) => {
    const x = operand(call, 'x');
    const axes = call.attributes.isNull(axisAttribute)
      ? [...x.shape.keys()]
      : call.attributes.numbers(axisAttribute).map((axis) => axisOf(x, axis));
    const keepDims = call.attributes.booleanOr('keepDims', false);
    if (axes.length === 0) return [x];
    return [call.nodes.one({ op: 'reduce', fn, axes, keepDims }, x)];
  };
}

function argReduction(fn: 'max' | 'min'): Recorder {
  return (call) => {
    const x = operand(call, 'x');
    return [call.nodes.one({ op: 'argReduce', fn, axis: axisOf(x, call.attributes.number('axis')) }, x)];
  };
}

function split(call: Call, x: Value, sizes: readonly number[]): readonly Value[] {
  const axis = axisOf(x, call.attributes.number('axis'));
  const [only] = sizes;
  const count = sizes.length === 1 && only !== undefined ? only : undefined;
  const extents =
    count === undefined ? sizes : Array.from({ length: count }, () => dimAt(x.shape, axis) / count);
  return extents.map((extent, part) => {
    const start = extents.slice(0, part).reduce((sum, previous) => sum + previous, 0);
    const begin = x.shape.map((_, i) => (i === axis ? start : 0));
    return call.nodes.one({ op: 'slice', begin, size: x.shape.with(axis, extent) }, x);
  });
}

function convolutionWindow(call: Call, x: readonly number[], filter: readonly number[]): Window {
  call.attributes.require('dataFormat', 'NHWC');
  call.attributes.require('dilations', 1);
  const [height, width] = fourDims(filter);
  return call.attributes.window(x, [height, width]);
}

function poolingWindow(call: Call, x: readonly number[]): Window {
  const [height = 1, width = height] = call.attributes.numbers('filterSize');
  const window = call.attributes.window(x, [height, width]);
  if (windowedShape(x, window).some((dim) => dim < 1)) throw new Error('the pooling window is too large');
  return window;
}
