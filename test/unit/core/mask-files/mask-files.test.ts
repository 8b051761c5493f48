import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { gridOfClaim } from '../../../../src-main/core/mask-files/image-grid.ts';
import { openMasks, readOpened } from '../../../../src-main/core/mask-files/mask-folder.ts';
import type { MaskRecord } from '../../../../src-main/core/mask-files/mask-record.ts';
import { readBinaryPng, readIndexPng } from '../../../../src-main/core/mask-files/png-masks.ts';
import { decodeRle } from '../../../../src-main/core/mask/rle.ts';
import { draw, masksIn, png, recordsIn, recordsOf } from '../../../support/mask-records.ts';
import { hasPython, pythonReason, readPython } from '../../../support/python.ts';
import { hasShared, sharedPath, sharedReason } from '../../../support/shared.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

function write(path: string, content: string | Uint8Array): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

describe('a binary PNG', () => {
  const file = { name: 'a.png', imageName: 'a', gridOf: gridOfClaim };

  test('is background, object and ignored pixels', async () => {
    const record = masksIn(readBinaryPng(await png([[0, 255, 128], [0, 200, 100]]), file)); // prettier-ignore
    expect(record).toMatchObject({ imageName: 'a', widthPx: 3, heightPx: 2 });
    expect(record.masks.map(draw)).toEqual([['.#.', '.#.']]);
    expect(draw(record.ignored)).toEqual(['..#', '...']);
  });

  test('of zeros and ones is taken for truth values', async () => {
    expect(masksIn(readBinaryPng(await png([[0, 1]]), file)).masks.map(draw)).toEqual([['.#']]);
  });

  test('without a pixel inside has no object', async () => {
    expect(masksIn(readBinaryPng(await png([[0, 0]]), file)).masks).toEqual([]);
  });

  test('that is no PNG is a problem that names the file', () => {
    expect(readBinaryPng(Buffer.from('no'), file)).toMatchObject({ kind: 'problem', name: 'a.png' });
  });
});

describe('an index PNG', () => {
  test('is an object a number, 0 background and 255 ignored', async () => {
    const classOf = (number: number) => (number === 2 ? 'cat' : null);
    const bytes = await png([[0, 2, 255], [7, 2, 0]]); // prettier-ignore
    const record = masksIn(
      readIndexPng(bytes, { name: 'a.png', imageName: 'a', gridOf: gridOfClaim, classOf }),
    );
    expect(record.masks.map((mask) => [mask.className, draw(mask)])).toEqual([
      ['cat', ['.#.', '.#.']],
      [null, ['...', '#..']],
    ]);
    expect(draw(record.ignored)).toEqual(['..#', '...']);
  });

  test('of a complete partition has 0 for a region too', async () => {
    const record = readIndexPng(await png([[0, 1]]), {
      name: 'a',
      imageName: 'a',
      gridOf: gridOfClaim,
      hasBackground: false,
    });
    expect(masksIn(record).masks.map(draw)).toEqual([['#.'], ['.#']]);
  });
});

test('a file whose format is recognized is parsed once', async () => {
  const coco = cocoFile([{ segmentation: [[0, 0, 1, 0, 1, 1, 0, 1]] }]);
  const folder = tempFolder();
  const file = write(join(folder, 'deep/annotations.json'), coco);
  for (const path of [file, folder]) {
    const files = await openMasks(path, { format: 'auto' });
    expect(files.format).toBe('coco');
    // What is read now was in memory before.
    write(file, '{');
    const records: MaskRecord[] = [];
    for await (const record of readOpened(files, {})) records.push(record);
    expect(records).toMatchObject([{ kind: 'masks', masks: [{ className: 'cat' }], file }]);
    expect(files.parsed.size, 'it is kept no longer').toBe(0);
    write(file, coco);
  }
});

const cocoFile = (annotations: unknown[]) =>
  JSON.stringify({
    images: [{ id: 7, file_name: 'set\\a.jpg', width: 4, height: 3 }],
    categories: [{ id: 3, name: 'cat' }],
    annotations: annotations.map((one) => ({ image_id: 7, category_id: 3, ...(one as object) })),
  });

