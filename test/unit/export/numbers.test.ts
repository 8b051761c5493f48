import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { parquetReadObjects } from 'hyparquet';
import { describe, expect, test } from 'vitest';
import { drawnImage, exportDrawn, type DrawnImage } from '../../support/drawn-images.ts';
import { json, numberPng, numbers, text } from '../../support/exported-files.ts';
import { bitmapOf, ring } from '../../support/masks.ts';

const bar = bitmapOf('####....', '........', '........', '........', '........', '........');

const pets = async (): Promise<DrawnImage[]> => [
  await drawnImage('a.png', [
    { bitmap: ring, className: 'cat', score: 0.75 },
    { bitmap: bar, className: 'dog', score: 0.5 },
  ]),
  await drawnImage('b.png', [{ bitmap: bar, className: 'dog', score: 0.25 }]),
  await drawnImage('c.png', [{ bitmap: ring, className: 'cat' }], 'val'),
];

const RING = { area: 15, bbox: [1, 1, 7, 5] };
const BAR = { area: 4, bbox: [0, 0, 4, 1] };

test.each(['coco', 'coco-polygon'] as const)(
  '%s numbers its objects over the file and knows area and box of one with a hole',
  async (format) => {
    const { folder } = await exportDrawn(await pets(), { format });
    expect(json(folder, 'annotations/instances_train.json')).toMatchObject({
      images: [
        { id: 1, width: 8, height: 6 },
        { id: 2, width: 8, height: 6 },
      ],
      annotations: [
        { id: 1, image_id: 1, category_id: 1, ...RING },
        { id: 2, image_id: 1, category_id: 2, ...BAR },
        { id: 3, image_id: 2, category_id: 2, ...BAR },
      ],
    });
    expect(json(folder, 'annotations/instances_val.json')).toMatchObject({
      images: [{ id: 3 }],
      annotations: [{ id: 4, image_id: 3, category_id: 1, ...RING }],
    });
  },
);

test.each(['coco', 'coco-polygon'] as const)('%s has the column of a box before its row', async (format) => {
  const below = bitmapOf('........', '........', '........', '..####..', '........', '........');
  const { folder } = await exportDrawn([await drawnImage('a.png', [{ bitmap: below, className: 'cat' }])], {
    format,
  });
  expect(json(folder, 'annotations/instances_train.json')).toMatchObject({
    annotations: [{ area: 4, bbox: [2, 3, 4, 1] }],
  });
});

describe("Hugging Face's objects", () => {
  const FIRST = {
    id: [1, 2],
    category: [1, 2],
    category_name: ['cat', 'dog'],
    area: [RING.area, BAR.area],
    bbox: [RING.bbox, BAR.bbox],
    score: [0.75, 0.5],
  };
  const SECOND = {
    id: [3],
    category: [2],
    category_name: ['dog'],
    area: [4],
    bbox: [BAR.bbox],
    score: [0.25],
  };

  test('have number, class, area, box and score in metadata.jsonl', async () => {
    const { folder } = await exportDrawn(await pets(), { format: 'huggingface' });
    const rows = text(folder, 'train/metadata.jsonl').trim().split('\n');
    expect(rows.map((row): unknown => JSON.parse(row))).toMatchObject([
      { image_id: 1, width: 8, height: 6, objects: FIRST },
      { image_id: 2, width: 8, height: 6, objects: SECOND },
    ]);
  });

  test('have the same in Parquet, with classes 64 bits wide', async () => {
    const wide = (objects: typeof FIRST) => ({ ...objects, category: objects.category.map(BigInt) });
    const { folder } = await exportDrawn(await pets(), { format: 'huggingface-parquet' });
    const bytes = readFileSync(join(folder, 'data/train-00000-of-00001.parquet'));
    const rows = await parquetReadObjects({ file: new Uint8Array(bytes).buffer, utf8: false });
    expect(rows).toMatchObject([
      { image_id: 1, split: 'train', width: 8, height: 6, objects: wide(FIRST) },
      { image_id: 2, split: 'train', width: 8, height: 6, objects: wide(SECOND) },
    ]);
  });
});

test('datumaro writes heights before widths', async () => {
  const { folder } = await exportDrawn(await pets(), { format: 'datumaro' });
  expect(json(folder, 'annotations/val.json')).toMatchObject({
    items: [{ id: 'c', image: { path: 'c.png', size: [6, 8] }, annotations: [{ rle: { size: [6, 8] } }] }],
  });
});

