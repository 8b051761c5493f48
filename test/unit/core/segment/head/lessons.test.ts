import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serialize } from 'node:v8';
import { expect, test } from 'vitest';
import { ContentHash } from '../../../../../src-main/contract/ids.ts';
import { readLessons, writeLessons } from '../../../../../src-main/core/segment/collection-model-file.ts';
import { floatsOf } from '../../../../../src-main/core/segment/head/foreground-head.ts';
import type { HeadExample } from '../../../../../src-main/core/segment/head/learn-head.ts';
import { lessonsOf } from '../../../../../src-main/core/segment/head/lessons.ts';
import { tempFolder } from '../../../../support/temp-folder.ts';

const DIM = 3;

/** An image of 40 superpixels, of which every fifth is of the foreground, each as large as its number. */
function image(at: number, dim = DIM) {
  const rows = 40;
  return {
    image: { relPath: `${at}.png`, contentHash: ContentHash.parse(at.toString(16).padStart(64, '0')) },
    features: Float32Array.from({ length: rows * dim }, (_, value) => Math.floor(value / dim)),
    dim,
    targets: Uint8Array.from({ length: rows }, (_, row) => (row % 5 === 0 ? 1 : 0)),
    areas: Float32Array.from({ length: rows }, (_, row) => row + 1),
  };
}

const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);

test('an image is kept as a few of its superpixels, half of them of its foreground', () => {
  const {
    kept: [first],
  } = lessonsOf([image(1)]);
  if (!first) throw new Error('one image was given');
  expect([...first.targets].filter((inside) => inside === 1)).toHaveLength(8);
  expect(first.targets).toHaveLength(16);
  // Each row of features is that of the superpixel whose target is kept, here its number.
  const rows = Array.from({ length: 16 }, (_, at) => floatsOf(first)[at * DIM] ?? NaN);
  expect(rows.map((row) => (row % 5 === 0 ? 1 : 0))).toEqual([...first.targets]);
});

test('what is kept weighs as much, inside and outside, as all of the image', () => {
  const whole = image(1);
  const {
    kept: [first],
  } = lessonsOf([whole]);
  const side = (list: Pick<HeadExample, 'targets' | 'areas'>, inside: number) =>
    sum(list.areas.filter((_, row) => list.targets[row] === inside));
  for (const inside of [0, 1]) expect(first && side(first, inside)).toBeCloseTo(side(whole, inside), 2);
});

test('an image without a foreground teaches its background', () => {
  const {
    kept: [first],
  } = lessonsOf([{ ...image(1), targets: new Uint8Array(40) }]);
  expect(first?.targets).toEqual(new Uint8Array(16));
  expect(sum(first?.areas ?? new Float32Array())).toBeCloseTo((40 * 41) / 2, 2);
});

test('of many images, or of many features, few enough are kept for some megabytes', () => {
  const many = Array.from({ length: 1_000 }, (_, at) => image(at));
  const { taught, kept } = lessonsOf(many);
  expect(taught).toHaveLength(1_000);
  expect(kept).toHaveLength(512);
  const wide = Array.from({ length: 100 }, (_, at) => image(at, 4_096));
  const bytes = lessonsOf(wide).kept.reduce((total, { features }) => total + features.byteLength, 0);
  expect(bytes).toBeGreaterThan(7 * 2 ** 20);
  expect(bytes).toBeLessThanOrEqual(8 * 2 ** 20);
});

test('lessons are read as they were written, and none from a file that is missing', async () => {
  const path = join(tempFolder(), 'kept', '1.lessons');
  const lessons = lessonsOf([image(1), image(2)]);
  await writeLessons(path, lessons);
  expect(await readLessons(path)).toEqual(lessons);
  expect(await readLessons(`${path}x`)).toBeUndefined();
});

test('features are kept in arrays that every supported version of Node can read', () => {
  for (const { features } of lessonsOf([image(1)]).kept) expect(features).toBeInstanceOf(Uint16Array);
});

test('a file that is damaged, or of an older version, teaches nothing', async () => {
  const path = join(tempFolder(), '1.lessons');
  const lessons = lessonsOf([image(1)]);
  writeFileSync(path, serialize({ version: 1, lessons }));
  expect(await readLessons(path)).toBeUndefined();
  await writeLessons(path, lessons);
  writeFileSync(path, readFileSync(path).subarray(0, 100));
  expect(await readLessons(path)).toBeUndefined();
});
