import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DatasetRecipe } from '../../../src-main/contract/dataset.ts';
import type { Job } from '../../../src-main/contract/job.ts';
import { drawnImage } from '../../support/drawn-images.ts';
import { inProcessWorker } from '../../support/in-process-worker.ts';
import { bitmapOf } from '../../support/masks.ts';
import { startService, waitForState } from '../../support/running-service.ts';
import { saveDrawn } from '../../support/segmented-service.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const HOUR_MS = 3_600_000;
const cat = bitmapOf('##..', '##..', '....', '....');

/** A scanned and segmented folder of a service whose clock is an hour earlier each time that it is asked. */
async function openedWhileClockRunsBack() {
  let now = Date.UTC(2026, 0, 1);
  const nowMs = () => (now -= HOUR_MS);
  const running = startService({ fork: inProcessWorker, nowMs });
  const { client } = running;
  const ended = async ({ id }: Pick<Job, 'id'>) => {
    await waitForState(client, id, 'done');
    const job = await client.jobs.get({ id });
    expect(job.finishedAtMs).toBeGreaterThanOrEqual(job.startedAtMs ?? Infinity);
  };
  const folder = join(tempFolder(), 'photos');
  const add = async (relPath: string) => {
    const image = await drawnImage(relPath, [{ bitmap: cat, className: 'cat' }]);
    mkdirSync(dirname(join(folder, relPath)), { recursive: true });
    writeFileSync(join(folder, relPath), image.bytes);
    return image;
  };
  const drawn = [await add('a.png'), await add('b/c.png')];
  const { collection, job } = await client.collections.add({ path: folder });
  await ended(job);
  const segmentationId = saveDrawn(running, collection, drawn);
  return { ...running, collection, segmentationId, ended, add };
}

describe('a clock that runs back during every job', () => {
  test('gives no job a negative time, and changes no result', async () => {
    const { client, collection, segmentationId, ended, bugs } = await openedWhileClockRunsBack();
    expect((await client.collections.get({ id: collection.id })).counts.usable).toBe(2);
    const recipe = DatasetRecipe.parse({ segmentationIds: [segmentationId] });
    const { id: versionId } = await client.datasets.create({ name: 'cats', recipe });
    const outPath = join(tempFolder(), 'out');
    await ended((await client.exports.start({ versionId, options: { format: 'coco', outPath } })).job);
    const request = { segmentationId, path: outPath, format: 'auto', rejectMissing: true } as const;
    const started = await client.maskImports.start(request);
    await ended(started.job);
    const { result } = await client.maskImports.get({ id: started.import.id });
    expect(result).toMatchObject({ images: 2, kept: 2, changed: 0, added: 0, rejected: 0, skipped: 0 });
    expect(bugs).toEqual([]);
  });

  test('leaves a map as new as what it shows', async () => {
    const { client, segmentationId, ended } = await openedWhileClockRunsBack();
    await ended(await client.similar.describe({ id: segmentationId }));
    await ended(await client.maps.layOut({ id: segmentationId }));
    expect(await client.maps.state({ id: segmentationId })).toMatchObject({
      map: { objectCount: 2, imageCount: 2, isOutdated: false },
    });
  });

  test('hides from nobody that images were scanned after they were compared, nor that they were compared since', async () => {
    const { client, collection, ended, add } = await openedWhileClockRunsBack();
    const { id } = collection;
    const isOutdated = async () => (await client.lookAlikes.state({ id })).comparison?.isOutdated;
    await ended(await client.lookAlikes.compare({ id }));
    expect(await isOutdated()).toBe(false);
    await add('new.png');
    await ended(await client.collections.rescan({ id }));
    expect(await isOutdated()).toBe(true);
    await ended(await client.lookAlikes.compare({ id }));
    expect(await isOutdated()).toBe(false);
  });
});
