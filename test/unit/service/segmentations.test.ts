import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SegmentSettings } from '../../../src-main/contract/segmentation.ts';
import { segmentationFiles } from '../../../src-main/domain/data-layout.ts';
import { drawnImage } from '../../support/drawn-images.ts';
import { bitmapOf } from '../../support/masks.ts';
import { workerOf } from '../../support/scripted-worker.ts';
import { startSegmented } from '../../support/segmented-service.ts';

const drawn = async () => [
  await drawnImage('a.png', [{ bitmap: bitmapOf('##..', '##..'), className: 'cat' }]),
];

/** A segmented collection, and the files of what its segmentation has learned. */
async function learned() {
  const running = startSegmented(await drawn());
  const { layout } = running.service;
  mkdirSync(layout.segmentations, { recursive: true });
  const files = Object.values(segmentationFiles(layout, running.segmentationId));
  for (const file of files) writeFileSync(file, 'learned');
  return { ...running, files };
}

describe('what a segmentation has learned', () => {
  test('is deleted with it', async () => {
    const { client, segmentationId, files } = await learned();
    await client.segmentations.remove({ id: segmentationId });
    expect(files.filter((file) => existsSync(file))).toEqual([]);
  });

  test('is deleted with its collection', async () => {
    const { client, collection, files } = await learned();
    await client.collections.remove({ id: collection.id });
    expect(files.filter((file) => existsSync(file))).toEqual([]);
  });
});

test('only new images cannot be added to a segmentation that was never finished', async () => {
  const { client, segmentationId: id } = startSegmented(await drawn());
  await expect(client.segmentations.resume({ id, isNewOnly: true })).rejects.toMatchObject({
    code: 'WRONG_STATE',
  });
});

test('one without an encoder runs on the CPU, and compares no devices for that', async () => {
  let forks = 0;
  const { client, collection } = startSegmented(await drawn(), () => {
    forks++;
    return workerOf('hasty')();
  });
  const request = { collectionId: collection.id, settings: SegmentSettings.parse({}) };
  const { segmentation, job } = await client.segmentations.start(request);
  expect(segmentation.device).toBe('onnx:cpu');
  // Names alone: nobody has to read another language than theirs.
  expect(segmentation.name).toBe(collection.name);
  await expect.poll(async () => (await client.jobs.get({ id: job.id })).state).toBe('done');
  // The one of the job.
  expect(forks).toBe(1);
  await expect(client.segmentations.start({ ...request, device: 'torch:cpu' })).rejects.toMatchObject({
    code: 'BAD_INPUT',
  });
});
