import { tf } from '../tensor/tfjs.ts';

/**
 * Exponential moving average of one parameter: decay * target + (1 - decay) * online.
 * @param decay [] float32 in [0, 1]
 */
export function movingAverage(target: tf.Tensor, online: tf.Tensor, decay: tf.Scalar): tf.Tensor {
  return tf.add(tf.mul(target, decay), tf.mul(online, tf.sub(1, decay)));
}