describe('a COCO file', () => {
  test('holds compressed and plain run lengths, polygons of several parts, and crowds', () => {
    const text = cocoFile([
      { segmentation: { size: [3, 4], counts: '32103' }, score: 0.5 },
      { segmentation: { size: [3, 4], counts: [0, 1, 11] } },
      { segmentation: [[0, 0, 1, 0, 1, 1, 0, 1], [3, 2, 4, 2, 4, 3, 3, 3]] }, // prettier-ignore
      { segmentation: { size: [3, 4], counts: [11, 1] }, iscrowd: 1 },
      { segmentation: [] },
    ]);
    const [problem, record] = recordsIn('coco', text);
    const { imageName, masks, ignored } = masksIn(record);
    expect(imageName).toBe('set/a.jpg');
    expect(masks.map(({ className, score }) => [className, score])).toEqual([['cat', 0.5], ['cat', null], ['cat', null]]); // prettier-ignore
    expect(masks.map(draw)).toEqual([
      ['.##.', '.##.', '....'],
      ['#...', '....', '....'],
      ['#...', '....', '...#'],
    ]);
    expect(draw(ignored)).toEqual(['....', '....', '...#']);
    expect(problem).toEqual({
      kind: 'problem',
      name: 'x.json: annotations[4] of set/a.jpg',
      detail: 'It has no segmentation, at most a box: boxes are not imported.',
    });
  });

  test('says which annotations are keypoints, and keeps the polygons of those that have both', () => {
    const square = [[0, 0, 1, 0, 1, 1, 0, 1]];
    const keypoints = [1, 1, 2, 2, 1, 1];
    const text = cocoFile([{ keypoints }, { keypoints, segmentation: [] }, { keypoints, segmentation: square }]);
    const detail =
      'It has keypoints, but no segmentation: keypoints have no area, so they are not imported. Draw outlines, or import polygons instead.';
    expect(recordsIn('coco', text)).toMatchObject([{ detail }, { detail }, { masks: [{ areaPx: 1 }] }]);
  }); // prettier-ignore

  test.each([
    ['of another size', { size: [3, 3], counts: [0, 9] }, 'Its mask is 3 x 3, but the image is 4 x 3.'],
    ['whose runs are too short', { size: [3, 4], counts: [1, 1] }, 'cover 2 pixels'],
  ])('reports a mask %s and goes on', (_, segmentation, message) => {
    const records = recordsIn('coco', cocoFile([{ segmentation }]));
    expect(records).toMatchObject([{ kind: 'problem', detail: expect.stringContaining(message) as string }, { kind: 'masks' }]); // prettier-ignore
  });

  test.each(['{', '{"images": 1}', '[]'])('that is none (%s) is a problem', async (text) => {
    const path = write(join(tempFolder(), 'x.json'), text);
    expect(await recordsOf(path, 'coco')).toMatchObject([{ kind: 'problem', name: 'x.json' }]);
  });
});

const labelMeFile = (shapes: unknown[]) =>
  JSON.stringify({ version: '5.1.1', flags: {}, imagePath: '../a.jpg', imageData: null, imageWidth: 8, imageHeight: 6, shapes }); // prettier-ignore

