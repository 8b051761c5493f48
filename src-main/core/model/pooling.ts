import { dimAt } from '../tensor/shape.ts';
import { tf } from '../tensor/tfjs.ts';

/**
 * Mean feature under each mask (SPEC section 3, `maskpool`).
 * @param features [B, H, W, C] float32
 * @param masks [B, M, H * W] float32 in [0, 1]
 * @returns [B, M, C]. Divided by the mask's area, or by 1 where the area is less than one cell: an
 *   empty mask yields zeros, a tiny one a shrunken mean.
 */
export function poolMasks(features: tf.Tensor4D, masks: tf.Tensor3D): tf.Tensor3D {
  const [batch, rows, columns, channels] = features.shape;
  const cells = tf.reshape<tf.Rank.R3>(features, [batch, rows * columns, channels]); // [B, H*W, C]
  const area = tf.sum(masks, 2, true); // [B, M, 1]
  return tf.div(tf.matMul(masks, cells), tf.maximum(area, 1));
}

/** Length below which a vector counts as zero when it is divided by its length. */
const SHORTEST = 1e-12;

/**
 * Rows divided by their Euclidean length, zero rows left as they are.
 * @param rows [..., D] float32
 */
export function normaliseRows<T extends tf.Tensor>(rows: T): T {
  const squared = tf.sum(tf.square(rows), rows.rank - 1, true); // [..., 1]
  // max(length, 1e-12), with the maximum under the root: its gradient at zero is zero and not NaN.
  const length = tf.sqrt(tf.maximum(squared, SHORTEST ** 2));
  return tf.div(rows, length);
}

/** The same tensor with the two halves of its first axis exchanged. */
export function swapHalves<T extends tf.Tensor>(x: T): T {
  const half = dimAt(x.shape, 0) / 2;
  const [first, second] = tf.split(x, [half, half], 0);
  if (!first || !second) throw new Error('an odd number of rows has no halves');
  return tf.concat<T>([second as T, first as T], 0);
}
