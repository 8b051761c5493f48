import { tf } from '../tensor/tfjs.ts';

const MEAN_DECAY = 0.9;
const SQUARE_DECAY = 0.999;
const EPSILON = 1e-8;

type AdamWOperands = {
  parameter: tf.Tensor;
  gradient: tf.Tensor;
  /** Averages of the gradient and of its square, of the parameter's shape, zero at first. */
  mean: tf.Tensor;
  square: tf.Tensor;
  learningRate: tf.Scalar;
  /** What makes up for averages that started with zero, see `adamWScales`. */
  meanScale: tf.Scalar;
  squareScale: tf.Scalar;
  weightDecay: number;
};

/** AdamW (Loshchilov and Hutter 2019) as PyTorch computes it: the parameter and its averages after one step. */
export function adamWUpdate(operands: AdamWOperands): Pick<AdamWOperands, 'parameter' | 'mean' | 'square'> {
  const { parameter, gradient, learningRate, weightDecay } = operands;
  const mean = averaged(operands.mean, gradient, MEAN_DECAY);
  const square = averaged(operands.square, tf.square(gradient), SQUARE_DECAY);
  const length = tf.add(tf.sqrt(tf.mul(square, operands.squareScale)), EPSILON);
  const direction = tf.div(tf.mul(mean, operands.meanScale), length);
  const decayed = weightDecay === 0 ? direction : tf.add(direction, tf.mul(parameter, weightDecay));
  return { parameter: tf.sub(parameter, tf.mul(decayed, learningRate)), mean, square };
}

/** @param step from 0 */
export function adamWScales(step: number): { meanScale: number; squareScale: number } {
  return {
    meanScale: 1 / (1 - MEAN_DECAY ** (step + 1)),
    squareScale: 1 / (1 - SQUARE_DECAY ** (step + 1)),
  };
}

function averaged(before: tf.Tensor, value: tf.Tensor, decay: number): tf.Tensor {
  return tf.add(tf.mul(before, decay), tf.mul(value, 1 - decay));
}
