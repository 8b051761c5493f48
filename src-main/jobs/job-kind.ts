import type { JobSpec } from '../contract/job.ts';
import type { JobId } from '../contract/ids.ts';
import type { Ask, WorkerJob } from '../worker/protocol.ts';

/** What the service does for one kind of job: prepares it for the worker, and stores what the worker asks. */
export type JobKindHandler<S extends JobSpec> = {
  /**
   * Resolves paths and settings into what the worker gets.
   * @throws UserError when the job cannot run any more (its collection is gone)
   */
  prepare: (spec: S) => WorkerJob;
  /**
   * Carries out one ask in the store and returns its answer; durable when it returns (or resolves).
   * Work of more than a few milliseconds pauses now and then, because the service's event loop waits for it.
   * See [Note: Ask and answer] in worker/protocol.ts.
   */
  answer: (ask: Ask, job: { id: JobId; spec: S }) => unknown;
};

export type JobKinds = { [K in JobSpec['kind']]: JobKindHandler<Extract<JobSpec, { kind: K }>> };
