import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ExportFormat } from '../../../src-main/contract/export.ts';
import { formatOf } from '../../../src-main/export/formats.ts';
import { drawnImage, exportDrawn } from '../../support/drawn-images.ts';
import { json, text } from '../../support/exported-files.ts';
import { bitmapOf } from '../../support/masks.ts';

const square = bitmapOf('........', '.###....', '.###....', '.###....', '........');
const withClass = (className: string) => drawnImage('a.png', [{ bitmap: square, className }]);

/** In an order that is neither that of their names nor that of their splits. */
const mixed = async () => [
  await drawnImage('é.png', [{ bitmap: square, className: 'cat' }]),
  await drawnImage('b/x.png', [{ bitmap: square, className: 'cat' }], 'val'),
  await drawnImage('a.png', []),
  await drawnImage('B.png', [{ bitmap: square, className: 'cat' }], 'test'),
];

describe('cvat', () => {
  test('numbers its images by name as CVAT numbers frames, all in one folder', async () => {
    const { folder } = await exportDrawn(await mixed(), { format: 'cvat' });
    const xml = text(folder, 'annotations.xml');
    const images = [...xml.matchAll(/<image id="(\d+)" name="([^"]+)"/g)].map(([, id, name]) => [id, name]);
    expect(images).toEqual([
      ['0', 'B.png'],
      ['1', 'a.png'],
      ['2', 'b__x.png'],
      ['3', 'é.png'],
    ]);
    expect(readdirSync(join(folder, 'images')).toSorted()).toEqual(images.map(([, name]) => name));
    expect([...xml.matchAll(/<mask /g)]).toHaveLength(3);
    expect(readdirSync(folder).toSorted()).toEqual(['README.txt', 'annotations.xml', 'images', 'images.csv', 'r2o-studio.json']); // prettier-ignore
  });

  test('has no subset, with which Datumaro would read nothing', async () => {
    const { folder } = await exportDrawn(await mixed(), { format: 'cvat' });
    expect(text(folder, 'annotations.xml')).not.toContain('subset');
  });

  test('keeps tabs and newlines of a class', async () => {
    const { folder } = await exportDrawn([await withClass('dog\tand\ncat')], { format: 'cvat' });
    expect(text(folder, 'annotations.xml')).toContain('label="dog&#9;and&#10;cat"');
  });
});

test('datumaro gives no numbers of frames, which CVAT would believe', async () => {
  const { folder } = await exportDrawn(await mixed(), { format: 'datumaro' });
  expect(json(folder, 'annotations/train.json')).toMatchObject({
    items: [{ id: 'é', attr: {} }, { id: 'a' }],
  });
  expect(text(folder, 'annotations/train.json')).not.toContain('frame');
});

const inFolders = ExportFormat.options.filter((format) => formatOf(format).target === 'folder');

test.each(inFolders)('%s has no file that Datumaro takes for one of VoTT', async (format) => {
  const { folder } = await exportDrawn([await withClass('cat')], { format });
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  expect(names).toContain('r2o-studio.json');
  expect(names.filter((name) => name.endsWith('-export.json'))).toEqual([]);
});

describe('a class called background', () => {
  const classes = async () => [
    await drawnImage('a.png', [
      { bitmap: square, className: 'Background' },
      { bitmap: square, className: 'Background-class' },
    ]),
  ];

  test('has another name in voc, with a note', async () => {
    const { folder, result } = await exportDrawn(await classes(), { format: 'voc' });
    expect(text(folder, 'labelmap.txt').split('\n').slice(1, -1)).toEqual([
      'background:0,0,0::',
      'Background-class (2):128,0,0::',
      'Background-class:0,128,0::',
    ]);
    expect(result.notes).toEqual([
      'The class "Background" is called "Background-class (2)" here: background is the name of pixels without a class.',
    ]);
  });

  test('has another name in index-png', async () => {
    const { folder, result } = await exportDrawn(await classes(), { format: 'index-png' });
    const names = (json(folder, 'classes.json') as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(['background', 'Background-class (2)', 'Background-class']);
    expect(result.notes).toHaveLength(1);
  });

  test.each(['huggingface', 'huggingface-parquet'] as const)(
    'has another name in the card of %s',
    async (format) => {
      const { folder, result } = await exportDrawn(await classes(), { format });
      expect(text(folder, 'README.md')).toContain(
        'Classes: 0 background, 1 Background-class (2), 2 Background-class.',
      );
      expect(result.notes).toHaveLength(1);
    },
  );

  test('has another name among the class labels of huggingface-parquet', async () => {
    const { result } = await exportDrawn(await classes(), { format: 'huggingface-parquet' });
    expect(result.notes).toHaveLength(1);
  });
});

test('labelmap.txt has one line per class, whatever is in its name', async () => {
  const { folder } = await exportDrawn([await withClass('dog:\tand,\r\ncat')], { format: 'voc' });
  expect(text(folder, 'labelmap.txt').split('\n').slice(2)).toEqual([
    '# "dog__and,__cat" stands for "dog:\\tand,\\r\\ncat"',
    'dog__and,__cat:128,0,0::',
    '',
  ]);
});

test('the points of yolo are in their pixels, whether a reader rounds or drops what is behind the point', async () => {
  const { folder } = await exportDrawn([await withClass('cat')], { format: 'yolo' });
  const [, ...shares] = text(folder, 'labels/train/a.txt').trim().split(' ').map(Number);
  const points = shares.map((share, at) => share * (at % 2 === 0 ? square.widthPx : square.heightPx));
  expect(points.map(Math.trunc)).toEqual(points.map(Math.round));
  expect(new Set(points.map(Math.trunc))).toEqual(new Set([1, 3]));
});

test('voc is not written without its images, which its readers look for beside the masks', async () => {
  await expect(
    exportDrawn([await withClass('cat')], { format: 'voc', images: 'reference' }),
  ).rejects.toMatchObject({ code: 'BAD_INPUT', hint: expect.stringContaining('JPEGImages') as string });
});
