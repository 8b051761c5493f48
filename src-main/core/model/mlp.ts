import { tf } from '../tensor/tfjs.ts';
import type { Normalise } from './normalisation.ts';
import {
  linearParameters,
  normalisationParameters,
  weightOf,
  type NetworkSpec,
  type Weights,
} from './parameters.ts';

/** Linear, batch normalisation, ReLU, linear: the form of projector and predictor. */
export type MlpSpec = { inputs: number; hidden: number; outputs: number };

/** Parameters and normalisations below `prefix`: l1, bn1, l2. */
export function mlpNetwork(spec: MlpSpec, prefix: string): NetworkSpec {
  return {
    parameters: [
      ...linearParameters(`${prefix}.l1`, spec.inputs, spec.hidden),
      ...normalisationParameters(`${prefix}.bn1`, spec.hidden),
      ...linearParameters(`${prefix}.l2`, spec.hidden, spec.outputs),
    ],
    normalisations: [{ name: `${prefix}.bn1`, channels: spec.hidden }],
  };
}

/**
 * Runs the network.
 * @param rows [R, inputs] float32; all rows share one batch normalisation (SPEC Q7)
 * @returns [R, outputs]
 */
export function mlp(
  rows: tf.Tensor2D,
  options: { prefix: string; weights: Weights; normalise: Normalise },
): tf.Tensor2D {
  const { prefix, weights, normalise } = options;
  const hidden = tf.relu<tf.Tensor2D>(
    normalise(linear(rows, `${prefix}.l1`, weights), `${prefix}.bn1`) as tf.Tensor2D,
  );
  return linear(hidden, `${prefix}.l2`, weights);
}

function linear(rows: tf.Tensor2D, name: string, weights: Weights): tf.Tensor2D {
  // Linear weights are declared with two dimensions by `linearParameters`.
  const weight = weightOf(weights, `${name}.weight`) as tf.Tensor2D;
  return tf.add(tf.matMul(rows, weight), weightOf(weights, `${name}.bias`));
}
