import { expect, test } from 'vitest';
import { trendOf } from '../../campaign/growth.ts';

/** One sample a second. */
const samplesOf = (values: readonly number[]) =>
  values.map((value, second) => ({ atMs: 1_000 * second, values: { handles: value } }));

test('what rises to the end grows by what it rises after the first third', () => {
  const values = Array.from({ length: 30 }, (_, second) => 100 + 2 * second);
  expect(trendOf(samplesOf(values), 'handles')).toEqual({ early: 124, late: 154, max: 158, growth: 38 });
});

test('what rises in the warm-up and then goes up and down does not grow', () => {
  const values = [0, 40, 80, 90, 95, ...Array.from({ length: 10 }, (_, second) => 100 + (second % 2))];
  const { growth = NaN } = trendOf(samplesOf(values), 'handles') ?? {};
  expect(Math.abs(growth)).toBeLessThan(1);
});

test('few samples show nothing', () => {
  expect(trendOf(samplesOf([1, 2, 3, 4, 5, 6, 7]), 'handles')).toBeUndefined();
});
