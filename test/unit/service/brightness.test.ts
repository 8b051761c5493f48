import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { Client } from '../../../src-main/contract/contract.ts';
import type { Collection } from '../../../src-main/contract/collection.ts';
import { CollectionId, ContentHash } from '../../../src-main/contract/ids.ts';
import { cacheEntry, cachePlace } from '../../../src-main/domain/data-layout.ts';
import { pictureKey } from '../../../src-main/domain/picture-key.ts';
import { readImage } from '../../../src-main/service/image-files.ts';
import type { Service } from '../../../src-main/service/service.ts';
import { inProcessWorker } from '../../support/in-process-worker.ts';
import { startService, waitForState } from '../../support/running-service.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { quadrants, scienceTiff, sharpOf, sixteenBitPng } from '../../support/test-images.ts';

/** A disc of `high` on `low`, as an image of cells under a microscope. */
const cells = (sample: 'uint16' | 'float32', low: number, high: number) =>
  scienceTiff({ widthPx: 80, heightPx: 60, sample, samplesAt: (x, y) => [Math.hypot(x - 40, y - 30) < 20 ? high : low] }); // prettier-ignore

async function scanned(files: Record<string, Uint8Array>) {
  const folder = join(tempFolder(), 'cells');
  mkdirSync(folder);
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  const { client, service } = startService({ fork: inProcessWorker });
  const { collection, job } = await client.collections.add({ path: folder });
  await waitForState(client, job.id, 'done');
  return { client, service, folder, collection: await client.collections.get({ id: collection.id }) };
}

const imagesOf = async (client: Client, { id }: Collection) =>
  (await client.images.page({ collectionId: id, cursor: null, limit: 50 })).items;

/** The levels of an image outside and inside of its disc, in a grid and as a page shows it. */
async function levelsOf(service: Service, client: Client, collection: Collection, relPath: string) {
  const image = (await imagesOf(client, collection)).find((one) => one.relPath === relPath);
  if (!image) throw new Error(`there is no ${relPath}`);
  const levels = [];
  for (const variant of ['thumbnail', 'view'] as const) {
    const { bytes } = await readImage(service, { id: image.id, variant });
    const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
    const redAt = (x: number, y: number) => data[(y * info.width + x) * info.channels] ?? NaN;
    levels.push(redAt(3, 3), redAt(40, 30));
  }
  // In tens, as WebP is not exact.
  return levels.map((level) => Math.round(level / 10));
}
const FROM_BLACK_TO_WHITE = [0, 26, 0, 26];

