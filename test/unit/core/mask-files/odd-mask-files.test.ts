import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { gridOfClaim } from '../../../../src-main/core/mask-files/image-grid.ts';
import { readBinaryPng, readIndexPng } from '../../../../src-main/core/mask-files/png-masks.ts';
import { encodePng } from '../../../../src-main/core/mask/png.ts';
import { draw, masksIn, png, recordsIn, recordsOf } from '../../../support/mask-records.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const file = { name: 'a.png', imageName: 'a', gridOf: gridOfClaim };

describe('a mask PNG', () => {
  test('with levels up to 2 numbers objects, and is named', async () => {
    expect(readBinaryPng(await png([[0, 1, 2]]), file)).toMatchObject({
      kind: 'problem',
      detail: expect.stringContaining('0, 1, 2') as string,
    });
  });

  test('of 16 bits numbers an object 255 like any other', async () => {
    const bytes = await encodePng({ data: Uint16Array.of(0, 255, 256), widthPx: 3, heightPx: 1 });
    const { masks, ignored } = masksIn(readIndexPng(bytes, file));
    expect(masks.map(draw)).toEqual([['.#.'], ['..#']]);
    expect(ignored).toBeNull();
  });

  test.each([
    ['width', [[255]], '0002_b.png', 'It is 1 x 1, but image/0001_a.png of the same image is 2 x 1.'],
    ['height', [[255, 0], [0, 0]], '0002_b.png', 'It is 2 x 2, but image/0001_a.png of the same image is 2 x 1.'], // prettier-ignore
  ])('of another %s than the others of its image is a problem', async (_, rows, name, detail) => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'image'));
    writeFileSync(join(folder, 'image', '0001_a.png'), await png([[0, 255]]));
    writeFileSync(join(folder, 'image', name), await png(rows));
    const [problem, record] = await recordsOf(folder, 'binary-png');
    expect(problem).toEqual({ kind: 'problem', name: `image/${name}`, detail });
    // The others of its image are read.
    expect(masksIn(record)).toMatchObject({ skipped: 1, masks: [{ className: 'a' }] });
  });

  test('that is the only one of its image in a folder keeps the pixels of which nothing is known', async () => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'image'));
    writeFileSync(join(folder, 'image', '0001_a.png'), await png([[0, 255, 128]]));
    const [record] = await recordsOf(folder, 'binary-png');
    expect(draw(masksIn(record).ignored)).toEqual(['..#']);
  });
});

describe('a COCO mask', () => {
  const fileOf = (segmentation: unknown) =>
    JSON.stringify({
      images: [{ id: 1, file_name: 'a.jpg', width: 4, height: 3 }],
      categories: [],
      annotations: [{ image_id: 1, category_id: 9, segmentation }],
    });

  test('that is too high for its image is a problem', () => {
    expect(recordsIn('coco', fileOf({ size: [4, 4], counts: [0, 16] }))).toMatchObject([
      {
        kind: 'problem',
        name: 'x.json: annotations[0] of a.jpg',
        detail: 'Its mask is 4 x 4, but the image is 4 x 3.',
      },
      { kind: 'masks', masks: [] },
    ]);
  });

  test('of a category that is not in the file has no class, and lines between two points no area', () => {
    const [note, record] = recordsIn('coco', fileOf([[0, 0, 2, 0, 2, 2, 0, 2], [0, 0, 4, 3]])); // prettier-ignore
    expect(note).toMatchObject({ kind: 'note', detail: expect.stringContaining('no category') as string });
    const [mask] = masksIn(record).masks;
    expect([mask?.className, draw(mask)]).toEqual([null, ['##..', '##..', '....']]);
  });
});

describe('a LabelMe shape', () => {
  const read = (...shapes: object[]) => {
    const text = JSON.stringify({ imagePath: 'a.jpg', imageWidth: 4, imageHeight: 3, shapes });
    return recordsIn('labelme', text);
  };
  const drawn = (...shapes: object[]) => masksIn(read(...shapes).at(-1)).masks.map(draw);
  const rectangle = (label: string, group_id: number | null, x: number, y: number) => ({
    label,
    group_id,
    shape_type: 'rectangle',
    points: [[x, y], [x + 1, y + 1]], // prettier-ignore
  });

  test('is a part of another one with the same group and label alone', () => {
    expect(drawn(rectangle('cat', 1, 0, 0), rectangle('dog', 1, 2, 0))).toHaveLength(2);
    expect(drawn(rectangle('cat', 1, 0, 0), rectangle('cat', 2, 2, 0))).toHaveLength(2);
    expect(drawn(rectangle('cat', null, 0, 0), rectangle('cat', null, 2, 0))).toHaveLength(2);
    expect(drawn(rectangle('cat', 1, 0, 0), rectangle('cat', 1, 2, 1))).toEqual([['##..', '####', '..##']]);
  });

  test('has the fractions of its corners cut off', () => {
    const points = [[0.9, 0.9], [1.9, 0.9], [1.9, 1.9], [0.9, 1.9]]; // prettier-ignore
    expect(drawn({ label: 'cat', points })).toEqual([['##..', '##..', '....']]);
  });

  test('of two points is no polygon', () => {
    const points = [[0, 0], [1, 1]]; // prettier-ignore
    expect(read({ label: 'cat', points })[0]).toMatchObject({
      kind: 'problem',
      name: "x.json: shapes[0] 'cat'",
      detail: 'It cannot be filled: it has fewer than three points.',
    });
  });

  test('that is a picture is cut at all sides of the image', async () => {
    const mask = (await png([[1, 1, 1], [1, 1, 1], [1, 1, 1]])).toString('base64'); // prettier-ignore
    const at = (x: number, y: number) => {
      const points = [[x, y], [x + 2, y + 2]]; // prettier-ignore
      return drawn({ label: 'cat', shape_type: 'mask', points, mask })[0];
    };
    expect(at(-1, -1)).toEqual(['##..', '##..', '....']);
    expect(at(3, 1)).toEqual(['....', '...#', '...#']);
  });
});

test('a folder is read without hidden files and without the manifest of an export', async () => {
  const folder = tempFolder();
  const coco = JSON.stringify({ images: [], categories: [], annotations: [] });
  writeFileSync(join(folder, 'r2o-export.json'), '{}');
  writeFileSync(join(folder, '._instances.json'), 'resource fork');
  await expect(recordsOf(folder, 'coco')).rejects.toThrow('There is no .json file');
  writeFileSync(join(folder, 'instances.json'), coco);
  expect(await recordsOf(folder, 'coco')).toEqual([]);
});
