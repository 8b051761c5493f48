import { describe, expect, test } from 'vitest';
import type { JobPhase } from '../../../src-main/contract/job.ts';
import { ProgressMeter } from '../../../src-main/jobs/progress-meter.ts';
import type { ProgressReport } from '../../../src-main/worker/protocol/job.ts';

const report = (
  done: number,
  total: number | null = 100,
  phase: JobPhase = 'reading-images',
): ProgressReport => ({
  phase,
  done,
  total,
  unit: 'images',
});

describe('the progress meter', () => {
  test('tells no rate before half a second, because it would be a guess', () => {
    const meter = new ProgressMeter();
    meter.update(report(0), 0);
    expect(meter.update(report(10), 400)).toMatchObject({ ratePerS: null, etaMs: null });
  });

  test('tells rate and time left at a steady speed', () => {
    const meter = new ProgressMeter();
    meter.update(report(0), 0);
    meter.update(report(10), 1_000);
    const progress = meter.update(report(20), 2_000);
    expect(progress.ratePerS).toBeCloseTo(10);
    expect(progress.etaMs).toBe(8_000);
  });

  test('follows a change of speed within a few seconds', () => {
    const meter = new ProgressMeter();
    meter.update(report(0, 10_000), 0);
    for (let second = 1; second <= 10; second++) meter.update(report(second * 10, 10_000), second * 1_000);
    let rate = 0;
    for (let second = 1; second <= 20; second++) {
      rate = meter.update(report(100 + second * 50, 10_000), 10_000 + second * 1_000).ratePerS ?? 0;
    }
    expect(rate).toBeGreaterThan(49);
    expect(rate).toBeLessThanOrEqual(50);
  });

  test('starts anew with each phase', () => {
    const meter = new ProgressMeter();
    meter.update(report(0, null, 'listing-files'), 0);
    expect(meter.update(report(5_000, null, 'listing-files'), 1_000).ratePerS).toBe(5_000);
    expect(meter.update(report(0), 1_100)).toMatchObject({ ratePerS: null, etaMs: null });
  });

  test('passes on what a worker says about the whole job', () => {
    const meter = new ProgressMeter();
    meter.update(report(0), 0);
    const whole = meter.update({ ...report(50), leftMs: 90_000, jobShare: 0.1 }, 1_000);
    expect(whole).toMatchObject({ ratePerS: 50, etaMs: 90_000, jobShare: 0.1 });
    expect(whole).not.toHaveProperty('leftMs');
    expect(meter.update({ ...report(55), leftMs: null }, 1_500).etaMs).toBeNull();
    expect(meter.update(report(75), 2_000).jobShare).toBeNull();
  });

  test('tells no time left while the total is unknown', () => {
    const meter = new ProgressMeter();
    meter.update(report(0, null), 0);
    expect(meter.update(report(100, null), 1_000)).toMatchObject({ ratePerS: 100, etaMs: null });
  });
});
