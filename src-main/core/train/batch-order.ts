import type { PretrainConfig } from '../../contract/pretrain.ts';
import { drawsFor } from '../tensor/random.ts';

/** How long an epoch is. */
export type EpochLength = Pick<PretrainConfig, 'batchSize' | 'epochImages'>;

/** Images of an epoch: all, or as many as the configuration says. */
export function imagesPerEpoch({ epochImages }: EpochLength, imageCount: number): number {
  return Math.min(epochImages ?? imageCount, imageCount);
}

/** Steps of an epoch: the last, smaller batch is dropped, as the paper's code does (SPEC section 1). */
export function stepsPerEpoch(length: EpochLength, imageCount: number): number {
  return Math.max(1, Math.floor(imagesPerEpoch(length, imageCount) / length.batchSize));
}

/** The epoch of a step, from 1. */
export function epochOf(step: number, length: EpochLength, imageCount: number): number {
  return Math.floor(step / stepsPerEpoch(length, imageCount)) + 1;
}

/**
 * All images in the order of an epoch, which depends on nothing but the seed and the epoch. A batch takes the next
 * `batchSize` of them; images that cannot be read are replaced by the ones that follow. An epoch of fewer images takes the
 * first ones.
 */
export function epochOrder(
  { imageCount, seed }: { imageCount: number; seed: number },
  epoch: number,
): Uint32Array {
  const draw = drawsFor({ seed, step: epoch, stream: 'order' });
  const order = Uint32Array.from({ length: imageCount }, (_, index) => index);
  // Fisher and Yates, from the end.
  for (let last = imageCount - 1; last > 0; last--) {
    const other = Math.floor(draw() * (last + 1));
    [order[last], order[other]] = [order[other] ?? 0, order[last] ?? 0];
  }
  return order;
}
