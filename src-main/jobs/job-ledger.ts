import { phrase, type PlainPhraseKey } from '../contract/error-texts/error-text.ts';
import { type ErrorInfo, UserError, userError } from '../contract/errors.ts';
import type { JobId } from '../contract/ids.ts';
import type { Job, JobProgress } from '../contract/job.ts';
import {
  canFollow,
  isEnded,
  isOpen,
  isResumable,
  statesBefore,
  statesThat,
  type JobState,
} from '../contract/job-state.ts';
import type { Page } from '../store/cursor.ts';
import type { JobRepository } from '../store/jobs.ts';

/** A state that could not be saved is tried again this often. */
const RETRY_MS = 5_000;

type Move = { id: JobId; to: JobState; error?: ErrorInfo | null };

export type JobLedgerOptions = { jobs: JobRepository; nowMs: () => number; onSaved: (job: Job) => void };

/**
 * The jobs as they are: the rows of the store and, in front of them, what could not be written to it.
 *
 * [Note: A full disk] A job that a full disk stops has to end although its end cannot be saved either. Its state is
 * then kept here, where clients read it, until the store takes it. If the process ends first, the row still says that
 * the job is at work, so the next process finds it interrupted, and it can be resumed as well.
 */
export class JobLedger {
  readonly #options: JobLedgerOptions;
  readonly #unsaved = new Map<JobId, Job>();
  #retry: NodeJS.Timeout | undefined;

  constructor(options: JobLedgerOptions) {
    this.#options = options;
  }

  get(id: JobId): Job | undefined {
    return this.#unsaved.get(id) ?? this.#options.jobs.get(id);
  }

  /** A row that shows the state of its job, with the state as it is, also where that could not be saved. */
  current<T extends { jobId: JobId | null; state: JobState | null }>(row: T): T {
    const unsaved = row.jobId === null ? undefined : this.#unsaved.get(row.jobId);
    return unsaved ? { ...row, state: unsaved.state } : row;
  }

  /** Newest first. @throws UserError BAD_INPUT for a cursor that is not of this list */
  page(query: Parameters<JobRepository['page']>[0]): Page<Job> {
    this.#saveAll();
    const { items, nextCursor } = this.#options.jobs.page(query);
    const isWanted = ({ state }: Job) => query.states?.includes(state) ?? true;
    const listed = items.map((job) => this.#unsaved.get(job.id) ?? job).filter(isWanted);
    const ids = new Set(items.map(({ id }) => id));
    const others = query.cursor === null ? [...this.#unsaved.values()].filter(({ id }) => !ids.has(id)) : [];
    return { items: [...listed, ...others.filter(isWanted)].sort((a, b) => b.id - a.id), nextCursor };
  }

  /** The job that has waited longest. @param except those that do not count */
  nextQueued(except: ReadonlySet<JobId> = new Set()): Job | undefined {
    const { jobs } = this.#options;
    let job = jobs.nextQueued();
    while (job && (this.#unsaved.has(job.id) || except.has(job.id))) job = jobs.nextQueued(job.id);
    return job;
  }

  /** All jobs that wait, the oldest first. */
  queuedIds(): JobId[] {
    const ids = new Set<JobId>();
    for (let job = this.nextQueued(); job; job = this.nextQueued(ids)) ids.add(job.id);
    return [...ids];
  }

  /**
   * Moves a job along the state machine; durable when it returns.
   * @throws UserError WRONG_STATE when the state machine does not allow it; DISK_FULL and the like when it cannot be
   *   saved: then the job is as it was
   */
  move(move: Move): Job {
    const before = this.#known(move.id);
    if (!canFollow(before.state, move.to)) throw wrongState(before, move.to);
    if (this.#unsaved.has(move.id)) this.#save(before);
    const { jobs, nowMs } = this.#options;
    const { id, to, error = null } = move;
    const isMoved = jobs.transition({ id, from: statesBefore(to), to, error, nowMs: nowMs() });
    if (!isMoved) throw wrongState(this.#known(id), to);
    return this.#known(id);
  }

  /**
   * The same for a job at work, whose worker has moved on already: what cannot be saved now is saved later. A job that
   * is done counts as failed until then, with the reason why its end could not be saved.
   * @throws UserError WRONG_STATE
   */
  moveAnyway(move: Move): Job {
    try {
      return this.move(move);
    } catch (error) {
      if (!(error instanceof UserError) || error.code === 'WRONG_STATE') throw error;
      const isLost = move.to === 'done' || move.to === 'running';
      return this.#keep(isLost ? { ...move, to: 'failed', error: error.toInfo() } : move);
    }
  }

  /** Progress is for show: where it cannot be saved, clients still get it. */
  setProgress(id: JobId, progress: JobProgress): Job {
    unlessRefused(() => this.#options.jobs.setProgress(id, progress));
    return { ...this.#known(id), progress };
  }

  /** Jobs that no process works on any longer become interrupted; on a full disk, the next process does it. */
  close(): void {
    clearTimeout(this.#retry);
    unlessRefused(() => {
      for (const job of this.#unsaved.values()) this.#save(job);
    });
    unlessRefused(() => this.#options.jobs.interruptActive());
  }

  #known(id: JobId): Job {
    const job = this.get(id);
    if (job) return job;
    throw userError('no-job', { id });
  }

  #keep({ id, to, error = null }: Move): Job {
    const known = this.#known(id);
    const finishedAtMs = isEnded(to) ? Math.max(this.#options.nowMs(), known.startedAtMs ?? 0) : null;
    const job = { ...known, state: to, error, isResumable: isResumable(to), finishedAtMs };
    this.#unsaved.set(id, job);
    this.#saveLater();
    return job;
  }

  #saveLater(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#saveAll();
    }, RETRY_MS).unref();
  }

  #saveAll(): void {
    unlessRefused(() => {
      for (const job of [...this.#unsaved.values()]) {
        this.#save(job);
        this.#options.onSaved(job);
      }
    });
    if (this.#unsaved.size > 0) this.#saveLater();
  }

  /** Nobody else moves the job meanwhile, so that it may come from any state. */
  #save({ id, state: to, error, finishedAtMs }: Job): void {
    const { jobs, nowMs } = this.#options;
    jobs.transition({ id, from: statesThat(isOpen), to, error, nowMs: finishedAtMs ?? nowMs() });
    this.#unsaved.delete(id);
  }
}

/** Writes as far as the store lets it: what it refuses (a full disk) is tried again, or not needed. */
function unlessRefused(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
}

/** What a person wants who moves a job to a state. */
const WANTED: Partial<Record<JobState, PlainPhraseKey>> = {
  queued: 'resumed',
  paused: 'paused',
  pausing: 'paused',
  cancelled: 'cancelled',
  cancelling: 'cancelled',
};

function wrongState(job: Job, to: JobState): UserError {
  return userError(job.state === 'done' ? 'job-done' : 'job-state', {
    id: job.id,
    state: phrase(job.state),
    wanted: phrase(WANTED[to] ?? to),
  });
}
