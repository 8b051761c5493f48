import { describe, expect, test } from 'vitest';
import type { JobPhase, JobProgress } from '../../../src-main/contract/job.ts';
import type { JobState } from '../../../src-main/contract/job-state.ts';
import { liveStep } from '../../../src-renderer/screens/pretrain/live-step.ts';

const run = { step: 10, totalSteps: 100, config: { batchSize: 4 } };

function jobAt(state: JobState, phase: JobPhase, done: number): { state: JobState; progress: JobProgress } {
  return {
    state,
    progress: { phase, done, total: 400, unit: 'images', ratePerS: null, etaMs: null, jobShare: null },
  };
}

describe('the step of a run', () => {
  test('is that of its job while it trains, ahead of the last checkpoint', () => {
    expect(liveStep(run, jobAt('running', 'pretraining', 92))).toBe(23);
    expect(liveStep(run, jobAt('pausing', 'pretraining', 95))).toBe(23);
    expect(liveStep(run, jobAt('running', 'pretraining', 400))).toBe(100);
  });

  test('is that of the checkpoint without a job, before it trains, and once it was interrupted', () => {
    expect(liveStep(run, undefined)).toBe(10);
    expect(liveStep(run, { state: 'queued', progress: null })).toBe(10);
    expect(liveStep(run, jobAt('running', 'listing-images', 399))).toBe(10);
    expect(liveStep(run, jobAt('interrupted', 'pretraining', 92))).toBe(10);
  });

  test('never falls behind what is saved, nor beyond the end of a run that was extended', () => {
    expect(liveStep(run, jobAt('running', 'pretraining', 4))).toBe(10);
    expect(liveStep({ ...run, totalSteps: 20 }, jobAt('done', 'pretraining', 400))).toBe(20);
  });
});
