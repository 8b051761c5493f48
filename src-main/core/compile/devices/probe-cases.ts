import { sizeOf, type Shape } from '../../tensor/shape.ts';
import { RandomStream } from '../../tensor/random.ts';
import { tf } from '../../tensor/tfjs.ts';
import { batchNormTrain } from '../trace/batch-norm-kernel.ts';
import type { NamedSpecs, NamedTensors, StepFunction } from '../trace/trace.ts';

/** A computation on which a device is compared: its operands are float32 and random. */
export type ProbeCase = { name: string; inputs: NamedSpecs; build: StepFunction };

type Operands = NamedTensors;
type Results = tf.Tensor | tf.Tensor[];

const operand = (x: Operands, name: string): tf.Tensor => {
  const tensor = x[name];
  if (!tensor) throw new Error(`the probe has no operand '${name}'`);
  return tensor;
};
// The shapes below give these ranks.
const a4 = (x: Operands) => operand(x, 'a') as tf.Tensor4D;
const b4 = (x: Operands) => operand(x, 'b') as tf.Tensor4D;
const vector = (x: Operands, name: string) => operand(x, name) as tf.Tensor1D;

/**
 * What training and segmentation compute, forward and, for all but the last group, the gradients for every operand. No
 * size is a multiple of a common tile throughout: wrong tiles, swapped indices and edges all show. Small enough for
 * plain JavaScript, the reference.
 */
export function probeCases(): ProbeCase[] {
  return [...convolutions(), ...otherGradients(), ...forwardOnly()];
}

function convolutions(): ProbeCase[] {
  const problems: [name: string, image: Shape, filter: Shape, stride: number, pad: number][] = [
    ['3x3 convolution', [2, 13, 11, 5], [3, 3, 5, 7], 1, 1],
    ['3x3 convolution of many channels', [1, 11, 13, 32], [3, 3, 32, 36], 1, 1],
    ['3x3 convolution, stride 2', [2, 15, 13, 16], [3, 3, 16, 20], 2, 1],
    ['3x3 convolution, stride 2, even size', [1, 16, 12, 16], [3, 3, 16, 32], 2, 1],
    ['1x1 convolution', [2, 9, 7, 40], [1, 1, 40, 33], 1, 0],
    ['1x1 convolution, stride 2', [2, 9, 7, 24], [1, 1, 24, 32], 2, 0],
    ['7x7 convolution, stride 2', [1, 23, 29, 3], [7, 7, 3, 16], 2, 3],
  ];
  return problems.map(([name, a, b, stride, pad]) =>
    differentiated(name, { a, b }, (x) =>
      tf.conv2d(a4(x), b4(x), stride, [
        [0, 0],
        [pad, pad],
        [pad, pad],
        [0, 0],
      ]),
    ),
  );
}

function otherGradients(): ProbeCase[] {
  const norm = (x: Operands) =>
    batchNormTrain(operand(x, 'a'), vector(x, 'scale'), vector(x, 'offset'), 1e-5).y;
  const parameters = { scale: [20], offset: [20] };
  return [
    differentiated('max pooling', { a: [2, 15, 13, 24] }, (x) =>
      tf.maxPool(a4(x), 3, 2, [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ]),
    ),
    differentiated('batch normalization', { a: [3, 9, 7, 20], ...parameters }, norm),
    differentiated(
      'batch normalization, sum and rectifier',
      { a: [2, 5, 7, 20], b: [2, 5, 7, 20], ...parameters },
      (x) => tf.relu(tf.add(norm(x), operand(x, 'b'))),
    ),
    differentiated('rectifier', { a: [37, 41] }, (x) => tf.relu(operand(x, 'a'))),
    differentiated('matrix product', { a: [70, 45], b: [45, 67] }, (x) =>
      tf.matMul(operand(x, 'a'), operand(x, 'b')),
    ),
    differentiated('matrix product, batched and transposed', { a: [3, 33, 20], b: [3, 35, 20] }, (x) =>
      tf.matMul(operand(x, 'a'), operand(x, 'b'), false, true),
    ),
    differentiated('rows of unit length', { a: [35, 33], b: [35, 33] }, (x) => {
      const rows = operand(x, 'a');
      const length = tf.sqrt(tf.add(tf.sum(tf.square(rows), 1, true), 0.1)); // [35, 1]
      return tf.sum(tf.squaredDifference(tf.div(rows, length), operand(x, 'b')), 1);
    }),
    differentiated('cross entropy of a sigmoid', { a: [35, 33] }, (x) => {
      const p = tf.sigmoid(operand(x, 'a'));
      return [tf.log(tf.add(p, 0.1)), tf.exp(p), tf.rsqrt(tf.add(p, 0.1))];
    }),
  ];
}

