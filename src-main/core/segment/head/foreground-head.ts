import { type Halves, halvesToFloats } from '../../tensor/halves.ts';

/** What the head may be surer than, as a probability: it learns from masks that are wrong in places. */
const SUREST = 0.99;
const MAX_LOGIT = Math.log(SUREST / (1 - SUREST));

/**
 * A linear classifier of superpixels by an encoder's features: a 1x1 convolution, learned from the collection's own
 * masks. Standardisation of the features is part of its weights.
 */
export type ForegroundHead = {
  /** [dim] */
  weights: Float32Array;
  bias: number;
};

/** Features of an image's superpixels, all maps of the encoder side by side. */
export type FeatureRows = {
  /** [count, dim] */
  features: Float32Array | Halves;
  dim: number;
};

/**
 * Log odds of the foreground for each superpixel, as far as the head may be trusted.
 * @returns [count] in -4.6..4.6
 */
export function headLogits(head: ForegroundHead, rows: FeatureRows): Float32Array {
  return linear(head, rows).map((logit) => Math.min(Math.max(logit, -MAX_LOGIT), MAX_LOGIT));
}

/** The head as a 1x1 convolution over maps of features side by side, and how far its answers are believed. */
export type HeadConvolution = ForegroundHead & {
  /** Log odds beyond -maxLogit..maxLogit count as these, as in `headLogits`. */
  maxLogit: number;
};

/** What another program needs to answer as the head does. */
export function asConvolution(head: ForegroundHead): HeadConvolution {
  return { ...head, maxLogit: MAX_LOGIT };
}

/** [count]: features times weights, plus bias. */
export function linear({ weights, bias }: ForegroundHead, rows: FeatureRows): Float32Array {
  const { dim } = rows;
  const features = floatsOf(rows);
  const count = features.length / dim;
  const out = new Float32Array(count);
  for (let row = 0, at = 0; row < count; row++) {
    let sum = bias;
    for (let d = 0; d < dim; d++, at++) sum += (weights[d] ?? 0) * (features[at] ?? 0);
    out[row] = sum;
  }
  return out;
}

/** The features in single precision; not copied where they are. */
export function floatsOf({ features }: FeatureRows): Float32Array {
  return features instanceof Float32Array ? features : halvesToFloats(features);
}

/** The head that answers with the mean of two heads' log odds. */
export function meanOfHeads(a: ForegroundHead, b: ForegroundHead): ForegroundHead {
  return {
    weights: a.weights.map((weight, d) => (weight + (b.weights[d] ?? 0)) / 2),
    bias: (a.bias + b.bias) / 2,
  };
}
