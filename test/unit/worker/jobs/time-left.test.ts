import { expect, test } from 'vitest';
import { TimeLeft, type WholeJob } from '../../../../src-main/worker/jobs/time-left.ts';

/** Times of a job whose clock is turned by hand. */
function clock() {
  const hand = { ms: 0 };
  return { hand, time: new TimeLeft(() => hand.ms) };
}

test('a phase of which nothing is known is measured, and later phases are added to it', () => {
  const { hand, time } = clock();
  time.start(null);
  time.expectLater(60_000);
  expect(time.at(0)).toEqual({ leftMs: null });
  hand.ms = 10_000;
  // A quarter took 10 s: three more, and the minute after it.
  expect(time.at(0.25)).toEqual({ leftMs: 90_000, jobShare: 0.1 });
});

test('a new phase continues the time of the one before', () => {
  const { hand, time } = clock();
  time.start(null);
  time.expectLater(60_000);
  hand.ms = 10_000;
  expect(time.at(1)).toEqual({ leftMs: 60_000, jobShare: 1 / 7 });
  time.start(40_000);
  time.expectLater(20_000);
  expect(time.at(0)).toEqual({ leftMs: 60_000, jobShare: 1 / 7 });
});

test('a phase that takes twice as long as expected says so little by little', () => {
  const { hand, time } = clock();
  time.start(100_000);
  const lefts: number[] = [];
  for (let step = 0; step <= 10; step++) {
    hand.ms = step * 20_000;
    lefts.push(time.at(step / 10).leftMs ?? Number.NaN);
  }
  const jumps = lefts.slice(1).map((left, at) => Math.abs((lefts[at] ?? 0) - left));
  expect(lefts[0]).toBe(100_000);
  expect(lefts[1]).toBeLessThan(180_000);
  expect(lefts.at(-1)).toBe(0);
  expect(Math.max(...jumps)).toBeLessThan(60_000);
});

test('the share that is done never falls', () => {
  const { hand, time } = clock();
  time.start(10_000);
  const shares: WholeJob['jobShare'][] = [];
  for (const [ms, share] of [
    [5_000, 0.5],
    [20_000, 0.5],
    [90_000, 0.6],
    [100_000, 1],
  ] as const) {
    // prettier-ignore
    hand.ms = ms;
    shares.push(time.at(share).jobShare);
  }
  expect(shares).toEqual(shares.toSorted((a, b) => (a ?? 0) - (b ?? 0)));
  expect(shares.at(-1)).toBe(1);
});
