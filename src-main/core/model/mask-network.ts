import type { tf } from '../tensor/tfjs.ts';
import { backboneOf, type BackboneSpec, type FeatureSpec } from './backbone.ts';
import type { Normalise } from './normalisation.ts';
import { joinNetworks, type NetworkSpec, type Weights } from './parameters.ts';
import { pyramid, pyramidNetwork, type PyramidSpec } from './pyramid.ts';

/** An encoder with a pyramid head, which answers with the foreground of an image. */
export type MaskNetworkSpec = {
  encoder: BackboneSpec;
  /** Channels of the head's levels. */
  headWidth: number;
};

const ENCODER = 'online.backbone';
const HEAD = 'masks';

/** Encoder and head: everything that gradients update. */
export function maskNetwork(spec: MaskNetworkSpec): NetworkSpec {
  return joinNetworks(backboneOf(spec.encoder).network(ENCODER), pyramidNetwork(pyramidOf(spec), HEAD));
}

/** Input pixels for each cell of the answer. */
export function answerStride(spec: MaskNetworkSpec): number {
  return finestMap(spec).stride;
}

/**
 * Runs the network.
 * @param images [B, H, W, 3] float32, as the encoder reads them
 * @returns [B, H/4, W/4]: log odds of the foreground
 */
export function maskLogits(
  images: tf.Tensor4D,
  { spec, ...run }: { spec: MaskNetworkSpec; weights: Weights; normalise: Normalise },
): tf.Tensor3D {
  const maps = backboneOf(spec.encoder).run(images, { prefix: ENCODER, ...run });
  return pyramid(maps, { spec: pyramidOf(spec), prefix: HEAD, ...run });
}

function pyramidOf({ encoder, headWidth }: MaskNetworkSpec): PyramidSpec {
  return { maps: backboneOf(encoder).features, width: headWidth };
}

function finestMap(spec: MaskNetworkSpec): FeatureSpec {
  const [finest] = pyramidOf(spec).maps;
  if (!finest) throw new Error('an encoder gives maps');
  return finest;
}
