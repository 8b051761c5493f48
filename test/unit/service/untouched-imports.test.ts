import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DatasetRecipe } from '../../../src-main/contract/dataset.ts';
import type { ExportFormat, ExportOptions } from '../../../src-main/contract/export.ts';
import type { MaskFileFormat } from '../../../src-main/contract/mask-import.ts';
import { encodeRle, type Bitmap } from '../../../src-main/core/mask/rle.ts';
import { exportedPolygons } from '../../../src-main/export/polygons.ts';
import { drawnImage, type DrawnImage } from '../../support/drawn-images.ts';
import { exportTo, importMasks, masksOf } from '../../support/mask-imports.ts';
import { startSegmented, type SegmentedService } from '../../support/segmented-service.ts';

/** A disc with a hole, or none: its outline loses pixels when it is simplified. */
function disc(x: number, y: number, radius: number, hole = 0): Bitmap {
  const [widthPx, heightPx] = [64, 48];
  const data = new Uint8Array(widthPx * heightPx);
  data.forEach((_, at) => {
    const distance = Math.hypot((at % widthPx) - x, Math.floor(at / widthPx) - y);
    data[at] = Number(distance <= radius && distance >= hole);
  });
  return { data, widthPx, heightPx };
}

/** Images whose names an export confuses, with masks that overlap and classes that no file can be called. */
const pets = async (): Promise<DrawnImage[]> =>
  Promise.all([
    drawnImage('my cat.png', [
      { bitmap: disc(30, 24, 20, 6), className: 'cat, small: dog/1:2,3,4', score: 0.9, review: 'accepted' },
      { bitmap: disc(36, 24, 11), className: '#5. dog', score: 0.8 },
      { bitmap: disc(8, 8, 5), className: '#5. dog', score: 0.2 },
    ]),
    drawnImage('my_cat.png', [
      { bitmap: disc(20, 20, 13), className: '#5. dog', score: 0.7, review: 'edited' },
    ]),
    drawnImage('sub/my_cat.png', [
      { bitmap: disc(40, 20, 15), className: 'cat, small: dog/1:2,3,4', score: 0.7 },
    ]),
  ]);

const picture = (running: SegmentedService) =>
  ['my cat.png', 'my_cat.png', 'sub/my_cat.png'].map((relPath) => masksOf(running, relPath));

const UNTOUCHED = { changed: 0, added: 0, rejected: 0, skipped: 0, problems: [] };

type Way = [string, ExportFormat, Partial<ExportOptions>, MaskFileFormat];
const WAYS: Way[] = [
  ['coco', 'coco', {}, 'coco'],
  ['coco, referenced', 'coco', { images: 'reference' }, 'coco'],
  ['coco-polygon', 'coco-polygon', {}, 'coco'],
  ['coco-polygon, simplified', 'coco-polygon', { polygons: 'simplified' }, 'coco'],
  ['labelme', 'labelme', {}, 'labelme'],
  ['labelme, referenced', 'labelme', { images: 'reference' }, 'labelme'],
  ['labelme, simplified', 'labelme', { labelmeShapes: 'polygon', polygons: 'simplified' }, 'labelme'],
  ['binary-png', 'binary-png', {}, 'binary-png'],
  ['index-png', 'index-png', {}, 'index-png'],
  ['cvat', 'cvat', {}, 'cvat'],
  ['voc', 'voc', {}, 'voc'],
  ['label-studio', 'label-studio', {}, 'label-studio'],
  ['datumaro', 'datumaro', {}, 'datumaro'],
  ['yolo', 'yolo', {}, 'yolo'],
  ['yolo, simplified', 'yolo', { polygons: 'simplified' }, 'yolo'],
];

const RECIPES: [string, Partial<DatasetRecipe>, masks: number][] = [
  ['as it is', {}, 5],
  ['of one class', { classes: { oneClass: 'object', rename: {}, ignore: [] } }, 5],
  ['of one class of another name', { classes: { oneClass: 'thing', rename: {}, ignore: [] } }, 5],
  ['with classes merged', { classes: { oneClass: null, rename: { 'cat, small: dog/1:2,3,4': 'animal', '#5. dog': 'animal' }, ignore: [] } }, 5], // prettier-ignore
  ['without weak masks', { minScore: 0.5 }, 4],
  ['of some concepts', { concepts: ['#5. dog'] }, 3],
];

describe.each(RECIPES)('a dataset %s', (_, recipe, masks) => {
  test.each(WAYS)('comes back from %s unchanged', async (_name, format, options, read) => {
    const running = startSegmented(await pets());
    const before = picture(running);
    const out = await exportTo(running, format, recipe, options);
    expect(await importMasks(running, out, read, { rejectMissing: true })).toMatchObject({
      ...UNTOUCHED,
      kept: masks,
    });
    expect(picture(running)).toEqual(before);
    const concepts = await running.client.concepts.list({ id: running.segmentationId });
    expect(concepts.map(({ name }) => name).sort()).toEqual(['#5. dog', 'cat, small: dog/1:2,3,4']);
  });

  test('comes home without its lists, too', async () => {
    const running = startSegmented(await pets());
    const before = picture(running);
    const out = await exportTo(running, 'coco', recipe);
    for (const name of ['images.csv', 'r2o-studio.json']) rmSync(join(out, name));
    expect(await importMasks(running, out, 'coco', { rejectMissing: true })).toMatchObject({
      ...UNTOUCHED,
      kept: masks,
    });
    expect(picture(running)).toEqual(before);
  });
});

