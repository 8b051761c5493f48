import { existsSync, readFileSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ContentHash, ImageId, type SegmentationId } from '../../../src-main/contract/ids.ts';
import { decodePixels, embed } from '../../../src-main/core/segment/embed-image.ts';
import { DEFAULT_IMAGE_LIMITS } from '../../../src-main/core/image/image-limits.ts';
import { sharp } from '../../../src-main/core/image/sharp-setup.ts';
import { writeCollectionModel } from '../../../src-main/core/segment/collection-model-file.ts';
import { learnCollection, sampleImage } from '../../../src-main/core/segment/collection-sample.ts';
import { SegmentSettings, type ForegroundNote } from '../../../src-main/contract/segmentation.ts';
import { segmentationFiles } from '../../../src-main/domain/data-layout.ts';
import { drawHeat } from '../../../src-main/service/foreground-heads.ts';
import { bitmapOf } from '../../support/masks.ts';
import type { DrawnImage } from '../../support/drawn-images.ts';
import { graphWithWeightsAt } from '../../support/external-weights.ts';
import { saveDrawn, startSegmented } from '../../support/segmented-service.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const [WIDTH, HEIGHT] = [96, 64];
const LEARNED: ForegroundNote = {
  way: 'head',
  agreement: 0.8,
  imageCount: 40,
  from: null,
  taughtBy: [],
  hasThingMetric: false,
};

/** The left half red, the right half blue. */
async function photo(): Promise<DrawnImage> {
  const data = Buffer.alloc(WIDTH * HEIGHT * 3);
  for (let at = 0; at < WIDTH * HEIGHT; at++) data[3 * at + (at % WIDTH < WIDTH / 2 ? 0 : 2)] = 255;
  const bytes = await sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
    .png()
    .toBuffer();
  const bitmap = bitmapOf('##..', '##..');
  return {
    relPath: 'half.png',
    bytes,
    widthPx: WIDTH,
    heightPx: HEIGHT,
    masks: [{ bitmap, className: 'red' }],
  };
}

/** A segmentation whose head takes red for the foreground. */
async function withHead(note: ForegroundNote | null = LEARNED) {
  const drawn = await photo();
  const running = startSegmented([drawn]);
  const { client, service, collection } = running;
  const model = await client.models.import({
    path: graphWithWeightsAt('weights.bin'),
    name: 'Means',
    licence: 'MIT',
    mean: [0, 0, 0],
    std: [1, 1, 1],
  });
  const id = saveDrawn(running, collection, [drawn], model.id);
  if (note) service.store.segmentations.setForeground(id, note);
  const pixels = await decodePixels(drawn.bytes, DEFAULT_IMAGE_LIMITS);
  const settings = SegmentSettings.parse({ conceptCount: 2 });
  const embedding = await embed(pixels, null, 64);
  const original = { widthPx: WIDTH, heightPx: HEIGHT };
  const spec = { imageCount: 1, teachesHead: false, isEvenGround: false };
  const { sample } = sampleImage({ pixels, embedding, original, settings }, spec);
  const image = { relPath: drawn.relPath, contentHash: ContentHash.parse('ab'.repeat(32)) };
  const samples = [{ ...sample, image }];
  const { model: learned } = await learnCollection({ samples, isEvenGround: false }, settings);
  const head = { weights: Float32Array.of(4, 0, 0), bias: -2 };
  await writeCollectionModel(segmentationFiles(service.layout, id).model, {
    ...learned,
    foreground: { ...learned.foreground, head },
  });
  const [first] = service.store.images.page({ collectionId: collection.id, cursor: null, limit: 1 }).items;
  return { ...running, id, imageId: ImageId.parse(first?.id), out: tempFolder() };
}

async function greyAt(bytes: Uint8Array | string, x: number): Promise<number> {
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  return data[(Math.floor(info.height / 2) * info.width + x) * info.channels] ?? NaN;
}

