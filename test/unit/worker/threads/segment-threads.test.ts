import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { ContentHash } from '../../../../src-main/contract/ids.ts';
import { SegmentSettings } from '../../../../src-main/contract/segmentation.ts';
import { DEFAULT_IMAGE_LIMITS } from '../../../../src-main/core/image/image-limits.ts';
import { writeScenes } from '../../../../src-main/core/image/scenes.ts';
import { learnCollection } from '../../../../src-main/core/segment/collection-sample.ts';
import { maskOf } from '../../../../src-main/core/segment/head/reliability.ts';
import { IMAGENET_RGB } from '../../../../src-main/core/model/backbone.ts';
import type { FeatureMap } from '../../../../src-main/core/segment/encoder.ts';
import type { EncoderInput } from '../../../../src-main/core/segment/frozen-encoder.ts';
import { inOrder } from '../../../../src-main/worker/threads/in-order.ts';
import { segmentThreadCount, SegmentThreads } from '../../../../src-main/worker/threads/segment-threads.ts';
import { damagedFiles } from '../../../support/damaged-files.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const entry = pathToFileURL(resolve(import.meta.dirname, '../../../../out/main/segment-thread.js'));
const COUNT = 5;
const SETTINGS = SegmentSettings.parse({ conceptCount: 4 });

async function drawScenes() {
  const folder = tempFolder();
  await writeScenes(folder, { count: COUNT, seed: 3 });
  const rootPath = join(folder, 'images');
  const images = readdirSync(rootPath)
    .toSorted()
    .map((relPath) => ({
      relPath,
      pathBytes: null,
      contentHash: hashOf(join(rootPath, relPath)),
      widthPx: 320,
      heightPx: 240,
    }));
  return { rootPath, images };
}

function hashOf(path: string): ContentHash {
  return ContentHash.parse(createHash('sha256').update(readFileSync(path)).digest('hex'));
}

/** Stands for an encoder: the colour in the middle of each cell of 16 pixels. */
function colourCells({ pixels, widthPx, heightPx }: EncoderInput): Promise<FeatureMap[]> {
  const [width, height] = [widthPx / 16, heightPx / 16];
  const data = new Float32Array(width * height * 3);
  for (let cell = 0; cell < width * height; cell++) {
    const at = (16 * Math.floor(cell / width) + 8) * widthPx + 16 * (cell % width) + 8;
    data.set(pixels.subarray(at * 3, at * 3 + 3), cell * 3);
  }
  return Promise.resolve([{ data, channels: 3, width, height, stride: 16 }]);
}

type Drawn = Awaited<ReturnType<typeof drawScenes>>;

type PoolOptions = { threads: number; encode: typeof colourCells | null };

function openPool(rootPath: string, { threads, encode }: PoolOptions) {
  return new SegmentThreads({
    spec: {
      rootPath,
      limits: DEFAULT_IMAGE_LIMITS,
      cache: { folder: tempFolder(), thumbnailBytes: 2 ** 20, decodedBytes: 2 ** 28 },
      settings: SegmentSettings.parse({ conceptCount: 4 }),
      model: null,
      notes: { folder: join(tempFolder(), 'reading'), culprits: [] },
    },
    entry,
    threads,
    encoder: encode && { rules: { ...IMAGENET_RGB, multipleOf: 32, fixedPx: null }, encode },
  });
}

async function cutAll({ rootPath, images }: Drawn, threads: number, encode: typeof colourCells | null) {
  await using pool = openPool(rootPath, { threads, encode });
  const samples = [];
  const firstCuts = [];
  for await (const { item, result } of inOrder(images, pool.ahead, (image) =>
    pool.sample(image, { imageCount: COUNT, teachesHead: encode !== null, isEvenGround: false }),
  )) {
    if (!result) continue;
    const { relPath, contentHash } = item;
    samples.push({ ...result.sample, image: { relPath, contentHash } });
    firstCuts.push(result.first);
  }
  expect(samples).toHaveLength(COUNT);
  const settings = SegmentSettings.parse({ conceptCount: 4 });
  pool.setModel((await learnCollection({ samples, isEvenGround: false }, settings)).model);
  const masks = [];
  for await (const { result } of inOrder(images, pool.ahead, (image) => pool.cut(image))) masks.push(result);
  // Where no head is learned, filing what was cut first gives the same masks as cutting again.
  for (const [at, image] of images.entries()) {
    const first = firstCuts[at];
    if (!first) throw new Error('every image of a sample is cut');
    expect(first.isRough).toBe(encode !== null);
    if (!first.isRough) expect(await pool.file(image, first)).toEqual(masks[at]);
  }
  return masks;
}

/** What scenes teach without an encoder. */
async function learnedFrom({ rootPath, images }: Drawn) {
  await using pool = openPool(rootPath, { threads: 1, encode: null });
  const samples = await Promise.all(
    images.map(async (image) => {
      const sampled = await pool.sample(image, {
        imageCount: COUNT,
        teachesHead: false,
        isEvenGround: false,
      });
      if (!sampled) throw new Error(`${image.relPath} was not sampled`);
      return { ...sampled.sample, image };
    }),
  );
  return (await learnCollection({ samples, isEvenGround: false }, SETTINGS)).model;
}

test.each([
  ['without an encoder', null],
  ['with an encoder in the thread that owns them', colourCells],
])('one thread and three find the same masks %s', async (_, encode) => {
  const drawn = await drawScenes();
  const alone = await cutAll(drawn, 1, encode);
  expect(alone.every((cut) => 'masks' in cut && cut.masks.length > 0)).toBe(true);
  expect(await cutAll(drawn, 3, encode)).toEqual(alone);
});

