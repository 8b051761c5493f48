import { z } from 'zod';

/** `interrupted`: its worker died or the app ended while it ran; it resumes from its last saved point. */
export const JobState = z.enum([
  'queued',
  'running',
  'pausing',
  'paused',
  'cancelling',
  'cancelled',
  'failed',
  'interrupted',
  'done',
]);
export type JobState = z.infer<typeof JobState>;

/**
 * Which state may follow which. `interrupted` is where a job lands whose worker died under it; a job that is
 * over (`cancelled`, `failed`) may be queued again, because every kind resumes from what it saved.
 *
 * [Note: Kinds of job states] Every other property of a state follows from this table: no code keeps a
 * list of states. Code asks the functions below; SQL is given the list that `statesThat` makes of them.
 */
const NEXT_STATES: Record<JobState, readonly JobState[]> = {
  queued: ['running', 'paused', 'cancelled'],
  running: ['pausing', 'cancelling', 'done', 'failed', 'interrupted'],
  // A job may finish, or fail, before it notices that it was asked to stop.
  pausing: ['paused', 'cancelling', 'done', 'failed', 'interrupted'],
  cancelling: ['cancelled', 'done', 'failed', 'interrupted'],
  paused: ['queued', 'cancelled'],
  interrupted: ['queued', 'cancelled'],
  failed: ['queued'],
  cancelled: ['queued'],
  done: [],
};

export function canFollow(from: JobState, to: JobState): boolean {
  return NEXT_STATES[from].includes(to);
}

/** The states of which a claim is true, for a query. */
export function statesThat(claim: (state: JobState) => boolean): JobState[] {
  return JobState.options.filter(claim);
}

/** The states from which a job may go to `to`. */
export function statesBefore(to: JobState): JobState[] {
  return statesThat((from) => canFollow(from, to));
}

/** A worker process is running it: only such a job can lose its worker. */
export function isAtWork(state: JobState): boolean {
  return canFollow(state, 'interrupted');
}

/** It continues without the user: a worker is running it, or it is waiting for its turn. */
export function isUnderWay(state: JobState): boolean {
  return isAtWork(state) || canFollow(state, 'running');
}

/** It has not ended: it can still be cancelled, or is being cancelled. */
export function isOpen(state: JobState): boolean {
  return canFollow(state, 'cancelled') || canFollow(state, 'cancelling');
}

/** It is over, unless the user queues it again. */
export function isEnded(state: JobState): boolean {
  return !isOpen(state);
}

/** It can be queued again, and then continues from what it saved. */
export function isResumable(state: JobState): boolean {
  return canFollow(state, 'queued');
}

/** It has not ended, but continues only when the user resumes it. */
export function isOnHold(state: JobState): boolean {
  return isOpen(state) && isResumable(state);
}

/** It can be asked to pause. */
export function isPausable(state: JobState): boolean {
  return canFollow(state, 'pausing') || (!isAtWork(state) && canFollow(state, 'paused'));
}

/** It stopped unexpectedly before it was done. */
export function isFailure(state: JobState): boolean {
  return canFollow('running', state) && !isAtWork(state) && state !== 'done';
}
