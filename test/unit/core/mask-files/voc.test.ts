import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { encodePng } from '../../../../src-main/core/mask/png.ts';
import { sharpOf } from '../../../support/test-images.ts';
import { draw, masksIn, recordsOf } from '../../../support/mask-records.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const LABEL_MAP = '# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:128,0,0::\ndog: 0, 128, 0 ::\n';
const PALETTE = ['#000000', '#800000', '#008000', ...Array.from({ length: 252 }, () => '#ffffff'), '#e0e0c0'];

type Files = Record<string, Uint8Array | string>;

function folderOf(files: Files): string {
  const folder = tempFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const numbers = (...rows: number[][]) => ({ data: Uint8Array.from(rows.flat()), widthPx: rows[0]?.length ?? 0, heightPx: rows.length }); // prettier-ignore
const indexed = (...rows: number[][]) => encodePng(numbers(...rows), { palette: PALETTE });
const coloured = (...rows: string[][]) => {
  const data = Buffer.from(rows.flat().join(''), 'hex');
  return sharpOf({ data, widthPx: rows[0]?.length ?? 0, heightPx: rows.length })
    .png()
    .toBuffer();
};

async function read(files: Files) {
  const records = await recordsOf(folderOf(files), 'voc');
  const { masks, ignored } = masksIn(records.at(-1));
  return { masks: masks.map((mask) => [mask.className, draw(mask)]), ignored: draw(ignored) };
}

describe('a folder of Pascal VOC', () => {
  const objects = [[0, 1, 2], [0, 1, 255]]; // prettier-ignore
  const classes = [[0, 1, 2], [0, 1, 255]]; // prettier-ignore
  const expected = {
    masks: [
      ['cat', ['.#.', '.#.']],
      ['dog', ['..#', '...']],
    ],
    ignored: ['...', '..#'],
  };

  test('has objects, and their classes by their colour in the palette', async () => {
    const files = {
      'labelmap.txt': LABEL_MAP,
      'SegmentationObject/a.png': await indexed(...objects),
      'SegmentationClass/a.png': await indexed(...classes),
    };
    expect(await read(files)).toEqual(expected);
    expect(await recordsOf(folderOf(files), 'auto')).toMatchObject([{ kind: 'masks', imageName: 'a' }]);
  });

  test('may be in colours, as Datumaro and CVAT write it', async () => {
    const [black, red, green, void_] = ['000000', '800000', '008000', 'e0e0c0'];
    const picture = [[black, red, green], [black, red, void_]]; // prettier-ignore
    const files = {
      'labelmap.txt': LABEL_MAP,
      'SegmentationObject/a.png': await coloured(...picture),
      'SegmentationClass/a.png': await coloured(...picture),
    };
    expect(await read(files)).toEqual(expected);
  });

  test('without objects has one mask per class, and without labelmap.txt no classes', async () => {
    const png = await indexed([1, 0, 1], [0, 0, 0]);
    const one = ['#.#', '...'];
    expect((await read({ 'labelmap.txt': LABEL_MAP, 'SegmentationClass/a.png': png })).masks).toEqual([
      ['cat', one],
    ]);
    expect((await read({ 'SegmentationClass/a.png': png })).masks).toEqual([[null, one]]);
    expect((await read({ 'SegmentationObject/a.png': png })).masks).toEqual([[null, one]]);
    const grey = await encodePng(numbers([2, 0, 2], [0, 0, 0]));
    expect((await read({ 'labelmap.txt': LABEL_MAP, 'SegmentationClass/a.png': grey })).masks).toEqual([
      ['dog', one],
    ]);
  });

  test.each([
    ['cat, small:128,0,0::', 'cat, small'],
    ['cat: small:128,0,0:head,tail:', 'cat: small'],
    ['1:2,3,4:128,0,0', '1:2,3,4'],
    ['cat : 128, 0, 0 : : ', 'cat'],
    ['# "a_b" stands for "a:b"\na_b:128,0,0::', 'a:b'],
    ['# "a_b stands for "a:b"\na_b:128,0,0::', 'a_b'],
    ['background:::\ncat:::\ndog:::', 'cat'],
    ['background\ncat', 'cat'],
    ['\ufeffcat:128,0,0::\r\n', 'cat'],
  ])('has the class of a line of labelmap.txt: %j', async (text, className) => {
    const files = { 'labelmap.txt': text, 'SegmentationObject/a.png': await indexed([0, 1]), 'SegmentationClass/a.png': await indexed([0, 1]) }; // prettier-ignore
    expect((await read(files)).masks).toEqual([[className, ['.#']]]);
  });

  test('has files that cannot be read, which are named', async () => {
    const good = await indexed([1]);
    const folder = folderOf({
      'SegmentationClass/a.png': 'broken',
      'SegmentationObject/a.png': good,
      'SegmentationClass/b.png': Buffer.concat([good.subarray(0, 60), Buffer.from('broken')]),
      'SegmentationClass/c.png': good,
    });
    expect(await recordsOf(folder, 'voc')).toMatchObject([
      {
        kind: 'problem',
        name: 'SegmentationClass/a.png',
        detail: expect.stringContaining('not a readable PNG') as string,
      },
      {
        kind: 'problem',
        name: 'SegmentationClass/b.png',
        detail: expect.stringContaining('not a readable PNG') as string,
      },
      { kind: 'masks', imageName: 'c' },
    ]);
    await expect(recordsOf(tempFolder(), 'voc')).rejects.toThrow('There are no masks of Pascal VOC');
  });
});

describe('a folder of label PNGs with classes.json', () => {
  const list = JSON.stringify([
    { id: 0, name: 'background' },
    { id: 1, name: 'cat' },
    { id: 2, name: 'dog' },
  ]);
  const wide = (...row: number[]) =>
    encodePng({ data: Uint16Array.from(row), widthPx: row.length, heightPx: 1 });
  const read = async (folder: string) =>
    masksIn((await recordsOf(folder, 'index-png'))[0]).masks.map((mask) => [mask.className, draw(mask)]);

  test('has the objects of instances with their classes, or else the classes of labels', async () => {
    const files = {
      'classes.json': list,
      'labels/train/a.png': await encodePng(numbers([0, 1, 1, 2])),
      'instances/train/a.png': await wide(0, 1000, 1001, 2000),
      'images/train/a.png': await encodePng(numbers([9, 9, 9, 9])),
    };
    const folder = folderOf(files);
    const objects = [['cat', ['.#..']], ['cat', ['..#.']], ['dog', ['...#']]]; // prettier-ignore
    expect(await read(folder)).toEqual(objects);
    expect(await read(join(folder, 'instances'))).toEqual(objects);
    expect(await read(join(folder, 'labels', 'train'))).toEqual([['cat', ['.##.']], ['dog', ['...#']]]); // prettier-ignore
    const { 'instances/train/a.png': _, ...only } = files;
    expect(await read(folderOf(only))).toEqual([['cat', ['.##.']], ['dog', ['...#']]]); // prettier-ignore
  });

  test('has no classes if classes.json cannot be read', async () => {
    const folder = folderOf({ 'classes.json': '{', 'a.png': await encodePng(numbers([0, 1])) });
    expect(await read(folder)).toEqual([[null, ['.#']]]);
  });
});

describe('a format', () => {
  const task = JSON.stringify([{ data: { image: 'a.jpg' }, annotations: [] }]);
  test.each([
    ['coco', 'a.json', '{"images": [], "annotations": []}'],
    ['labelme', 'a.json', '{"imagePath": "a.jpg", "imageWidth": 2, "imageHeight": 2, "shapes": []}'],
    ['datumaro', 'deep/a.json', '{"items": []}'],
    ['cvat', 'a.xml', '<annotations/>'],
    ['label-studio', 'a.json', task],
  ])('as %s is recognized in %s', async (_, name, content) => {
    const folder = folderOf({ 'r2o-studio.json': '{}', 'package.json': '{"name": "x"}', [name]: content });
    const problems = (await recordsOf(folder, 'auto')).filter(
      (record) => record.kind === 'problem' && record.name === name,
    );
    expect(problems).toEqual([]);
    expect(await recordsOf(join(folder, name), 'auto')).not.toContainEqual(expect.objectContaining({ kind: 'problem', name: expect.stringContaining('package') as string })); // prettier-ignore
  });

  test.each([
    ['a.json', '{"a": 1}'],
    ['a.json', '{'],
    ['a.json', '[]'],
    ['a.png', 'x'],
  ])('that %s does not show, as in %j, is asked for', async (name, content) => {
    const folder = folderOf({ [name]: content });
    await expect(recordsOf(folder, 'auto')).rejects.toThrow('is not recognized');
    await expect(recordsOf(join(folder, name), 'auto')).rejects.toThrow('is not recognized');
  });
});
