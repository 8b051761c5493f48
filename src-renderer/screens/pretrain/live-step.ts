import type { Job, JobPhase } from '../../../src-main/contract/job.ts';
import type { Run } from '../../../src-main/contract/run.ts';

/** The phase in which the worker trains; before that it counts something else. */
const TRAINING: JobPhase = 'pretraining';

/**
 * The step that a run has reached: as reported by its running job, which is ahead of the last checkpoint. A job
 * counts the images of its steps.
 */
export function liveStep(
  run: Pick<Run, 'step' | 'totalSteps'> & { config: Pick<Run['config'], 'batchSize'> },
  job: Pick<Job, 'state' | 'progress'> | undefined,
): number {
  if (job?.progress?.phase !== TRAINING || job.state === 'interrupted') return run.step;
  const trained = Math.floor(job.progress.done / run.config.batchSize);
  return Math.min(run.totalSteps, Math.max(run.step, trained));
}
