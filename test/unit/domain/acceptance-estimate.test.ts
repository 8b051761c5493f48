import { describe, expect, test } from 'vitest';
import {
  estimateAcceptance,
  wilsonInterval,
  type Audit,
} from '../../../src-main/domain/acceptance-estimate.ts';
import { RandomStream } from '../../../src-main/core/tensor/random.ts';

/** Six digits: as statsmodels prints `proportion_confint(count, nobs, method='wilson')`. */
const DIGITS = 6;

const draws = (verdicts: string, score = 0.5): Audit[] =>
  Array.from(verdicts, (verdict) => ({ score, isAccepted: verdict === '+' }));

describe('the interval of a share', () => {
  test.each([
    [9, 10, 0.59585, 0.982124],
    [10, 20, 0.299298, 0.700702],
    [10, 10, 0.722467, 1],
    [0, 10, 0, 0.277533],
    [81, 100, 0.722212, 0.874852],
  ])("of %i of %i is Wilson's", (count, trials, low, high) => {
    const interval = wilsonInterval(count / trials, trials);
    expect(interval.low).toBeCloseTo(low, DIGITS);
    expect(interval.high).toBeCloseTo(high, DIGITS);
  });

  test('of nothing is everything', () => {
    expect(wilsonInterval(0.5, 0)).toEqual({ low: 0, high: 1 });
  });
});

describe('the estimate', () => {
  test('needs five draws, and something that is left', () => {
    expect(estimateAcceptance(draws('++++'), [0.5])).toBeNull();
    expect(estimateAcceptance(draws('+++++'), [])).toBeNull();
  });

  test('of one stratum is the share of the draws, with an interval of whole objects', () => {
    // 1 / (1 / 10 + 1 / 1000) = 9.90099 draws: 0.594125 to 0.982249, rounded outwards to thousandths.
    const estimate = estimateAcceptance(draws('+++++++++-'), Array<number>(1_000).fill(0.5));
    expect(estimate).toMatchObject({ pending: 1_000, audits: 10, share: 0.9 });
    expect(estimate?.low).toBeCloseTo(0.594, DIGITS);
    expect(estimate?.high).toBeCloseTo(0.983, DIGITS);
  });

  test('weighs strata by what is left of them, not by how often they were drawn', () => {
    // Two strata of eight draws: half of the low ones accepted, all of the high ones; 300 of 400 left are high.
    const audits = [...draws('+-+-+-+-', 0.2), ...draws('++++++++', 0.8)];
    const left = [...Array<number>(100).fill(0.2), ...Array<number>(300).fill(0.8)];
    const estimate = estimateAcceptance(audits, left) ?? expect.fail('no estimate');
    // 0.25 * 0.5 + 0.75 * 1
    expect(estimate.share).toBeCloseTo(0.875, 12);
    expect(estimate.low).toBeLessThan(0.875);
    expect(estimate.high).toBeGreaterThan(0.875);
  });

  test('is as wide as all if draws say nothing of the few that are left', () => {
    const estimate = estimateAcceptance(draws('+++---'), [0.5]);
    expect(estimate).toMatchObject({ low: 0, high: 1 });
  });

  test.each([
    [0.9, 0],
    [0.7, 6],
    [0.3, 6],
  ])('holds what it says of populations with a share of %f and a slope of %i by score', (base, slope) => {
    const random = new RandomStream(5);
    const logit = Math.log(base / (1 - base));
    const isCovered = (): boolean => {
      const all = Array.from({ length: 500 }, (): Audit => {
        const score = random.uniform();
        return { score, isAccepted: random.uniform() < 1 / (1 + Math.exp(-logit - slope * (score - 0.5))) };
      });
      // In random order as made.
      const [audits, left] = [all.slice(0, 40), all.slice(40)];
      const truth = left.filter(({ isAccepted }) => isAccepted).length / left.length;
      const { low, high } = estimateAcceptance(
        audits,
        left.map(({ score }) => score),
      ) ?? { low: 1, high: 0 };
      return truth >= low && truth <= high;
    };
    const covered = Array.from({ length: 400 }, isCovered).filter(Boolean).length / 400;
    // 95 %, less three standard errors of 400 trials.
    expect(covered).toBeGreaterThan(0.95 - 3 * Math.sqrt((0.95 * 0.05) / 400));
  });
});

test('counts objects whose scores no draw had with those of the draws next to them', () => {
  // One cut for sixteen draws, at the only score that they have: nothing was drawn above it.
  const audits = Array.from({ length: 16 }, (_, at) => ({ score: 0.5, isAccepted: at < 12 }));
  const pendingScores = [...Array<number>(10).fill(0.5), ...Array<number>(10).fill(0.9)];
  const estimate = estimateAcceptance(audits, pendingScores);
  expect(estimate).toMatchObject({ pending: 20, audits: 16, share: 0.75 });
  expect(estimateAcceptance(audits, Array<number>(20).fill(0.5))).toEqual(estimate);
});
