import { describe, expect, it } from 'vitest';
import { centredCrop, drawCrop } from '../../../../../src-main/core/image/augment/crop-box.ts';
import { gaussianBlur } from '../../../../../src-main/core/image/augment/gaussian-blur.ts';
import { shiftHue } from '../../../../../src-main/core/image/augment/hue.ts';
import { normalisedValues } from '../../../../../src-main/core/image/augment/normalise.ts';
import { resizeCrop, squashed } from '../../../../../src-main/core/image/augment/resize-bicubic.ts';
import {
  adjustBrightness,
  adjustContrast,
  adjustSaturation,
  solarize,
  toGrayscale,
} from '../../../../../src-main/core/image/augment/tone.ts';

/** Changes a copy, and gives it back as plain numbers. */
function changed(values: number[], change: (pixels: Uint8Array) => void): number[] {
  const pixels = Uint8Array.from(values);
  change(pixels);
  return [...pixels];
}

describe('colour operations', () => {
  it.each<[string, number[], (pixels: Uint8Array) => void, number[]]>([
    ['brightness scales and clips', [10, 100, 200], (p) => adjustBrightness(p, 1.5), [15, 150, 255]],
    [
      'contrast leads away from the mean luma',
      [0, 0, 0, 100, 100, 100],
      (p) => adjustContrast(p, 0.5),
      [25, 25, 25, 75, 75, 75],
    ],
    ['saturation 0 leaves the luma', [255, 0, 0], (p) => adjustSaturation(p, 0), [76, 76, 76]],
    ['grayscale is the luma', [0, 255, 0], toGrayscale, [150, 150, 150]],
    ['solarize inverts the bright half', [0, 127, 128], solarize, [0, 127, 127]],
    ['a third of a turn leads from red to green', [255, 0, 0], (p) => shiftHue(p, 1 / 3), [0, 255, 0]],
    ['grey has no hue', [77, 77, 77], (p) => shiftHue(p, 0.4), [77, 77, 77]],
  ])('%s', (_, before, change, after) => expect(changed(before, change)).toEqual(after));
});

describe('blur', () => {
  it('keeps an even image, whatever its size', () => {
    for (const sizePx of [1, 2, 30]) {
      const even = new Array<number>(sizePx * sizePx * 3).fill(200);
      expect(changed(even, (pixels) => gaussianBlur(pixels, sizePx, 2))).toEqual(even);
    }
  });

  it('spreads a dot evenly to all sides', () => {
    const dot = new Uint8Array(5 * 5 * 3);
    dot.fill(255, 12 * 3, 13 * 3);
    gaussianBlur(dot, 5, 0.5);
    const green = (at: number) => dot[at * 3 + 1] ?? NaN;
    expect(green(7)).toBeGreaterThan(0);
    expect([green(11), green(13), green(17)]).toEqual([green(7), green(7), green(7)]);
    expect(green(12)).toBeLessThan(255);
  });
});

describe('resizing', () => {
  const image = { data: Uint8Array.from({ length: 4 * 4 * 3 }, (_, at) => at * 5), widthPx: 4, heightPx: 4 };

  it('to the same size copies', () => {
    expect(squashed(image, 4)).toEqual(image.data);
  });

  it('cuts, and mirrors on request', () => {
    const crop = { topPx: 1, leftPx: 2, heightPx: 2, widthPx: 2 };
    const pixel = (y: number, x: number) => [...image.data.subarray((y * 4 + x) * 3, (y * 4 + x) * 3 + 3)];
    expect([...resizeCrop(image, { crop, sizePx: 2 })]).toEqual([
      ...pixel(1, 2),
      ...pixel(1, 3),
      ...pixel(2, 2),
      ...pixel(2, 3),
    ]);
    expect([...resizeCrop(image, { crop, sizePx: 2, isFlipped: true })]).toEqual([
      ...pixel(1, 3),
      ...pixel(1, 2),
      ...pixel(2, 3),
      ...pixel(2, 2),
    ]);
  });

  it('looks at nothing outside of the crop', () => {
    const data = new Uint8Array(6 * 6 * 3).fill(255);
    for (const y of [2, 3]) data.fill(60, (y * 6 + 2) * 3, (y * 6 + 4) * 3);
    const crop = { topPx: 2, leftPx: 2, heightPx: 2, widthPx: 2 };
    expect([...new Set(resizeCrop({ data, widthPx: 6, heightPx: 6 }, { crop, sizePx: 5 }))]).toEqual([60]);
  });
});

describe('crops', () => {
  it('of a long image are centred, when no draw fits', () => {
    expect(centredCrop({ widthPx: 400, heightPx: 30 })).toEqual({
      topPx: 0,
      leftPx: 180,
      heightPx: 30,
      widthPx: 40,
    });
    expect(centredCrop({ widthPx: 30, heightPx: 400 })).toEqual({
      topPx: 180,
      leftPx: 0,
      heightPx: 40,
      widthPx: 30,
    });
    expect(drawCrop(() => 0.999, { widthPx: 400, heightPx: 30 })).toEqual(
      centredCrop({ widthPx: 400, heightPx: 30 }),
    );
  });

  it('reach the lower right corner with the greatest draws', () => {
    // 54 % of the area at a ratio of 1, then the place.
    const draws = [0.5, 0.5, 0.9999, 0.9999];
    const crop = drawCrop(() => draws.shift() ?? NaN, { widthPx: 200, heightPx: 160 });
    expect(crop).toEqual({ topPx: 160 - 131, leftPx: 200 - 131, heightPx: 131, widthPx: 131 });
  });

  it('of one pixel are that pixel', () => {
    expect(drawCrop(() => 0.5, { widthPx: 1, heightPx: 1 })).toEqual({
      topPx: 0,
      leftPx: 0,
      heightPx: 1,
      widthPx: 1,
    });
  });
});

it('normalised values have the mean and deviation of ImageNet', () => {
  const table = normalisedValues();
  expect(table[0]).toBeCloseTo(-0.485 / 0.229, 6);
  expect(table[256 + 255]).toBeCloseTo((1 - 0.456) / 0.224, 6);
});
