import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { joinParts } from '../../../../src-main/core/mask-files/join-parts.ts';
import { readMasks } from '../../../../src-main/core/mask-files/mask-folder.ts';
import type { FileMask, MaskRecord } from '../../../../src-main/core/mask-files/mask-record.ts';
import { encodeRle, type EncodedMask } from '../../../../src-main/core/mask/rle.ts';
import { bitmapOf } from '../../../support/masks.ts';
import { draw, masksIn } from '../../../support/mask-records.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const YAML = 'train: images/train\nval: images/val\nnames:\n  0: cat\n  1: "dog: small"\n';

function folderOf(files: Record<string, string>): string {
  const folder = tempFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** What is read of images of 8 x 4 pixels. */
async function read(path: string): Promise<MaskRecord[]> {
  const records: MaskRecord[] = [];
  const gridOf = () => ({ widthPx: 8, heightPx: 4 });
  for await (const { file: _, ...record } of readMasks(path, { format: 'yolo', gridOf }))
    records.push(record);
  return records;
}

const readRows = (rows: string, yaml = YAML) =>
  read(folderOf({ 'data.yaml': yaml, 'labels/train/a.txt': rows }));

const square = '0.125 0.25 0.375 0.25 0.375 0.5 0.125 0.5';

describe('a row of YOLO', () => {
  test('is filled as OpenCV fills it, whose corners are the pixels that contain the points', async () => {
    const { masks, imageName } = masksIn((await readRows(`1 ${square}\n`))[0]);
    expect(masks.map(({ className }) => className)).toEqual(['dog: small']);
    expect(imageName).toBe('a');
    expect(draw(masks[0])).toEqual(['........', '.###....', '.###....', '........']);
  });

  test('finds the pixels that tools rounded to a few digits', async () => {
    // Thirds of an image of 9 x 3 pixels: 0.33333 times 9 is a little less than 3.
    const rows = '0 0.33333 0.33333 0.66667 0.33333 0.66667 0.66667 0.33333 0.66667';
    const folder = folderOf({ 'data.yaml': YAML, 'labels/a.txt': rows });
    const gridOf = () => ({ widthPx: 9, heightPx: 3 });
    for await (const record of readMasks(folder, { format: 'yolo', gridOf })) {
      expect(draw(masksIn(record).masks[0])).toEqual(['.........', '...####..', '...####..']);
    }
    expect.assertions(1);
  });

  test('of a prediction has its score behind the polygon', async () => {
    expect(masksIn((await readRows(`0 ${square} 0.75`))[0]).masks).toMatchObject([{ score: 0.75 }]);
  });

  const dense = Array.from({ length: 16 }, (_, at) => {
    const angle = (at * Math.PI) / 8;
    return `${(0.5 + 0.4 * Math.cos(angle)).toFixed(4)} ${(0.5 + 0.3 * Math.sin(angle)).toFixed(4)}`;
  }).join(' ');

  test.each([
    ['behind a square', `0 ${square} 0.75`, `0 0.75 ${square}`],
    ['of a dense outline, within its range', `0 ${dense} 0.55`, `0 0.55 ${dense}`],
    ['of a triangle', '0 0.1 0.2 0.4 0.2 0.4 0.9 0.95', '0 0.95 0.1 0.2 0.4 0.2 0.4 0.9'],
  ])('may have its score %s, at either end', async (_, last, first) => {
    const [one, other] = [await readRows(last), await readRows(first)].map((records) => masksIn(records[0]));
    expect(one?.masks[0]?.score).not.toBeNull();
    expect(other).toEqual(one);
  });

  test('whose score could be at either end follows the other rows of the folder, or is named', async () => {
    const unclear = '0 0.3 0.125 0.25 0.375 0.25 0.375 0.5 0.125 0.4';
    const [problem] = await readRows(unclear);
    expect(problem).toMatchObject({ kind: 'problem', detail: expect.stringContaining('first or the last') as string });
    for (const [clear, score] of [[`0 ${square} 0.75`, 0.4], [`0 0.75 ${square}`, 0.3]] as const) {
      const files = { 'data.yaml': YAML, 'labels/a.txt': unclear, 'labels/b.txt': clear };
      const [a] = await read(folderOf(files));
      expect(masksIn(a).masks).toMatchObject([{ score }]);
    }
  }); // prettier-ignore

  test('has nothing to do with scores in a folder whose rows contradict each other', async () => {
    const records = await readRows(`0 ${square} 0.75\n0 0.75 ${square}\n0 ${square}`);
    expect(records.map(({ kind }) => kind)).toEqual(['problem', 'problem', 'masks']);
  });

  test('may name a class that data.yaml does not, and end in any way that lines do', async () => {
    const records = await readRows(`\ufeff0 ${square}\r\n\r\n7 ${square}\r0 ${square}`);
    expect(masksIn(records.at(-1)).masks.map(({ className }) => className)).toEqual(['cat', '7', 'cat']);
    expect(records).toHaveLength(2);
  });

  test.each([
    ['0 0.5 0.5 0.2 0.2', 'It has only a box: boxes are not imported.'],
    ['0 0.5 0.5 0.2 0.2 0.9', 'It has only a box: boxes are not imported.'],
    ['0', 'It has fewer than three points.'],
    ['0 0.1 0.1', 'It has fewer than three points.'],
    [`0 ${square} 640 480`, 'One of its coordinates is 640, not a share of the image from 0 to 1.'],
    [`0 ${square} nan 0`, 'One of its coordinates is NaN, not a share of the image from 0 to 1.'],
    [`0 ${square} -0.5 0`, 'One of its coordinates is -0.5, not a share of the image from 0 to 1.'],
    [`0 ${square} 1.005`, 'It has an odd number of coordinates.'],
    ['0 1.005 1.005 1.005 1.005 1.005 1.005', 'It covers no pixel of the image.'],
  ])('%j is named, and the others are read', async (row, detail) => {
    const [problem, record] = await readRows(`${row}\n1 ${square}\n`);
    expect(problem).toEqual({ kind: 'problem', name: join('labels', 'train', 'a.txt: row 1 of a'), detail });
    expect(masksIn(record)).toMatchObject({ skipped: 1, masks: [{ className: 'dog: small' }] });
  });
});

describe('a row of keypoints', () => {
  const ofPose = (points: number, dimensions: string) =>
    `It is a box and ${points} keypoints${dimensions}, as datasets for poses have them: keypoints have no area, so they are not imported. Export polygons (YOLO segmentation) instead.`;
  const box = '0 0.5 0.5 0.5 0.5';
  const shaped = (shape: string) => `${YAML}kpt_shape: ${shape}\n`;
  const visible = ' with visibility';

  test.each([
    ['with all degrees of visibility', `${box} 0.4 0.4 2 0.6 0.6 1 0 0 0`, YAML, ofPose(3, visible)],
    ['that are all visible', `${box} 0.4 0.4 1 0.6 0.6 1`, YAML, ofPose(2, visible)],
    ['that are all hidden', `${box} 0.4 0.4 1 0 0 0 0.3 0.3 1`, YAML, ofPose(3, visible)],
    ['beyond their box', `${box} 0.1 0.9 2 0.6 0.6 2`, YAML, ofPose(2, visible)],
    ['of which there is one', `${box} 0.4 0.4 2`, YAML, ofPose(1, visible).replace('keypoints with', 'keypoint with')],
    ['of a prediction', `${box} 0.4 0.4 0.91 0.6 0.6 0.13`, shaped('[2, 3]'), ofPose(2, visible)],
    ['of a prediction with a score', `${box} 0.4 0.4 0.91 0.6 0.6 0.13 0.88`, shaped('[2, 3]'), ofPose(2, visible)],
    ['of two numbers', `${box} 0.4 0.4 0.6 0.6 0.5 0.5`, shaped('[3, 2]'), ofPose(3, '')],
    ['of two numbers, with a score', `${box} 0.4 0.4 0.6 0.6 0.5 0.5 0.7`, shaped('[3, 2]'), ofPose(3, '')],
  ])('%s is named as that, and the others are read', async (_, row, yaml, detail) => {
    const [problem, record] = await readRows(`${row}\n1 ${square}\n`, yaml);
    expect(problem).toEqual({ kind: 'problem', name: join('labels', 'train', 'a.txt: row 1 of a'), detail });
    expect(masksIn(record)).toMatchObject({ skipped: 1, masks: [{ className: 'dog: small' }] });
  }); // prettier-ignore

  test.each([
    ['the whole image with a corner twice', '0 0 0 1 0 1 1 0 1 0 0', YAML],
    ['a triangle whose score is 1', '0 0.5 0.5 0.75 0.25 0.25 0.25 1', YAML],
    ['corners at the edges of the image', '0 0.5 0.5 0.9 0.1 1 1 1 0.2 0.9 1', YAML],
    ['another number of points than the keypoints', `0 ${square}`, shaped('[17, 3]')],
    ['keypoints of which nothing is known', `0 ${square}`, shaped('many')],
  ])('is not seen in a polygon: %s', async (_, row, yaml) => {
    const records = await readRows(`${row}\n0 ${square} 0.75\n`, yaml);
    expect(masksIn(records.at(-1)).masks).toHaveLength(2);
  });

  test('says nothing about where scores are', async () => {
    const pose = `${box} 0.99 0.4 1 0.6 0.01 1 0.4 0.99 2`;
    const records = await readRows(`${`${pose}\n`.repeat(12)}0 0.75 ${square}`);
    expect(masksIn(records.at(-1)).masks).toMatchObject([{ score: 0.75 }]);
  });
});

describe('a folder of YOLO', () => {
  test('names images below the folders of its splits', async () => {
    const folder = folderOf({
      'data.yaml': YAML,
      'labels/train/cats/a.txt': '',
      'labels/b.c.txt': '',
      'labels/own/d.txt': '',
      'valid/labels/e.txt': '',
      'notes.txt': 'read me',
      'images/train/f.txt': '',
    });
    const names = (await read(folder)).map((record) => masksIn(record).imageName);
    expect(names).toEqual(['b.c', 'own/d', 'cats/a', 'e']);
    expect((await read(join(folder, 'data.yaml'))).length).toBe(4);
    expect((await read(join(folder, 'labels', 'train'))).map((record) => masksIn(record).imageName)).toEqual([
      'cats/a',
    ]);
    const file = await read(join(folder, 'labels', 'b.c.txt'));
    expect(file.map((record) => masksIn(record).imageName)).toEqual(['b.c']);
  });

  test.each([
    ['a list', 'names: [cat, dog]\n'],
    ['a map', 'names: {0: cat}\n'],
    ['names that are numbers', 'names: [1, yes]\n'],
    ['a byte order mark', '\ufeffnames:\n- cat\n'],
  ])('has classes as %s', async (_, yaml) => {
    expect(masksIn((await readRows(`0 ${square}`, yaml))[0]).masks).toHaveLength(1);
  });

  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]', ...'bcdefgh'.split('').map((key, at) => `${key}: &${key} [${Array(9).fill(`*${'abcdefgh'[at]}`).join()}]`), 'names: *h'].join('\n'); // prettier-ignore
  test.each([
    ['no names', 'train: images\n', 'does not name the classes'],
    ['names of another kind', 'names: 5\n', 'does not name the classes'],
    ['nothing', '', 'does not name the classes'],
    ['no YAML', 'names: [cat\n', 'is not valid YAML'],
    ['aliases of aliases', bomb, 'does not name the classes'],
  ])('with %s in data.yaml is refused', async (_, yaml, message) => {
    await expect(readRows(`0 ${square}`, yaml)).rejects.toThrow(message);
  });

  test('with code in data.yaml has it as text', async () => {
    const [record] = await readRows(`0 ${square}`, 'names: !!python/object/apply:os.system ["touch x"]\n');
    expect(masksIn(record).masks).toMatchObject([{ className: 'touch x' }]);
  });

  test('without data.yaml or labels is refused', async () => {
    await expect(read(folderOf({ 'labels/a.txt': '' }))).rejects.toThrow(
      'There is no data.yaml, classes.txt or obj.names',
    );
    await expect(read(folderOf({ 'data.yaml': YAML, 'a.txt': '' }))).rejects.toThrow(
      'There are no label files',
    );
  });
});

