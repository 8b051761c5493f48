import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { SegmentSettings } from '../../../src-main/contract/segmentation.ts';
import { inProcessWorker } from '../../support/in-process-worker.ts';
import { TINY_RUN, tinyCollection } from '../../support/pretraining.ts';
import { startService, waitForState } from '../../support/running-service.ts';
import { workerOf } from '../../support/scripted-worker.ts';
import { canMakeDisks, diskReason, tinyDisk } from '../../support/tiny-disk.ts';

/** Takes all the room that is left on a drive. */
function fill(folder: string): { free: () => void } {
  const files: string[] = [];
  for (let bytes = 2 ** 20; bytes >= 2 ** 10; bytes /= 2) {
    try {
      for (;;) {
        const file = join(folder, `filler-${files.length}`);
        files.push(file);
        writeFileSync(file, Buffer.alloc(bytes));
      }
    } catch {
      // No room for one of this size: smaller ones may still fit.
    }
  }
  return { free: () => files.forEach((file) => rmSync(file, { force: true })) };
}

/** Reads a database until it is disposed. */
function openReader(file: string): Disposable {
  const db = new Database(file);
  db.exec('BEGIN; SELECT count(*) FROM jobs');
  return { [Symbol.dispose]: () => void db.close() };
}

test.skipIf(!canMakeDisks)(
  `rows of jobs that ended on a full drive say so at once, and after there is room again${diskReason}`,
  async () => {
    const drive = tinyDisk(8 * 1_024);
    // One that compares devices and one for calls, then one for each job.
    const forks = [workerOf('silent'), inProcessWorker, inProcessWorker];
    const running = startService({
      dataFolder: join(drive, 'data'),
      fork: () => (forks.pop() ?? workerOf('hasty'))(),
    });
    const { client, service } = running;
    const { id: collectionId } = await tinyCollection(running);
    const { run, job: training } = await client.runs.start({
      collectionId,
      device: 'onnx:cpu',
      overrides: TINY_RUN,
    });
    const { segmentation, job } = await client.segmentations.start({
      collectionId,
      device: 'onnx:cpu',
      settings: SegmentSettings.parse({}),
    });
    const statesOf = async () => [
      (await client.runs.get({ id: run.id })).state,
      (await client.runs.list({}))[0]?.state,
      (await client.segmentations.get({ id: segmentation.id })).state,
      (await client.segmentations.list({}))[0]?.state,
      ...(await client.jobs.page({ limit: 10 })).items.map(({ state }) => state),
    ];

    await waitForState(client, training.id, 'running');
    // While somebody reads, SQLite does not write again where it has written: its log has to grow.
    using reader = openReader(service.layout.database);
    const { free } = fill(drive);
    const write = () => service.store.settings.setAll({ filler: 'x'.repeat(8_000) });
    expect(() => {
      for (;;) write();
    }).toThrow(expect.objectContaining({ code: 'DISK_FULL' }) as Error);

    process.kill(service.queue.workerPid ?? Number.NaN, 'SIGKILL');
    await waitForState(client, training.id, 'interrupted'); // The next job cannot even be noted as started.
    await waitForState(client, job.id, 'failed');
    expect((await client.jobs.get({ id: job.id })).error).toMatchObject({ code: 'DISK_FULL' });
    const expected = ['interrupted', 'interrupted', 'failed', 'failed', 'failed', 'interrupted'];
    expect(await statesOf()).toEqual(expected);
    expect(service.store.jobs.get(training.id)?.state).toBe('running');

    free();
    reader[Symbol.dispose]();
    expect(await statesOf()).toEqual(expected);
    expect(service.store.jobs.get(training.id)?.state).toBe('interrupted');
    await client.segmentations.resume({ id: segmentation.id });
    await waitForState(client, job.id, 'done');
  },
);
