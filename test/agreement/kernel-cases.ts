import { batchNormTrain } from '../../src-main/core/compile/trace/batch-norm-kernel.ts';
import { tf } from '../../src-main/core/tensor/tfjs.ts';
import type { AgreementOptions, AgreementShapes } from '../support/agreement.ts';

type Operands = Readonly<Record<string, tf.Tensor>>;
export type KernelCase = [
  name: string,
  shapes: AgreementShapes,
  fn: (x: Operands) => tf.Tensor | tf.Tensor[],
  options?: AgreementOptions,
];

const a = (x: Operands) => x.a as tf.Tensor;
const b = (x: Operands) => x.b as tf.Tensor;
const a4 = (x: Operands) => x.a as tf.Tensor4D;
const b4 = (x: Operands) => x.b as tf.Tensor4D;
const pair = { a: [3, 5], b: [3, 5] };
const row = { a: [2, 3, 5], b: [5] };
const int = (shape: readonly number[]) => ({ shape, dtype: 'int32' as const });
type Padding = [[number, number], [number, number], [number, number], [number, number]];
const pad = (px: number): Padding => [[0, 0], [px, px], [px, px], [0, 0]]; // prettier-ignore
const [pad1, pad3] = [pad(1), pad(3)];

/** Every kernel that the compiler knows, on operands as small as shows its rules. */
export const kernelCases: KernelCase[] = [
  ['Add', pair, (x) => tf.add(a(x), b(x))],
  ['Add, broadcast', row, (x) => tf.add(a(x), b(x))],
  ['Sub', row, (x) => tf.sub(a(x), b(x))],
  ['Sub from zero', { a: [7] }, (x) => tf.sub(0, a(x))],
  ['Multiply', row, (x) => tf.mul(a(x), b(x))],
  ['RealDiv', row, (x) => tf.div(a(x), tf.add(tf.square(b(x)), 0.5))],
  ['RealDiv of one', { a: [7] }, (x) => tf.div(1, tf.add(tf.square(a(x)), 0.5))],
  ['Maximum', pair, (x) => tf.maximum(a(x), b(x))],
  ['Minimum', pair, (x) => tf.minimum(a(x), b(x))],
  ['SquaredDifference', pair, (x) => tf.squaredDifference(a(x), b(x))],
  ['Pow', pair, (x) => tf.pow(tf.add(tf.abs(a(x)), 0.5), 3), { isDifferentiated: false }],
  ['Neg', { a: [7] }, (x) => tf.neg(a(x))],
  ['Square', { a: [7] }, (x) => tf.square(a(x))],
  ['Sqrt', { a: [7] }, (x) => tf.sqrt(tf.add(tf.square(a(x)), 0.1))],
  ['Rsqrt', { a: [7] }, (x) => tf.rsqrt(tf.add(tf.square(a(x)), 0.1))],
  ['Exp', { a: [7] }, (x) => tf.exp(a(x))],
  ['Log', { a: [7] }, (x) => tf.log(tf.add(tf.square(a(x)), 0.1))],
  ['Abs', { a: [7] }, (x) => tf.abs(a(x)), { isDifferentiated: false }],
  ['Sigmoid', { a: [7] }, (x) => tf.sigmoid(a(x))],
  ['Relu', { a: [4, 9] }, (x) => tf.relu(a(x))],
  ['Step', { a: [4, 9] }, (x) => tf.step(a(x)), { isDifferentiated: false }],
  [
    'Select',
    pair,
    (x) => tf.where(tf.greater(a(x), b(x)), a(x), tf.mul(b(x), 2)),
    { isDifferentiated: false },
  ],
  [
    'Greater, LogicalAnd, Cast',
    pair,
    (x) => tf.cast(tf.logicalAnd(tf.greater(a(x), b(x)), tf.less(b(x), 0.5)), 'float32'),
    { isDifferentiated: false },
  ],
  [
    'GreaterEqual, LogicalNot',
    pair,
    (x) => tf.cast(tf.logicalNot(tf.greaterEqual(a(x), b(x))), 'float32'),
    { isDifferentiated: false },
  ],
  [
    'Equal, LogicalOr',
    pair,
    (x) => tf.cast(tf.logicalOr(tf.equal(a(x), a(x)), tf.notEqual(b(x), b(x))), 'float32'),
    { isDifferentiated: false },
  ],
  ['Sum, all', pair, (x) => tf.sum(tf.mul(a(x), b(x)))],
  ['Sum, one axis', { a: [2, 3, 5] }, (x) => tf.sum(a(x), 1)],
  ['Sum, kept axes', { a: [2, 3, 5] }, (x) => tf.sum(a(x), [0, 2], true)],
  ['Mean', { a: [2, 3, 5] }, (x) => tf.mean(a(x), [0, 1])],
  ['Max', { a: [3, 5] }, (x) => tf.max(a(x), 1)],
  ['Min', { a: [3, 5] }, (x) => tf.min(a(x), 1)],
  [
    'ArgMax, ArgMin',
    { a: [6, 5] },
    (x) => [tf.argMax(a(x), 1), tf.argMin(a(x), 0)],
    { isDifferentiated: false },
  ],
  [
    'ArgMin takes the first of equal values',
    { a: [4] },
    (x) => tf.argMin(a(x)),
    { isDifferentiated: false, values: { a: Float32Array.of(2, 1, 1, 3) } },
  ],
  [
    'OneHot',
    { i: int([4]) },
    (x) => tf.oneHot(x.i as tf.Tensor1D, 5, 2, -1),
    { isDifferentiated: false, values: { i: Int32Array.of(0, 3, 4, 1) } },
  ],
  [
    'GatherV2',
    { a: [4, 3], i: int([5]) },
    (x) => tf.gather(a(x), x.i as tf.Tensor1D),
    { isDifferentiated: false, values: { i: Int32Array.of(0, 3, 3, 1, 2) } },
  ],
  ['Reshape', { a: [3, 4] }, (x) => tf.square(tf.reshape(a(x), [2, 6]))],
  ['ExpandDims', { a: [3, 4] }, (x) => tf.square(tf.expandDims(a(x), 1))],
  ['Transpose', { a: [2, 3, 4] }, (x) => tf.square(tf.transpose(a(x), [2, 0, 1]))],
  ['Concat', { a: [2, 3], b: [4, 3] }, (x) => tf.square(tf.concat([a(x), b(x)], 0))],
  ['Concat, last axis', { a: [2, 3], b: [2, 1] }, (x) => tf.square(tf.concat([a(x), b(x)], 1))],
  ['Pack', pair, (x) => tf.square(tf.stack([a(x), b(x)], 1)), { isDifferentiated: false }],
  ['SplitV', { a: [6, 2] }, (x) => tf.split(a(x), 3, 0), { isDifferentiated: false }],
  ['Slice', { a: [5, 4] }, (x) => tf.square(tf.slice(a(x), [1, 2], [3, 2]))],
  [
    'PadV2',
    { a: [2, 3] },
    (x) =>
      tf.square(
        tf.pad(
          a(x),
          [
            [1, 0],
            [0, 2],
          ],
          0.5,
        ),
      ),
  ],
  ['Tile', { a: [2, 3] }, (x) => tf.square(tf.tile(a(x), [2, 1]))],
  ['Reverse', { a: [2, 3] }, (x) => tf.square(tf.reverse(a(x), [1]))],
  [
    'ZerosLike, OnesLike, Fill',
    pair,
    (x) => tf.add(tf.mul(a(x), tf.onesLike(b(x))), tf.add(tf.zerosLike(a(x)), tf.fill([3, 5], 2))),
  ],
  ['BatchMatMul', { a: [3, 4], b: [4, 5] }, (x) => tf.matMul(a(x), b(x))],
  ['BatchMatMul, transposed', { a: [4, 3], b: [5, 4] }, (x) => tf.matMul(a(x), b(x), true, true)],
  ['BatchMatMul, batched', { a: [2, 3, 4], b: [2, 5, 4] }, (x) => tf.matMul(a(x), b(x), false, true)],
  ['MaxPool', { a: [2, 9, 9, 3] }, (x) => tf.maxPool(a4(x), 3, 2, pad1)],
  ['MaxPool, blocked', { a: [2, 8, 8, 32] }, (x) => tf.maxPool(a4(x), 3, 2, pad1)],
  [
    'MaxPool gives the gradient to the first of equal values',
    { a: [1, 6, 6, 16] },
    (x) => tf.maxPool(a4(x), 3, 2, pad1),
    { values: { a: Float32Array.from({ length: 6 * 6 * 16 }, (_, at) => (at * 7) % 3) } },
  ],
  ...convolutions(),
  ...normalisations(),
];

