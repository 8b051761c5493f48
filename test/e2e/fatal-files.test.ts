import { existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DatasetRecipe } from '../../src-main/contract/dataset.ts';
import { ExportOptions } from '../../src-main/contract/export.ts';
import { SegmentSettings } from '../../src-main/contract/segmentation.ts';
import type { ForkWorker } from '../../src-main/jobs/worker-channel.ts';
import { drawnImage } from '../support/drawn-images.ts';
import { bitmapOf } from '../support/masks.ts';
import { makePhotos } from '../support/photo-folder.ts';
import { TINY_RUN, tinyCollection } from '../support/pretraining.ts';
import { forkBuiltWorker, startService, waitForState } from '../support/running-service.ts';
import { startSegmented } from '../support/segmented-service.ts';
import { tempFolder } from '../support/temp-folder.ts';

const hook = pathToFileURL(join(import.meta.dirname, '../support/workers/fatal-files.mjs'));

/** Real workers, which crash or hang at files of certain names, and how many were started. */
function fatalWorkers(): { fork: ForkWorker; started: () => number } {
  const before = process.env.NODE_OPTIONS;
  process.env.NODE_OPTIONS = `--import ${hook.href}`;
  onTestFinished(() => {
    if (before === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = before;
  });
  let started = 0;
  const fork = () => {
    started++;
    return forkBuiltWorker();
  };
  return { fork, started: () => started };
}

/** `count` photos, of which those with the numbers of `fatal` have its names. */
async function photos(count: number, fatal: Record<number, string>): Promise<string> {
  const folder = join(tempFolder(), 'photos');
  await makePhotos(folder, count);
  for (const [number, name] of Object.entries(fatal)) {
    renameSync(join(folder, `photo-${number.padStart(4, '0')}.jpg`), join(folder, name));
  }
  return folder;
}

const mask = bitmapOf('####....', '####....', '........', '........');
const pet = (name: string) => drawnImage(name, [{ bitmap: mask, className: 'cat' }]);

describe('a file that ends the worker process', () => {
  test('is a problem of its own: the scan goes on, and the next one leaves it alone', async () => {
    const { fork, started } = fatalWorkers();
    const { client, bugs } = startService({ fork });
    const path = await photos(60, { 7: 'crash-a.jpg', 8: 'crash-b.jpg', 50: 'crash-c.jpg' });
    const { collection, job } = await client.collections.add({ path });
    await waitForState(client, job.id, 'done');
    const list = () =>
      client.images.page({ collectionId: collection.id, statuses: ['problem'], cursor: null, limit: 10 });
    const names = async () => (await list()).items.map(({ relPath }) => relPath);
    const counts = async () => (await client.collections.get({ id: collection.id })).counts;
    expect(await names()).toEqual(['crash-a.jpg', 'crash-b.jpg', 'crash-c.jpg']);
    expect((await list()).items[0]?.problem).toMatchObject({
      code: 'crash',
      detail: expect.stringMatching(/ended the worker process twice/) as string,
    });
    expect(await counts()).toMatchObject({ usable: 57, problems: 3 });

    const before = started();
    const again = await client.collections.rescan({ id: collection.id });
    await waitForState(client, again.id, 'done');
    expect(started()).toBe(before + 1);
    expect(await counts()).toMatchObject({ usable: 57, problems: 3 });

    // What no longer ends the worker is an image again.
    renameSync(join(path, 'crash-a.jpg'), join(path, 'harmless.jpg'));
    const verified = await client.collections.rescan({ id: collection.id, isVerifying: true });
    await waitForState(client, verified.id, 'done');
    expect(await counts()).toMatchObject({ usable: 58, problems: 2 });
    expect(bugs).toEqual([]);
  });

  test('by hanging is a problem, too', async () => {
    const { fork } = fatalWorkers();
    const { client } = startService({ fork, limits: { silenceMs: 4_000 } });
    const path = await photos(6, { 2: 'hang.jpg' });
    const { collection, job } = await client.collections.add({ path });
    await waitForState(client, job.id, 'done');
    expect((await client.collections.get({ id: collection.id })).counts).toMatchObject({
      usable: 5,
      problems: 1,
    });
  });

  test('stays unfinished and named in a segmentation of the others', async () => {
    const { fork } = fatalWorkers();
    const running = startSegmented(
      await Promise.all(['a.png', 'b.png', 'crash.png', 'd.png'].map(pet)),
      fork,
    );
    const { client, collection } = running;
    const { segmentation, job } = await client.segmentations.start({
      collectionId: collection.id,
      settings: SegmentSettings.parse({}),
    });
    await waitForState(client, job.id, 'done');
    const made = await client.segmentations.get({ id: segmentation.id });
    expect(made.imageCount).toBe(3);
    expect(made).toMatchObject({ unreadCount: 1, unreadImages: [{ relPath: 'crash.png' }] });
  });

  test('is left out of an export of the others, and named', async () => {
    const { fork } = fatalWorkers();
    const running = startSegmented(
      await Promise.all(['a.png', 'b.png', 'crash.png', 'd.png'].map(pet)),
      fork,
    );
    const { client, segmentationId } = running;
    const recipe = DatasetRecipe.parse({ segmentationIds: [segmentationId] });
    const version = await client.datasets.create({ name: 'pets', recipe });
    const outPath = join(tempFolder(), 'out');
    const { job, export: made } = await client.exports.start({
      versionId: version.id,
      options: ExportOptions.parse({ format: 'coco', outPath }),
    });
    await waitForState(client, job.id, 'done');
    const { result } = await client.exports.get({ id: made.id });
    expect(result).toMatchObject({ images: 3, leftOut: 1, problems: [{ relPath: 'crash.png' }] });
    expect(existsSync(outPath)).toBe(true);
  });

  test('is skipped and named by a pretraining on the others', async () => {
    const { fork } = fatalWorkers();
    const running = startService({ fork });
    const { id: collectionId, folder } = await tinyCollection(running, 'crash.png');
    expect(readdirSync(folder)).toContain('crash.png');
    const { run, job } = await running.client.runs.start({
      collectionId,
      device: 'onnx:cpu',
      overrides: { ...TINY_RUN, epochs: 1 },
    });
    await waitForState(running.client, job.id, 'done');
    const { skippedImages } = await running.client.runs.get({ id: run.id });
    expect(skippedImages.map(({ relPath }) => relPath)).toEqual(['crash.png']);
  });
});
