import { describe, expect, it } from 'vitest';
import { epochOf, epochOrder, stepsPerEpoch } from '../../../../src-main/core/train/batch-order.ts';

describe('the order of batches', () => {
  it('shows every image once an epoch, in another order each time and the same for the same seed', () => {
    const order = { imageCount: 100, seed: 7 };
    const first = epochOrder(order, 1);
    expect([...first].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(epochOrder(order, 1)).toEqual(first);
    expect(epochOrder(order, 2)).not.toEqual(first);
    expect(epochOrder({ ...order, seed: 8 }, 1)).not.toEqual(first);
  });

  it('drops the last, smaller batch, and has one step where there is one batch', () => {
    expect(stepsPerEpoch({ batchSize: 8, epochImages: null }, 100)).toBe(12);
    expect(stepsPerEpoch({ batchSize: 8, epochImages: null }, 8)).toBe(1);
  });

  it('counts epochs from 1', () => {
    const length = { batchSize: 8, epochImages: null };
    expect([0, 2, 3, 5, 6].map((step) => epochOf(step, length, 24))).toEqual([1, 1, 2, 2, 3]);
  });

  it('ends an epoch after as many images as it is given, of those that there are', () => {
    expect(stepsPerEpoch({ batchSize: 8, epochImages: 40 }, 100)).toBe(5);
    expect(stepsPerEpoch({ batchSize: 8, epochImages: 40 }, 24)).toBe(3);
    expect([4, 5].map((step) => epochOf(step, { batchSize: 8, epochImages: 40 }, 100))).toEqual([1, 2]);
  });
});
