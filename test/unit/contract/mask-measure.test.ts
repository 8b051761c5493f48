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
};

test('masks are in bars by score, share of the image, and where their middle is', () => {
  expect(binOf('score', mask)).toBe(3);
  expect(binOf('score', { ...mask, score: 1 })).toBe(9);
  // Half a percent of the image: the bar that starts there.
  expect(binOf('size', mask)).toBe(4);
  expect(binOf('size', { ...mask, areaPx: 10_000 })).toBe(9);
  expect(binOf('size', { ...mask, areaPx: 1 })).toBe(0);
  expect([binOf('across', mask), binOf('down', mask)]).toEqual([1, 9]);
});

test('a histogram counts every mask once', () => {
  const histograms = emptyHistograms();
  countMask(histograms, mask);
  countMask(histograms, { ...mask, score: 0.95 });
  expect(histograms.score).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
  expect(histograms.down[9]).toBe(2);
});
