import type { JobState } from '../contract/job.ts';

/**
 * Which state may follow which. `interrupted` is where a job lands whose worker died under it; a job that is
 * stopped for good (`cancelled`, `failed`) may be queued again, because every kind resumes from what it saved.
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

/** The states from which a job may go to `to`. */
export function statesBefore(to: JobState): JobState[] {
  return ALL_STATES.filter((from) => canFollow(from, to));
}

// Object.keys forgets the key type; NEXT_STATES has exactly the job states as keys.
const ALL_STATES = Object.keys(NEXT_STATES) as JobState[];
