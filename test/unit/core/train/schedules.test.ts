import { describe, expect, it } from 'vitest';
import {
  emaDecayAt,
  kAt,
  K_ALL_SUPERPIXELS,
  lrAt,
  type LrSchedule,
} from '../../../../src-main/core/train/schedules.ts';

describe('K', () => {
  it('falls by a quarter of a cosine, slowly at first', () => {
    const schedule = { type: 'cosine', epochs: [0, 3], values: [101, 1] } as const;
    // cos 0, 30, 60, 90 degrees
    expect([0, 1, 2, 3, 4].map((epoch) => kAt(schedule, epoch))).toEqual([101, 87, 51, 1, 1]);
  });

  it('goes on along its last line', () => {
    const schedule = { type: 'linear', epochs: [0, 10], values: [0, 20] } as const;
    expect([0, 5, 10, 15].map((epoch) => kAt(schedule, epoch))).toEqual([1, 10, 20, 30]);
  });

  it('above 128 means every superpixel', () => {
    expect(kAt({ type: 'constant', epochs: [0], values: [129] }, 7)).toBe(K_ALL_SUPERPIXELS);
  });
});

describe('learning rate', () => {
  // 4 steps an epoch, 4 of warm-up, 16 in all; the greatest rate is 1.
  const schedule: LrSchedule = {
    type: 'cosine',
    baseLr: 2,
    batchSize: 128,
    imageCount: 512,
    warmupEpochs: 1,
    totalEpochs: 4,
    scaleByK: 0,
  };

  it('rises in a line and falls by half a cosine', () => {
    const rates = [0, 1, 4, 10, 16].map((step) => lrAt(schedule, step, 32));
    [0, 0.25, 1, 0.5, 0].forEach((rate, at) => expect(rates[at]).toBeCloseTo(rate, 12));
  });

  it('follows K, but never 9999', () => {
    const scaled = { ...schedule, scaleByK: 16 };
    expect(lrAt(scaled, 4, 32)).toBe(2);
    expect(lrAt(scaled, 4, K_ALL_SUPERPIXELS)).toBe(lrAt(scaled, 4, 128));
  });

  it('is finite when all of the run is warm-up', () => {
    expect(lrAt({ ...schedule, totalEpochs: 1 }, 4, 32)).toBe(0);
  });
});

describe('EMA decay', () => {
  it('rises from its base to 1', () => {
    expect(emaDecayAt(0, 10, 0.9)).toBeCloseTo(0.9, 12);
    expect(emaDecayAt(5, 10, 0.9)).toBeCloseTo(0.95, 12);
    expect(emaDecayAt(10, 10, 0.9)).toBe(1);
  });
});
