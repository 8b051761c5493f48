import { expect, test } from 'vitest';
import { trendOf } from '../../campaign/growth.ts';

const samplesOf = (values: readonly number[]) => values.map((handles) => ({ handles }));

test('what rises to the end grows by what it rises after the first third', () => {
  const values = Array.from({ length: 30 }, (_, at) => 100 + 2 * at);
  expect(trendOf(samplesOf(values), 'handles')).toEqual({
    early: 124,
    late: 154,
    max: 158,
    growth: 38,
    perHundred: 200,
  });
});

test('what rises in the warm-up and then goes up and down does not grow', () => {
  const values = [0, 40, 80, 90, 95, ...Array.from({ length: 10 }, (_, at) => 100 + (at % 2))];
  const { growth = NaN } = trendOf(samplesOf(values), 'handles') ?? {};
  expect(Math.abs(growth)).toBeLessThan(1);
});

test('few samples show nothing', () => {
  expect(trendOf(samplesOf([1, 2, 3, 4, 5, 6, 7]), 'handles')).toBeUndefined();
});
