import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { MaskFileFormat } from '../../../src-main/contract/mask-import.ts';
import { readMasks } from '../../../src-main/core/mask-files/mask-folder.ts';
import type { FileMask } from '../../../src-main/core/mask-files/mask-record.ts';
import { polygonsOf } from '../../../src-main/core/mask/polygon.ts';
import { decodePngNumbers } from '../../../src-main/core/mask/decode-png.ts';
import { decodeRle, type Bitmap } from '../../../src-main/core/mask/rle.ts';
import { drawnImage, exportDrawn, type DrawnImage } from '../../support/drawn-images.ts';
import { json, text } from '../../support/exported-files.ts';
import { bitmapOf, drawingOf, objectBitmap, ring } from '../../support/masks.ts';

const bar = bitmapOf('####....', '........', '........', '........', '........', '........');
const dot = bitmapOf('........', '........', '..#.....', '........', '........', '#.......');

const pets = async (): Promise<DrawnImage[]> => [
  await drawnImage('cats/a.b c.png', [
    { bitmap: ring, className: 'cat', score: 0.75 },
    { bitmap: bar, className: 'dog & "co"', score: 0.5, review: 'accepted' },
  ]),
  await drawnImage('dogs/ü.png', [{ bitmap: dot, className: 'cat' }], 'val'),
  await drawnImage('dogs/empty.png', []),
];

/** Every mask of an export by the drawing of its pixels, for each image by name. */
type Found = Record<string, { className: string; drawing: string[] }[]>;

const found = (images: [name: string, masks: [className: string, bitmap: Bitmap][]][]): Found =>
  Object.fromEntries(
    images.map(([name, masks]) => [
      name,
      masks
        .map(([className, bitmap]) => ({ className, drawing: drawingOf(bitmap) }))
        .sort((a, b) => a.drawing.join().localeCompare(b.drawing.join())),
    ]),
  );

const expected = found([
  [
    'cats__a_b_c',
    [
      ['cat', ring],
      ['dog & "co"', bar],
    ],
  ],
  ['dogs__ü', [['cat', dot]]],
]);

