import type { ServiceEvent } from '../contract/event.ts';
import type { JobKind, JobSpec } from '../contract/job.ts';
import type { CollectionId, JobId } from '../contract/ids.ts';
import type { Settings } from '../contract/settings.ts';
import type { DataLayout } from '../domain/data-layout.ts';
import type { Store } from '../store/database.ts';
import type { Ask, AsksOf } from '../worker/protocol/ask.ts';
import type { WorkerJobOf } from '../worker/protocol/job.ts';
import type { RunLimits } from './job-run.ts';

type SpecOf<K extends JobKind> = Extract<JobSpec, { kind: K }>;

/** What the handlers of all kinds work with. */
export type JobEnvironment = {
  store: Store;
  settings: () => Settings;
  layout: DataLayout;
  /** The app's version, which exports carry. */
  version: string;
  nowMs: () => number;
  publish: (event: ServiceEvent) => void;
};

/** What the service does for one kind of job: prepares it for the worker, and stores what the worker asks. */
export type JobKindHandler<K extends JobKind> = {
  /** The collection without which the job cannot run: it is cancelled before that is removed. Null for none. */
  collectionOf: (spec: SpecOf<K>) => CollectionId | null;
  /**
   * Resolves paths and settings into what the worker gets.
   * @throws UserError when the job can no longer run (its collection is gone)
   */
  prepare: (spec: SpecOf<K>) => WorkerJobOf<K>;
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

/** The handler of a spec's kind. */
export function handlerOf(kinds: JobKinds, spec: JobSpec): JobKindHandler<JobKind> {
  // The handler is the one of the spec's own kind; TypeScript cannot follow two unions at once.
  return kinds[spec.kind] as JobKindHandler<JobKind>;
}

/**
 * Hands an ask to the handler of the job's kind.
 * @throws Error when the worker asks what jobs of this kind do not ask
 */
export function answerAsk(kinds: JobKinds, ask: Ask, job: { id: JobId; spec: JobSpec }): unknown {
  if (!ask.kind.startsWith(`${job.spec.kind}/`)) {
    throw new Error(`A ${job.spec.kind} job asked '${ask.kind}'`);
  }
  return handlerOf(kinds, job.spec).answer(ask, job);
}
