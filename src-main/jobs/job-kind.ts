import type { JobKind, JobSpec } from '../contract/job.ts';
import type { JobId } from '../contract/ids.ts';
import type { Ask } from '../worker/protocol/ask.ts';
import type { WorkerJob } from '../worker/protocol/job.ts';
import type { RunLimits } from './job-run.ts';

type SpecOf<K extends JobKind> = Extract<JobSpec, { kind: K }>;

/** The asks of one kind of job are called `KIND/...`. */
export type AsksOf<K extends JobKind> = Extract<Ask, { kind: `${K}/${string}` }>;

/** What the service does for one kind of job: prepares it for the worker, and stores what the worker asks. */
export type JobKindHandler<K extends JobKind> = {
  /**
   * Resolves paths and settings into what the worker gets.
   * @throws UserError when the job can no longer run (its collection is gone)
   */
  prepare: (spec: SpecOf<K>) => WorkerJob;
  /**
   * Carries out one ask in the store and returns its answer; durable when it returns (or resolves).
   * Work of more than a few milliseconds pauses now and then, because the service's event loop waits for it.
   * See [Note: Ask and answer] in worker/protocol/ask.ts.
   */
  answer: (ask: AsksOf<K>, job: { id: JobId; spec: SpecOf<K> }) => unknown;
  /** Clears away what a job has left that is cancelled while no worker is at it; the worker does so otherwise. */
  onAbandoned?: (spec: SpecOf<K>) => void;
  /** For workers that are silent for long, or have much to save when they stop. */
  limits?: Partial<RunLimits>;
};

export type JobKinds = { [K in JobKind]: JobKindHandler<K> };

/**
 * Hands an ask to the handler of the job's kind.
 * @throws Error when the worker asks what jobs of this kind do not ask
 */
export function answerAsk(kinds: JobKinds, ask: Ask, job: { id: JobId; spec: JobSpec }): unknown {
  if (!ask.kind.startsWith(`${job.spec.kind}/`)) {
    throw new Error(`A ${job.spec.kind} job asked '${ask.kind}'`);
  }
  // The handler is the one of the spec's kind, and the ask's name has just been found to be of that kind too;
  // TypeScript cannot follow two unions at once.
  const handler = kinds[job.spec.kind] as JobKindHandler<JobKind>;
  return handler.answer(ask, job);
}
