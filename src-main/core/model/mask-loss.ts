import { tf } from '../tensor/tfjs.ts';

/** Share of soft IoU in the loss next to cross-entropy: without it, small objects are lost. */
export const IOU_WEIGHT = 0.5;
/** Of what is counted, cells or shares of an image: keeps the IoU finite where neither mask nor answer holds anything. */
export const IOU_EPSILON = 1e-6;

/**
 * How far answers are from masks: cross-entropy of every cell, and half of one less the soft IoU of every image.
 * @param logits [B, H, W] log odds
 * @param targets [B, H, W] in [0, 1]: share of each cell that the mask holds
 */
export function maskLoss(logits: tf.Tensor3D, targets: tf.Tensor3D): tf.Scalar {
  // log(1 + exp(x)) less the target's share of x, written so that exp never overflows.
  const positive = tf.relu(logits);
  const size = tf.add(positive, tf.relu(tf.neg(logits)));
  const softplus = tf.add(positive, tf.log(tf.add(tf.exp(tf.neg(size)), 1)));
  const crossEntropy = tf.mean<tf.Scalar>(tf.sub(softplus, tf.mul(logits, targets)));
  const shares = tf.sigmoid(logits);
  const shared = tf.mul(shares, targets);
  const both = tf.sum<tf.Tensor1D>(shared, [1, 2]);
  const either = tf.sum<tf.Tensor1D>(tf.sub(tf.add(shares, targets), shared), [1, 2]);
  const iou = tf.mean<tf.Scalar>(tf.div(tf.add(both, IOU_EPSILON), tf.add(either, IOU_EPSILON)));
  return tf.add(crossEntropy, tf.mul(tf.sub(1, iou), IOU_WEIGHT));
}
