import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '../../src-main/contract/contract.ts';
import type { SegmentationId } from '../../src-main/contract/ids.ts';
import { SegmentSettings } from '../../src-main/contract/segmentation.ts';
import { encodeRle } from '../../src-main/core/mask/rle.ts';
import { unionIou } from '../../src-main/core/mask/union-iou.ts';
import { RandomStream } from '../../src-main/core/tensor/random.ts';
import { galleryOf, waitForState } from './running-service.ts';
import { sharpOf } from './test-images.ts';

const [WIDTH, HEIGHT, SIDE] = [160, 120, 44];
type Colour = readonly [number, number, number];
const [RED, BLUE]: readonly Colour[] = [
  [205, 40, 45],
  [40, 60, 205],
];

/** Where the red and the blue square of a picture are. */
function placesOf(index: number): { red: Place; blue: Place } {
  const random = new RandomStream(100 + index);
  const y = () => 12 + Math.floor(random.uniform() * (HEIGHT - SIDE - 24));
  const left = { x: 18 + Math.floor(random.uniform() * 14), y: y() };
  const right = { x: 90 + Math.floor(random.uniform() * 14), y: y() };
  return random.uniform() < 0.5 ? { red: left, blue: right } : { red: right, blue: left };
}
type Place = { x: number; y: number };

const isIn = ({ x, y }: Place, column: number, row: number) =>
  column >= x && column < x + SIDE && row >= y && row < y + SIDE;

/** Pictures of a red and a blue square on a ground of many colours, which is not even. */
export async function writeTwoColours(folder: string, count: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (let index = 0; index < count; index++) {
    const random = new RandomStream(index);
    const { red, blue } = placesOf(index);
    const data = Buffer.alloc(WIDTH * HEIGHT * 3);
    for (let row = 0; row < HEIGHT; row++) {
      for (let column = 0; column < WIDTH; column++) {
        const wave = Math.sin(column / 11 + index) * Math.cos(row / 13);
        const ground = [125 + 75 * wave, 130 + 50 * Math.cos(column / 17), 100 - 70 * wave];
        const square = isIn(red, column, row) ? RED : isIn(blue, column, row) ? BLUE : undefined;
        for (let c = 0; c < 3; c++) {
          const value = square?.[c] ?? ground[c] ?? 0;
          data[(row * WIDTH + column) * 3 + c] = Math.max(0, Math.min(255, value + 8 * random.normal()));
        }
      }
    }
    const file = join(folder, `${String(index).padStart(2, '0')}.png`);
    await sharpOf({ data, widthPx: WIDTH, heightPx: HEIGHT }).png().toFile(file);
  }
}

/** Segments such pictures with an untrained encoder, which tells colours. */
export async function segmentTwoColours(client: Client, path: string): Promise<SegmentationId> {
  const added = await client.collections.add({ path });
  await waitForState(client, added.job.id, 'done');
  const model = await client.models.addUntrained({ architecture: 'resnet18-half', seed: 1 });
  const { segmentation, job } = await client.segmentations.start({
    collectionId: added.collection.id,
    modelId: model.id,
    settings: SegmentSettings.parse({ keepsRegions: false }),
  });
  await waitForState(client, job.id, 'done');
  return segmentation.id;
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
  const { red } = placesOf(index);
  const data = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, at) =>
    Number(isIn(red, at % WIDTH, Math.floor(at / WIDTH))),
  );
  return encodeRle({ data, widthPx: WIDTH, heightPx: HEIGHT });
}