/** Convolutions by filter, stride, padding and layout. */
export function convolutions(): KernelCase[] {
  const sizes: [string, number, number, number, number, number][] = [
    // name, image, inputs, outputs, filter, stride
    ['3x3', 6, 5, 7, 3, 1],
    ['3x3, blocked', 6, 32, 16, 3, 1],
    ['3x3, stride 2', 8, 5, 7, 3, 2],
    ['3x3, stride 2, blocked', 8, 16, 32, 3, 2],
    ['3x3, stride 2, odd image', 7, 16, 16, 3, 2],
    ['1x1', 5, 4, 6, 1, 1],
    ['1x1, blocked', 5, 32, 16, 1, 1],
    ['1x1, stride 2', 6, 4, 6, 1, 2],
    ['1x1, stride 2, blocked', 6, 16, 32, 1, 2],
    ['7x7 stem', 16, 3, 8, 7, 2],
    ['7x7 stem, blocked', 16, 3, 16, 7, 2],
    ['blocked to unblocked', 6, 32, 8, 3, 1],
    ['unblocked to blocked', 6, 24, 16, 3, 1],
  ];
  return sizes.map(([name, image, inputs, outputs, filter, stride]) => {
    const padding = filter === 7 ? pad3 : filter === 3 ? pad1 : 'valid';
    return [
      `Conv2D ${name}`,
      { a: [2, image, image, inputs], b: [filter, filter, inputs, outputs] },
      (x) => tf.conv2d(a4(x), b4(x), stride, padding),
    ];
  });
}

