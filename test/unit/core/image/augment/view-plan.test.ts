import { describe, expect, it } from 'vitest';
import {
  drawViewPlans,
  type JitterStep,
  type ViewPlan,
} from '../../../../../src-main/core/image/augment/view-plan.ts';
import { drawsFor } from '../../../../../src-main/core/tensor/random.ts';

const SEEDS = 2_000;
const plans = Array.from({ length: SEEDS }, (_, seed) =>
  drawViewPlans(drawsFor({ seed, step: 0, stream: 'views' }), { widthPx: 96, heightPx: 64 }),
);
const first = plans.map(([view]) => view);
const second = plans.map(([, view]) => view);
const both = plans.flat();

const shareOf = (views: readonly ViewPlan[], has: (view: ViewPlan) => boolean) =>
  views.filter(has).length / views.length;

/** The amounts that one operation of the jitter was drawn with. */
function amountsOf(op: JitterStep['op']): number[] {
  return both.flatMap(({ jitter }) => jitter.flatMap((step) => (step.op === op ? [step.amount] : [])));
}

/** Four standard deviations of a share of `count` draws. */
const chance = (share: number, count: number) => 4 * Math.sqrt((share * (1 - share)) / count);

/** A share that chance may miss, but 0 and 1 are never missed. */
function expectShare(views: readonly ViewPlan[], has: (view: ViewPlan) => boolean, share: number): void {
  expect(Math.abs(shareOf(views, has) - share)).toBeLessThanOrEqual(chance(share, views.length));
}

describe('over 2,000 seeds', () => {
  it('the first view is always blurred, the second one time in ten', () => {
    const isBlurred = ({ blurSigma }: ViewPlan) => blurSigma !== null;
    expectShare(first, isBlurred, 1);
    expectShare(second, isBlurred, 0.1);
  });

  it('a blur has a radius of 0.1 to 2', () => {
    const sigmas = both.flatMap(({ blurSigma }) => (blurSigma === null ? [] : [blurSigma]));
    expectSpread(sigmas, 0.1, 2);
  });

  it('the first view is never solarized, the second one time in five', () => {
    expectShare(first, ({ isSolarized }) => isSolarized, 0);
    expectShare(second, ({ isSolarized }) => isSolarized, 0.2);
  });

  it('four of five views have their colours jittered, and one of five is grey', () => {
    for (const views of [first, second]) {
      expectShare(views, ({ jitter }) => jitter.length === 4, 0.8);
      expectShare(views, ({ jitter }) => jitter.length === 0, 0.2);
      expectShare(views, ({ isGray }) => isGray, 0.2);
    }
  });

  it.each([
    ['brightness', 0.6, 1.4],
    ['contrast', 0.6, 1.4],
    ['saturation', 0.8, 1.2],
    ['hue', -0.1, 0.1],
  ] as const)('the %s of a jitter lies from %d to %d and comes close to either', (op, least, greatest) => {
    expectSpread(amountsOf(op), least, greatest);
  });

  it('each operation of a jitter is as often the first', () => {
    const jittered = both.filter(({ jitter }) => jitter.length > 0);
    for (const op of ['brightness', 'contrast', 'saturation', 'hue']) {
      expectShare(jittered, ({ jitter }) => jitter[0]?.op === op, 0.25);
    }
  });
});

/** All within the range, and both ends reached to a twentieth of it. */
function expectSpread(values: readonly number[], least: number, greatest: number): void {
  const margin = (greatest - least) / 20;
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  expect(lowest).toBeGreaterThanOrEqual(least);
  expect(lowest).toBeLessThan(least + margin);
  expect(highest).toBeLessThanOrEqual(greatest);
  expect(highest).toBeGreaterThan(greatest - margin);
}
