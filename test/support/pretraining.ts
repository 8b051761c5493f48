import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '../../src-main/contract/contract.ts';
import type { CollectionId } from '../../src-main/contract/ids.ts';
import type { PretrainOverrides } from '../../src-main/contract/pretrain.ts';
import { waitForState } from './running-service.ts';
import { tempFolder } from './temp-folder.ts';
import { photoLike, sharpOf } from './test-images.ts';

export const TINY_EPOCHS = 4;

/** The smallest encoder on 64 px and batches of 4: a step takes a tenth of a second. */
export const TINY_RUN: PretrainOverrides = {
  encoder: 'resnet18-half',
  hidden: 16,
  embedding: 8,
  viewPx: 64,
  batchSize: 4,
  epochs: TINY_EPOCHS,
  superpixels: 16,
  kSchedule: { type: 'piecewise', epochs: [1, 3], values: [6, 3] },
  previews: 3,
  previewImages: 2,
  checkpointMinutes: 1_000,
};
/** Steps of an epoch of `TINY_RUN` on `TINY_IMAGES` images. */
export const TINY_STEPS = 3;
const TINY_IMAGES = 12;

/** A scanned collection of a dozen different photos. */
export async function tinyCollection(client: Client): Promise<{ id: CollectionId; folder: string }> {
  const folder = join(tempFolder(), 'photos');
  mkdirSync(folder);
  for (let index = 0; index < TINY_IMAGES; index++) {
    await sharpOf(photoLike(96, 64 + index, index + 1))
      .jpeg()
      .toFile(join(folder, `photo-${index}.jpg`));
  }
  const { collection, job } = await client.collections.add({ path: folder });
  await waitForState(client, job.id, 'done');
  return { id: collection.id, folder };
}
