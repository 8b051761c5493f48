import type { Statement } from 'better-sqlite3';
import { z } from 'zod';
import { ErrorInfo, userError } from '../contract/errors.ts';
import { JobId } from '../contract/ids.ts';
import { JobProgress, JobSpec, type Job } from '../contract/job.ts';
import { isEnded, isResumable, JobState, statesBefore } from '../contract/job-state.ts';
import { decodeCursor, toPage, type Page } from './cursor.ts';
import type { WritableDb } from './connection.ts';

type Row = {
  id: number;
  title: string;
  spec: string;
  state: string;
  progress: string | null;
  error: string | null;
  created_at_ms: number;
  started_at_ms: number | null;
  finished_at_ms: number | null;
};

const Position = z.tuple([z.number().int()]);

/** Jobs and their states. Which state may follow which is the queue's affair; here it is only guarded. */
export class JobRepository {
  readonly #insert: Statement<[{ kind: string; title: string; spec: string; createdAtMs: number }]>;
  readonly #get: Statement<[number], Row>;
  readonly #newest: Statement<[number, number], Row>;
  readonly #newestOfState: Statement<[string, number, number], Row>;
  readonly #nextQueued: Statement<[number], Row>;
  readonly #setProgress: Statement<[string, number]>;
  readonly #transition: Statement<
    [
      {
        id: number;
        from: string;
        to: string;
        error: string | null;
        nowMs: number;
        finishedAtMs: number | null;
      },
    ]
  >;
  readonly #interrupt: Statement<[{ error: string }]>;

  constructor(db: WritableDb) {
    this.#insert = db.prepare(`
      INSERT INTO jobs (kind, title, spec, state, created_at_ms)
      VALUES (@kind, @title, @spec, 'queued', @createdAtMs)`);
    this.#get = db.prepare('SELECT * FROM jobs WHERE id = ?');
    this.#newest = db.prepare('SELECT * FROM jobs WHERE id < ? ORDER BY id DESC LIMIT ?');
    this.#newestOfState = db.prepare(
      'SELECT * FROM jobs WHERE state = ? AND id < ? ORDER BY id DESC LIMIT ?',
    );
    this.#nextQueued = db.prepare(`SELECT * FROM jobs WHERE state = 'queued' AND id > ? ORDER BY id LIMIT 1`);
    this.#setProgress = db.prepare('UPDATE jobs SET progress = ? WHERE id = ?');
    this.#transition = db.prepare(`
      UPDATE jobs SET
        state = @to,
        error = @error,
        progress = CASE WHEN @to = 'queued' THEN NULL ELSE progress END,
        started_at_ms = CASE WHEN @to = 'running' THEN @nowMs ELSE started_at_ms END,
        -- A clock that was set back in between gives no negative time.
        finished_at_ms = max(@finishedAtMs, ifnull(started_at_ms, 0))
      WHERE id = @id AND state IN (SELECT value FROM json_each(@from))`);
    this.#interrupt = db.prepare(`
      UPDATE jobs SET state = 'interrupted', error = @error, finished_at_ms = NULL
      WHERE state IN (${quoted(statesBefore('interrupted'))})`);
  }

  insert(job: { spec: JobSpec; title: string; createdAtMs: number }): JobId {
    const { spec, title, createdAtMs } = job;
    const { lastInsertRowid } = this.#insert.run({
      kind: spec.kind,
      title,
      spec: JSON.stringify(spec),
      createdAtMs,
    });
    return JobId.parse(Number(lastInsertRowid));
  }

  get(id: JobId): Job | undefined {
    const row = this.#get.get(id);
    return row && toJob(row);
  }

  /** Newest first. @throws UserError BAD_INPUT for a cursor that is not of this list */
  page(query: { states?: readonly JobState[] | undefined; cursor: string | null; limit: number }): Page<Job> {
    const { states, cursor, limit } = query;
    const [before] = cursor === null ? [Number.MAX_SAFE_INTEGER] : decodeCursor(cursor, Position);
    const rows = states
      ? [...new Set(states)]
          .flatMap((state) => this.#newestOfState.all(state, before, limit + 1))
          .sort((a, b) => b.id - a.id)
      : this.#newest.all(before, limit + 1);
    return toPage(rows, limit, toJob, (row) => [row.id]);
  }

  /** The job that has waited longest, of those after `afterId`. */
  nextQueued(afterId = 0): Job | undefined {
    const row = this.#nextQueued.get(afterId);
    return row && toJob(row);
  }

  setProgress(id: JobId, progress: JobProgress): void {
    this.#setProgress.run(JSON.stringify(progress), id);
  }

  /**
   * Moves a job to `to` if it is in one of the states `from`. One that is queued again has no progress until it has
   * started: it counts anew.
   * @param move.error kept with the job, or null to clear an earlier one
   * @returns whether it was moved
   */
  transition(move: {
    id: JobId;
    from: readonly JobState[];
    to: JobState;
    error: ErrorInfo | null;
    nowMs: number;
  }): boolean {
    const { id, from, to, error, nowMs } = move;
    const changes = this.#transition.run({
      id,
      from: JSON.stringify(from),
      to,
      error: error && JSON.stringify(error),
      nowMs,
      finishedAtMs: isEnded(to) ? nowMs : null,
    }).changes;
    return changes > 0;
  }

  /** Marks jobs that no process works on any longer, because their process ended. */
  interruptActive(): void {
    const error = userError('closed-during-job').toInfo();
    this.#interrupt.run({ error: JSON.stringify(error) });
  }
}

const quoted = (states: readonly JobState[]): string => states.map((state) => `'${state}'`).join(', ');

function toJob(row: Row): Job {
  const state = JobState.parse(row.state);
  return {
    id: JobId.parse(row.id),
    spec: JobSpec.parse(JSON.parse(row.spec)),
    state,
    title: row.title,
    progress: row.progress === null ? null : JobProgress.parse(JSON.parse(row.progress)),
    error: row.error === null ? null : ErrorInfo.parse(JSON.parse(row.error)),
    isResumable: isResumable(state),
    createdAtMs: row.created_at_ms,
    startedAtMs: row.started_at_ms,
    finishedAtMs: row.finished_at_ms,
  };
}
