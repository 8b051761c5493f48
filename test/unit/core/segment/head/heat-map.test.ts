import { expect, test } from 'vitest';
import { HEAT_COLOURS } from '../../../../../src-main/contract/heat-colours.ts';
import { colouredHeat, greyHeat, heatMap } from '../../../../../src-main/core/segment/head/heat-map.ts';

/** Two superpixels, the left and the right half of 4 x 2 pixels. */
const embedding = {
  map: { labels: Uint16Array.of(0, 0, 1, 1, 0, 0, 1, 1), count: 2, widthPx: 4, heightPx: 2 },
  features: Float32Array.of(2, 0, -2, 0),
  dim: 2,
  kinds: { from: 0, to: 2 },
  saliency: new Float32Array(2),
};

test('a map has the probability of each superpixel in all of its pixels', () => {
  const heat = heatMap({ weights: Float32Array.of(1, 5), bias: 0 }, embedding);
  expect({ widthPx: heat.widthPx, heightPx: heat.heightPx }).toEqual({ widthPx: 4, heightPx: 2 });
  // 1 / (1 + e^-2) and what is left of 1.
  expect([...heat.data].map((share) => share.toFixed(3))).toEqual([
    '0.881',
    '0.881',
    '0.119',
    '0.119',
    '0.881',
    '0.881',
    '0.119',
    '0.119',
  ]);
  expect([...greyHeat(heat).slice(1, 3)]).toEqual([225, 30]);
});

test('a head is never surer than it is believed', () => {
  const heat = heatMap({ weights: Float32Array.of(100, 0), bias: 0 }, embedding);
  expect(heat.data[0]).toBeCloseTo(0.99, 5);
  expect(heat.data[3]).toBeCloseTo(0.01, 5);
});

test('a head of another encoder is not used', () => {
  expect(() => heatMap({ weights: Float32Array.of(1), bias: 0 }, embedding)).toThrow(
    'a head of 1 weights for 2',
  );
});

test('colours begin and end where the scale does', () => {
  const { data } = colouredHeat({ data: Float32Array.of(0, 1), widthPx: 2, heightPx: 1 });
  const hex = [0, 3].map((at) => `#${Buffer.from(data.subarray(at, at + 3)).toString('hex')}`);
  expect(hex).toEqual([HEAT_COLOURS[0], HEAT_COLOURS.at(-1)]);
});

/** OKLab's lightness of `#rrggbb` (Ottosson 2020). */
function lightness(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s;
}

test('equal steps of probability are equal steps of lightness', () => {
  const steps = HEAT_COLOURS.slice(1).map(
    (colour, at) => lightness(colour) - lightness(HEAT_COLOURS[at] ?? ''),
  );
  // 0.77 in eight steps; colours of 8 bits are that exact.
  for (const step of steps) expect(Math.abs(step - 0.77 / 8)).toBeLessThan(0.005);
});
