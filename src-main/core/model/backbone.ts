import { IMAGE_MEAN, IMAGE_STD } from '../image/augment/normalise.ts';
import type { tf } from '../tensor/tfjs.ts';
import type { Normalise } from './normalisation.ts';
import type { NetworkSpec, Weights } from './parameters.ts';
import { resnetFeatures, resnetNetwork, stageChannels, type ResNetSpec } from './resnet.ts';

/** One map of features that a network gives. */
export type FeatureSpec = {
  name: string;
  channels: number;
  /** Pixels of the input to a cell, in both directions. */
  stride: number;
};

/** One number for each of red, green and blue. */
export type Rgb = readonly [number, number, number];

/** Sides of a network's input. */
export type InputSize = { widthPx: number; heightPx: number };

/** How images enter a network: RGB in [0, 1], less the mean, divided by the deviation, [H, W, 3]. */
export type InputRules = {
  mean: Rgb;
  std: Rgb;
  /** Both sides must be multiples of this many pixels. */
  multipleOf: number;
  /** The one size that a network takes; null where any will do. */
  fixedPx: InputSize | null;
};

/**
 * Whatever gives maps of features for an image. Segmentation takes any; training takes those that are written in the
 * app's own operators, see `TrainableBackbone`.
 */
export type Backbone = {
  /** The finest map first. */
  features: readonly FeatureSpec[];
  input: InputRules;
  /** The terms under which the weights may be used; null if they are unknown. */
  licence: string | null;
  /** SHA-256 of the file that the weights come from; null where they come from none. */
  contentHash: string | null;
};

/** Everything that decides a trainable network's shape, as plain data. */
export type BackboneSpec = ResNetSpec;

/** What a network needs to run, apart from its input. */
type BackboneRun = { prefix: string; weights: Weights; normalise: Normalise };

/** A network that R2O can train. */
export type TrainableBackbone = Pick<Backbone, 'features' | 'input'> & {
  /** The map whose superpixels are clustered (SPEC section 4). */
  clustered: FeatureSpec;
  /** The map from which regions are pooled (SPEC section 6); the last one. */
  pooled: FeatureSpec;
  /** Parameters and normalisations, named as torchvision does, below `prefix`. */
  network: (prefix: string) => NetworkSpec;
  /**
   * The maps of `features`, by name, [B, H/stride, W/stride, channels] each.
   * @param x [B, H, W, 3] float32, following `input`
   */
  run: (x: tf.Tensor4D, options: BackboneRun) => Readonly<Record<string, tf.Tensor4D>>;
};

/** How every network is fed that is trained here. */
export const IMAGENET_RGB: Pick<InputRules, 'mean' | 'std'> = { mean: IMAGE_MEAN, std: IMAGE_STD };

/** The network of a specification. */
export function backboneOf(spec: BackboneSpec): TrainableBackbone {
  const [c2, c3, c4, c5] = stageChannels(spec);
  const clustered = { name: 'c4', channels: c4, stride: 16 };
  const pooled = { name: 'c5', channels: c5, stride: 32 };
  return {
    features: [
      { name: 'c2', channels: c2, stride: 4 },
      { name: 'c3', channels: c3, stride: 8 },
      clustered,
      pooled,
    ],
    input: { ...IMAGENET_RGB, multipleOf: pooled.stride, fixedPx: null },
    clustered,
    pooled,
    network: (prefix) => resnetNetwork(spec, prefix),
    run: (x, options) => resnetFeatures(x, { spec, ...options }),
  };
}

/** A map by its declaration. @throws Error where the network did not give it */
export function mapOf<T>(maps: Readonly<Record<string, T>>, { name }: FeatureSpec): T {
  const map = maps[name];
  if (map === undefined) throw new Error(`the backbone gave no '${name}'`);
  return map;
}
