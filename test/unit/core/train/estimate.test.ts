import { describe, expect, test } from 'vitest';
import { configure } from '../../../../src-main/core/train/configure.ts';
import {
  estimateCutsMs,
  estimateMemoryBytes,
  estimateStepMs,
  fittingBatchSize,
} from '../../../../src-main/core/train/estimate.ts';

const config = configure('quick', 240, { encoder: 'resnet18', viewPx: 224, batchSize: 10 });

describe('an estimate', () => {
  test('of a step counts nine forward passes per image, at 0.7 of the speed that was probed', () => {
    // 2 * 1.82e9 operations * 9 passes * 10 images, at 0.7 * 52e9 per second.
    expect(estimateStepMs(config, 52)).toBeCloseTo(9_000, 6);
    expect(estimateStepMs({ ...config, viewPx: 112 }, 52)).toBeCloseTo(2_250, 6);
  });

  test('of learning from masks counts one pass forward and back, the head, and the cuts before', () => {
    const masks = configure('masks', 240, { encoder: 'resnet18', viewPx: 224, batchSize: 10 });
    // 2 * 1.82e9 operations * 3.99 passes * 10 images, at 0.7 * 52e9 per second.
    expect(estimateStepMs(masks, 52)).toBeCloseTo(3_990, 6);
    expect(estimateMemoryBytes(masks)).toBeLessThan(estimateMemoryBytes(config));
    expect(estimateCutsMs(config, 240, 2)).toBe(0);
    expect(estimateCutsMs(masks, 240, 2)).toBe(30_000);
    // Of a large collection, a part is cut.
    expect(estimateCutsMs(masks, 100_000, 2)).toBe(75_000);
  });

  test('proposes the largest batch that fits, no larger than asked for, and never a single image', () => {
    const needs = (batchSize: number) => estimateMemoryBytes({ ...config, batchSize });
    expect(fittingBatchSize(config, needs(7) + 1)).toBe(7);
    expect(fittingBatchSize(config, needs(2) + 1)).toBe(2);
    expect(fittingBatchSize(config, needs(20))).toBe(10);
    expect(fittingBatchSize(config, needs(2) - 1_000)).toBeUndefined();
  });
});