/** The first test loads networks, codecs and ONNX Runtime, which takes long on a busy machine. */
describe('the probabilities of a head', { timeout: 240_000 }, () => {
  test('are written as PNG of the image’s size, and never over a file unless asked to', async () => {
    const { client, id, imageId, out } = await withHead();
    const path = join(out, 'sub', 'grey.png');
    await client.segmentations.writeHeat({ id, imageId, path, style: 'grey' });
    expect(await sharp(path).metadata()).toMatchObject({
      format: 'png',
      width: WIDTH,
      height: HEIGHT,
      channels: 1,
    });
    // Log odds of 4 - 2 in the red half, and of -2 in the other.
    expect(await greyAt(path, 8)).toBe(Math.round(255 / (1 + Math.exp(-2))));
    expect(await greyAt(path, WIDTH - 8)).toBe(Math.round(255 / (1 + Math.exp(2))));
    await expect(client.segmentations.writeHeat({ id, imageId, path })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    await client.segmentations.writeHeat({ id, imageId, path, overwrite: true });
    expect(await sharp(path).metadata()).toMatchObject({ channels: 3 });
  });

  test('are not written into a collection or the data folder, nor through a link', async () => {
    const { client, id, imageId, out, folder, dataFolder } = await withHead();
    symlinkSync(folder, join(out, 'link'));
    for (const path of [
      join(folder, 'x.png'),
      join(dataFolder, 'models', 'x.png'),
      join(out, 'link', 'x.png'),
    ]) {
      await expect(
        client.segmentations.writeHeat({ id, imageId, path, overwrite: true }),
      ).rejects.toMatchObject({
        code: 'FOLDER_OVERLAPS',
      });
      await expect(client.segmentations.writeSheet({ id, path, overwrite: true })).rejects.toMatchObject({
        code: 'FOLDER_OVERLAPS',
      });
      expect(existsSync(path)).toBe(false);
    }
  });

  test('are drawn from the cache when the file is gone', async () => {
    const { service, id, imageId, folder } = await withHead();
    const first = await drawHeat(service, { id, imageId });
    expect(await greyAt(first, 20)).toBeGreaterThan(await greyAt(first, WIDTH - 20));
    unlinkSync(join(folder, 'half.png'));
    expect(await drawHeat(service, { id, imageId })).toEqual(first);
  });

  test.each([
    [null, 'has not learned from its images yet'],
    ['not-needed', 'makes every region a mask'],
    ['even-ground', 'uniform background'],
    ['no-encoder', 'without a model'],
    ['few-images', 'too few images'],
    ['disagreement', "its model's features added too little to colour, place and saliency"],
  ] as const)('are missing for a reason that is told (%s)', async (way, reason) => {
    const { client, id, imageId, out } = await withHead(way && { ...LEARNED, way });
    const refused = { code: 'WRONG_STATE', message: expect.stringContaining(reason) as string };
    const heat = client.segmentations.writeHeat({ id, imageId, path: join(out, 'x.png') });
    await expect(heat).rejects.toMatchObject(refused);
    const exported = client.segmentations.exportHead({ id, path: join(out, 'x.onnx') });
    await expect(exported).rejects.toMatchObject(refused);
  });

  test('are refused for an image that is not segmented, and where what was learned is gone', async () => {
    const { client, service, id, imageId, out } = await withHead();
    const path = join(out, 'x.png');
    await expect(
      client.segmentations.writeHeat({ id, imageId: ImageId.parse(999), path }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
    unlinkSync(segmentationFiles(service.layout, id).model);
    await expect(client.segmentations.writeHeat({ id, imageId, path })).rejects.toMatchObject({
      code: 'WRONG_STATE',
      data: { hint: 'Segment the collection again.' },
    });
  });
});

test('a head is exported with what is known of it, or with that of the segmentation that taught it', async () => {
  const { client, service, id, out } = await withHead();
  const cardOf = async (segmentation: SegmentationId, name: string) => {
    const path = join(out, name);
    await client.segmentations.exportHead({ id: segmentation, path });
    return readFileSync(`${path}.card.md`, 'utf8');
  };
  const card = await cardOf(id, 'own.onnx');
  for (const fact of ['Means (onnx)', 'MIT', '40 images', '"photos"', '0.80']) expect(card).toContain(fact);
  const teacher = saveDrawn({ service }, (await client.collections.list())[0] ?? fail(), []);
  service.store.segmentations.setForeground(teacher, { ...LEARNED, imageCount: 700 });
  await client.segmentations.rename({ id: teacher, name: 'Everything' });
  service.store.segmentations.setForeground(id, { ...LEARNED, from: teacher });
  const other = await cardOf(id, 'other.onnx');
  expect(other).toContain('700 images');
  expect(other).toContain('(segmentation "Everything")');
});

function fail(): never {
  throw new Error('there is no collection');
}
