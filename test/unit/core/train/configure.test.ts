import { describe, expect, it } from 'vitest';
import { PresetName, PretrainOverrides } from '../../../../src-main/contract/pretrain.ts';
import { configure } from '../../../../src-main/core/train/configure.ts';
import { totalStepsOf } from '../../../../src-main/core/train/train.ts';
import { ratesAt, superpixelSpecOf } from '../../../../src-main/core/train/training-spec.ts';

describe.each(PresetName.options)('the preset %s', (preset) => {
  it.each([4, 8, 20, 240, 5_000, 100_000])('makes a whole configuration for %d images', (imageCount) => {
    const config = configure(preset, imageCount, {});
    expect(config.batchSize).toBeLessThanOrEqual(imageCount);
    const steps = totalStepsOf(config, imageCount);
    expect(steps).toBeGreaterThan(0);
    const rates = [0, Math.floor(steps / 2), steps - 1].map((step) => ratesAt(config, imageCount, step));
    const ks = rates.map(({ regionCount }) => regionCount);
    expect(ks).toEqual(ks.toSorted((a, b) => b - a));
    expect(ks.at(-1)).toBe(4);
    for (const { learningRate, emaDecay } of rates) {
      expect(learningRate).toBeGreaterThanOrEqual(0);
      expect(emaDecay).toBeGreaterThanOrEqual(0.99);
    }
  });
});

describe('configuring a pretraining', () => {
  it('makes about as many steps of a small collection as of a large one', () => {
    const steps = (imageCount: number) => totalStepsOf(configure('quick', imageCount, {}), imageCount);
    // 8 images: at most 100 epochs of 2 steps.
    expect(steps(8)).toBe(200);
    expect(steps(240)).toBe(300);
    expect(steps(4_800)).toBe(300);
    expect(steps(100_000)).toBe(300);
  });

  it.each([
    ['quick', 5, 960],
    ['balanced', 8, 2_992],
  ] as const)(
    'draws images of a large collection for each epoch of %s, so that K falls',
    (preset, epochs, epochImages) => {
      const config = configure(preset, 100_000, {});
      expect(config).toMatchObject({ epochs, epochImages });
      expect(new Set(config.kSchedule.values).size).toBe(epochs);
      expect(configure(preset, 240, {}).epochImages).toBeNull();
      expect(configure(preset, 100_000, { epochImages: null })).toMatchObject({
        epochs: 1,
        epochImages: null,
      });
    },
  );

  it("keeps to R2O's own settings in the preset paper", () => {
    const config = configure('paper', 100_000, {});
    expect(config).toMatchObject({ encoder: 'resnet50', viewPx: 224, epochs: 300, optimizer: 'lars' });
    expect(ratesAt(config, 100_000, 0).regionCount).toBe(127);
  });

  it('asks for 100 superpixels with the official slips, whatever is set', () => {
    const set = (parity: 'official' | 'recommended') => configure('quick', 240, { parity, superpixels: 40 });
    expect(superpixelSpecOf(set('official'))).toMatchObject({ segments: 100, colours: 'normalised' });
    expect(superpixelSpecOf(set('recommended'))).toMatchObject({ segments: 40, colours: 'plain' });
  });

  it('begins the moving average with the decay that a person gave', () => {
    const config = configure('quick', 240, { emaDecay: 0.9 });
    expect(ratesAt(config, 240, 0).emaDecay).toBe(0.9);
    expect(ratesAt(config, 240, totalStepsOf(config, 240) / 2).emaDecay).toBeCloseTo(0.95, 12);
  });

  it('keeps each optimizer to what it is for, and what is learned from to the preset', () => {
    expect(configure('masks', 240, {})).toMatchObject({ objective: 'masks', optimizer: 'adamw' });
    expect(() => configure('quick', 240, { optimizer: 'adamw' })).toThrow(
      /only for runs that learn from masks/,
    );
    expect(() => configure('masks', 240, { optimizer: 'sgd' })).toThrow(/uses adamw/);
    expect(PretrainOverrides.safeParse({ objective: 'masks' }).success).toBe(false);
  });

  it('learns from masks at the same rate with every batch', () => {
    const rate = (batchSize: number) => {
      const config = configure('masks', 240, { batchSize });
      const steps = totalStepsOf(config, 240);
      return Math.max(...Array.from({ length: steps }, (_, step) => ratesAt(config, 240, step).learningRate));
    };
    expect(rate(24)).toBeCloseTo(2e-3, 4);
    expect(rate(8)).toBeCloseTo(2e-3, 4);
  });

  it("puts a person's settings above those of the preset, and derives the others from them", () => {
    const config = configure('quick', 240, { epochs: 50, batchSize: 8 });
    expect(config).toMatchObject({ epochs: 50, batchSize: 8 });
    expect(config.kSchedule.epochs.at(-1)).toBe(41);
  });

  it.each([
    ['too few images', 3, {}, /at least 4/],
    ['a batch larger than the collection', 20, { batchSize: 32 }, /has 20/],
    ['a batch larger than an epoch', 20, { batchSize: 8, epochImages: 4 }, /epoch of 4 images/],
    [
      'a schedule that does not rise',
      20,
      { kSchedule: { type: 'piecewise', epochs: [1, 1], values: [4, 4] } },
      /increase/,
    ],
    ['a cosine of one point', 20, { kSchedule: { type: 'cosine', epochs: [1], values: [4] } }, /at least 2/],
  ] as const)('refuses %s', (_, imageCount, fixed, message) => {
    const overrides =
      'kSchedule' in fixed
        ? {
            kSchedule: {
              ...fixed.kSchedule,
              epochs: [...fixed.kSchedule.epochs],
              values: [...fixed.kSchedule.values],
            },
          }
        : fixed;
    expect(() => configure('quick', imageCount, overrides)).toThrow(message);
  });
});