const stem = (path: string) => path.replace(/^.*\//, '').replace(/\.[a-z]+$/, '');

/** As our own readers see an export; those are checked against the tools' own code elsewhere. */
async function readBack(path: string, format: MaskFileFormat): Promise<Found> {
  const images: [string, [string, Bitmap][]][] = [];
  for await (const record of readMasks(path, { format, signal: new AbortController().signal })) {
    if (record.kind !== 'masks') throw new Error(`${record.name}: ${record.detail}`);
    const masks = record.masks.map(({ className, shape }): [string, Bitmap] => [
      className ?? '',
      decodeRle(shape),
    ]);
    if (masks.length > 0) images.push([stem(record.imageName), masks]);
  }
  return found(images);
}

describe('masks come back exactly from', () => {
  test.each(['coco', 'coco-polygon'] as const)('%s', async (format) => {
    const { folder, result } = await exportDrawn(await pets(), { format });
    expect(result).toMatchObject({ images: 3, masks: 3, leftOut: 0, problems: [] });
    expect(await readBack(join(folder, 'annotations'), 'coco')).toEqual(expected);
  });

  test('binary-png, whose list names the classes that file names cannot hold', async () => {
    const { folder } = await exportDrawn(await pets(), { format: 'binary-png' });
    const read = await readBack(join(folder, 'masks'), 'binary-png');
    expect(read.cats__a_b_c?.map(({ drawing }) => drawing)).toEqual(expected.cats__a_b_c?.map(({ drawing }) => drawing)); // prettier-ignore
    expect(read.cats__a_b_c?.map(({ className }) => className).sort()).toEqual(['cat', 'dog & "co"']);
    expect(text(folder, 'masks.csv')).toContain(
      '0002_dog____co_.png,cats__a_b_c,"dog & ""co""",0.5,accepted,4',
    );
  });

  test.each(['mask', 'polygon'] as const)('labelme as %s', async (labelmeShapes) => {
    const { folder } = await exportDrawn(await pets(), { format: 'labelme', labelmeShapes });
    expect(await readBack(folder, 'labelme')).toEqual(expected);
  });

  test('yolo, one row per object', async () => {
    const { folder } = await exportDrawn(await pets(), { format: 'yolo' });
    const rows = text(folder, 'labels/train/cats__a_b_c.txt').trim().split('\n');
    for (const row of rows) {
      const [, ...shares] = row.split(' ').map(Number);
      expect(shares.length).toBeGreaterThanOrEqual(6);
      expect(Math.min(...shares)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...shares)).toBeLessThanOrEqual(1);
    }
    expect(rows.map(([classNumber]) => classNumber)).toEqual(['0', '1']);
    expect(text(folder, 'labels/train/dogs__empty.txt')).toBe('');
    expect(text(folder, 'data.yaml')).toBe('train: images/train\nval: images/val\nnames:\n  0: "cat"\n  1: "dog & \\"co\\""\n'); // prettier-ignore
    const labelled = readdirSync(join(folder, 'labels/train')).map(stem).sort();
    expect(readdirSync(join(folder, 'images/train')).map(stem).sort()).toEqual(labelled);
    const read = found(
      (await yoloMasks(folder, await pets())).map(([name, some]) => [
        name,
        some.map(({ className, shape }) => [className ?? '', decodeRle(shape)]),
      ]),
    );
    // The pixels under the seams between parts belong to the masks, as in rows that Ultralytics wrote.
    const ringWithSeam = bitmapOf('........', '.#####..', '.#...#..', '.######.', '.......#', '......##');
    const dotWithSeam = bitmapOf('........', '........', '..#.....', '.#......', '.#......', '#.......');
    expect(read).toEqual(
      found([
        ['cats__a_b_c', [['cat', ringWithSeam], ['dog & "co"', bar]]], // prettier-ignore
        ['dogs__ü', [['cat', dotWithSeam]]],
      ]),
    );
  });

  test('cvat', async () => {
    const { folder } = await exportDrawn(await pets(), { format: 'cvat' });
    expect(await readBack(join(folder, 'annotations.xml'), 'cvat')).toEqual(expected);
    const xml = text(folder, 'annotations.xml');
    expect(xml).toContain('<name>dog &amp; &quot;co&quot;</name>');
    expect([...xml.matchAll(/<image id="(\d+)"/g)].map(([, id]) => Number(id))).toEqual([0, 1, 2]);
    // As CVAT's documentation describes them: row by row, background first.
    expect(xml).toContain('rle="0, 4" left="0" top="0" width="4" height="1"');
  });

  test('label-studio', async () => {
    const { folder } = await exportDrawn(await pets(), { format: 'label-studio' });
    expect(await readBack(join(folder, 'tasks.json'), 'label-studio')).toEqual(expected);
    const Region = z.object({
      id: z.string(),
      from_name: z.literal('masks'),
      to_name: z.literal('image'),
      score: z.number(),
      image_rotation: z.literal(0),
    });
    const Prediction = z.object({ result: z.array(Region) });
    const Task = z.object({ data: z.object({ image: z.string() }), predictions: z.array(Prediction) });
    const tasks = z.array(Task).parse(json(folder, 'tasks.json'));
    expect(tasks[1]?.data.image).toBe('/data/local-files/?d=out/images/val/dogs__%C3%BC.png');
    const regions = tasks.flatMap(({ predictions }) => predictions.flatMap(({ result }) => result));
    expect(new Set(regions.map(({ id }) => id)).size).toBe(3);
    expect(text(folder, 'label_config.xml')).toContain('<BrushLabels name="masks" toName="image">');
    expect(text(folder, 'README.txt')).toContain('LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT=');
  });

  test('datumaro', async () => {
    const { folder } = await exportDrawn(await pets(), { format: 'datumaro' });
    expect(await readBack(join(folder, 'annotations'), 'datumaro')).toEqual(expected);
    expect(json(folder, 'annotations', 'train.json')).toMatchObject({
      dm_format_version: '1.0',
      media_type: 2,
    });
  });

  test('huggingface and its Parquet', async () => {
    const Objects = z.object({ category_name: z.array(z.string()), counts: z.array(z.string()) });
    const masksOf = ({ category_name, counts }: z.infer<typeof Objects>) =>
      counts.map((one, at): [string, Bitmap] => [
        category_name[at] ?? '',
        cocoBitmap({ counts: one, size: [6, 8] }),
      ]);

    const { folder } = await exportDrawn(await pets(), { format: 'huggingface' });
    const rows = ['train', 'validation'].flatMap((split) =>
      text(folder, split, 'metadata.jsonl')
        .trim()
        .split('\n')
        .map((line) => {
          const row = z.object({ file_name: z.string(), mask_file_name: z.string(), objects: Objects }).parse(JSON.parse(line)); // prettier-ignore
          expect(existsSync(join(folder, split, row.file_name))).toBe(true);
          expect(existsSync(join(folder, split, row.mask_file_name))).toBe(true);
          return [stem(row.file_name), masksOf(row.objects)] as [string, [string, Bitmap][]];
        }),
    );
    expect(found(rows.filter(([, some]) => some.length > 0))).toEqual(expected);

    const { folder: parquet } = await exportDrawn(await pets(), { format: 'huggingface-parquet' });
    const images: [string, [string, Bitmap][]][] = [];
    for (const split of ['train', 'validation']) {
      const bytes = readFileSync(join(parquet, 'data', `${split}-00000-of-00001.parquet`));
      const file = new Uint8Array(bytes).buffer;
      const features = parquetMetadata(file).key_value_metadata?.find(
        ({ key }) => key === 'huggingface',
      )?.value;
      expect(JSON.parse(features ?? '')).toMatchObject({ info: { features: { image: { _type: 'Image' }, mask: { _type: 'Image' } } } }); // prettier-ignore
      for (const row of await parquetReadObjects({ file, utf8: false })) {
        const Picture = z.object({ bytes: z.instanceof(Uint8Array), path: z.string() });
        const { image, mask, objects } = z
          .object({ image: Picture, mask: Picture, objects: Objects })
          .parse(row);
        expect(Buffer.from(image.bytes.subarray(1, 4)).toString()).toBe('PNG');
        expect(decodePngNumbers(mask.bytes)).toMatchObject({ widthPx: 8, heightPx: 6 });
        images.push([stem(image.path), masksOf(objects)]);
      }
    }
    expect(found(images.filter(([, some]) => some.length > 0))).toEqual(expected);
    expect(existsSync(join(parquet, 'images'))).toBe(false);
  });

  test('sqlite, with the images inside', async () => {
    const { folder: file } = await exportDrawn(await pets(), { format: 'sqlite' });
    using db = { db: new Database(file, { readonly: true }), [Symbol.dispose]() { this.db.close(); } }; // prettier-ignore
    const rows = z
      .array(z.object({ name: z.string(), class: z.string(), rle: z.string() }))
      .parse(db.db.prepare('SELECT i.name, c.name AS class, m.rle FROM masks m JOIN images i ON i.id = m.image_id JOIN classes c ON c.id = m.class_id').all()); // prettier-ignore
    const byImage = Map.groupBy(rows, ({ name }) => name);
    const images = [...byImage].map(([name, some]): [string, [string, Bitmap][]] => [
      name,
      some.map((one) => [one.class, cocoBitmap({ counts: one.rle, size: [6, 8] })]),
    ]);
    expect(found(images)).toEqual(expected);
    expect(db.db.prepare(`SELECT count(*) FROM images WHERE substr(bytes, 2, 3) = CAST('PNG' AS BLOB)`).pluck().get()).toBe(3); // prettier-ignore
    expect(db.db.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(readdirSync(join(file, '..'))).toEqual(['out.sqlite']);
  });
});

test('csv has a row an object', async () => {
  const { folder } = await exportDrawn(await pets(), { format: 'csv' });
  expect(text(folder, 'boxes.csv').trim().split('\r\n')).toEqual([
    'image,split,image_width,image_height,class,x,y,width,height,area,score,review',
    'images/train/cats__a_b_c.png,train,8,6,cat,1,1,7,5,15,0.75,pending',
    'images/train/cats__a_b_c.png,train,8,6,"dog & ""co""",0,0,4,1,4,0.5,accepted',
    'images/val/dogs__ü.png,val,8,6,cat,0,2,3,4,2,0.5,pending',
  ]);
});

/** Where a format's annotations are, below the folder of an export. */
const ANNOTATIONS = {
  coco: 'annotations',
  'coco-polygon': 'annotations',
  labelme: '',
  cvat: '',
  'label-studio': '',
  datumaro: 'annotations',
} as const;

/** The masks of each image that has any. */
async function yoloMasks(folder: string, drawn: readonly DrawnImage[]): Promise<[string, FileMask[]][]> {
  const images: [string, FileMask[]][] = [];
  const { widthPx = 0, heightPx = 0 } = drawn[0] ?? {};
  const gridOf = () => ({ widthPx, heightPx });
  for await (const record of readMasks(folder, { format: 'yolo', gridOf })) {
    if (record.kind !== 'masks') throw new Error(`${record.name}: ${record.detail}`);
    if (record.masks.length > 0) images.push([record.imageName, record.masks]);
  }
  return images;
}

test('any object comes back from yolo as one mask, with nothing but seams added between its parts', async () => {
  await fc.assert(
    fc.asyncProperty(objectBitmap, async (bitmap) => {
      const drawn = [await drawnImage('a.png', [{ bitmap, className: 'cat' }])];
      const { folder } = await exportDrawn(drawn, { format: 'yolo' });
      const masks = (await yoloMasks(folder, drawn)).flatMap(([, some]) => some);
      expect(masks).toHaveLength(1);
      const { data } = masks[0] ? decodeRle(masks[0].shape) : bitmap;
      expect(bitmap.data.filter((inside, at) => inside === 1 && data[at] !== 1)).toHaveLength(0);
      const parts = polygonsOf(bitmap, { line: 'centres' }).length;
      const added = data.reduce((sum, inside, at) => sum + inside - (bitmap.data[at] ?? 0), 0);
      // A seam takes a pixel for each row or column on its way.
      expect(added).toBeLessThanOrEqual((parts - 1) * Math.max(bitmap.widthPx, bitmap.heightPx));
    }),
    { numRuns: 25 },
  );
});

test.each(['coco', 'coco-polygon', 'labelme', 'cvat'] as const)(
  'any object comes back from %s',
  async (format) => {
    await fc.assert(
      fc.asyncProperty(objectBitmap, async (bitmap) => {
        const drawn = [await drawnImage('a.png', [{ bitmap, className: 'cat' }])];
        const { folder } = await exportDrawn(drawn, { format, labelmeShapes: 'polygon' });
        const path = join(folder, ANNOTATIONS[format]);
        const read = await readBack(path, format === 'coco-polygon' ? 'coco' : format);
        expect(read.a?.[0]?.drawing).toEqual(drawingOf(bitmap));
      }),
      { numRuns: 25 },
    );
  },
);

function cocoBitmap({ counts, size }: { counts: string; size: number[] }): Bitmap {
  const [gridHeight = 0, gridWidth = 0] = size;
  return decodeRle({ gridWidth, gridHeight, rle: Uint8Array.from(Buffer.from(counts, 'latin1')) });
}
