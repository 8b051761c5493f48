import { expect, test } from 'vitest';
import { hasCalibratedScores, isLikelyRight } from '../../../src-main/contract/likely-right.ts';
import type { ForegroundNote } from '../../../src-main/contract/segmentation.ts';

const noted = (way: ForegroundNote['way']) => ({
  foreground: { way, agreement: 0.7, imageCount: 40, from: null, taughtBy: [], hasThingMetric: false },
});
const mask = { level: 0, origin: 'model', score: 0.9 } as const;

test('an object is likely right from a score of 0.9 on', () => {
  expect(isLikelyRight(mask, noted('head'))).toBe(true);
  expect(isLikelyRight({ ...mask, score: 0.899 }, noted('head'))).toBe(false);
});

test('regions, and what a person has drawn or imported, are not judged by their score', () => {
  expect(isLikelyRight({ ...mask, level: 1 }, noted('head'))).toBe(false);
  for (const origin of ['hand', 'imported'] as const)
    expect(isLikelyRight({ ...mask, score: 1, origin }, noted('head'))).toBe(false);
});

test.each(['even-ground', 'no-encoder', 'few-images', 'disagreement', 'not-needed'] as const)(
  'without a foreground head (%s) no score says that an object is likely right',
  (way) => {
    expect(hasCalibratedScores(noted(way))).toBe(false);
    expect(isLikelyRight({ ...mask, score: 1 }, noted(way))).toBe(false);
  },
);

test('nothing is likely right before a segmentation has learned', () => {
  expect(isLikelyRight(mask, { foreground: null })).toBe(false);
});