/** Normalisations, and what is fused around them. */
export function normalisations(): KernelCase[] {
  const parameters = (channels: number) => ({ scale: [channels], offset: [channels] });
  const norm = (x: Operands) => batchNormTrain(a(x), x.scale as tf.Tensor1D, x.offset as tf.Tensor1D, 1e-5);
  const evalNorm = (x: Operands) =>
    tf.batchNorm(
      a(x),
      x.mean as tf.Tensor1D,
      tf.add<tf.Tensor1D>(tf.square(x.variance as tf.Tensor1D), 0.1),
      x.offset,
      x.scale,
      1e-5,
    );
  return [
    ['BatchNorm, rows', { a: [20, 6], ...parameters(6) }, (x) => norm(x).y],
    ['BatchNorm, images', { a: [3, 4, 4, 6], ...parameters(6) }, (x) => norm(x).y],
    [
      'BatchNorm, statistics',
      { a: [3, 4, 4, 6], ...parameters(6) },
      (x) => [norm(x).mean, norm(x).variance],
      { isDifferentiated: false },
    ],
    [
      'BatchNorm, eval',
      { a: [3, 4, 4, 6], ...parameters(6), mean: [6], variance: [6] },
      evalNorm,
      { isDifferentiated: false },
    ],
    [
      'BatchNorm, before and after Relu',
      { a: [20, 6], ...parameters(6) },
      (x) => {
        const { y } = norm(x);
        return [y, tf.relu(y)];
      },
    ],
    [
      'Conv2D, BatchNorm, Relu',
      { a: [2, 6, 6, 16], b: [3, 3, 16, 32], ...parameters(32) },
      (x) =>
        tf.square(
          tf.relu(
            batchNormTrain(
              tf.conv2d(a4(x), b4(x), 1, pad1),
              x.scale as tf.Tensor1D,
              x.offset as tf.Tensor1D,
              1e-5,
            ).y,
          ),
        ),
    ],
    [
      'Conv2D, BatchNorm, residual, Relu',
      { a: [2, 6, 6, 16], b: [3, 3, 16, 16], ...parameters(16) },
      (x) =>
        tf.square(
          tf.relu(
            tf.add(
              a(x),
              batchNormTrain(
                tf.conv2d(a4(x), b4(x), 1, pad1),
                x.scale as tf.Tensor1D,
                x.offset as tf.Tensor1D,
                1e-5,
              ).y,
            ),
          ),
        ),
    ],
  ];
}