function forwardOnly(): ProbeCase[] {
  return [
    plain(
      'batch normalization by running statistics',
      { a: [2, 9, 7, 20], mean: [20], variance: [20], offset: [20], scale: [20] },
      (x) => {
        const variance = tf.add<tf.Tensor1D>(tf.square(vector(x, 'variance')), 0.1);
        return tf.batchNorm(
          a4(x),
          vector(x, 'mean'),
          variance,
          vector(x, 'offset'),
          vector(x, 'scale'),
          1e-5,
        );
      },
    ),
    plain('transposing, slicing, joining, padding', { a: [5, 7, 9], b: [5, 7, 3] }, (x) => [
      tf.transpose(operand(x, 'a'), [2, 0, 1]),
      tf.concat([tf.slice(operand(x, 'a'), [0, 0, 2], [5, 7, 5]), operand(x, 'b')], 2),
      tf.pad(operand(x, 'b'), [
        [1, 2],
        [0, 1],
        [2, 0],
      ]),
      tf.tile(operand(x, 'b'), [1, 2, 3]),
      tf.reverse(operand(x, 'b'), [1]),
    ]),
    plain('sums, means and extremes', { a: [7, 11, 13] }, (x) => [
      tf.sum(operand(x, 'a'), [0, 2], true),
      tf.mean(operand(x, 'a'), [0, 1]),
      tf.max(operand(x, 'a'), 1),
      tf.min(operand(x, 'a'), 2),
    ]),
    plain('choosing', { a: [35, 33], b: [35, 33] }, (x) => {
      const [a, b] = [operand(x, 'a'), operand(x, 'b')];
      const nearest = tf.argMin(a, 1); // [35]
      return [
        tf.where(tf.greater(a, b), a, tf.mul(b, 2)),
        tf.maximum(a, b),
        tf.cast(tf.logicalAnd(tf.greaterEqual(a, b), tf.less(b, 0.5)), 'float32'),
        tf.gather(b, nearest),
        tf.oneHot(tf.cast(nearest, 'int32'), 33),
      ];
    }),
  ];
}

/** Seeded values in [-1, 1), the same on every machine. */
export function probeValues({ inputs }: ProbeCase): Record<string, Float32Array> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { shape }], at) => [name, signedUnit(at + 1, sizeOf(shape))]),
  );
}

function signedUnit(seed: number, size: number): Float32Array {
  const stream = new RandomStream(seed);
  return Float32Array.from({ length: size }, () => 2 * stream.uniform() - 1);
}

function plain(
  name: string,
  shapes: Readonly<Record<string, Shape>>,
  fn: (x: Operands) => Results,
): ProbeCase {
  return { name, inputs: specsOf(shapes), build: (x) => ({ outputs: named(fn(x)), state: {} }) };
}

/** Adds to the results the gradients of their sum, weighted by fixed random numbers, for every operand. */
function differentiated(
  name: string,
  shapes: Readonly<Record<string, Shape>>,
  fn: (x: Operands) => Results,
): ProbeCase {
  const names = Object.keys(shapes);
  const build: StepFunction = (inputs) => {
    const loss = (...xs: tf.Tensor[]): tf.Scalar => {
      const operands = Object.fromEntries(
        names.flatMap((one, at) => (xs[at] ? [[one, xs[at]] as const] : [])),
      );
      const terms = Object.values(named(fn(operands))).map((y, at) =>
        tf.sum<tf.Scalar>(tf.mul(y, tf.tensor(signedUnit(100 + at, y.size), y.shape))),
      );
      return tf.addN(terms);
    };
    const gradients = tf.grads(loss)(names.map((one) => operand(inputs, one)));
    const dNamed = Object.fromEntries(
      names.flatMap((one, at) => (gradients[at] ? [[`gradient for ${one}`, gradients[at]] as const] : [])),
    );
    return { outputs: { ...named(fn(inputs)), ...dNamed }, state: {} };
  };
  return { name, inputs: specsOf(shapes), build };
}

function specsOf(shapes: Readonly<Record<string, Shape>>): NamedSpecs {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, { shape, dtype: 'float32' as const }]),
  );
}

function named(results: Results): NamedTensors {
  const list = Array.isArray(results) ? results : [results];
  return Object.fromEntries(list.map((y, at) => [list.length === 1 ? 'result' : `result ${at + 1}`, y]));
}
