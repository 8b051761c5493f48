import { describe, expect, it } from 'vitest';
import { adjustedRandIndex, clusterEntropy, featureSpread } from '../../../../src-main/core/train/health.ts';
import { RandomStream } from '../../../../src-main/core/tensor/random.ts';

const all = () => true;

describe('the spread of features', () => {
  it('is near 1 for directions drawn at random, and 0 where all are alike', () => {
    const random = new RandomStream(1);
    const spread = Float32Array.from({ length: 2_000 * 16 }, () => random.normal());
    expect(featureSpread(spread, 16, all)).toBeCloseTo(1, 1);
    const collapsed = Float32Array.from({ length: 10 * 16 }, (_, at) => (at % 16) + 1);
    expect(featureSpread(collapsed, 16, all)).toBeCloseTo(0, 3);
  });

  it('does not depend on lengths, and leaves out rows that do not count', () => {
    // Unit vectors (1, 0) and (0, 1): each component has mean 0.5 and deviation 0.5; times sqrt(2).
    const rows = Float32Array.of(3, 0, 0, 0.1, 7, 7);
    expect(featureSpread(rows, 2, (row) => row < 2)).toBeCloseTo(Math.SQRT1_2, 6);
  });
});

describe('the entropy of clusters', () => {
  it('is 1 for equal sizes, 0 for one cluster, and between else', () => {
    expect(clusterEntropy([0, 1, 2, 3], 4)).toBeCloseTo(1, 12);
    expect(clusterEntropy([2, 2, 2], 4)).toBeCloseTo(0, 12);
    // Shares 3/4 and 1/4: 0.8113 bits of 1.
    expect(clusterEntropy([0, 0, 0, 1], 2)).toBeCloseTo(0.8113, 4);
  });
});

describe('the adjusted Rand index', () => {
  it('is 1 for the same clusters under other numbers', () => {
    expect(adjustedRandIndex([0, 0, 1, 1, 2], [5, 5, 3, 3, 9])).toBe(1);
  });

  it('is what the formula gives by hand', () => {
    // Pairs together in both 1, in the first 2, in the second 2, of 6: (1 - 2/3) / (2 - 2/3).
    expect(adjustedRandIndex([0, 0, 1, 1], [0, 0, 1, 2])).toBeCloseTo((1 - 1 / 3) / (1.5 - 1 / 3), 12);
  });

  it('does not reward a clustering that puts everything into one', () => {
    expect(adjustedRandIndex([0, 0, 0], [0, 0, 0])).toBe(0);
    expect(adjustedRandIndex([0, 0, 1, 1], [0, 0, 0, 0])).toBe(0);
  });
});
