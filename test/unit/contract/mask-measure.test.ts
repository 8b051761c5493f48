import { expect, test } from 'vitest';
import { binOf, countMask, emptyHistograms } from '../../../src-main/contract/mask-measure.ts';

const mask = {
  score: 0.35,
  areaPx: 50,
  x: 0,
  y: 90,
  width: 20,
  height: 10,
  imageWidth: 100,
  imageHeight: 100,
  brightness: 0.72,
};

test('masks are in bars by score, share of the image, where their middle is, and how bright it is', () => {
  expect(binOf('score', mask)).toBe(3);
  expect(binOf('score', { ...mask, score: 1 })).toBe(9);
  // Half a percent of the image: the bar that starts there.
  expect(binOf('size', mask)).toBe(4);
  expect(binOf('size', { ...mask, areaPx: 10_000 })).toBe(9);
  expect(binOf('size', { ...mask, areaPx: 1 })).toBe(0);
  expect([binOf('across', mask), binOf('down', mask)]).toEqual([1, 9]);
  expect(binOf('brightness', mask)).toBe(7);
  expect(binOf('brightness', { ...mask, brightness: null })).toBeNull();
});

test('a histogram counts every mask once, and those of images without a measured brightness separately', () => {
  const histograms = emptyHistograms();
  countMask(histograms, mask);
  countMask(histograms, { ...mask, score: 0.95, brightness: null });
  expect(histograms.bars.score).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
  expect(histograms.bars.down[9]).toBe(2);
  expect(histograms.bars.brightness).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
  expect(histograms.withoutBrightness).toBe(1);
});
