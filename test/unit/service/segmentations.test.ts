import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { segmentationFile } from '../../../src-main/domain/data-layout.ts';
import { drawnImage } from '../../support/drawn-images.ts';
import { bitmapOf } from '../../support/masks.ts';
import { startSegmented } from '../../support/segmented-service.ts';

const drawn = async () => [
  await drawnImage('a.png', [{ bitmap: bitmapOf('##..', '##..'), className: 'cat' }]),
];

/** A segmented collection, and the file of what its segmentation has learned. */
async function learned() {
  const running = startSegmented(await drawn());
  const { layout } = running.service;
  mkdirSync(layout.segmentations, { recursive: true });
  const file = segmentationFile(layout, running.segmentationId);
  writeFileSync(file, 'learned');
  return { ...running, file };
}

describe('what a segmentation has learned', () => {
  test('is deleted with it', async () => {
    const { client, segmentationId, file } = await learned();
    await client.segmentations.remove({ id: segmentationId });
    expect(existsSync(file)).toBe(false);
  });

  test('is deleted with its collection', async () => {
    const { client, collection, file } = await learned();
    await client.collections.remove({ id: collection.id });
    expect(existsSync(file)).toBe(false);
  });
});

test('only new images cannot be added to a segmentation that was never finished', async () => {
  const { client, segmentationId: id } = startSegmented(await drawn());
  await expect(client.segmentations.resume({ id, isNewOnly: true })).rejects.toMatchObject({
    code: 'WRONG_STATE',
  });
});