describe('parts', () => {
  const both = bitmapOf('##...##', '##...##');
  const [left, right] = [bitmapOf('##.....', '##.....'), bitmapOf('.....##', '.....##')];
  const encoded = (bitmap: typeof both): EncodedMask => {
    const mask = encodeRle(bitmap);
    if (!mask) throw new Error('an empty mask');
    return mask;
  };
  const part = (bitmap: typeof both, className = 'cat', isPart = true): FileMask => ({
    ...encoded(bitmap),
    className,
    score: null,
    isPart,
  });
  const drawn = (masks: FileMask[]) => masks.map((mask) => [mask.entries ?? 1, draw(mask)]);

  test('of an object known before are joined', () => {
    expect(drawn(joinParts([part(left), part(right)], [encoded(both)]))).toEqual([
      [2, ['##...##', '##...##']],
    ]);
    // Also if one was corrected.
    const smaller = bitmapOf('##.....', '#......');
    expect(drawn(joinParts([part(smaller), part(right)], [encoded(both)]))).toEqual([
      [2, ['##...##', '#....##']],
    ]);
  });

  test.each([
    ['of different classes', [part(left), part(right, 'dog')], [encoded(both)]],
    [
      'that formats could have joined',
      [part(left, 'cat', false), part(right, 'cat', false)],
      [encoded(both)],
    ],
    ['of different objects', [part(left), part(right)], [encoded(left), encoded(right)]],
    ['of nothing known', [part(left), part(right)], []],
    ['of which one is elsewhere', [part(left), part(bitmapOf('...#...', '...#...'))], [encoded(both)]],
  ])('%s stay as they are', (_, masks, objects) => {
    expect(joinParts(masks, objects)).toEqual(masks);
  });
});

