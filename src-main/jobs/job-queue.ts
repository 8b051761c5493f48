import { type ErrorInfo, toErrorInfo, UserError, userError } from '../contract/errors.ts';
import type { CollectionId, JobId } from '../contract/ids.ts';
import type { Job, JobProgress, JobSpec } from '../contract/job.ts';
import { isOpen, statesThat, type JobState } from '../contract/job-state.ts';
import type { Page } from '../store/cursor.ts';
import type { JobRepository } from '../store/jobs.ts';
import type { Ask } from '../worker/protocol/ask.ts';
import type { WorkerJob } from '../worker/protocol/job.ts';
import { CrashRecovery } from './crash-recovery.ts';
import { answerAsk, handlerOf, type JobKinds } from './job-kind.ts';
import { JobLedger } from './job-ledger.ts';
import { JobRun, type RunEnd, type RunLimits } from './job-run.ts';
import { ProgressMeter } from './progress-meter.ts';
import type { ForkWorker } from './worker-channel.ts';

/** Progress reaches the store and the listeners at most this often; the last report of a job always does. */
const PROGRESS_EVERY_MS = 100;
/** Nobody has this many jobs open at once. */
const MAX_OPEN = 500;

export type JobQueueOptions = {
  jobs: JobRepository;
  kinds: JobKinds;
  fork: ForkWorker;
  limits: RunLimits;
  nowMs: () => number;
  onJob: (job: Job) => void;
  onBug: (error: unknown, where: string) => void;
  /** Adds to an error with which a job ends what can be done about it at once. */
  withAction: (error: ErrorInfo) => ErrorInfo;
  /** Whether it starts what a former process left queued, or leaves that until it is resumed. */
  startsLeftJobs: boolean;
};

type ActiveRun = {
  id: JobId;
  run: JobRun;
  recovery: CrashRecovery;
  meter: ProgressMeter;
  latest: JobProgress | null;
  publishedAtMs: number;
  ended: PromiseWithResolvers<void>;
};

/**
 * Runs queued jobs one after the other, oldest first, each in its own worker process.
 *
 * The store holds the truth about every job; this class only moves jobs along the state machine.
 */
export class JobQueue {
  readonly #options: JobQueueOptions;
  readonly #ledger: JobLedger;
  #active: ActiveRun | undefined;
  /** Jobs that another process left queued, and that this one does not start. */
  readonly #left: Set<JobId>;
  #isClosed = false;

