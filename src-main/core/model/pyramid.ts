import { tf } from '../tensor/tfjs.ts';
import { mapOf, type FeatureSpec } from './backbone.ts';
import type { Normalise } from './normalisation.ts';
import {
  filterParameter,
  joinNetworks,
  normalisationParameters,
  weightOf,
  type NetworkSpec,
  type Weights,
} from './parameters.ts';

/** A head that answers on the grid of an encoder's finest map: a feature pyramid (Lin et al., CVPR 2017). */
export type PyramidSpec = {
  /** The finest first, each with twice the stride of the one before. */
  maps: readonly FeatureSpec[];
  /** Channels of every level. */
  width: number;
};

type PyramidRun = { spec: PyramidSpec; prefix: string; weights: Weights; normalise: Normalise };

/** Parameters and normalisations below `prefix`: `lateral.N`, `mix.N`, `bn.N` for level N, and `out`. */
export function pyramidNetwork({ maps, width }: PyramidSpec, prefix: string): NetworkSpec {
  const laterals = maps.map(({ channels }, level) =>
    filterParameter(`${prefix}.lateral.${level}`, 1, channels, width),
  );
  const mixes = maps.slice(0, -1).map((_, level) => ({
    parameters: [
      filterParameter(`${prefix}.mix.${level}`, 3, width, width),
      ...normalisationParameters(`${prefix}.bn.${level}`, width),
    ],
    normalisations: [{ name: `${prefix}.bn.${level}`, channels: width }],
  }));
  const bias = { name: `${prefix}.out.bias`, kind: 'offset', shape: [1], fanIn: width } as const;
  return joinNetworks(...mixes, {
    parameters: [
      ...laterals,
      filterParameter(`${prefix}.out`, 1, width, 1),
      { ...bias, isLarsExcluded: true },
    ],
    normalisations: [],
  });
}

/**
 * Runs the head from the coarsest map to the finest.
 * @param maps by name, [B, H/stride, W/stride, channels] each
 * @returns [B, H/stride, W/stride] of the finest map: log odds
 */
export function pyramid(maps: Readonly<Record<string, tf.Tensor4D>>, options: PyramidRun): tf.Tensor3D {
  const { spec, prefix, weights, normalise } = options;
  const filtered = (x: tf.Tensor4D, name: string) =>
    tf.conv2d(x, weightOf(weights, `${prefix}.${name}.weight`) as tf.Tensor4D, 1, 'same');
  const levels = spec.maps.map((map, level) => filtered(mapOf(maps, map), `lateral.${level}`));
  const finest = levels.reduceRight((coarser, lateral, level) => {
    const sum = tf.add<tf.Tensor4D>(doubled(coarser), lateral);
    return tf.relu<tf.Tensor4D>(
      normalise(filtered(sum, `mix.${level}`), `${prefix}.bn.${level}`) as tf.Tensor4D,
    );
  });
  const logits = tf.add(filtered(finest, 'out'), weightOf(weights, `${prefix}.out.bias`)); // [B, h, w, 1]
  return tf.reshape<tf.Rank.R3>(logits, finest.shape.slice(0, 3) as [number, number, number]);
}

/** Twice as many rows and columns, interpolated linearly between the centres of cells as PyTorch does. */
function doubled(x: tf.Tensor4D): tf.Tensor4D {
  const [batch, rows, columns, channels] = x.shape;
  const high = tf.matMul(doubling(rows), tf.reshape<tf.Rank.R3>(x, [batch, rows, columns * channels]));
  const cells = tf.reshape<tf.Rank.R3>(high, [batch * 2 * rows, columns, channels]);
  const wide = tf.matMul(doubling(columns), cells); // [B * 2 rows, 2 columns, C]
  return tf.reshape<tf.Rank.R4>(wide, [batch, 2 * rows, 2 * columns, channels]);
}

/** [1, 2 * count, count]: three quarters of the nearest value and one of the next, at the ends all of the nearest. */
function doubling(count: number): tf.Tensor3D {
  const weights = new Float32Array(2 * count * count);
  for (let to = 0; to < 2 * count; to++) {
    const near = to >> 1;
    const next = Math.min(Math.max(near + (to % 2 === 0 ? -1 : 1), 0), count - 1);
    for (const [from, share] of [
      [near, 0.75],
      [next, 0.25],
    ] as const) {
      weights[to * count + from] = (weights[to * count + from] ?? 0) + share;
    }
  }
  return tf.tensor3d(weights, [1, 2 * count, count]);
}
