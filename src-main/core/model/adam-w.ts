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

/** The same in double precision, for a vector of parameters in host memory. */
export class AdamW {
  readonly #means: Float64Array;
  readonly #squares: Float64Array;
  #step = 0;

  constructor(size: number) {
    this.#means = new Float64Array(size);
    this.#squares = new Float64Array(size);
  }

  /**
   * Moves `parameters` in place.
   * @param weightDecays [parameters]
   */
  update(
    parameters: Float64Array,
    gradient: Float64Array,
    { learningRate, weightDecays }: { learningRate: number; weightDecays: Float64Array },
  ): void {
    const { meanScale, squareScale } = adamWScales(this.#step++);
    for (let at = 0; at < parameters.length; at++) {
      const slope = gradient[at] ?? 0;
      const mean = MEAN_DECAY * (this.#means[at] ?? 0) + (1 - MEAN_DECAY) * slope;
      const square = SQUARE_DECAY * (this.#squares[at] ?? 0) + (1 - SQUARE_DECAY) * slope * slope;
      this.#means[at] = mean;
      this.#squares[at] = square;
      const value = parameters[at] ?? 0;
      const direction = (mean * meanScale) / (Math.sqrt(square * squareScale) + EPSILON);
      parameters[at] = value - learningRate * (direction + (weightDecays[at] ?? 0) * value);
    }
  }
}
