import { expect, test } from 'vitest';
import { judgeGrowth, MEASURES, trendOf, type Measure, type Sample } from '../../campaign/growth.ts';
import hour from '../../support/fixtures/hour-of-load.json' with { type: 'json' };

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

/**
 * Recorded on 2026-12-01 by `npm run campaign -- load --seed 18000 --record FILE`: 62 pieces of work in 68 minutes, beside much
 * other work, on which the server had lost nothing.
 */
const recorded: readonly Sample[] = hour.minutes.map((_, at) =>
  Object.fromEntries(
    MEASURES.flatMap((measure) => {
      const value = hour[measure][at];
      return typeof value === 'number' ? [[measure, value]] : [];
    }),
  ),
);
/** What is lost in an hour, as slowly as it has to be found. */
const LEAKS_PER_HOUR: Record<Measure, number> = {
  'heap MiB': 12,
  'memory MiB': 60,
  handles: 12,
  threads: 4,
  'child processes': 3,
  // Of one that never ends.
  'worker memory MiB': 900,
  'worker handles': 60,
  'temporary files': 2,
  'files of the data folder': 24,
  'database MiB': 8,
  'write-ahead log MiB': 8,
  'log KiB': 4,
};

test('an hour of work that loses nothing is seen as that', () => {
  expect(judgeGrowth(recorded).grown).toEqual([]);
});

test.each(Object.entries(LEAKS_PER_HOUR))(
  'a slow leak is found, and no other: %s, %d per hour',
  (measure, perHour) => {
    const samples = recorded.map((sample, at) => {
      const lost = (perHour * (hour.minutes[at] ?? 0)) / 60;
      return measure in sample ? { ...sample, [measure]: (sample[measure] ?? 0) + lost } : sample;
    });
    expect(judgeGrowth(samples).grown).toEqual([measure]);
  },
);
