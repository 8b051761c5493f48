import { z } from 'zod';
import { ErrorInfo } from '../../contract/errors.ts';
import { JobProgress, type JobKind } from '../../contract/job.ts';
import { JOB_KINDS } from './job-kinds.ts';

export type WorkerJobOf<K extends JobKind> = {
  [P in K]: { kind: P } & z.infer<(typeof JOB_KINDS)[P]['job']>;
}[K];
/** A job with all that the worker needs to run it. */
export type WorkerJob = WorkerJobOf<JobKind>;

// One object for each entry of JOB_KINDS, from which the type is made too.
export const WorkerJob = z.union(
  Object.entries(JOB_KINDS).map(([kind, { job }]) => z.object({ ...job.shape, kind: z.literal(kind) })),
) as unknown as z.ZodType<WorkerJob>;

/** How a job ended, as the worker sees it. */
export const Outcome = z.discriminatedUnion('state', [
  z.object({ state: z.literal('done') }),
  z.object({ state: z.literal('paused') }),
  z.object({ state: z.literal('cancelled') }),
  z.object({ state: z.literal('failed'), error: ErrorInfo, stack: z.string().nullable() }),
]);
export type Outcome = z.infer<typeof Outcome>;

/**
 * What a job reports of its progress; the service works out the rate, and the time left of a job that says nothing about
 * it because its last phase takes nearly all of its time.
 */
export const ProgressReport = JobProgress.pick({ phase: true, done: true, total: true, unit: true }).extend({
  /** Time left over all phases; null until it can be said. */
  leftMs: z.number().nullable().optional(),
  /** Share of the whole job that is done, 0..1. */
  jobShare: z.number().optional(),
});
export type ProgressReport = z.infer<typeof ProgressReport>;
