import { z } from 'zod';
import { JobState } from './job-state.ts';

/**
 * The state of a run or a segmentation as people read it. Its job may be done while the work is not: `planned`, a run that
 * was written for PyTorch and has not come back; `taken`, one that has, and can be resumed; `waiting`, a segmentation of
 * which a recipe was made, and whose shards have not all been merged.
 */
export const ShownState = z.enum([...JobState.options, 'planned', 'taken', 'waiting']);
export type ShownState = z.infer<typeof ShownState>;

type Work = { state: JobState | null; finishedAtMs: number | null };

/** @returns null for a run that never had a job */
export function shownStateOfRun(run: Work & { checkpointStep: number | null }): ShownState | null {
  const { state, finishedAtMs, checkpointStep } = run;
  if (state === 'done' && finishedAtMs === null) return 'planned';
  // A checkpoint that is taken over ends the bond to the job that planned it.
  return state === null && checkpointStep !== null ? 'taken' : state;
}

/** @returns null for a segmentation that never had a job */
export function shownStateOfSegmentation({ state, finishedAtMs }: Work): ShownState | null {
  return state === 'done' && finishedAtMs === null ? 'waiting' : state;
}
