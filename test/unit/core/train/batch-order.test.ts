import { describe, expect, it } from 'vitest';
import { epochOf, epochOrder, stepsPerEpoch } from '../../../../src-main/core/train/batch-order.ts';

describe('the order of batches', () => {
  it('shows every image once an epoch, in another order each time and the same for the same seed', () => {
    const order = { imageCount: 100, batchSize: 8, seed: 7 };
    const first = epochOrder(order, 1);
    expect([...first].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(epochOrder(order, 1)).toEqual(first);
    expect(epochOrder(order, 2)).not.toEqual(first);
    expect(epochOrder({ ...order, seed: 8 }, 1)).not.toEqual(first);
  });

  it('drops the last, smaller batch, and has one step where there is one batch', () => {
    expect(stepsPerEpoch({ imageCount: 100, batchSize: 8 })).toBe(12);
    expect(stepsPerEpoch({ imageCount: 8, batchSize: 8 })).toBe(1);
  });

  it('counts epochs from 1', () => {
    const order = { imageCount: 24, batchSize: 8 };
    expect([0, 2, 3, 5, 6].map((step) => epochOf(step, order))).toEqual([1, 1, 2, 2, 3]);
  });
});