describe('the brightness of images with more than 8 bits', () => {
  test('and all else that is known of images stays when a scan finds nothing new, also if it opens every file', async () => {
    const { client, collection } = await scanned({
      'bright.tif': cells('uint16', 100, 300),
      'damaged.png': Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0]),
      'float.tif': cells('float32', 0.25, 0.5),
      'deep.png': await sixteenBitPng(quadrants()),
      'turned.jpg': await sharpOf(quadrants()).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    });
    const { id } = collection;
    const shown = async () => ({
      images: await imagesOf(client, collection),
      brightness: (await client.collections.get({ id })).brightness,
    });
    const before = await shown();
    expect(before.images.map(({ status }) => status)).toEqual(['ok', 'problem', 'ok', 'ok', 'ok']);
    for (const isVerifying of [false, true]) {
      const job = await client.collections.rescan({ id, isVerifying });
      await waitForState(client, job.id, 'done');
      expect(await shown()).toEqual(before);
    }
  });

  test('is measured by the first scan over all images of a kind, and noted', async () => {
    const { client, service, collection } = await scanned({
      'bright.tif': cells('uint16', 100, 300),
      'dim.tif': cells('uint16', 100, 200),
      'float.tif': cells('float32', 0.25, 0.5),
      'photo.jpg': await sharpOf(quadrants()).jpeg().toBuffer(),
    });
    expect(collection.brightness).toEqual({
      setting: { kind: 'automatic' },
      measured: { 'tiff uint16': { from: 100, to: 300 }, 'tiff float32': { from: 0.25, to: 0.5 } },
    });
    const notes = (await imagesOf(client, collection)).map(({ relPath, note }) => [relPath, note]);
    expect(Object.fromEntries(notes)).toEqual({
      'bright.tif': 'Its values from 100 to 300 are shown from black to white.',
      'dim.tif': 'Its values from 100 to 300 are shown from black to white.',
      'float.tif': 'Its values from 0.25 to 0.5 are shown from black to white.',
      'photo.jpg': null,
    });
    expect(await levelsOf(service, client, collection, 'bright.tif')).toEqual(FROM_BLACK_TO_WHITE);
    expect(await levelsOf(service, client, collection, 'dim.tif')).toEqual([0, 13, 0, 13]);
    expect(await levelsOf(service, client, collection, 'float.tif')).toEqual(FROM_BLACK_TO_WHITE);
  });

  test.each<[string, () => Promise<Record<string, Uint8Array>>, string, string]>([
    [
      'measured',
      () =>
        Promise.resolve({
          'a.tif': cells('uint16', 100, 30_000),
          'dark.tif': cells('uint16', 100, 300),
          'even.tif': cells('uint16', 300, 300),
        }),
      'tiff uint16',
      '100 to 30000',
    ],
    [
      'full, of photographs',
      async () => ({
        'a.png': await sixteenBitPng(quadrants()),
        'dark.png': await sharp(await sixteenBitPng(quadrants()))
          .toColourspace('grey16')
          .linear(0.01, 0)
          .png()
          .toBuffer(),
      }),
      'png uint16',
      '0 to 65535',
    ],
  ])(
    'that is %s shows no image in black: one of far lower values has its own',
    async (_, makeFiles, kind, range) => {
      const { client, service, collection } = await scanned(await makeFiles());
      expect(Object.keys(collection.brightness.measured)).toEqual([kind]);
      const images = await imagesOf(client, collection);
      const dark = images.find(({ relPath }) => relPath.startsWith('dark'));
      expect(dark?.note).toMatch(
        new RegExp(
          `^Its values from \\d+ to \\d+ are shown from black to white; by the collection's range, ${range}, it would be black\\.$`,
        ),
      );
      const levels = await levelsOf(service, client, collection, dark?.relPath ?? '');
      expect(Math.max(...levels)).toBeGreaterThan(2);
      if (images.length === 3) {
        expect(levels).toEqual(FROM_BLACK_TO_WHITE);
        expect(await levelsOf(service, client, collection, 'a.tif')).toEqual(FROM_BLACK_TO_WHITE);
        // Nothing would show what is not there.
        expect(await levelsOf(service, client, collection, 'even.tif')).toEqual([0, 0, 0, 0]);
      }
      // A range that was chosen is for all.
      const setting = { kind: 'range', range: { from: 0, to: 65_535 } } as const;
      const { job } = await client.collections.setBrightness({ id: collection.id, setting });
      if (job) await waitForState(client, job.id, 'done');
      expect(Math.max(...(await levelsOf(service, client, collection, dark?.relPath ?? '')))).toBeLessThan(2);
    },
  );

  test('stays what it was when images are added later', async () => {
    const { client, service, folder, collection } = await scanned({ 'a.tif': cells('uint16', 100, 300) });
    writeFileSync(join(folder, 'b.tif'), cells('uint16', 300, 900));
    writeFileSync(join(folder, 'c.tif'), cells('float32', 5, 6));
    const { id } = await client.collections.rescan({ id: collection.id });
    await waitForState(client, id, 'done');
    const { brightness } = await client.collections.get({ id: collection.id });
    expect(brightness.measured).toEqual({
      'tiff uint16': { from: 100, to: 300 },
      'tiff float32': { from: 5, to: 6 },
    });
    expect(await levelsOf(service, client, collection, 'b.tif')).toEqual([26, 26, 26, 26]);
  });

  test('of photographs that use 16 bits is left as it is', async () => {
    const { service, client, collection } = await scanned({ 'photo.png': await sixteenBitPng(quadrants()) });
    expect(collection.brightness.measured).toEqual({ 'png uint16': { from: 0, to: 65_535 } });
    expect((await imagesOf(client, collection))[0]?.note).toBeNull();
    expect(await levelsOf(service, client, collection, 'photo.png')).toEqual([23, 23, 23, 23]);
  });

  test('can be changed, to a range or to all that the samples hold, and measured anew', async () => {
    const { client, service, folder, collection } = await scanned({ 'a.tif': cells('uint16', 100, 300) });
    const { id } = collection;
    const keys = new Set<string>();
    const shownWith = async (setting: Parameters<Client['collections']['setBrightness']>[0]['setting']) => {
      const { job } = await client.collections.setBrightness({ id, setting });
      if (job) await waitForState(client, job.id, 'done');
      const levels = await levelsOf(service, client, collection, 'a.tif');
      const [image] = await imagesOf(client, collection);
      const { brightness } = await client.collections.get({ id });
      const key = pictureKey(ContentHash.parse(image?.facts?.contentHash), brightness);
      keys.add(key);
      expect(existsSync(cacheEntry(cachePlace(service.layout.cache, 'thumbnails'), key))).toBe(true);
      return levels;
    };
    expect(await shownWith({ kind: 'range', range: { from: 0, to: 600 } })).toEqual([4, 13, 4, 13]);
    expect(await shownWith({ kind: 'full' })).toEqual([0, 0, 0, 0]);
    writeFileSync(join(folder, 'b.tif'), cells('uint16', 0, 500));
    expect(await shownWith({ kind: 'automatic' })).toEqual([5, 15, 5, 15]);
    expect((await client.collections.get({ id })).brightness.measured).toEqual({
      'tiff uint16': { from: 0, to: 500 },
    });
    expect(keys.size).toBe(3);
  });

  test('also changes how bright the images are, which the next scan measures', async () => {
    const { client, collection } = await scanned({
      'deep.tif': cells('uint16', 100, 300),
      'white.png': await sharp({ create: { width: 8, height: 6, channels: 3, background: '#fff' } })
        .png()
        .toBuffer(),
    });
    const { id } = collection;
    const brightness = async () =>
      (await imagesOf(client, collection)).map(({ facts }) => facts?.brightness ?? null);
    const [automatic] = await brightness();
    // The disc, white on black, covers a quarter of the image: π · 20² of 80 · 60 pixels.
    expect(automatic).toBeCloseTo(0.26, 1);
    await client.collections.setBrightness({ id, setting: { kind: 'full' } });
    expect(await brightness()).toEqual([null, 1]);
    const job = await client.collections.rescan({ id, isVerifying: false });
    await waitForState(client, job.id, 'done');
    const [full, white] = await brightness();
    expect(full).toBeLessThan(0.05);
    expect(white).toBe(1);
  });

  test('must be a range that ends above its start, of a collection that exists', async () => {
    const { client, collection } = await scanned({ 'a.tif': cells('uint16', 1, 2) });
    const change = (id: Collection['id'], from: number, to: number) =>
      client.collections.setBrightness({
        id: id,
        setting: { kind: 'range', range: { from, to } },
      });
    await expect(change(collection.id, 5, 5)).rejects.toThrow();
    await expect(change(CollectionId.parse(999), 0, 5)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
