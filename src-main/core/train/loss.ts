import { normaliseRows } from '../model/pooling.ts';
import { tf } from '../tensor/tfjs.ts';

/** Area in cells below which a region counts as not visible in a view (SPEC section 7). */
const VISIBLE_AREA = 1e-3;

/**
 * Weight of each region: 1 where it is visible in both views, else 0.
 * @param masks [2B, K, P] in [0, 1]: first views, then second views of the same images
 * @param isWeightedByArea multiply by the mean of both areas; off by default in the paper's code
 * @returns [2B * K], both directions alike
 */
export function regionWeights(masks: tf.Tensor3D, isWeightedByArea: boolean): tf.Tensor1D {
  const [rows, regions] = masks.shape;
  const area = tf.sum<tf.Tensor2D>(masks, 2); // [2B, K]
  const [first, second] = tf.split(area, [rows / 2, rows / 2], 0); // [B, K] each
  if (!first || !second) throw new Error('masks need two views');
  const isVisible = tf.logicalAnd(tf.greater(first, VISIBLE_AREA), tf.greater(second, VISIBLE_AREA));
  const visible = tf.cast(isVisible, 'float32'); // [B, K]
  const weight = isWeightedByArea ? tf.mul(visible, tf.mul(tf.add(first, second), 0.5)) : visible;
  return tf.reshape<tf.Rank.R1>(tf.concat([weight, weight], 0), [rows * regions]);
}

/**
 * Weighted mean of the squared distance between unit vectors, in [0, 4] (R2O, SPEC section 7; the mean
 * of BYOL's 2 - 2 cos, arXiv 2006.07733 eq. 2).
 * @param predictions [R, D]; @param targets [R, D], no gradient flows into them
 * @param weights [R]; if all are zero the loss and its gradient are zero
 */
export function regionLoss(predictions: tf.Tensor2D, targets: tf.Tensor2D, weights: tf.Tensor1D): tf.Scalar {
  const difference = tf.sub(normaliseRows(predictions), normaliseRows(targets)); // [R, D]
  const distance = tf.sum<tf.Tensor1D>(tf.square(difference), 1); // [R]
  const total = tf.maximum(tf.sum(weights), VISIBLE_AREA ** 2);
  return tf.div(tf.sum<tf.Scalar>(tf.mul(distance, weights)), total);
}
