import type { NamedSpecs, NamedTensors, StepFunction } from '../compile/trace/trace.ts';
import { backboneOf, mapOf } from '../model/backbone.ts';
import { movingAverage } from '../model/ema.ts';
import {
  branchNetwork,
  encode,
  modelNetwork,
  predict,
  projectRegions,
  targetName,
  trainedNetwork,
  type ModelSpec,
} from '../model/networks.ts';
import { evalNormalisation, TrainNormalisation } from '../model/normalisation.ts';
import { networkSpecs, weightOf } from '../model/parameters.ts';
import { normaliseRows, poolMasks, swapHalves } from '../model/pooling.ts';
import { tf } from '../tensor/tfjs.ts';
import { regionLoss, regionWeights } from './loss.ts';
import { applyOptimizer, type OptimizerSpec } from './optimizer.ts';

/** Sizes and rules that a training step is compiled for. */
export type TrainingSpec = {
  model: ModelSpec;
  optimizer: OptimizerSpec;
  /** Images in a batch; each comes as two views. */
  batch: number;
  /** Side of a view and of the spanning view; a multiple of what the encoder asks for. */
  viewPx: number;
  isWeightedByArea: boolean;
};

/** Name of a parameter's momentum buffer in the state. */
function momentumName(parameter: string): string {
  return `momentum.${parameter}`;
}

/** State of training: all networks with their running statistics, and a momentum buffer a parameter. */
export function trainingState(spec: TrainingSpec): NamedSpecs {
  const momentum = trainedNetwork(spec.model).parameters.map(
    ({ name, shape }) => [momentumName(name), { shape, dtype: 'float32' as const }] as const,
  );
  return { ...networkSpecs(modelNetwork(spec.model)), ...Object.fromEntries(momentum) };
}

/**
 * Inputs of the update step.
 * views [2B, H, W, 3]: first views, then second views; masks [2B, K, cells of the map that regions are pooled from];
 * learningRate and emaDecay: scalars.
 */
export function updateInputs(spec: TrainingSpec, regions: number): NamedSpecs {
  const { batch, viewPx, model } = spec;
  const { pooled } = backboneOf(model.encoder);
  const float32 = (shape: readonly number[]) => ({ shape, dtype: 'float32' as const });
  return {
    views: float32([2 * batch, viewPx, viewPx, 3]),
    masks: float32([2 * batch, regions, (viewPx / pooled.stride) ** 2]),
    learningRate: float32([]),
    emaDecay: float32([]),
  };
}

/**
 * The update step of R2O (SPEC sections 6 to 8): online forward, EMA with the online weights before
 * their gradient step, target forward in train mode, loss, backward, optimizer.
 *
 * Outputs: loss; gradientNorm over all parameters; predictions and projections [2B * K, D], which feed metrics. The
 * trainer never runs the step on a batch in which no region is visible in both views.
 */
export function updateStep(spec: TrainingSpec): StepFunction {
  return (inputs, state) => {
    const views = weightOf(inputs, 'views') as tf.Tensor4D;
    const masks = weightOf(inputs, 'masks') as tf.Tensor3D;
    const emaDecay = weightOf(inputs, 'emaDecay') as tf.Scalar;
    const learningRate = weightOf(inputs, 'learningRate') as tf.Scalar;

    const averaged = averageWeights(spec.model, state, emaDecay);
    const target = new TrainNormalisation(averaged, state);
    // The target sees the views exchanged. Its statistics are the same in either order, so it runs on
    // the views as they are and its rows are exchanged instead.
    const projected = projectRegions(views, masks, {
      spec: spec.model,
      branch: 'target',
      weights: averaged,
      normalise: target.normalise,
    });
    const projections = swapHalves(projected); // [2B * K, D]
    const weights = regionWeights(masks, spec.isWeightedByArea); // [2B * K]

    const online = onlineGradients(spec.model, state, { views, masks, projections, weights });
    const updated = updateParameters(spec, state, online.gradients, learningRate);
    return {
      outputs: {
        loss: online.loss,
        gradientNorm: globalNorm(online.gradients),
        predictions: online.predictions,
        projections,
      },
      state: { ...averaged, ...target.running, ...online.running, ...updated },
    };
  };
}

/** Target parameters after the EMA, by name. */
function averageWeights(model: ModelSpec, state: NamedTensors, decay: tf.Scalar): NamedTensors {
  return Object.fromEntries(
    branchNetwork(model, 'online').parameters.map(({ name }) => [
      targetName(name),
      movingAverage(weightOf(state, targetName(name)), weightOf(state, name), decay),
    ]),
  );
}

type OnlineOperands = {
  views: tf.Tensor4D;
  masks: tf.Tensor3D;
  projections: tf.Tensor2D;
  weights: tf.Tensor1D;
};

