import { describe, expect, it } from 'vitest';
import { drawCrop } from '../../src-main/core/image/augment/crop-box.ts';
import { gaussianBlur } from '../../src-main/core/image/augment/gaussian-blur.ts';
import { applyJitter } from '../../src-main/core/image/augment/render-views.ts';
import { resizeCrop } from '../../src-main/core/image/augment/resize-bicubic.ts';
import { solarize, toGrayscale } from '../../src-main/core/image/augment/tone.ts';
import type { JitterStep } from '../../src-main/core/image/augment/view-plan.ts';
import { drawsFor } from '../../src-main/core/tensor/random.ts';
import { greatestDifference, meanDifference } from '../support/compare.ts';
import { goldenArray, readGoldenJson } from '../support/golden.ts';

type Geometric = { top: number; left: number; height: number; width: number; flip: boolean; index: number };

type Photometric = {
  op: JitterStep['op'] | 'grayscale' | 'solarize' | 'gaussian_blur_23';
  value: number;
  index: number;
};

type AugmentFile = {
  geometric: Geometric[];
  photometric: Photometric[];
  crop_statistics_20000_draws_160x200: {
    area_mean: number;
    area_std: number;
    area_quantiles_5_25_50_75_95: number[];
    log_ratio_mean: number;
    log_ratio_std: number;
  };
};

const OUT = 96;
const LENGTH = OUT * OUT * 3;

const file = readGoldenJson('cases/8_augment.json') as AugmentFile;
const expectedAt = (index: number) =>
  goldenArray('8_out_u8', '|u1').data.slice(index * LENGTH, (index + 1) * LENGTH);

describe("augmentations equal Pillow's and OpenCV's", () => {
  it.each(file.geometric)('crop $width x $height at $left, $top, flip $flip', (golden) => {
    const { data } = goldenArray('8_src_u8', '|u1');
    const { top: topPx, left: leftPx, height: heightPx, width: widthPx, flip: isFlipped } = golden;
    const out = resizeCrop(
      { data, widthPx: 200, heightPx: 160 },
      { crop: { topPx, leftPx, heightPx, widthPx }, sizePx: OUT, isFlipped },
    );
    expect(greatestDifference(out, expectedAt(golden.index))).toBe(0);
  });

  it.each(file.photometric)('$op $value', ({ op, value, index }) => {
    const pixels = expectedAt(0);
    apply(pixels, op, value);
    expect({
      greatest: greatestDifference(pixels, expectedAt(index)),
      mean: meanDifference(pixels, expectedAt(index)),
    }).toEqual({ greatest: 0, mean: 0 });
  });

  it('crops have the sizes of RandomResizedCrop', () => {
    const statistics = file.crop_statistics_20000_draws_160x200;
    const draw = drawsFor({ seed: 1, step: 0, stream: 'crops' });
    const crops = Array.from({ length: 20_000 }, () => drawCrop(draw, { widthPx: 200, heightPx: 160 }));
    const areas = crops.map(({ widthPx, heightPx }) => (widthPx * heightPx) / 32_000).sort((a, b) => a - b);
    const logRatios = crops.map(({ widthPx, heightPx }) => Math.log(widthPx / heightPx));
    // Standard errors of 20,000 draws: 0.0016 for the area, 0.0012 for the ratio, up to 0.003 for quantiles;
    // both sides are samples.
    expect(Math.abs(mean(areas) - statistics.area_mean)).toBeLessThan(0.008);
    expect(Math.abs(deviation(areas) - statistics.area_std)).toBeLessThan(0.006);
    expect(Math.abs(mean(logRatios) - statistics.log_ratio_mean)).toBeLessThan(0.006);
    expect(Math.abs(deviation(logRatios) - statistics.log_ratio_std)).toBeLessThan(0.004);
    const quantiles = [0.05, 0.25, 0.5, 0.75, 0.95].map(
      (share) => areas[Math.floor(share * areas.length)] ?? NaN,
    );
    expect(greatestDifference(quantiles, statistics.area_quantiles_5_25_50_75_95)).toBeLessThan(0.015);
  });
});

function apply(pixels: Uint8Array, op: Photometric['op'], value: number): void {
  if (op === 'grayscale') toGrayscale(pixels);
  else if (op === 'solarize') solarize(pixels);
  else if (op === 'gaussian_blur_23') gaussianBlur(pixels, OUT, value);
  else applyJitter(pixels, { op, amount: value });
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function deviation(values: number[]): number {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
}
