import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import type { ErrorInfo } from '../../../src-main/contract/errors.ts';
import type { JobId } from '../../../src-main/contract/ids.ts';
import type { Job, JobProgress } from '../../../src-main/contract/job.ts';
import { JobLedger } from '../../../src-main/jobs/job-ledger.ts';
import { Store } from '../../../src-main/store/database.ts';
import { startFromNewestSchema } from '../../support/newest-schema.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** More text than a page of the database has room for. */
const LONG = 'x'.repeat(20_000);
const broken: ErrorInfo = { code: 'WORKER_FAILED', message: LONG, hint: null };

/** A ledger on a database that may grow, or not, as a file on a drive that has room, or not. */
function openLedger(nowMs = () => 5) {
  const file = join(tempFolder(), 'studio.sqlite');
  startFromNewestSchema(file);
  const db = new Database(file);
  const store = new Store(db);
  const saved: Job[] = [];
  const ledger = new JobLedger({ jobs: store.jobs, nowMs, onSaved: (job) => void saved.push(job) });
  onTestFinished(() => {
    ledger.close();
    store[Symbol.dispose]();
  });
  const queue = (title: string) =>
    store.jobs.insert({ spec: { kind: 'scan', collectionId: 1 as never }, title, createdAtMs: 0 });
  return {
    ledger,
    saved,
    queue,
    stored: (id: JobId) => store.jobs.get(id),
    fill: () => db.pragma(`max_page_count = ${db.pragma('page_count', { simple: true }) as number}`),
    free: () => db.pragma('max_page_count = 1000000'),
  };
}

test('a job during which the clock is set back takes no time, whether its end can be saved or not', () => {
  let now = 1_000;
  const { ledger, queue, stored, fill, free } = openLedger(() => now);
  const ids = [queue('scan'), queue('scan')] as const;
  for (const id of ids) ledger.moveAnyway({ id, to: 'running' });
  now = 5;
  ledger.moveAnyway({ id: ids[0], to: 'done' });
  expect(stored(ids[0])).toMatchObject({ startedAtMs: 1_000, finishedAtMs: 1_000 });
  fill();
  expect(ledger.moveAnyway({ id: ids[1], to: 'failed', error: broken })).toMatchObject({
    state: 'failed',
    finishedAtMs: 1_000,
  });
  free();
  ledger.close();
  expect(stored(ids[1])).toMatchObject({ state: 'failed', finishedAtMs: 1_000 });
});

test('a job whose end cannot be saved has ended all the same, and is saved once there is room', () => {
  const { ledger, saved, queue, stored, fill, free } = openLedger();
  const id = queue('scan');
  ledger.moveAnyway({ id, to: 'running' });
  fill();
  expect(ledger.moveAnyway({ id, to: 'failed', error: broken })).toMatchObject({
    state: 'failed',
    error: broken,
    isResumable: true,
    finishedAtMs: 5,
  });
  expect(stored(id)?.state).toBe('running');
  expect(ledger.get(id)?.state).toBe('failed');
  const listed = (states?: Job['state'][]) =>
    ledger.page({ states, cursor: null, limit: 10 }).items.map(({ state }) => state);
  expect(listed()).toEqual(['failed']);
  expect(listed(['failed'])).toEqual(['failed']);
  expect(listed(['running'])).toEqual([]);
  expect(saved).toEqual([]);

  free();
  expect(listed()).toEqual(['failed']);
  expect(saved).toMatchObject([{ id, state: 'failed' }]);
  expect(stored(id)).toMatchObject({ state: 'failed', error: broken, finishedAtMs: 5 });
});

test('a job that is done, but cannot be marked so, fails because of the disk and can be resumed', () => {
  const { ledger, queue, stored, fill, free } = openLedger();
  const id = queue('scan');
  ledger.moveAnyway({ id, to: 'running' });
  fill();
  const ended = ledger.moveAnyway({ id, to: 'done', error: broken });
  expect(ended).toMatchObject({ state: 'failed', error: { code: 'DISK_FULL' } });
  free();
  expect(ledger.move({ id, to: 'queued' })).toMatchObject({ state: 'queued', error: null });
  expect(stored(id)?.state).toBe('queued');
});

test('a job that cannot be started fails, and the next one is not waited for', () => {
  const { ledger, queue, fill } = openLedger();
  const [first, second] = [queue('first'), queue('second')];
  fill();
  expect(ledger.nextQueued()?.id).toBe(first);
  expect(ledger.moveAnyway({ id: first, to: 'running', error: broken })).toMatchObject({
    state: 'failed',
    error: { code: 'DISK_FULL' },
  });
  expect(ledger.nextQueued()?.id).toBe(second);
});

test('what a person asks of a waiting job is refused if it cannot be saved', () => {
  const { ledger, queue, fill } = openLedger();
  const id = queue('scan');
  fill();
  expect(() => ledger.move({ id, to: 'paused', error: broken })).toThrow('disk is full');
  expect(ledger.get(id)?.state).toBe('queued');
  expect(() => ledger.move({ id, to: 'done' })).toThrow(`Job ${id} is queued, so it cannot be done.`);
});

test('progress is shown even if it cannot be saved, and a job that is queued again has none', () => {
  const { ledger, queue, stored, fill } = openLedger();
  const id = queue('scan');
  ledger.move({ id, to: 'running' });
  fill();
  const progress: JobProgress = {
    phase: 'reading-images',
    done: 3,
    total: 4,
    unit: LONG as never,
    ratePerS: null,
    etaMs: null,
    jobShare: null,
  };
  expect(ledger.setProgress(id, progress).progress).toEqual(progress);
  ledger.setProgress(id, { ...progress, unit: 'images' });
  expect(stored(id)?.progress?.done).toBe(3);
  ledger.moveAnyway({ id, to: 'interrupted' });
  expect(ledger.move({ id, to: 'queued' }).progress).toBeNull();
});

test('closing leaves jobs to the next process that it cannot save', () => {
  const { ledger, queue, stored, fill } = openLedger();
  const id = queue('scan');
  ledger.move({ id, to: 'running' });
  fill();
  ledger.moveAnyway({ id, to: 'failed', error: broken });
  expect(() => ledger.close()).not.toThrow();
  expect(stored(id)?.state).toBe('interrupted');
});
