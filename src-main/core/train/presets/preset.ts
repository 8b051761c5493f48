import type { PretrainConfig, PretrainOverrides } from '../../../contract/pretrain.ts';
import { stepsPerEpoch } from '../batch-order.ts';

/** What a preset knows of the collection it is resolved for. */
export type CollectionSize = {
  /** Usable images with different content. */
  imageCount: number;
  /** Settings that a person has fixed; a preset derives the others from them. */
  fixed: PretrainOverrides;
};

/** A named way of pretraining: all settings for a collection of some size, before those that a person gave. */
export type Preset = {
  /** One sentence for a card. */
  purpose: string;
  configure: (size: CollectionSize) => PretrainConfig;
};

/**
 * The largest batch up to `wanted` that leaves a few steps in an epoch: with 8 images a batch of 16 has no step at
 * all, and with 20 one that drops a fifth of them.
 */
export function batchFor(imageCount: number, wanted: number): number {
  const STEPS_AN_EPOCH = 4;
  const MIN_BATCH = 4;
  const most = Math.floor(imageCount / STEPS_AN_EPOCH);
  return Math.max(2, Math.min(wanted, Math.max(most, MIN_BATCH), imageCount));
}

/** How long a run shall be. */
export type Length = {
  steps: number;
  /** Epochs of a large collection, enough for K to fall in stages. */
  least: number;
  /** Epochs of a small one, which would else be seen too often. */
  most: number;
};

/**
 * Epochs that make about `steps` steps. A large collection is not seen whole: each epoch draws as many of its images as
 * leave it `least` epochs.
 */
export function lengthFor(
  { imageCount, fixed }: CollectionSize,
  batchSize: number,
  { steps, least, most }: Length,
): Pick<PretrainConfig, 'epochs' | 'epochImages'> {
  const enough = Math.floor(steps / least) * batchSize;
  const epochImages =
    fixed.epochImages === undefined ? (imageCount > enough ? enough : null) : fixed.epochImages;
  const fitting = Math.round(steps / stepsPerEpoch({ batchSize, epochImages }, imageCount));
  return { epochs: fixed.epochs ?? Math.min(most, Math.max(1, fitting)), epochImages };
}

/**
 * A falling number of regions in a few equal stages instead of a new number every epoch: each new K costs a
 * compilation, and in a short run that adds up. The stages are points on the quarter cosine of the paper.
 */
export function stagedK(
  epochs: number,
  from: number,
  to: number,
  stages: number,
): PretrainConfig['kSchedule'] {
  const count = Math.max(1, Math.min(stages, epochs));
  const starts = Array.from({ length: count }, (_, stage) => Math.round((stage * epochs) / count) + 1);
  const values = Array.from({ length: count }, (_, stage) => {
    const progress = count === 1 ? 1 : stage / (count - 1);
    return Math.round(Math.cos((progress * Math.PI) / 2) * (from - to) + to);
  });
  return { type: 'piecewise', epochs: starts, values };
}
