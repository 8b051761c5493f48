import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, test } from 'vitest';
import type { Split } from '../../../src-main/contract/dataset.ts';
import { drawnImage, exportDrawn, type DrawnImage } from '../../support/drawn-images.ts';
import { json, text } from '../../support/exported-files.ts';
import { bitmapOf } from '../../support/masks.ts';

const bar = bitmapOf('####....', '........', '........', '........', '........', '........');
const box = bitmapOf('........', '..##....', '..##....', '........', '........', '........');

const named = (name: string, split: Split = 'train') =>
  drawnImage(
    `${name}.png`,
    [
      { bitmap: bar, className: 'cat' },
      { bitmap: box, className: 'dog' },
    ],
    split,
  );

/** So many images that differ in their names alone. */
async function many(count: number): Promise<DrawnImage[]> {
  const image = await named('a');
  return Array.from({ length: count }, (_, index) => ({
    ...image,
    relPath: `${String(index).padStart(3, '0')}.png`,
    bytes: Buffer.concat([image.bytes, Buffer.from(String(index))]),
  }));
}

describe('the colours of classes', () => {
  test('are in the files of the formats that keep them', async () => {
    const drawn = [await named('a')];
    const { folder: panoptic } = await exportDrawn(drawn, { format: 'coco-panoptic' });
    expect(json(panoptic, 'annotations/panoptic_train.json')).toMatchObject({
      categories: [
        { id: 1, name: 'cat', color: [230, 25, 75] },
        { id: 2, name: 'dog', color: [60, 180, 75] },
      ],
    });
    const { folder: datumaro } = await exportDrawn(drawn, { format: 'datumaro' });
    expect(json(datumaro, 'annotations/train.json')).toMatchObject({
      categories: {
        mask: {
          colormap: [
            { label_id: 0, r: 230, g: 25, b: 75 },
            { label_id: 1, r: 60, g: 180, b: 75 },
          ],
        },
      },
    });
    const { folder: index } = await exportDrawn(drawn, { format: 'index-png' });
    expect(json(index, 'classes.json')).toEqual([
      { id: 0, name: 'background', color: '#000000' },
      { id: 1, name: 'cat', color: '#e6194b' },
      { id: 2, name: 'dog', color: '#3cb44b' },
    ]);
  });
});

test('of two masks of the same area and score, the later one is in front', async () => {
  const { folder } = await exportDrawn([await named('a'), await named('b')], { format: 'datumaro' });
  expect(json(folder, 'annotations/train.json')).toMatchObject({
    items: [
      {
        id: 'a',
        annotations: [
          { id: 1, group: 1 },
          { id: 2, group: 2 },
        ],
      },
      {
        id: 'b',
        annotations: [
          { id: 3, group: 3 },
          { id: 4, group: 4 },
        ],
      },
    ],
  });
});

test('cvat knows how many frames there are', async () => {
  const { folder } = await exportDrawn([await named('a'), await named('b', 'val')], { format: 'cvat' });
  expect(text(folder, 'annotations.xml')).toContain('<size>2</size>');
});

describe('the data.yaml of yolo', () => {
  test.each<[Split[], string[]]>([
    [['train'], ['train: images/train', 'val: images/train']],
    [['val'], ['train: images/val', 'val: images/val']],
    [
      ['train', 'test'],
      ['train: images/train', 'val: images/train', 'test: images/test'],
    ],
    [
      ['train', 'val', 'test'],
      ['train: images/train', 'val: images/val', 'test: images/test'],
    ],
  ])('names folders that there are, for %j', async (splits, lines) => {
    const drawn = await Promise.all(splits.map((split) => named(split, split)));
    const { folder, result } = await exportDrawn(drawn, { format: 'yolo' });
    const [head] = text(folder, 'data.yaml').split('\nnames:\n');
    expect(head?.split('\n')).toEqual(lines);
    for (const note of result.notes) expect(text(folder, 'README.txt')).toContain(note);
    expect(result.notes).toHaveLength(splits.includes('val') ? 0 : 1);
  });
});

describe('images that are left out', () => {
  test('leave no gap in the numbers, and the files whole', async () => {
    const drawn = [await named('a'), await named('b'), await named('c')];
    const withoutFirst = (folder: string) => rmSync(join(folder, 'a.png'));
    const { folder } = await exportDrawn(drawn, { format: 'label-studio' }, undefined, withoutFirst);
    expect(json(folder, 'tasks.json')).toMatchObject([
      { data: { image: '/data/local-files/?d=out/images/train/b.png', split: 'train' } },
      { data: { image: '/data/local-files/?d=out/images/train/c.png', split: 'train' } },
    ]);
    const { folder: coco } = await exportDrawn(drawn, { format: 'coco' }, undefined, withoutFirst);
    expect(json(coco, 'annotations/instances_train.json')).toMatchObject({
      images: [
        { id: 1, file_name: 'b.png' },
        { id: 2, file_name: 'c.png' },
      ],
      annotations: [{ image_id: 1 }, { image_id: 1 }, { image_id: 2 }, { image_id: 2 }],
    });
  });

  test('are all counted, and the first 200 named', async () => {
    const drawn = await many(202);
    const onlyTheLast = (folder: string) => {
      for (const { relPath } of drawn.slice(0, -1)) rmSync(join(folder, relPath));
    };
    const { result } = await exportDrawn(
      drawn,
      { format: 'csv', images: 'reference' },
      undefined,
      onlyTheLast,
    );
    expect(result).toMatchObject({ images: 1, leftOut: 201 });
    expect(result.problems).toHaveLength(200);
  });
});

test('Parquet is written in groups of 100 rows, each image once and by its name', async () => {
  const { folder } = await exportDrawn(await many(101), { format: 'huggingface-parquet' });
  const bytes = readFileSync(join(folder, 'data/train-00000-of-00001.parquet'));
  const file = new Uint8Array(bytes).buffer;
  expect(parquetMetadata(file).row_groups.map(({ num_rows }) => Number(num_rows))).toEqual([100, 1]);
  const rows = await parquetReadObjects({ file, utf8: false, columns: ['image', 'image_id'] });
  expect(rows).toMatchObject(
    Array.from({ length: 101 }, (_, index) => ({
      image_id: index + 1,
      image: { path: `${String(index).padStart(3, '0')}.png` },
    })),
  );
});