test('threads find the foreground that a head and the image say, as this thread does', async () => {
  const { rootPath, images } = await drawScenes();
  await using pool = openPool(rootPath, { threads: 2, encode: colourCells });
  const spec = { imageCount: COUNT, teachesHead: true, isEvenGround: false };
  for (const image of images.slice(0, 2)) {
    const example = (await pool.sample(image, spec))?.sample.example;
    if (!example) throw new Error('an image teaches a head');
    const { graph, cues, targets } = example;
    // A head that is sure of the opposite of what the image shows.
    const prior = Float32Array.from(targets, (isInside) => (isInside ? -4 : 4));
    const found = await pool.foreground({ graph, cues, prior });
    expect(found).toEqual(maskOf({ graph, cues, prior }));
    expect(found).not.toEqual(targets);
  }
});

test('only scenes on an even ground are said to have one', async () => {
  const { rootPath, images } = await drawScenes();
  // Discs on a grey ground, as cells under a microscope.
  const [width, height] = [320, 240];
  const isInDisc = (x: number, y: number) => ((x % 64) - 32) ** 2 + ((y % 80) - 40) ** 2 < 15 ** 2;
  const data = Uint8Array.from({ length: width * height }, (_, at) =>
    isInDisc(at % width, Math.floor(at / width)) ? 20 : 150,
  );
  const relPath = 'cells.png';
  await sharp(data, { raw: { width, height, channels: 1 } })
    .png()
    .toFile(join(rootPath, relPath));
  const cells = {
    relPath,
    pathBytes: null,
    contentHash: hashOf(join(rootPath, relPath)),
    widthPx: 320,
    heightPx: 240,
  };
  await using pool = openPool(rootPath, { threads: 1, encode: null });
  expect(await pool.ground(cells)).toBe(true);
  expect(await Promise.all(images.map((image) => pool.ground(image)))).toEqual(images.map(() => false));
  expect(await pool.ground({ ...cells, relPath: 'gone.png' })).toBeNull();
});

test('an image that cannot be read has a reason in place of masks; without its folder, the job ends', async () => {
  const { rootPath, images } = await drawScenes();
  await using pool = openPool(rootPath, { threads: 1, encode: null });
  const [gone, changed, ...others] = images;
  if (!gone || !changed) throw new Error('two images are drawn');
  const samples = await Promise.all(
    others.map(async ({ relPath, contentHash, ...size }) => {
      const image = { relPath, contentHash };
      const sampling = { imageCount: others.length, teachesHead: false, isEvenGround: false };
      const sampled = await pool.sample({ ...image, ...size }, sampling);
      if (!sampled) throw new Error(`${relPath} was not sampled`);
      return { ...sampled.sample, image };
    }),
  );
  const settings = SegmentSettings.parse({ conceptCount: 2 });
  pool.setModel((await learnCollection({ samples, isEvenGround: false }, settings)).model);
  rmSync(join(rootPath, gone.relPath));
  writeFileSync(join(rootPath, changed.relPath), 'another file');
  expect(await pool.cut(gone)).toEqual({ unread: expect.stringContaining('disappeared') as string });
  expect(await pool.cut(changed)).toEqual({ unread: expect.stringContaining('changed since') as string });
  // As where a drive was unmounted.
  for (const { relPath } of images) rmSync(join(rootPath, relPath), { force: true });
  await expect(pool.cut(gone)).rejects.toMatchObject({ code: 'FOLDER_NOT_FOUND' });
  rmSync(rootPath, { recursive: true });
  await expect(pool.cut(gone)).rejects.toMatchObject({ code: 'FOLDER_NOT_FOUND' });
});

test('damaged files that threads read at once each get their own reason', async () => {
  const rootPath = join(tempFolder(), 'damaged');
  const paths = await damagedFiles(rootPath, 72);
  const images = paths.map((path) => ({
    relPath: basename(path),
    pathBytes: null,
    contentHash: hashOf(path),
    widthPx: 32,
    heightPx: 24,
  }));
  const model = await learnedFrom(await drawScenes());
  const reasons = async (threads: number, atOnce: number) => {
    await using pool = openPool(rootPath, { threads, encode: null });
    pool.setModel(model);
    const found: unknown[] = [];
    for await (const { result } of inOrder(images, atOnce, (image) => pool.cut(image)))
      found.push('unread' in result ? result.unread : 'masks');
    return found;
  };
  const oneByOne = await reasons(1, 1);
  expect(await reasons(4, 16)).toEqual(oneByOne);
  expect(oneByOne.join()).not.toContain('Unknown error');
  expect(new Set(oneByOne).size).toBeGreaterThan(12);
}, 300_000);

test('an encoder that fails ends all that wait for it', async () => {
  const failing = () => Promise.reject(new Error('no memory left on the device'));
  await expect(cutAll(await drawScenes(), 2, failing)).rejects.toThrow('no memory left on the device');
});

test('a few images are not shared among more threads than they are worth', () => {
  const counts = (cores: number) => [0, 1, 6, 7, 18, 1000].map((images) => segmentThreadCount(images, cores));
  expect(counts(1)).toEqual([1, 1, 1, 1, 1, 1]);
  expect(counts(2)).toEqual([1, 1, 1, 2, 2, 2]);
  expect(counts(16)).toEqual([1, 1, 1, 2, 3, 16]);
});
