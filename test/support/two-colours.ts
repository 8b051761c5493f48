import { join } from 'node:path';
import type { Client } from '../../src-main/contract/contract.ts';
import type { SegmentationId } from '../../src-main/contract/ids.ts';
import { SegmentSettings } from '../../src-main/contract/segmentation.ts';
import { encodeRle } from '../../src-main/core/mask/rle.ts';
import type { ForkWorker } from '../../src-main/jobs/worker-channel.ts';
import { unionIou } from '../../src-main/core/mask/union-iou.ts';
import { copyOfSegmented } from './prepared-scenes.ts';
import { galleryOf, startService, waitForState, type RunningService } from './running-service.ts';
import { isIn, redPlace, TWO_COLOURS_SIZE, writeTwoColours } from './two-colour-pictures.ts';

/** Of a prepared collection of such pictures. */
export const TWO_COLOUR_IMAGES = 14;

/** A service with a collection of such pictures, segmented with an untrained encoder, which tells colours. */
export async function startTwoColours(
  options: { fork?: ForkWorker } = {},
): Promise<RunningService & { id: SegmentationId; dataFolder: string }> {
  const { dataFolder } = await copyOfSegmented({
    key: ['two colours', TWO_COLOUR_IMAGES],
    write: (folder) => writeTwoColours(join(folder, 'images'), TWO_COLOUR_IMAGES),
    segment: async (client, collectionId) => {
      const model = await client.models.addUntrained({ architecture: 'resnet18-half', seed: 1 });
      const settings = SegmentSettings.parse({ keepsRegions: false });
      const { job } = await client.segmentations.start({ collectionId, modelId: model.id, settings });
      await waitForState(client, job.id, 'done');
    },
  });
  const running = startService({ dataFolder, ...options });
  const [segmentation] = await running.client.segmentations.list({});
  if (!segmentation) throw new Error('nothing was prepared');
  return { ...running, id: segmentation.id, dataFolder };
}

/** On the first images, a person draws the red square in place of what was found. */
export async function correctToRed(client: Client, id: SegmentationId, count: number): Promise<void> {
  const tiles = (await galleryOf(client, { id })).sort((a, b) => (a.relPath < b.relPath ? -1 : 1));
  for (const [index, { imageId }] of tiles.slice(0, count).entries()) {
    const ids = (await client.masks.ofImage({ id, imageId })).map((mask) => mask.id);
    if (ids.length > 0) await client.masks.remove({ ids });
    const { shape } = redOf(index) ?? {};
    if (!shape) throw new Error('there is a red square');
    const counts = Buffer.from(shape.rle).toString('latin1');
    await client.masks.create({ id, imageId, counts, conceptId: null });
  }
}

/** Mean IoU of all objects of the images from `from` on with the red squares. */
export async function likenessToRed(client: Client, id: SegmentationId, from: number): Promise<number> {
  const tiles = (await galleryOf(client, { id })).sort((a, b) => (a.relPath < b.relPath ? -1 : 1));
  const ious = tiles.slice(from).map(async ({ imageId }, at) => {
    const masks = await client.masks.ofImage({ id, imageId });
    const shapes = masks.map(({ gridWidth, gridHeight, counts }) => ({
      gridWidth,
      gridHeight,
      rle: Buffer.from(counts, 'latin1'),
    }));
    const { shape } = redOf(from + at) ?? {};
    return shape ? unionIou(shapes, [shape]) : 0;
  });
  const all = await Promise.all(ious);
  return all.reduce((sum, iou) => sum + iou, 0) / all.length;
}

function redOf(index: number) {
  const { width: widthPx, height: heightPx } = TWO_COLOURS_SIZE;
  const red = redPlace(index);
  const data = Uint8Array.from({ length: widthPx * heightPx }, (_, at) =>
    Number(isIn(red, at % widthPx, Math.floor(at / widthPx))),
  );
  return encodeRle({ data, widthPx, heightPx });
}
