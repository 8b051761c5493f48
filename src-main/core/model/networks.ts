import { tf } from '../tensor/tfjs.ts';
import { mlp, mlpNetwork } from './mlp.ts';
import type { Normalise } from './normalisation.ts';
import { joinNetworks, type NetworkSpec, type Weights } from './parameters.ts';
import { poolMasks } from './pooling.ts';
import {
  resnetFeatures,
  resnetNetwork,
  stageChannels,
  type ResNetFeatures,
  type ResNetSpec,
} from './resnet.ts';

/** The two networks of R2O: an encoder with a projector each, and a predictor on the online side. */
export type ModelSpec = {
  encoder: ResNetSpec;
  /** Hidden width of projector and predictor; 4096 for ResNet-50 in the paper's code. */
  hidden: number;
  /** Width of the embedding that is compared; 256 there. */
  embedding: number;
};

export type Branch = 'online' | 'target';

/** Encoder and projector of one branch. */
export function branchNetwork(spec: ModelSpec, branch: Branch): NetworkSpec {
  return joinNetworks(
    resnetNetwork(spec.encoder, `${branch}.backbone`),
    mlpNetwork(
      { inputs: stageChannels(spec.encoder)[3], hidden: spec.hidden, outputs: spec.embedding },
      `${branch}.projector`,
    ),
  );
}

/** The predictor; it exists on the online side alone. */
export function predictorNetwork(spec: ModelSpec): NetworkSpec {
  return mlpNetwork({ inputs: spec.embedding, hidden: spec.hidden, outputs: spec.embedding }, 'predictor');
}

/** Everything that gradients update: online encoder and projector, predictor. */
export function trainedNetwork(spec: ModelSpec): NetworkSpec {
  return joinNetworks(branchNetwork(spec, 'online'), predictorNetwork(spec));
}

/** All networks. */
export function modelNetwork(spec: ModelSpec): NetworkSpec {
  return joinNetworks(trainedNetwork(spec), branchNetwork(spec, 'target'));
}

/** The target's name for an online parameter or statistic. */
export function targetName(onlineName: string): string {
  return onlineName.replace(/^online\./, 'target.');
}

type BranchOptions = { spec: ModelSpec; branch: Branch; weights: Weights; normalise: Normalise };

/** Feature maps of a branch's encoder for x [B, H, W, 3]. */
export function encode(x: tf.Tensor4D, { spec, branch, weights, normalise }: BranchOptions): ResNetFeatures {
  return resnetFeatures(x, { spec: spec.encoder, prefix: `${branch}.backbone`, weights, normalise });
}

/**
 * Projection of each masked region: encoder, pooling over layer4's grid, projector.
 * @param x [B, H, W, 3]
 * @param masks [B, K, H/32 * W/32]
 * @returns [B * K, embedding], image by image
 */
export function projectRegions(x: tf.Tensor4D, masks: tf.Tensor3D, options: BranchOptions): tf.Tensor2D {
  const pooled = poolMasks(encode(x, options).c5, masks); // [B, K, C]
  const rows = tf.reshape<tf.Rank.R2>(pooled, [-1, pooled.shape[2]]); // [B * K, C]
  return mlp(rows, {
    prefix: `${options.branch}.projector`,
    weights: options.weights,
    normalise: options.normalise,
  });
}

/** The online prediction of the target's projection, [R, embedding] for rows [R, embedding]. */
export function predict(
  rows: tf.Tensor2D,
  { weights, normalise }: { weights: Weights; normalise: Normalise },
): tf.Tensor2D {
  return mlp(rows, { prefix: 'predictor', weights, normalise });
}
