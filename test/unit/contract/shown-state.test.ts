import { expect, test } from 'vitest';
import { JobState } from '../../../src-main/contract/job-state.ts';
import { shownStateOfRun, shownStateOfSegmentation } from '../../../src-main/contract/shown-state.ts';

test('a run that was planned is planned until it has come back, and done when it has finished', () => {
  const planned = { state: 'done', finishedAtMs: null, checkpointStep: 0 } as const;
  expect(shownStateOfRun(planned)).toBe('planned');
  expect(shownStateOfRun({ ...planned, state: null, checkpointStep: 900 })).toBe('taken');
  expect(shownStateOfRun({ ...planned, state: 'running', checkpointStep: 900 })).toBe('running');
  expect(shownStateOfRun({ ...planned, finishedAtMs: 1 })).toBe('done');
  expect(shownStateOfRun({ state: null, finishedAtMs: null, checkpointStep: null })).toBeNull();
});

test('a segmentation with a recipe waits for its shards until all are merged', () => {
  expect(shownStateOfSegmentation({ state: 'done', finishedAtMs: null })).toBe('waiting');
  expect(shownStateOfSegmentation({ state: 'done', finishedAtMs: 1 })).toBe('done');
});

test('every other state is that of the job', () => {
  for (const state of JobState.options.filter((one) => one !== 'done')) {
    expect(shownStateOfRun({ state, finishedAtMs: null, checkpointStep: 3 })).toBe(state);
    expect(shownStateOfSegmentation({ state, finishedAtMs: 5 })).toBe(state);
  }
});
