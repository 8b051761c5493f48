import { drawsFor } from '../tensor/random.ts';

/** Which images make up the batches of a run. */
export type BatchOrder = { imageCount: number; batchSize: number; seed: number };

/** Steps of an epoch: the last, smaller batch is dropped, as the paper's code does (SPEC section 1). */
export function stepsPerEpoch({ imageCount, batchSize }: Omit<BatchOrder, 'seed'>): number {
  return Math.max(1, Math.floor(imageCount / batchSize));
}

/** The epoch that a step lies in, from 1. */
export function epochOf(step: number, order: Omit<BatchOrder, 'seed'>): number {
  return Math.floor(step / stepsPerEpoch(order)) + 1;
}

/**
 * All images in the order of an epoch, which depends on nothing but the seed and the epoch. A batch takes the next
 * `batchSize` of them; images that cannot be read are replaced by the ones that follow.
 */
export function epochOrder({ imageCount, seed }: BatchOrder, epoch: number): Uint32Array {
  const draw = drawsFor({ seed, step: epoch, stream: 'order' });
  const order = Uint32Array.from({ length: imageCount }, (_, index) => index);
  // Fisher and Yates, from the end.
  for (let last = imageCount - 1; last > 0; last--) {
    const other = Math.floor(draw() * (last + 1));
    [order[last], order[other]] = [order[other] ?? 0, order[last] ?? 0];
  }
  return order;
}