test.each([
  ['exact', 'images.csv'],
  ['simplified', 'images.csv'],
  // An export of an earlier version has one row per part.
  ['exact', 'parts'],
] as const)('objects of several parts come back from yolo unchanged (%s, %s)', async (polygons, rows) => {
  const parts = [disc(10, 10, 7, 3), disc(30, 30, 9), disc(56, 8, 5), disc(50, 40, 6)];
  const data = parts.reduce((sum, part) => sum.map((inside, at) => inside | (part.data[at] ?? 0)), parts[0]?.data ?? new Uint8Array()); // prettier-ignore
  const running = startSegmented([
    await drawnImage('a.png', [
      { bitmap: { data, widthPx: 64, heightPx: 48 }, className: 'cat', review: 'accepted' },
      { bitmap: disc(33, 33, 3), className: 'dog' },
    ]),
  ]);
  const before = masksOf(running, 'a.png');
  const out = await exportTo(running, 'yolo', {}, { polygons });
  const file = join(out, 'labels', 'train', 'a.txt');
  expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(2);
  if (rows === 'parts') {
    const { shape } = encodeRle({ data, widthPx: 64, heightPx: 48 }) ?? expect.fail('no mask');
    const polygonsOfParts = exportedPolygons({ shape, box: { x: 0, y: 0, width: 64, height: 48 } }, 'centres', { polygons }); // prettier-ignore
    const row = (polygon: number[]) => polygon.map((value, at) => (value - 0.25) / (at % 2 === 0 ? 64 : 48)).join(' '); // prettier-ignore
    const [, dog = ''] = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, [...polygonsOfParts.map((polygon) => `0 ${row(polygon)}`), dog].join('\n'));
  }
  expect(await importMasks(running, out, 'yolo', { rejectMissing: true })).toMatchObject({
    ...UNTOUCHED,
    kept: 2,
  });
  expect(masksOf(running, 'a.png')).toEqual(before);
});

describe('an export that comes back', () => {
  test('leaves alone what was changed here since', async () => {
    const running = startSegmented(await pets());
    const out = await exportTo(running, 'coco-polygon', {}, { polygons: 'simplified' });
    const { store } = running.service;
    const [image] = store.images.page({ collectionId: running.collection.id, cursor: null, limit: 9 }).items;
    const mask = image && store.segmentations.masksOf(running.segmentationId, image.id).at(-1);
    if (!mask) throw new Error('no mask');
    const other = store.segmentations.masksOf(running.segmentationId, image.id)[0];
    const shape = other && store.segmentations.shapeOf(other.id);
    const counts = Buffer.from(shape?.rle ?? []).toString('latin1');
    await running.client.masks.edit({ id: mask.id, revision: mask.revision, counts });
    const edited = picture(running);
    expect(await importMasks(running, out, 'coco')).toMatchObject(UNTOUCHED);
    expect(picture(running)).toEqual(edited);
  });

  test('has what was corrected in it, under the concept that its class was made from', async () => {
    const running = startSegmented(await pets());
    const classes = { oneClass: null, rename: { '#5. dog': 'dog' }, ignore: [] };
    const out = await exportTo(running, 'coco', { classes });
    const file = join(out, 'annotations', 'instances_train.json');
    const json = JSON.parse(readFileSync(file, 'utf8')) as { categories: { id: number; name: string }[]; annotations: { category_id: number }[] }; // prettier-ignore
    const dog = json.categories.find(({ name }) => name === 'dog')?.id ?? -1;
    const cat = json.annotations.find(({ category_id }) => category_id !== dog);
    if (!cat) throw new Error('no cat in the training images');
    cat.category_id = dog;
    writeFileSync(file, JSON.stringify(json));
    expect(await importMasks(running, file, 'coco')).toMatchObject({ changed: 1, added: 0, skipped: 0 });
    const concepts = await running.client.concepts.list({ id: running.segmentationId });
    expect(concepts.map(({ name }) => name).sort()).toEqual(['#5. dog', 'cat, small: dog/1:2,3,4']);
  });

  test('of a version that is not known any more rejects nothing, and says so', async () => {
    const running = startSegmented(await pets());
    const out = await exportTo(running, 'coco', { concepts: ['#5. dog'] });
    const [dataset] = await running.client.datasets.list();
    const version = dataset?.versions[0];
    if (!version) throw new Error('no version');
    await running.client.datasets.remove({ id: version.id });
    const result = await importMasks(running, out, 'coco', { rejectMissing: true });
    expect(result).toMatchObject({ ...UNTOUCHED, noteCount: 1 });
    expect(result?.notes[0]?.detail).toContain('not in this data folder');
  });
});
