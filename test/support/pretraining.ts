import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CollectionId } from '../../src-main/contract/ids.ts';
import type { PretrainOverrides } from '../../src-main/contract/pretrain.ts';
import type { RunningService } from './running-service.ts';
import { saveScanned, type ScannedImage } from './segmented-service.ts';
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

/** A collection of a dozen different photos, with the rows that a scan leaves. */
export async function tinyCollection(
  running: Pick<RunningService, 'service'>,
  lastName = `photo-${TINY_IMAGES - 1}.png`,
): Promise<{ id: CollectionId; folder: string }> {
  const folder = join(tempFolder(), 'photos');
  mkdirSync(folder);
  const images: ScannedImage[] = [];
  for (let index = 0; index < TINY_IMAGES; index++) {
    const photo = photoLike(96, 64 + index, index + 1);
    const relPath = index === TINY_IMAGES - 1 ? lastName : `photo-${index}.png`;
    const image = { ...photo, relPath, bytes: await sharpOf(photo).png().toBuffer() };
    writeFileSync(join(folder, image.relPath), image.bytes);
    images.push(image);
  }
  return { id: saveScanned(running, folder, images).id, folder };
}