function onlineGradients(model: ModelSpec, state: NamedTensors, operands: OnlineOperands) {
  const names = trainedNetwork(model).parameters.map(({ name }) => name);
  const normalisation: { current?: TrainNormalisation } = {};
  const kept: { predictions?: tf.Tensor2D } = {};
  const lossOf = (...parameters: tf.Tensor[]): tf.Scalar => {
    const weights = { ...state, ...namedTensors(names, parameters) };
    const train = new TrainNormalisation(weights, state);
    normalisation.current = train;
    const options = { spec: model, weights, normalise: train.normalise };
    const rows = projectRegions(operands.views, operands.masks, { ...options, branch: 'online' });
    const predictions = predict(rows, options); // [2B * K, D]
    // Outlives the gradient's own tidy; returned as an output, whose reader disposes it.
    kept.predictions = tf.keep(tf.clone(predictions));
    return regionLoss(predictions, operands.projections, operands.weights);
  };
  const { value, grads } = tf.valueAndGrads(lossOf)(names.map((name) => weightOf(state, name)));
  const { predictions } = kept;
  if (!predictions || !normalisation.current) throw new Error('the loss was not evaluated');
  return {
    // valueAndGrads returns what lossOf returned, a scalar.
    loss: value,
    gradients: namedTensors(names, grads),
    running: normalisation.current.running,
    predictions,
  };
}

function updateParameters(
  spec: TrainingSpec,
  state: NamedTensors,
  gradients: NamedTensors,
  learningRate: tf.Scalar,
): NamedTensors {
  return Object.fromEntries(
    trainedNetwork(spec.model).parameters.flatMap((parameterSpec) => {
      const { name } = parameterSpec;
      const next = applyOptimizer(
        {
          parameter: weightOf(state, name),
          gradient: weightOf(gradients, name),
          buffer: weightOf(state, momentumName(name)),
          learningRate,
        },
        parameterSpec,
        spec.optimizer,
      );
      return [
        [name, next.parameter],
        [momentumName(name), next.buffer],
      ] as const;
    }),
  );
}

function globalNorm(gradients: NamedTensors): tf.Scalar {
  const squares = Object.values(gradients).map((gradient) => tf.sum<tf.Scalar>(tf.square(gradient)));
  return tf.sqrt(tf.addN(squares));
}

function namedTensors(names: readonly string[], tensors: readonly tf.Tensor[]): NamedTensors {
  return Object.fromEntries(
    names.map((name, index) => {
      const tensor = tensors[index];
      if (!tensor) throw new Error(`no tensor for '${name}'`);
      return [name, tensor];
    }),
  );
}

/** Inputs of the cluster step: spanning [B, H, W, 3], superpixels [B, S, cells of the clustered map] soft masks. */
export function clusterInputs(spec: TrainingSpec, superpixels: number): NamedSpecs {
  const { batch, viewPx, model } = spec;
  const { clustered } = backboneOf(model.encoder);
  return {
    spanning: { shape: [batch, viewPx, viewPx, 3], dtype: 'float32' },
    superpixels: { shape: [batch, superpixels, (viewPx / clustered.stride) ** 2], dtype: 'float32' },
  };
}

/**
 * Features of the cluster stage (SPEC section 4, steps 1 and 2): the clustered map of the target network in train mode,
 * mean of each superpixel, unit length. It runs before the update step, on the target before its EMA.
 *
 * Output: rows [B * S, C], image by image; rows of empty superpixels are zero and must not be
 * clustered (SPEC Q4). layer4 is run for its running statistics alone, as the official code does: an
 * exported encoder normalises whole images by them.
 */
export function clusterStep(spec: TrainingSpec): StepFunction {
  return (inputs, state) => {
    const normalisation = new TrainNormalisation(state, state);
    const features = encode(weightOf(inputs, 'spanning') as tf.Tensor4D, {
      spec: spec.model,
      branch: 'target',
      weights: state,
      normalise: normalisation.normalise,
    });
    return { outputs: { rows: superpixelFeatures(spec, features, inputs) }, state: normalisation.running };
  };
}

/**
 * `clusterStep` in eval mode: the running statistics of the target normalise, and nothing changes. For looking at a
 * run without disturbing it. Same inputs and output.
 */
export function previewStep(spec: TrainingSpec): StepFunction {
  return (inputs, state) => {
    const features = encode(weightOf(inputs, 'spanning') as tf.Tensor4D, {
      spec: spec.model,
      branch: 'target',
      weights: state,
      normalise: evalNormalisation(state),
    });
    return { outputs: { rows: superpixelFeatures(spec, features, inputs) }, state: {} };
  };
}

/** Mean feature of each superpixel, unit length: [B * S, C]. */
function superpixelFeatures(
  { model }: TrainingSpec,
  features: Readonly<Record<string, tf.Tensor4D>>,
  inputs: NamedTensors,
): tf.Tensor2D {
  const map = mapOf(features, backboneOf(model.encoder).clustered); // [B, H/stride, W/stride, C]
  const pooled = poolMasks(map, weightOf(inputs, 'superpixels') as tf.Tensor3D); // [B, S, C]
  return normaliseRows(tf.reshape<tf.Rank.R2>(pooled, [-1, pooled.shape[2]])); // [B * S, C]
}
