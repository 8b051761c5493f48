import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { encodePng } from '../../../../src-main/core/mask/png.ts';
import { draw, masksIn, png, recordsOf } from '../../../support/mask-records.ts';
import { tempFolder } from '../../../support/temp-folder.ts';
import { photoLike, sharpOf } from '../../../support/test-images.ts';

function folderWith(files: Record<string, Uint8Array | string>): string {
  const folder = tempFolder();
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  return folder;
}

const photo = () => sharpOf(photoLike(3, 1)).greyscale().png().toBuffer();
const numbers = (...values: number[]) => encodePng({ data: Uint16Array.from(values), widthPx: values.length, heightPx: 1 }); // prettier-ignore
const CLASSES = JSON.stringify([{ id: 0, name: 'background' }, { id: 1, name: 'No. 5 dog' }, { id: 2, name: 'cat' }]); // prettier-ignore

/** Class and drawing of every mask, by image. */
async function masksOf(path: string, format: 'binary-png' | 'index-png') {
  const records = (await recordsOf(path, format)).map(masksIn);
  const told = records.map(({ imageName, masks }) => [imageName, masks.map((mask) => [mask.className, draw(mask)?.[0]])]); // prettier-ignore
  expect(told).toHaveLength(new Set(records.map(({ imageName }) => imageName)).size);
  return Object.fromEntries(told) as Record<string, unknown>;
}

describe('the folder of an index-png export', () => {
  const files = async () => ({
    'classes.json': CLASSES,
    'images/train/a.png': await photo(),
    'labels/train/a.png': await png([[1, 1, 2]]),
    'instances/train/a.png': await numbers(1_000, 1_001, 2_000),
    // An image with more objects than can be numbered has those of classes alone.
    'labels/val/b.png': await png([[0, 2, 2]]),
  });
  const A = [['No. 5 dog', '#..'], ['No. 5 dog', '.#.'], ['cat', '..#']]; // prettier-ignore

  test('gives the objects, by class, without its photographs', async () => {
    const folder = folderWith(await files());
    expect(await masksOf(folder, 'index-png')).toEqual({ a: A, b: [['cat', '.##']] });
  });

  test('gives the same from a folder or a file in it', async () => {
    const folder = folderWith(await files());
    expect(await masksOf(join(folder, 'instances'), 'index-png')).toEqual({ a: A });
    expect(await masksOf(join(folder, 'instances', 'train'), 'index-png')).toEqual({ a: A });
    expect(await masksOf(join(folder, 'instances', 'train', 'a.png'), 'index-png')).toEqual({ a: A });
    expect(await masksOf(join(folder, 'labels', 'val'), 'index-png')).toEqual({ b: [['cat', '.##']] });
  });

  test('has no names where classes.json is not one', async () => {
    const folder = folderWith({ ...(await files()), 'classes.json': '[{"id": "one"}]' });
    expect(await masksOf(join(folder, 'labels', 'val'), 'index-png')).toEqual({ b: [[null, '.##']] });
  });

  test('of Pascal VOC gives objects, and not classes a second time', async () => {
    const folder = folderWith({
      'JPEGImages/a.jpg': 'photograph',
      'SegmentationClass/a.png': await png([[1, 1, 0]]),
      'SegmentationObject/a.png': await png([[1, 2, 0]]),
    });
    expect(await masksOf(folder, 'index-png')).toEqual({ a: [[null, '#..'], [null, '.#.']] }); // prettier-ignore
  });
});

describe('the folder of a binary-png export', () => {
  const files = async () => ({
    'masks.csv':
      'file,image,class,score\r\nmasks/train/a/0001_cat__small.png,a,"cat, small",0.5\r\nmasks/train/a/0002_No.png,a,No. 5 dog,0.5\r\n',
    'images/train/a.png': await photo(),
    'masks/train/a/0001_cat__small.png': await png([[255, 0, 0]]),
    'masks/train/a/0002_No.png': await png([[0, 255, 0]]),
    'masks/train/a/0003_new one.png': await png([[0, 0, 255]]),
  });
  const A = [['cat, small', '#..'], ['No. 5 dog', '.#.'], ['new one', '..#']]; // prettier-ignore

  test('gives objects by the classes of masks.csv, and new ones by their file name', async () => {
    const folder = folderWith(await files());
    expect(await masksOf(folder, 'binary-png')).toEqual({ a: A });
    expect(await masksOf(join(folder, 'masks', 'train'), 'binary-png')).toEqual({ a: A });
  });
});

describe('pictures that are not PNG', () => {
  test('are named next to masks, and once for a folder of their own', async () => {
    const folder = folderWith({
      'a.png': await png([[0, 255]]),
      'b.JPG': 'mask',
      'c.tif': 'mask',
      'notes.txt': 'no picture',
      'photos/a.jpg': 'photograph',
      'photos/b.jpg': 'photograph',
    });
    const problems = (await recordsOf(folder, 'binary-png')).filter(({ kind }) => kind === 'problem');
    expect(problems).toEqual([
      {
        kind: 'problem',
        name: 'b.JPG',
        detail: expect.stringMatching(/not a PNG.*save it as PNG/) as string,
      },
      {
        kind: 'problem',
        name: 'c.tif',
        detail: expect.stringMatching(/not a PNG.*save it as PNG/) as string,
      },
      { kind: 'problem', name: 'photos', detail: 'It contains 2 pictures and no PNG, so nothing in it was read: masks are PNG files.' }, // prettier-ignore
    ]);
  });

  test('alone are no masks at all', async () => {
    const folder = folderWith({ 'a.jpg': 'mask' });
    await expect(recordsOf(folder, 'index-png')).rejects.toThrow('There is no .png file in');
  });
});
