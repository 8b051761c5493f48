import { describe, expect, it } from 'vitest';
import {
  emaDecayAt,
  kAt,
  lrAt,
  rawKAt,
  stepCounts,
  type KSchedule,
  type LrSchedule,
} from '../../src-main/core/train/schedules.ts';
import { readGoldenJson } from '../support/golden.ts';

type KCase = { config: KSchedule; epoch: number[]; raw: number[]; k: number[] };

type RunCase = {
  num_examples: number;
  world: number;
  batch: number;
  total_epochs: number;
  warmup_epochs: number;
  base_lr: number;
  scale_lr_by_k: number;
  lr_type: LrSchedule['type'];
  k_schedule: KSchedule;
  base_momentum: number;
  warmup_steps: number;
  total_steps: number;
  rows: [step: number, epoch: number, k: number, lr: number, momentum: number][];
};

const cases = readGoldenJson('cases/1_schedules.json') as Record<string, KCase | RunCase>;
const kCases = Object.entries(cases).flatMap(([name, value]) =>
  'epoch' in value ? [{ name, ...value }] : [],
);
const runCases = Object.entries(cases).flatMap(([name, value]) =>
  'rows' in value ? [{ name, ...value }] : [],
);

/** Relative 1e-12, absolute 1e-15 where the expected value is next to 0: one rounding of a cosine. */
function expectNear(actual: number, expected: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(Math.max(1e-15, 1e-12 * Math.abs(expected)));
}

describe('schedules equal the official ones', () => {
  it.each(kCases)('$name', ({ config, epoch, raw, k }) => {
    expect(epoch.map((e) => kAt(config, e))).toEqual(k);
    epoch.forEach((e, at) => expectNear(rawKAt(config, e), raw[at] ?? NaN));
  });

  it.each(runCases)('$name', (run) => {
    const schedule: LrSchedule = {
      type: run.lr_type,
      baseLr: run.base_lr,
      batchSize: run.batch * run.world,
      imageCount: run.num_examples,
      warmupEpochs: run.warmup_epochs,
      totalEpochs: run.total_epochs,
      scaleByK: run.scale_lr_by_k,
    };
    expect(stepCounts(schedule)).toEqual({ warmup: run.warmup_steps, total: run.total_steps });
    for (const [step, epoch, k, lr, momentum] of run.rows) {
      expect(kAt(run.k_schedule, epoch)).toBe(k);
      expectNear(lrAt(schedule, step, k), lr);
      expectNear(emaDecayAt(step, run.total_steps, run.base_momentum), momentum);
    }
  });
});
