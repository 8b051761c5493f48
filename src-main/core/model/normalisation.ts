import { batchNormTrain } from '../compile/trace/batch-norm-kernel.ts';
import { dimAt } from '../tensor/shape.ts';
import { tf } from '../tensor/tfjs.ts';
import { weightOf, type Weights } from './parameters.ts';

/** PyTorch's defaults, with which R2O was trained. */
const EPSILON = 1e-5;
const STATISTICS_MOMENTUM = 0.1;

/** Applies the batch normalisation called `name` to x [..., C]. */
export type Normalise = (x: tf.Tensor, name: string) => tf.Tensor;

/** Normalises by running statistics; what embeddings and exported encoders use. */
export function evalNormalisation(weights: Weights): Normalise {
  return (x, name) => {
    const vector = (suffix: string) => tf.reshape<tf.Rank.R1>(weightOf(weights, `${name}.${suffix}`), [-1]);
    return tf.batchNorm(
      x,
      vector('running_mean'),
      vector('running_var'),
      vector('bias'),
      vector('weight'),
      EPSILON,
    );
  };
}

/**
 * Normalises by the statistics of the batch and keeps the running ones up to date.
 *
 * A network may run several times in one step: each run continues from the statistics of the one
 * before, as PyTorch does. `running` holds tensors that outlive `tf.tidy`; a step returns them as
 * state, whose owner disposes them.
 */
export class TrainNormalisation {
  readonly running: Record<string, tf.Tensor> = {};
  readonly #weights: Weights;
  readonly #statistics: Weights;

  /**
   * @param weights scales and offsets
   * @param statistics running means and variances before the step
   */
  constructor(weights: Weights, statistics: Weights) {
    this.#weights = weights;
    this.#statistics = statistics;
  }

  readonly normalise: Normalise = (x, name) => {
    const [scale, offset] = ['weight', 'bias'].map((suffix) =>
      tf.reshape<tf.Rank.R1>(weightOf(this.#weights, `${name}.${suffix}`), [-1]),
    );
    if (!scale || !offset) throw new Error(`normalisation '${name}' has no parameters`);
    const { y, mean, variance } = batchNormTrain(x, scale, offset, EPSILON);
    const rows = x.size / dimAt(x.shape, x.rank - 1);
    // The batch is normalised by its biased variance; the running one is the unbiased estimate.
    const unbiased = tf.mul(variance, rows / Math.max(rows - 1, 1)); // [C]
    this.#track(`${name}.running_mean`, mean);
    this.#track(`${name}.running_var`, unbiased);
    return y;
  };

  #track(name: string, measured: tf.Tensor): void {
    const before = this.running[name];
    const old = before ?? weightOf(this.#statistics, name);
    this.running[name] = tf.keep(
      tf.add(tf.mul(old, 1 - STATISTICS_MOMENTUM), tf.mul(measured, STATISTICS_MOMENTUM)),
    );
    before?.dispose();
  }
}