  /** Jobs that a former process left running are marked as interrupted, to be resumed on request. */
  constructor(options: JobQueueOptions) {
    this.#options = options;
    const { jobs, nowMs, onJob } = options;
    jobs.interruptActive();
    this.#ledger = new JobLedger({ jobs, nowMs, onSaved: onJob });
    this.#left = new Set(options.startsLeftJobs ? [] : this.#ledger.queuedIds());
    queueMicrotask(() => this.#startNext());
  }

  /** Jobs that wait until somebody resumes them, or until a process that stays starts them. */
  get leftJobs(): readonly JobId[] {
    return [...this.#left];
  }

  enqueue(spec: JobSpec, title: string): Job {
    const id = this.#options.jobs.insert({ spec, title, createdAtMs: this.#options.nowMs() });
    const job = this.#announce(this.get(id));
    queueMicrotask(() => this.#startNext());
    return job;
  }

  /** Cancels a job; what it has saved stays. A job that is not running is cancelled at once. */
  cancel(id: JobId): Job {
    const { state } = this.get(id);
    if (state === 'cancelling' || state === 'cancelled') return this.get(id);
    if (this.#active?.id !== id) return this.#abandon(id);
    const job = this.#moveActive(id, 'cancelling');
    this.#active.run.stop('cancel');
    return job;
  }

  #abandon(id: JobId): Job {
    const job = this.#move(id, 'cancelled');
    handlerOf(this.#options.kinds, job.spec).onAbandoned?.(job.spec);
    return job;
  }

  /** Cancels a job and resolves when its worker is gone, so that nothing more is saved for it. */
  async cancelAndWait(id: JobId): Promise<void> {
    this.cancel(id);
    if (this.#active?.id === id) await this.#active.ended.promise;
  }

  pause(id: JobId): Job {
    const { state } = this.get(id);
    if (state === 'pausing' || state === 'paused') return this.get(id);
    if (this.#active?.id !== id) return this.#move(id, 'paused');
    const job = this.#moveActive(id, 'pausing');
    this.#active.run.stop('pause');
    return job;
  }

  /**
   * Queues a paused, interrupted, failed or cancelled job again; it resumes from what it has saved. One that waits or
   * runs already, as after a process that had queued it was killed, needs nothing.
   */
  resume(id: JobId): Job {
    const { state } = this.get(id);
    const isQueued = state === 'queued';
    if (state === 'running' || (isQueued && !this.#left.delete(id))) return this.get(id);
    const job = isQueued ? this.get(id) : this.#move(id, 'queued');
    queueMicrotask(() => this.#startNext());
    return job;
  }

  /** @throws UserError NOT_FOUND */
  get(id: JobId): Job {
    const job = this.#ledger.get(id);
    if (!job) throw userError('no-job', { id });
    return job;
  }

  /** See `JobLedger.current`. */
  current<T extends { jobId: JobId | null; state: JobState | null }>(row: T): T {
    return this.#ledger.current(row);
  }

  /** Newest first. @throws UserError BAD_INPUT for a cursor that is not of this list */
  page(query: Parameters<JobRepository['page']>[0]): Page<Job> {
    return this.#ledger.page(query);
  }

  /** The jobs that have not ended and need a collection, the newest first. */
  openJobsOf(id: CollectionId): Job[] {
    const { kinds } = this.#options;
    return this.#ledger
      .page({ states: statesThat(isOpen), cursor: null, limit: MAX_OPEN })
      .items.filter(({ spec }) => handlerOf(kinds, spec).collectionOf(spec) === id);
  }

  /** The process id of the worker at work, for those who want to watch it. */
  get workerPid(): number | undefined {
    return this.#active?.run.pid;
  }

  /** Ends the worker. A job under way is left as interrupted, and resumes from what it had saved. */
  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#active?.run.abandon();
    this.#active?.recovery.forget();
    this.#active = undefined;
    this.#ledger.close();
  }

  #startNext(): void {
    if (this.#active || this.#isClosed) return;
    const job = this.#ledger.nextQueued(this.#left);
    if (!job) return;
    const { state } = this.#moveActive(job.id, 'running');
    const workerJob = state === 'running' ? this.#prepare(job) : undefined;
    if (workerJob) this.#start(job, workerJob);
    else queueMicrotask(() => this.#startNext());
  }

  /** What the worker gets, or undefined when the job can no longer run: then it has failed, with the reason. */
  #prepare(job: Job): WorkerJob | undefined {
    try {
      return handlerOf(this.#options.kinds, job.spec).prepare(job.spec);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#moveActive(job.id, 'failed', error.toInfo());
      return undefined;
    }
  }

  #start(job: Job, workerJob: WorkerJob): void {
    this.#active = {
      id: job.id,
      run: this.#run(job, workerJob),
      recovery: new CrashRecovery(workerJob),
      meter: new ProgressMeter(),
      latest: null,
      publishedAtMs: 0,
      ended: Promise.withResolvers(),
    };
  }

  #run(job: Job, workerJob: WorkerJob): JobRun {
    const { fork, limits, kinds, onBug } = this.#options;
    return new JobRun({
      fork,
      limits: { ...limits, ...handlerOf(kinds, job.spec).limits },
      job: workerJob,
      answer: (ask: Ask) => answerAsk(kinds, ask, { id: job.id, spec: job.spec }),
      onProgress: (report) => this.#onProgress(report),
      onBug: (error) => onBug(error, `job ${job.id}`),
      onEnd: (end) => this.#onEnd(job.id, end),
    });
  }

  #onProgress(report: Parameters<ProgressMeter['update']>[0]): void {
    const active = this.#active;
    if (!active) return;
    const nowMs = performance.now();
    // A new phase is published at once: one that counts nothing may report nothing else for a while.
    const isSamePhase = report.phase === active.latest?.phase;
    active.latest = active.meter.update(report, nowMs);
    if (isSamePhase && nowMs - active.publishedAtMs < PROGRESS_EVERY_MS) return;
    active.publishedAtMs = nowMs;
    this.#options.onJob(this.#ledger.setProgress(active.id, active.latest));
  }

  #onEnd(id: JobId, end: RunEnd): void {
    if (this.#isClosed) return;
    const ended = this.#active;
    if (ended?.recovery.continuesAfter(end) && this.#runAgain(ended)) return;
    this.#active = undefined;
    if (end.state !== 'interrupted') ended?.recovery.forget();
    if (ended?.latest) this.#ledger.setProgress(id, ended.latest);
    if (end.state === 'failed' && end.stack) this.#options.onBug(end.stack, `worker of job ${id}`);
    this.#settle(id, end);
    ended?.ended.resolve();
    this.#startNext();
  }

  /** Whether the job can be given to a new worker. */
  #runAgain(active: ActiveRun): boolean {
    const job = this.get(active.id);
    try {
      active.run = this.#run(job, handlerOf(this.#options.kinds, job.spec).prepare(job.spec));
      return true;
    } catch (error) {
      if (error instanceof UserError) return false;
      throw error;
    }
  }

  /** A job at work always ends, and the next one starts, whatever goes wrong here. */
  #settle(id: JobId, end: RunEnd): void {
    try {
      const { spec } = this.#moveActive(id, end.state, 'error' in end ? end.error : null);
      // What a worker removes that is cancelled, one that was killed or had paused already has left.
      if (end.state === 'cancelled') handlerOf(this.#options.kinds, spec).onAbandoned?.(spec);
    } catch (error) {
      this.#options.onBug(error, `job ${id}`);
      this.#moveActive(id, 'failed', toErrorInfo(error));
    }
  }

  /** @throws UserError as `JobLedger.move` */
  #move(id: JobId, to: JobState): Job {
    return this.#announce(this.#ledger.move({ id, to }));
  }

  /** Moves the job that is starting, at work or ending: see [Note: A full disk] in job-ledger.ts. */
  #moveActive(id: JobId, to: JobState, error: ErrorInfo | null = null): Job {
    const described = error && this.#options.withAction(error);
    return this.#announce(this.#ledger.moveAnyway({ id, to, error: described }));
  }

  #announce(job: Job): Job {
    this.#options.onJob(job);
    return job;
  }
}
