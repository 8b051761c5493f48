import { describe, expect, test } from 'vitest';
import { configure } from '../../../../src-main/core/train/configure.ts';
import {
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

  test('proposes the largest batch that fits, no larger than asked for, and never a single image', () => {
    const needs = (batchSize: number) => estimateMemoryBytes({ ...config, batchSize });
    expect(fittingBatchSize(config, needs(7) + 1)).toBe(7);
    expect(fittingBatchSize(config, needs(2) + 1)).toBe(2);
    expect(fittingBatchSize(config, needs(20))).toBe(10);
    expect(fittingBatchSize(config, needs(2) - 1_000)).toBeUndefined();
  });
});
