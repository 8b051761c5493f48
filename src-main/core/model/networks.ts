import { tf } from '../tensor/tfjs.ts';
import { backboneOf, mapOf, type BackboneSpec } from './backbone.ts';
import { mlp, mlpNetwork } from './mlp.ts';
import type { Normalise } from './normalisation.ts';
import { joinNetworks, type NetworkSpec, type Weights } from './parameters.ts';
import { poolMasks } from './pooling.ts';

/** The two networks of R2O: an encoder with a projector each, and a predictor on the online side. */
export type ModelSpec = {
  encoder: BackboneSpec;
  /** Hidden width of projector and predictor; 4096 for ResNet-50 in the paper's code. */
  hidden: number;
  /** Width of the embedding that is compared; 256 there. */
  embedding: number;
};

export type Branch = 'online' | 'target';

/** Encoder and projector of one branch. */
export function branchNetwork(spec: ModelSpec, branch: Branch): NetworkSpec {
  const backbone = backboneOf(spec.encoder);
  return joinNetworks(
    backbone.network(`${branch}.backbone`),
    mlpNetwork(
      { inputs: backbone.pooled.channels, hidden: spec.hidden, outputs: spec.embedding },
      `${branch}.projector`,
    ),
  );
}

/** The predictor; it exists on the online side alone. */
function predictorNetwork(spec: ModelSpec): NetworkSpec {
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

/** Feature maps of a branch's encoder for x [B, H, W, 3], by name. */
export function encode(
  x: tf.Tensor4D,
  { spec, branch, weights, normalise }: BranchOptions,
): Readonly<Record<string, tf.Tensor4D>> {
  return backboneOf(spec.encoder).run(x, { prefix: `${branch}.backbone`, weights, normalise });
}

/**
 * Projection of each masked region: encoder, pooling over the grid of its last map, projector.
 * @param x [B, H, W, 3]
 * @param masks [B, K, cells of that map]
 * @returns [B * K, embedding], image by image
 */
export function projectRegions(x: tf.Tensor4D, masks: tf.Tensor3D, options: BranchOptions): tf.Tensor2D {
  const map = mapOf(encode(x, options), backboneOf(options.spec.encoder).pooled); // [B, H/stride, W/stride, C]
  const pooled = poolMasks(map, masks); // [B, K, C]
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
