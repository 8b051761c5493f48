import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Job } from '../../../src-main/contract/job.ts';
import { makePhotos } from '../../support/photo-folder.ts';
import { startService, waitForState, type RunningService } from '../../support/running-service.ts';
import { workerOf } from '../../support/scripted-worker.ts';
import { tempFolder } from '../../support/temp-folder.ts';

async function photos(count: number): Promise<string> {
  const folder = join(tempFolder(), 'photos');
  await makePhotos(folder, count);
  return folder;
}

/** Resolves at the first progress of a job that lies strictly between its start and its end. */
async function midway(client: ReturnType<typeof startService>['client'], id: Job['id']): Promise<void> {
  for (;;) {
    const { progress, state } = await client.jobs.get({ id });
    if (state === 'done') throw new Error('the job was too fast for this test');
    if (progress?.phase === 'reading-images' && progress.done > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('the job queue', () => {
  test('runs one job at a time, in the order they came', async () => {
    const { client } = startService();
    const first = await client.collections.add({ path: await photos(20) });
    const second = await client.collections.add({ path: await photos(5) });
    expect(second.job.state).toBe('queued');
    await waitForState(client, second.job.id, 'running');
    expect((await client.jobs.get({ id: first.job.id })).state).toBe('done');
    await waitForState(client, second.job.id, 'done');
  });

  test('starts waiting jobs in the order they came, each after the one before has ended', async () => {
    const forks = [workerOf('silent')];
    const { client, service } = startService({ fork: () => (forks.pop() ?? workerOf('hasty'))() });
    const add = async () => (await client.collections.add({ path: await photos(1) })).job.id;
    const blocking = await add();
    const waiting = [await add(), await add(), await add()];
    process.kill(service.queue.workerPid ?? Number.NaN, 'SIGKILL');
    await waitForState(client, blocking, 'interrupted');
    const jobs = [];
    for (const id of waiting) jobs.push(await waitForState(client, id, 'done'));
    for (const [at, job] of jobs.slice(1).entries()) {
      expect(job.startedAtMs).toBeGreaterThanOrEqual(jobs[at]?.finishedAtMs ?? Infinity);
    }
  });

  test('ends with the last progress of the worker, however quickly it came', async () => {
    const { client } = startService({ fork: workerOf('hasty') });
    const { job } = await client.collections.add({ path: await photos(1) });
    const done = await waitForState(client, job.id, 'done');
    expect(done.progress).toMatchObject({ done: 5, total: 5 });
  });

  test('pauses, keeps what was saved, and resumes to the same result', async () => {
    const { client } = startService({ fork: workerOf('halfway') });
    const { collection, job } = await client.collections.add({ path: tempFolder() });
    await midway(client, job.id);
    await client.jobs.pause({ id: job.id });
    expect(await waitForState(client, job.id, 'paused')).toMatchObject({ isResumable: true, error: null });
    expect((await client.collections.get({ id: collection.id })).counts.usable).toBe(5);
    await client.jobs.resume({ id: job.id });
    const done = await waitForState(client, job.id, 'done');
    expect(done.progress?.total).toBe(5);
    expect((await client.collections.get({ id: collection.id })).counts).toMatchObject({
      usable: 10,
      missing: 0,
    });
  });

  test('cancels a running job at once and keeps what was saved', async () => {
    const { client } = startService({ fork: workerOf('halfway') });
    const { collection, job } = await client.collections.add({ path: tempFolder() });
    await midway(client, job.id);
    await client.jobs.cancel({ id: job.id });
    const cancelled = await waitForState(client, job.id, 'cancelled');
    expect(cancelled.finishedAtMs).not.toBeNull();
    expect((await client.collections.get({ id: collection.id })).counts.usable).toBe(5);
  });

  test('cancels a waiting job without starting it', async () => {
    const { client } = startService();
    await client.collections.add({ path: await photos(50) });
    const { job } = await client.collections.add({ path: await photos(5) });
    expect(await client.jobs.cancel({ id: job.id })).toMatchObject({ state: 'cancelled', startedAtMs: null });
  });

  test('refuses what the state does not allow', async () => {
    const { client } = startService();
    const { job } = await client.collections.add({ path: await photos(2) });
    await waitForState(client, job.id, 'done');
    await expect(client.jobs.resume({ id: job.id })).rejects.toMatchObject({ code: 'WRONG_STATE' });
    await expect(client.jobs.cancel({ id: job.id })).rejects.toMatchObject({ code: 'WRONG_STATE' });
  });

  test('marks a job as interrupted when its worker is killed, and loses nothing', async () => {
    const { client, service } = startService();
    const { collection, job } = await client.collections.add({ path: await photos(400) });
    await midway(client, job.id);
    process.kill(service.queue.workerPid ?? Number.NaN, 'SIGKILL');
    const interrupted = await waitForState(client, job.id, 'interrupted');
    expect(interrupted).toMatchObject({ isResumable: true, error: { code: 'WORKER_FAILED' } });
    expect(interrupted.error?.message).toContain('SIGKILL');
    await client.jobs.resume({ id: job.id });
    await waitForState(client, job.id, 'done');
    expect((await client.collections.get({ id: collection.id })).counts).toMatchObject({
      usable: 400,
      problems: 0,
    });
  });

  test('fails a job with the last words of its worker', async () => {
    const { client } = startService({ fork: workerOf('last-words') });
    const { job } = await client.collections.add({ path: tempFolder() });
    const failed = await waitForState(client, job.id, 'failed');
    expect(failed).toMatchObject({ isResumable: true, error: { code: 'OUT_OF_MEMORY' } });
    expect(failed.error?.message).toContain('network.onnx');
  });

  test('finds the jobs that a former process left running, and offers them for resume', async () => {
    const dataFolder = join(tempFolder(), 'data');
    const former = startService({ dataFolder, fork: workerOf('halfway') });
    const { job } = await former.client.collections.add({ path: tempFolder() });
    await midway(former.client, job.id);
    former.service[Symbol.dispose]();

    const { client } = startService({ dataFolder, fork: workerOf('halfway') });
    expect(await client.jobs.get({ id: job.id })).toMatchObject({ state: 'interrupted', isResumable: true });
    await client.jobs.resume({ id: job.id });
    await waitForState(client, job.id, 'done');
  });

  test('leaves what a former process had queued until it is resumed, unless it is to start it', async () => {
    const dataFolder = join(tempFolder(), 'data');
    const former = startService({ dataFolder, fork: workerOf('silent') });
    const add = async () => (await former.client.collections.add({ path: await photos(1) })).job.id;
    const [first, second, third] = [await add(), await add(), await add()];
    await waitForState(former.client, first, 'running');
    former.service[Symbol.dispose]();

    const states = async ({ client }: RunningService) =>
      (await client.jobs.page({ limit: 10 })).items.map(({ state }) => state);
    const short = startService({ dataFolder, fork: workerOf('hasty'), startsLeftJobs: false });
    expect(short.service.queue.leftJobs).toEqual([second, third]);
    const own = await short.client.collections.add({ path: await photos(1) });
    await waitForState(short.client, own.job.id, 'done');
    expect(await states(short)).toEqual(['done', 'queued', 'queued', 'interrupted']);
    await short.client.jobs.resume({ id: third });
    await waitForState(short.client, third, 'done');
    expect(await states(short)).toEqual(['done', 'done', 'queued', 'interrupted']);
    short.service[Symbol.dispose]();

    const staying = startService({ dataFolder, fork: workerOf('hasty') });
    await waitForState(staying.client, second, 'done');
  });

  test('kills a worker that does not stop when asked; the job counts as stopped', async () => {
    const { client } = startService({ fork: workerOf('stubborn'), limits: { graceMs: 200 } });
    const { job } = await client.collections.add({ path: await photos(1) });
    await waitForState(client, job.id, 'running');
    expect((await client.jobs.cancel({ id: job.id })).state).toBe('cancelling');
    await waitForState(client, job.id, 'cancelled');
  });

  test('ends a worker that has gone silent', async () => {
    const { client } = startService({ fork: workerOf('silent'), limits: { silenceMs: 300 } });
    const { job } = await client.collections.add({ path: await photos(1) });
    const ended = await waitForState(client, job.id, 'interrupted');
    expect(ended.error).toMatchObject({ code: 'WORKER_UNRESPONSIVE' });
  });

  test('gives a worker the time to speak after the machine has slept', async () => {
    const { client } = startService({ fork: workerOf('beating'), limits: { silenceMs: 3_000 } });
    const { job } = await client.collections.add({ path: await photos(1) });
    await waitForState(client, job.id, 'running');
    // As after a sleep, all timers are over when this process goes on, and what the worker has said is not read yet.
    const sleep = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4_000);
    // What is to be done at once comes after messages and before timers.
    await new Promise((done) => setImmediate(() => done(sleep())));
    await new Promise((done) => setImmediate(done));
    await client.jobs.cancel({ id: job.id });
    await waitForState(client, job.id, 'cancelled');
  });

  test('fails the job, and nothing else, when a worker breaks the protocol', async () => {
    const { client, bugs } = startService({ fork: workerOf('babbling') });
    const { job } = await client.collections.add({ path: await photos(1) });
    const failed = await waitForState(client, job.id, 'failed');
    expect(failed.error).toMatchObject({ code: 'WORKER_FAILED' });
    expect(failed.error?.message).toMatch(/did not understand each other.*\(message\.ask/);
    expect(failed).toMatchObject({ isResumable: true });
    expect(bugs).toHaveLength(1);
    expect(await client.collections.list()).toHaveLength(1);
  });

  test('fails the job of a worker that stops without being asked, and starts the next one', async () => {
    const forks = [workerOf('hasty'), workerOf('never-asked')];
    const { client, bugs } = startService({ fork: () => (forks.pop() ?? workerOf('hasty'))() });
    const { job } = await client.collections.add({ path: await photos(1) });
    const next = await client.collections.add({ path: await photos(1) });
    expect(await waitForState(client, job.id, 'failed')).toMatchObject({ error: { code: 'WORKER_FAILED' } });
    await waitForState(client, next.job.id, 'done');
    expect(bugs).toHaveLength(1);
  });

  test('a job that is cancelled while it pauses is cancelled, whichever the worker noticed', async () => {
    const { client, bugs } = startService({ fork: workerOf('pauses-late') });
    const { job } = await client.collections.add({ path: await photos(1) });
    await waitForState(client, job.id, 'running');
    await client.jobs.pause({ id: job.id });
    await client.jobs.cancel({ id: job.id });
    await waitForState(client, job.id, 'cancelled');
    expect(bugs).toEqual([]);
  });

  test('fails a scan whose collection was removed while it waited', async () => {
    const { client } = startService();
    const { job: running } = await client.collections.add({ path: await photos(100) });
    const { collection, job } = await client.collections.add({ path: await photos(2) });
    await client.collections.remove({ id: collection.id });
    await expect(client.jobs.resume({ id: job.id })).resolves.toMatchObject({ state: 'queued' });
    await waitForState(client, running.id, 'done');
    const failed = await waitForState(client, job.id, 'failed');
    expect(failed.error).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('waits for a running scan to stop before its collection is removed', async () => {
    const { client, bugs } = startService({ fork: workerOf('halfway') });
    const { collection, job } = await client.collections.add({ path: tempFolder() });
    await midway(client, job.id);
    const { removedImages } = await client.collections.remove({ id: collection.id });
    expect(removedImages).toBe(5);
    expect(await client.jobs.get({ id: job.id })).toMatchObject({ state: 'cancelled' });
    expect(await client.collections.list()).toEqual([]);
    expect(bugs).toEqual([]);
  });

  test('waits for a scan that is being cancelled before its collection is removed', async () => {
    const { client, bugs } = startService({ fork: workerOf('saves-late') });
    const { collection, job } = await client.collections.add({ path: await photos(1) });
    await waitForState(client, job.id, 'running');
    expect((await client.jobs.cancel({ id: job.id })).state).toBe('cancelling');
    await client.collections.remove({ id: collection.id });
    expect(await client.jobs.get({ id: job.id })).toMatchObject({ state: 'cancelled', error: null });
    expect(bugs).toEqual([]);
  });

  test('refuses what a scan saves for a collection that has been removed under it, and says what to do', async () => {
    const { client, service, bugs } = startService({ fork: workerOf('saves-late') });
    const { collection, job } = await client.collections.add({ path: await photos(1) });
    await waitForState(client, job.id, 'running');
    await client.jobs.cancel({ id: job.id });
    service.store.collections.removeChunk(collection.id);
    const failed = await waitForState(client, job.id, 'failed');
    expect(failed.error).toEqual({
      code: 'NOT_FOUND',
      message: `The collection of this scan (job ${job.id}) has been removed, so nothing more is saved for it.`,
      hint: 'Add its folder again to scan it.',
      text: { key: 'scan-collection-removed', values: { id: job.id } },
    });
    expect(bugs).toEqual([]);
  });

  test('scans again after a scan that is being cancelled', async () => {
    const { client } = startService({ fork: workerOf('saves-late') });
    const { collection, job } = await client.collections.add({ path: await photos(1) });
    await waitForState(client, job.id, 'running');
    await client.jobs.cancel({ id: job.id });
    const next = await client.collections.rescan({ id: collection.id });
    expect(next).toMatchObject({ state: 'queued' });
    expect(next.id).not.toBe(job.id);
  });
});