describe('the lists of voc', () => {
  const listsOf = (folder: string) =>
    ['train', 'val', 'test', 'trainval'].map((list) => text(folder, `ImageSets/Segmentation/${list}.txt`));

  test('name the images of their split, and trainval those of both', async () => {
    const drawn = [...(await pets()), await drawnImage('d.png', [{ bitmap: bar, className: 'cat' }], 'test')];
    const { folder } = await exportDrawn(drawn, { format: 'voc' });
    expect(listsOf(folder)).toEqual(['a\nb\n', 'c\n', 'd\n', 'a\nb\nc\n']);
  });

  test('are complete where there are no images to validate with', async () => {
    const { folder } = await exportDrawn((await pets()).slice(0, 2), { format: 'voc' });
    expect(listsOf(folder)).toEqual(['a\nb\n', '', '', 'a\nb\n']);
  });
});

/** An image with so many objects of one pixel each, row by row. */
function dots(count: number, classNameOf: (index: number) => string): Promise<DrawnImage> {
  const side = Math.ceil(Math.sqrt(count));
  const dot = (index: number) => {
    const data = new Uint8Array(side * side);
    data[index] = 1;
    return { data, widthPx: side, heightPx: side };
  };
  const masks = Array.from({ length: count }, (_, index) => ({
    bitmap: dot(index),
    className: classNameOf(index),
  }));
  return drawnImage('a.png', masks);
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('so many classes that 8 bits', () => {
  const withClasses = (count: number) => dots(count, (index) => `class ${String(index).padStart(3, '0')}`);
  const FILES = [
    ['index-png', 'labels/train/a.png'],
    ['huggingface', 'train/masks/a.png'],
  ] as const;

  test.each(FILES)('just number them stay 8 bits wide in %s', async (format, file) => {
    const { folder } = await exportDrawn([await withClasses(254)], { format });
    const { numbers, bits } = numberPng(folder, file);
    expect(bits).toBe(8);
    expect(numbers.slice(0, 254)).toEqual(upTo(254));
  });

  test.each(FILES)('would need the number of void take 16 in %s', async (format, file) => {
    const { folder } = await exportDrawn([await withClasses(255)], { format });
    const { numbers, bits } = numberPng(folder, file);
    expect(bits).toBe(16);
    expect(numbers.slice(0, 255)).toEqual(upTo(255));
  });

  test('are written by voc as long as they fit, and refused beyond', async () => {
    const { folder } = await exportDrawn([await withClasses(254)], { format: 'voc' });
    expect(numbers(folder, 'SegmentationClass/a.png').slice(0, 254)).toEqual(upTo(254));
    await expect(exportDrawn([await withClasses(255)], { format: 'voc' })).rejects.toThrow(
      '255 classes, but 8 bits can only number 254',
    );
  });
});

describe('so many objects that they run out of numbers', () => {
  test('are in the classes alone from the 255th of an image on in voc', async () => {
    const { folder, result } = await exportDrawn([await dots(255, () => 'cat')], { format: 'voc' });
    const objects = numbers(folder, 'SegmentationObject/a.png');
    expect(objects.slice(0, 255)).toEqual([...upTo(254), 0]);
    expect(numbers(folder, 'SegmentationClass/a.png').slice(0, 255)).toEqual(upTo(255).map(() => 1));
    expect(result.problems).toEqual([
      {
        relPath: 'a.png',
        detail: 'It has more than 254 objects; the others are only in SegmentationClass.',
      },
    ]);
    const { result: fitting } = await exportDrawn([await dots(254, () => 'cat')], { format: 'voc' });
    expect(fitting.problems).toEqual([]);
  });

  test('have the number of their class alone from the 1,001st of a class on in index-png', async () => {
    const { folder, result } = await exportDrawn([await dots(1_001, () => 'cat')], { format: 'index-png' });
    const objects = numbers(folder, 'instances/train/a.png');
    expect(objects.slice(0, 1_001)).toEqual([...upTo(1_000).map((place) => 999 + place), 1]);
    expect(result.problems).toEqual([
      { relPath: 'a.png', detail: '1 objects exceed 1000 per class and have no number.' },
    ]);
  });

  test.each([
    [64, []],
    [65, ['Objects are not numbered: there are more than 64 classes.']],
  ])('are not numbered where the classes leave them no room: %i classes', async (count, notes) => {
    const { result } = await exportDrawn([await dots(count, String)], { format: 'index-png' });
    expect(result.notes).toEqual(notes);
  });
});