describe('a folder of darknet', () => {
  const files = {
    'obj.names': 'cat\ndog\n',
    'obj.data': 'classes = 2\ntrain = data/train.txt\nnames = data/obj.names\nbackup = backup/\n',
    'train.txt': 'data/obj_train_data/pets/a.jpg\ndata/obj_train_data/b.jpg\n',
    'obj_train_data/pets/a.txt': '1 0.5 0.5 0.25 0.5\n',
    'obj_train_data/b.txt': `1 ${square}\n`,
  };

  test.each(['yolo', 'auto'] as const)('as CVAT writes it is read as %s: boxes are named, polygons are masks', async (format) => {
    const records: MaskRecord[] = [];
    for await (const { file: _, ...record } of readMasks(folderOf(files), { format, gridOf: () => ({ widthPx: 8, heightPx: 4 }) }))
      records.push(record);
    expect(records).toMatchObject([
      { kind: 'masks', imageName: 'b', masks: [{ className: 'dog' }] },
      { kind: 'problem', name: `${join('obj_train_data', 'pets', 'a.txt')}: row 1 of pets/a`, detail: 'It has only a box: boxes are not imported.' },
      { kind: 'masks', imageName: 'pets/a', masks: [], skipped: 1 },
    ]);
  }); // prettier-ignore

  test('as LabelImg writes it has the list of classes and the labels next to the images', async () => {
    const records = await read(folderOf({ 'classes.txt': 'cat\n', 'a.txt': '0 0.5 0.5 0.25 0.5\n' }));
    expect(records[0]).toMatchObject({ name: 'a.txt: row 1 of a', detail: 'It has only a box: boxes are not imported.' });
  }); // prettier-ignore
});
