import type { Dtype, HostData } from '../../tensor/dtype.ts';
import type { Shape } from '../../tensor/shape.ts';

/**
 * Window geometry shared by convolution and pooling, in NHWC terms.
 * Output rows = floor((H + padTop + padBottom - filterHeight) / strideHeight) + 1; columns likewise.
 */
export type Window = {
  filter: readonly [height: number, width: number];
  stride: readonly [height: number, width: number];
  /** Zero rows and columns around the input: top, left, bottom, right. */
  pad: readonly [top: number, left: number, bottom: number, right: number];
};

export type UnaryFunction =
  'neg' | 'sqrt' | 'rsqrt' | 'square' | 'exp' | 'log' | 'abs' | 'relu' | 'step' | 'sigmoid' | 'not';
export type ArithmeticFunction = 'add' | 'sub' | 'mul' | 'div' | 'max' | 'min' | 'pow' | 'squaredDifference';
export type ComparisonFunction = 'greater' | 'greaterEqual' | 'less' | 'lessEqual' | 'equal' | 'notEqual';
export type LogicFunction = 'and' | 'or';
export type BinaryFunction = ArithmeticFunction | ComparisonFunction | LogicFunction;
export type ReduceFunction = 'sum' | 'mean' | 'max' | 'min' | 'sumSquare';

/** What follows an affine: nothing, or a rectifier. */
type Activation = 'none' | 'relu';

/**
 * What a node of a traced graph computes. Image tensors are NHWC and filters HWIO throughout.
 * Operands stand in the order that the comment names.
 */
export type Operation =
  /** One operand; float32, except `not`, which is bool. */
  | { op: 'unary'; fn: UnaryFunction }
  /** Two operands, NumPy broadcasting. */
  | { op: 'binary'; fn: BinaryFunction }
  /** condition (bool), then, else; NumPy broadcasting. */
  | { op: 'select' }
  | { op: 'cast'; dtype: Dtype }
  | { op: 'reshape'; shape: Shape }
  | { op: 'transpose'; perm: readonly number[] }
  /** Any number of operands. */
  | { op: 'concat'; axis: number }
  | { op: 'slice'; begin: readonly number[]; size: readonly number[] }
  | { op: 'pad'; before: readonly number[]; after: readonly number[]; value: number }
  | { op: 'tile'; reps: readonly number[] }
  | { op: 'reverse'; axes: readonly number[] }
  /** x, indices (int32); the indices' axes take the place of `axis`. */
  | { op: 'gather'; axis: number }
  | { op: 'reduce'; fn: ReduceFunction; axes: readonly number[]; keepDims: boolean }
  /** First index of the extreme value; int32. */
  | { op: 'argReduce'; fn: 'max' | 'min'; axis: number }
  /** indices (int32); float32, one axis more. */
  | { op: 'oneHot'; depth: number; on: number; off: number }
  /** a [..., M, K], b [..., K, N], each possibly stored transposed in its last two axes. */
  | { op: 'matMul'; transposeA: boolean; transposeB: boolean }
  /** x [B, H, W, I], filter [kh, kw, I, O], and optionally a bias [O]. */
  | { op: 'conv2d'; window: Window }
  /** dy [B, Ho, Wo, O], filter [kh, kw, I, O], and optionally an addend of the result's shape. */
  | { op: 'conv2dInputGradient'; window: Window; shape: Shape }
  /** x [B, H, W, I], dy [B, Ho, Wo, O]. */
  | { op: 'conv2dFilterGradient'; window: Window; shape: Shape }
  | { op: 'maxPool'; window: Window }
  /** dy, x, y: the gradient goes to the first maximum of each window. */
  | { op: 'maxPoolGradient'; window: Window }
  /** x [..., C], scale [C], offset [C] -> y, mean [C], variance [C] (biased). */
  | { op: 'batchNormTrain'; epsilon: number }
  /** dy, x, scale, mean, variance -> dx, dscale, doffset. */
  | { op: 'batchNormTrainGradient'; epsilon: number }
  /** x, mean, variance, offset, scale: normalisation by running statistics. */
  | { op: 'batchNorm'; epsilon: number }
  /** x [..., C] -> mean [C], variance [C] (biased), both over all other axes. */
  | { op: 'moments' }
  /** x [..., C], factor [C], addend [C], and optionally a residual of x's shape; then the activation. */
  | { op: 'affine'; activation: Activation }
  /** dy, y: dy where y > 0, else 0. */
  | { op: 'reluGradient' }
  /** One value everywhere; never materialised before the emitter. */
  | { op: 'splat'; value: number }
  | { op: 'constant'; data: HostData };

type OperationName = Operation['op'];

/** The member of Operation called `Name`. */
export type OperationOf<Name extends OperationName> = Extract<Operation, { op: Name }>;

const COMPARISONS: ReadonlySet<string> = new Set<ComparisonFunction | LogicFunction>([
  'greater',
  'greaterEqual',
  'less',
  'lessEqual',
  'equal',
  'notEqual',
  'and',
  'or',
]);

/** True for the binary functions whose result is bool. */
export function isPredicate(fn: BinaryFunction): fn is ComparisonFunction | LogicFunction {
  return COMPARISONS.has(fn);
}
