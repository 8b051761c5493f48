import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { squashed } from '../../../../src-main/core/image/augment/resize-bicubic.ts';
import { ContentHash } from '../../../../src-main/contract/ids.ts';
import {
  findSuperpixels,
  SuperpixelCache,
  type SuperpixelSpec,
} from '../../../../src-main/core/train/superpixel-cache.ts';
import { withByteFlipped } from '../../../support/damaged-bytes.ts';
import { tempFolder } from '../../../support/temp-folder.ts';
import { photoLike } from '../../../support/test-images.ts';

const HASH = ContentHash.parse('ab'.repeat(32));
const SPEC: SuperpixelSpec = { viewPx: 64, segments: 20, compactness: 10, colours: 'plain', decodedPx: 128 };
const spanning = squashed(photoLike(96, 72), SPEC.viewPx);

const entriesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.slic'));

test('superpixels from disk are those that were cut', async () => {
  const folder = tempFolder();
  const expected = findSuperpixels(spanning, SPEC);
  expect(expected.count).toBeGreaterThan(5);
  for (let round = 0; round < 2; round++) {
    const cache = new SuperpixelCache(SPEC, { folder, maxBytes: 2 ** 20 });
    expect(await cache.get(HASH, spanning)).toEqual(expected);
  }
  expect(entriesOf(folder)).toHaveLength(1);
});

test('other settings have entries of their own', async () => {
  const folder = tempFolder();
  const options = { folder, maxBytes: 2 ** 20 };
  await new SuperpixelCache(SPEC, options).get(HASH, spanning);
  const finer = await new SuperpixelCache({ ...SPEC, segments: 60 }, options).get(HASH, spanning);
  expect(finer).toEqual(findSuperpixels(spanning, { ...SPEC, segments: 60 }));
  expect(entriesOf(folder)).toHaveLength(2);
});

test('a damaged entry is cut again', async () => {
  const folder = tempFolder();
  const cache = new SuperpixelCache(SPEC, { folder, maxBytes: 2 ** 20 });
  const expected = await cache.get(HASH, spanning);
  const path = join(folder, entriesOf(folder)[0] ?? '');
  const bytes = readFileSync(path);
  for (const damage of [
    bytes.subarray(0, 20),
    Buffer.from('x'),
    Buffer.concat([bytes.subarray(0, 40), bytes.subarray(60)]),
  ]) {
    writeFileSync(path, damage);
    expect(await cache.get(HASH, spanning)).toEqual(expected);
  }
});

test('a byte that is flipped anywhere in an entry is found, and the entry made again', async () => {
  const folder = tempFolder();
  const small = { ...SPEC, viewPx: 16, segments: 4 };
  const view = squashed(photoLike(24, 18), small.viewPx);
  const cache = new SuperpixelCache(small, { folder, maxBytes: 2 ** 20 });
  const expected = await cache.get(HASH, view);
  expect(expected.count).toBeGreaterThan(1);
  const path = join(folder, entriesOf(folder)[0] ?? '');
  const whole = readFileSync(path);
  for (let at = 0; at < whole.length; at++) {
    writeFileSync(path, withByteFlipped(whole, at));
    expect(await cache.get(HASH, view), `byte ${at}`).toEqual(expected);
    expect(readFileSync(path).equals(whole), `byte ${at}`).toBe(true);
  }
});
