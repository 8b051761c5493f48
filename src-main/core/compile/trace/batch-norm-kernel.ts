import { dimAt } from '../../tensor/shape.ts';
import { tf } from '../../tensor/tfjs.ts';

/** Names of the kernels that this file adds to TensorFlow.js. */
export const BATCH_NORM_TRAIN = 'R2OBatchNormTrain';
export const BATCH_NORM_TRAIN_GRADIENT = 'R2OBatchNormTrainGradient';

/** Backends that compute; the trace backend registers recorders for the same names. */
const EAGER_BACKENDS = ['cpu', 'tensorflow'];

export type BatchStatistics = {
  /** x's shape; normalised by this batch's statistics, scaled and shifted. */
  y: tf.Tensor;
  /** [C] */
  mean: tf.Tensor1D;
  /** [C]; biased, that is divided by the number of rows. */
  variance: tf.Tensor1D;
};

/**
 * Batch normalisation in train mode over all axes but the last (arXiv 1502.03167 alg. 1).
 *
 * One kernel with its own gradient instead of a dozen elementwise ones: tfjs would save every
 * intermediate for the backward pass, and the compiler would have to find the pattern again.
 * Gradients flow through y only; mean and variance are for the running statistics.
 * @param x [..., C] float32
 * @param scale [C] float32
 * @param offset [C] float32
 * @returns tensors that the caller disposes
 */
export function batchNormTrain(
  x: tf.Tensor,
  scale: tf.Tensor1D,
  offset: tf.Tensor1D,
  epsilon: number,
): BatchStatistics {
  // runKernel's type does not know how many outputs a kernel has; ours has the three returned below.
  const [y, mean, variance] = tf
    .engine()
    .runKernel(BATCH_NORM_TRAIN, { x, scale, offset }, { epsilon }) as unknown as [
    tf.Tensor,
    tf.Tensor1D,
    tf.Tensor1D,
  ];
  return { y, mean, variance };
}

/** The same, composed of TensorFlow.js ops: what the backends that compute run. */
function composedBatchNormTrain(
  x: tf.Tensor,
  scale: tf.Tensor1D,
  offset: tf.Tensor1D,
  epsilon: number,
): BatchStatistics {
  const rows = tf.reshape(x, [-1, dimAt(x.shape, x.rank - 1)]); // [R, C]
  const mean = tf.mean<tf.Tensor1D>(rows, 0); // [C]
  const centred = tf.sub(rows, mean); // [R, C]
  const variance = tf.mean<tf.Tensor1D>(tf.square(centred), 0); // [C]
  const normalised = tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon))); // [R, C]
  const y = tf.reshape(tf.add(tf.mul(normalised, scale), offset), x.shape);
  return { y, mean, variance };
}

/**
 * Gradient of batchNormTrain: with xhat = (x - mean) / std over R rows,
 * dx = scale / std * (dy - mean(dy) - xhat * mean(dy * xhat)), dscale = sum(dy * xhat), doffset = sum(dy).
 */
function gradientOf(inputs: Record<'dy' | 'x' | 'scale' | 'mean' | 'variance', tf.Tensor>, epsilon: number) {
  const { dy, x, scale, mean, variance } = inputs;
  const channels = dimAt(x.shape, x.rank - 1);
  const rows = x.size / channels;
  const inverseStd = tf.rsqrt(tf.add(variance, epsilon)); // [C]
  const dyRows = tf.reshape(dy, [-1, channels]); // [R, C]
  const normalised = tf.mul(tf.sub(tf.reshape(x, [-1, channels]), mean), inverseStd); // [R, C]
  const doffset = tf.sum(dyRows, 0); // [C]
  const dscale = tf.sum(tf.mul(dyRows, normalised), 0); // [C]
  const centred = tf.sub(tf.sub(dyRows, tf.div(doffset, rows)), tf.mul(normalised, tf.div(dscale, rows)));
  const dx = tf.reshape(tf.mul(centred, tf.mul(scale, inverseStd)), x.shape);
  return [dx, dscale, doffset];
}

for (const backendName of EAGER_BACKENDS) {
  tf.registerKernel({
    kernelName: BATCH_NORM_TRAIN,
    backendName,
    kernelFunc: ({ inputs, attrs }) =>
      tf.tidy(() => {
        const { x, scale, offset } = inputs;
        const { y, mean, variance } = composedBatchNormTrain(
          asTensor(x),
          // The op above is the only caller of this kernel, and hands in vectors.
          asTensor(scale) as tf.Tensor1D,
          asTensor(offset) as tf.Tensor1D,
          epsilonOf(attrs),
        );
        return [y, mean, variance];
      }),
  });
  tf.registerKernel({
    kernelName: BATCH_NORM_TRAIN_GRADIENT,
    backendName,
    kernelFunc: ({ inputs, attrs }) =>
      tf.tidy(() => {
        const { dy, x, scale, mean, variance } = inputs;
        const operands = {
          dy: asTensor(dy),
          x: asTensor(x),
          scale: asTensor(scale),
          mean: asTensor(mean),
          variance: asTensor(variance),
        };
        return gradientOf(operands, epsilonOf(attrs));
      }),
  });
}

tf.registerGradient({
  kernelName: BATCH_NORM_TRAIN,
  inputsToSave: ['x', 'scale'],
  outputsToSave: [false, true, true],
  gradFunc: (dys, saved, attrs) => {
    const [dy] = Array.isArray(dys) ? dys : [dys];
    const [x, scale, mean, variance] = saved;
    if (!dy || !x || !scale || !mean || !variance) throw new Error('batchNormTrain saved too little');
    // As above: three outputs, which the type cannot say.
    const [dx, dscale, doffset] = tf
      .engine()
      .runKernel(BATCH_NORM_TRAIN_GRADIENT, { dy, x, scale, mean, variance }, attrs) as unknown as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    return { x: () => dx, scale: () => dscale, offset: () => doffset };
  },
});

/** Kernels are handed tensors, though their type promises only a data id, a shape and a dtype. */
function asTensor(info: tf.TensorInfo | undefined): tf.Tensor {
  if (!isTensor(info)) throw new Error('batch normalisation misses an operand');
  return info;
}

function isTensor(info: tf.TensorInfo | undefined): info is tf.Tensor {
  return info instanceof tf.Tensor;
}

/** The attribute that both kernels carry. */
function epsilonOf(attrs: tf.NamedAttrMap | undefined): number {
  const epsilon = attrs?.epsilon;
  if (typeof epsilon !== 'number') throw new Error('batch normalisation needs an epsilon');
  return epsilon;
}