describe('a LabelMe file', () => {
  test('holds polygons, rectangles and masks; parts of a group are one object', async () => {
    const picture = Buffer.from(await png([[1, 0], [1, 1]])).toString('base64'); // prettier-ignore
    const text = labelMeFile([
      { label: 'cat', points: [[0, 0], [1, 0], [1, 1], [0, 1]], group_id: 1 }, // prettier-ignore
      { label: 'cat', points: [[6, 4], [7, 5]], shape_type: 'rectangle', group_id: 1 }, // prettier-ignore
      { label: 'dog', points: [[3, 2], [4, 3]], shape_type: 'mask', mask: picture }, // prettier-ignore
      { label: 'nose', points: [[3, 2]], shape_type: 'point' },
    ]);
    const records = recordsIn('labelme', text);
    const { masks, imageName } = masksIn(records.find(({ kind }) => kind === 'masks'));
    expect(imageName).toBe('../a.jpg');
    expect(masks.map((mask) => [mask.className, draw(mask)])).toEqual([
      ['cat', ['##......', '##......', '........', '........', '......##', '......##']],
      ['dog', ['........', '........', '...#....', '...##...', '........', '........']],
    ]);
    expect(records.find(({ kind }) => kind === 'problem')).toMatchObject({
      name: "x.json: shapes[3] 'nose'",
      detail: 'A shape of the type point has no area, so it is not imported.',
    });
  });

  test.skipIf(!hasPython('labelme'))(
    `is filled as LabelMe itself fills it${pythonReason('labelme')}`,
    { tags: ['tools'] },
    () => {
      const shapes = [
        { label: 'a', points: [[2.3, 1.1], [40.8, 9.6], [30.2, 44.9], [9, 30]] }, // prettier-ignore
        { label: 'b', points: [[5, 5], [40, 5], [40, 40], [22, 12], [5, 40]] }, // prettier-ignore
        { label: 'c', points: [[10, 12], [30, 33]], shape_type: 'rectangle' }, // prettier-ignore
        { label: 'd', points: [[25, 25], [37, 30]], shape_type: 'circle' }, // prettier-ignore
      ];
      const text = JSON.stringify({ imagePath: 'a.jpg', imageWidth: 50, imageHeight: 48, shapes });
      const [record] = recordsIn('labelme', text);
      const theirs = readPython(
        `import sys, json
from labelme import utils
out = []
for s in json.loads(sys.argv[1]):
    out.append(utils.shape_to_mask((48, 50), s['points'], s.get('shape_type')).astype(int).ravel().tolist())
print(json.dumps(out))`,
        JSON.stringify(shapes),
      ) as number[][];
      masksIn(record).masks.forEach((mask, index) => {
        const ours = decodeRle(mask.shape).data;
        const their = theirs[index] ?? [];
        const isRim = (at: number) =>
          [-51, -50, -49, -1, 1, 49, 50, 51].some((step) => their[at + step] !== their[at]);
        // Slanted lines may pass the other one of two pixels: a difference is a pixel of the rim, and most agree.
        const pixels = Array.from(ours.keys());
        const differing = pixels.filter((at) => ours[at] !== their[at]);
        expect(differing.filter((at) => !isRim(at))).toEqual([]);
        const rim = pixels.filter((at) => their[at] === 1 && isRim(at));
        expect(differing.length, mask.className ?? '').toBeLessThan(rim.length / 4);
      });
    },
  );
});

describe('a folder of masks', () => {
  test('of binary PNGs holds one object a file, or one a file in a folder for each image', async () => {
    const folder = tempFolder();
    write(join(folder, 'one.png'), await png([[0, 255]]));
    write(join(folder, 'deep', 'two', '0001_cat.png'), await png([[255, 0]]));
    write(join(folder, 'deep', 'two', '0002_dog.png'), await png([[0, 255]]));
    write(join(folder, 'notes.txt'), 'no mask');
    const records = (await recordsOf(folder, 'binary-png')).map(masksIn);
    const told = records.map(({ imageName, masks }) => [imageName, masks.map(({ className }) => className)]);
    expect(Object.fromEntries(told)).toEqual({ one: [null], two: ['cat', 'dog'] });
  });

  test('goes on after a broken file', async () => {
    const folder = tempFolder();
    write(join(folder, 'a.png'), 'broken');
    write(join(folder, 'b.png'), await png([[0, 255]]));
    const kinds = (await recordsOf(folder, 'binary-png')).map(({ kind }) => kind).sort();
    expect(kinds).toEqual(['masks', 'problem']);
  });

  test('without any is an error that says what is looked for', async () => {
    await expect(recordsOf(tempFolder(), 'coco')).rejects.toThrow(/There is no .json file in/);
    await expect(recordsOf('/no/such/folder', 'coco')).rejects.toThrow('There is no file or folder');
  });

  test.skipIf(!hasShared)(`reads the truth of the development pictures${sharedReason}`, async () => {
    const pets = (await recordsOf(sharedPath('data', 'pets', 'masks'), 'binary-png')).map(masksIn);
    expect(pets).toHaveLength(240);
    expect(pets.every(({ masks, ignored }) => masks.length === 1 && ignored !== null)).toBe(true);
    const nuclei = (await recordsOf(sharedPath('data', 'nuclei', 'labels'), 'index-png')).map(masksIn);
    expect(nuclei).toHaveLength(50);
    expect(Math.min(...nuclei.map(({ masks }) => masks.length))).toBeGreaterThan(0);
  });
});
