import { expect, test } from 'vitest';
import { meanLightness } from '../../../../src-main/core/image/lightness.ts';

const lightness = (...pixels: [number, number, number][]) => meanLightness(Uint8Array.from(pixels.flat()));

// Lightnesses as tables of CIELAB (D65) give them for sRGB.
test.each<[name: string, pixel: [number, number, number], lightness: number]>([
  ['black', [0, 0, 0], 0],
  ['nearly black', [5, 5, 5], 0.0137],
  ['middle grey', [119, 119, 119], 0.5003],
  ['red', [255, 0, 0], 0.5324],
  ['green', [0, 255, 0], 0.8773],
  ['blue', [0, 0, 255], 0.323],
  ['white', [255, 255, 255], 1],
])('%s is as light as CIE L* says', (_, pixel, expected) => {
  // Luminance is looked up in steps of 1/4095, which are 0.0022 of lightness near black and less elsewhere.
  expect(Math.abs(lightness(pixel) - expected)).toBeLessThan(0.0012);
});

test('an image is as light as its pixels are on average', () => {
  expect(lightness([0, 0, 0], [255, 255, 255], [255, 255, 255], [0, 0, 0])).toBe(0.5);
});
