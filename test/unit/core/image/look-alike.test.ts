import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { duplicateGroups } from '../../../../src-main/core/image/duplicate-groups.ts';
import { fingerprintOf, type Fingerprint } from '../../../../src-main/core/image/fingerprint.ts';
import { bitsApart, lookAlikes, type Grade } from '../../../../src-main/core/image/look-alike.ts';
import { photoLike, sharpOf, type TestPicture } from '../../../support/test-images.ts';

const SAMPLE = join(import.meta.dirname, '../../../../resources/sample');
const SIZE = { width: 320, height: 240 };
const photo = (seed: number): TestPicture => photoLike(SIZE.width, SIZE.height, seed);
type Sharp = ReturnType<typeof sharpOf>;

async function printOf(
  seed: number,
  change: (image: Sharp) => Sharp = (image) => image,
): Promise<Fingerprint> {
  return fingerprintOf(
    await change(sharpOf(photo(seed)))
      .jpeg({ quality: 80 })
      .toBuffer(),
  );
}

const gradesOf = (prints: readonly Fingerprint[], cosine?: () => number): (Grade | undefined)[] =>
  [...lookAlikes(prints, cosine)].flat().map(({ grade }) => grade);

describe('pictures that look alike', () => {
  const CHANGES: [string, (image: Sharp) => Sharp][] = [
    ['half as large', (image) => image.resize(SIZE.width / 2)],
    ['recompressed', (image) => image.jpeg({ quality: 25 })],
    ['brighter', (image) => image.modulate({ brightness: 1.15 })],
    ['cropped by three percent', (image) => image.extract({ left: 6, top: 4, width: 310, height: 233 })],
    ['cropped on one side', (image) => image.extract({ left: 0, top: 0, width: 304, height: 240 })],
    ['without colours', (image) => image.greyscale()],
  ];
  test.each(CHANGES)('are the same when one is %s', async (_, change) => {
    for (const seed of [1, 2, 3, 4]) {
      expect(gradesOf([await printOf(seed), await printOf(seed, change)])).toEqual(['same']);
    }
  });

  test('are not two different photos of the sample, each compared with each', async () => {
    const names = readdirSync(SAMPLE, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.jpg'),
    );
    expect(names.length).toBeGreaterThan(5);
    const prints = await Promise.all(names.map((name) => fingerprintOf(readFileSync(join(SAMPLE, name)))));
    expect(gradesOf(prints)).toEqual([]);
  });

  test('are not two empty pictures: nothing says that they show the same', async () => {
    const empty = (value: number) =>
      printOf(1, (image) => image.linear(0, value).resize(SIZE.width + value, SIZE.height));
    expect(gradesOf([await empty(100), await empty(102)])).toEqual([]);
  });

  test('are similar only if their vectors agree, where these are known', async () => {
    const moved = (image: Sharp) => image.extract({ left: 40, top: 0, width: 280, height: 215 });
    const pair = [await printOf(3), await printOf(3, moved)];
    expect(gradesOf(pair)).toEqual(['similar']);
    expect(gradesOf(pair, () => 0.9)).toEqual(['similar']);
    expect(gradesOf(pair, () => 0.1)).toEqual([]);
  });

  test('have hashes of which half of the bits are set', async () => {
    const { hash } = await printOf(7);
    expect(bitsApart(hash, new Uint32Array(2))).toBe(32);
    expect(bitsApart(hash, hash)).toBe(0);
  });

  test('are sharper than after a blur', async () => {
    const blurred = await printOf(5, (image) => image.blur(3));
    expect((await printOf(5)).sharpness).toBeGreaterThan(4 * blurred.sharpness);
  });
});

describe('groups of look-alikes', () => {
  const image = (widthPx: number, sharpness: number, sizeBytes = 1) => ({
    widthPx,
    heightPx: 100,
    sharpness,
    sizeBytes,
  });
  const IMAGES = [image(100, 5), image(200, 1), image(201, 3), image(50, 9), image(50, 9, 2), image(80, 1)];

  test('join what is connected, the largest first, and the sharpest among those of one size', () => {
    const same = (a: number, b: number) => ({ a, b, grade: 'same' as const });
    expect(duplicateGroups(IMAGES, [same(0, 1), same(1, 2), same(3, 4)])).toEqual([
      { grade: 'same', members: [2, 1, 0] },
      { grade: 'same', members: [4, 3] },
    ]);
  });

  test('of similar pictures contain those of the same one, and are listed only where they are larger', () => {
    const pairs = [
      { a: 0, b: 1, grade: 'same' as const },
      { a: 1, b: 5, grade: 'similar' as const },
      { a: 3, b: 4, grade: 'same' as const },
    ];
    expect(duplicateGroups(IMAGES, pairs)).toEqual([
      { grade: 'same', members: [1, 0] },
      { grade: 'same', members: [4, 3] },
      { grade: 'similar', members: [1, 0, 5] },
    ]);
  });

  test('are none where nothing looks alike', () => {
    expect(duplicateGroups(IMAGES, [])).toEqual([]);
  });
});
