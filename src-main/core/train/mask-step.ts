import type { NamedSpecs, NamedTensors, StepFunction } from '../compile/trace/trace.ts';
import { adamWUpdate } from '../model/adam-w.ts';
import { maskLoss } from '../model/mask-loss.ts';
import { answerStride, maskLogits, maskNetwork, type MaskNetworkSpec } from '../model/mask-network.ts';
import { TrainNormalisation } from '../model/normalisation.ts';
import { networkSpecs, weightOf } from '../model/parameters.ts';
import { tf } from '../tensor/tfjs.ts';

/** Sizes and rules that a step is compiled for. */
export type MaskTrainingSpec = MaskNetworkSpec & {
  /** Images in a batch. */
  batch: number;
  /** Side of an image; a multiple of what the encoder asks for. */
  imagePx: number;
  weightDecay: number;
};

/** The networks with their running statistics, and the two averages that AdamW keeps of every gradient. */
export function maskTrainingState(spec: MaskTrainingSpec): NamedSpecs {
  const network = maskNetwork(spec);
  const averages = network.parameters.flatMap(({ name, shape }) =>
    [meanName(name), squareName(name)].map((entry) => [entry, { shape, dtype: 'float32' as const }] as const),
  );
  return { ...networkSpecs(network), ...Object.fromEntries(averages) };
}

const meanName = (parameter: string) => `mean.${parameter}`;
const squareName = (parameter: string) => `square.${parameter}`;

/**
 * Inputs of the step: images [B, H, W, 3]; targets [B, H/4, W/4], the share of each cell of the finest map that the
 * image's mask holds; learningRate; and `meanScale` and `squareScale`, see `adamWUpdate`.
 */
export function maskInputs(spec: MaskTrainingSpec): NamedSpecs {
  const { batch, imagePx } = spec;
  const cells = imagePx / answerStride(spec);
  const float32 = (shape: readonly number[]) => ({ shape, dtype: 'float32' as const });
  return {
    images: float32([batch, imagePx, imagePx, 3]),
    targets: float32([batch, cells, cells]),
    learningRate: float32([]),
    meanScale: float32([]),
    squareScale: float32([]),
  };
}

/** A step of learning encoder and head from masks. Outputs: loss; logits [B, H/4, W/4] before the step. */
export function maskStep(spec: MaskTrainingSpec): StepFunction {
  const { parameters } = maskNetwork(spec);
  const names = parameters.map(({ name }) => name);
  return (inputs, state) => {
    const kept: { logits?: tf.Tensor; running?: NamedTensors } = {};
    const lossOf = (...tensors: tf.Tensor[]): tf.Scalar => {
      const weights = {
        ...state,
        ...Object.fromEntries(names.map((name, at) => [name, tensors[at]] as const)),
      };
      const { normalise, running } = new TrainNormalisation(weights as NamedTensors, state);
      const run = { weights: weights as NamedTensors, normalise };
      const images = weightOf(inputs, 'images') as tf.Tensor4D;
      const logits = maskLogits(images, { spec, ...run });
      // Outlives the gradient's own tidy; returned as an output, whose reader disposes it.
      kept.logits = tf.keep(tf.clone(logits));
      kept.running = running;
      return maskLoss(logits, weightOf(inputs, 'targets') as tf.Tensor3D);
    };
    const { value, grads } = tf.valueAndGrads(lossOf)(names.map((name) => weightOf(state, name)));
    if (!kept.logits || !kept.running) throw new Error('the loss was not evaluated');
    const updated = parameters.flatMap((parameter, at) => {
      const { name } = parameter;
      const gradient = grads[at];
      if (!gradient) throw new Error(`no gradient for '${name}'`);
      const next = adamWUpdate({
        parameter: weightOf(state, name),
        gradient,
        mean: weightOf(state, meanName(name)),
        square: weightOf(state, squareName(name)),
        learningRate: weightOf(inputs, 'learningRate') as tf.Scalar,
        meanScale: weightOf(inputs, 'meanScale') as tf.Scalar,
        squareScale: weightOf(inputs, 'squareScale') as tf.Scalar,
        weightDecay: parameter.shape.length > 1 ? spec.weightDecay : 0,
      });
      return [
        [name, next.parameter],
        [meanName(name), next.mean],
        [squareName(name), next.square],
      ] as const;
    });
    return {
      outputs: { loss: value, logits: kept.logits },
      state: { ...kept.running, ...Object.fromEntries(updated) },
    };
  };
}
