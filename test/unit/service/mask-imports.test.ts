import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ExportFormat } from '../../../src-main/contract/export.ts';
import type { MaskFileFormat } from '../../../src-main/contract/mask-import.ts';
import { encodePng } from '../../../src-main/core/mask/png.ts';
import { drawnImage, type DrawnImage } from '../../support/drawn-images.ts';
import { cocoRle, exportTo, importMasks, masksOf } from '../../support/mask-imports.ts';
import { bitmapOf, drawingOf } from '../../support/masks.ts';
import { waitForState } from '../../support/running-service.ts';
import { startSegmented } from '../../support/segmented-service.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const left = bitmapOf('####....', '####....', '####....', '........', '........', '........');
const leftCut = bitmapOf('####....', '####....', '###.....', '........', '........', '........');
const corner = bitmapOf('........', '........', '........', '........', '......##', '......##');
const middle = bitmapOf('........', '........', '........', '...##...', '...##...', '........');

const pets = async (): Promise<DrawnImage[]> => [
  await drawnImage('cats/a b.png', [
    { bitmap: left, className: 'cat', score: 0.9 },
    { bitmap: corner, className: 'dog', score: 0.8 },
  ]),
  await drawnImage('dogs/c.png', [{ bitmap: left, className: 'dog' }]),
];

describe('masks that come back', () => {
  test.each<[ExportFormat, MaskFileFormat, string]>([
    ['coco', 'coco', 'annotations'],
    ['coco-polygon', 'coco', 'annotations'],
    ['labelme', 'labelme', '.'],
    ['cvat', 'cvat', '.'],
    ['label-studio', 'label-studio', '.'],
    ['datumaro', 'datumaro', '.'],
    ['yolo', 'yolo', '.'],
    ['index-png', 'index-png', '.'],
    ['voc', 'voc', '.'],
    ['coco', 'auto', '.'],
    ['labelme', 'auto', '.'],
    ['cvat', 'auto', '.'],
    ['label-studio', 'auto', '.'],
    ['datumaro', 'auto', '.'],
    ['yolo', 'auto', '.'],
    ['voc', 'auto', '.'],
    ['index-png', 'auto', '.'],
    ['binary-png', 'binary-png', 'masks'],
  ])('from an export as %s are the same, and reviewed or not as before', async (format, read, folder) => {
    const running = startSegmented(await pets());
    const out = await exportTo(running, format);
    const before = masksOf(running, 'cats/a b.png');
    const result = await importMasks(running, join(out, folder), read, { rejectMissing: true });
    expect(result).toEqual({
      images: 2,
      kept: 3,
      changed: 0,
      added: 0,
      rejected: 0,
      skipped: 0,
      problems: [],
      notes: [],
      noteCount: 0,
    });
    expect(masksOf(running, 'cats/a b.png')).toEqual(before);
  });

  test('name images in the same way whether their format was named or recognized', async () => {
    const drawn = ['a.png', 'cats/a.png'].map((name) =>
      drawnImage(name, [{ bitmap: left, className: 'cat' }]),
    );
    const running = startSegmented(await Promise.all(drawn));
    const folder = join(tempFolder(), 'cats');
    mkdirSync(folder);
    const coco = {
      images: [{ id: 1, file_name: 'a.png', width: 8, height: 6 }],
      categories: [{ id: 1, name: 'cat' }],
      annotations: [{ image_id: 1, category_id: 1, segmentation: cocoRle(leftCut) }],
    };
    writeFileSync(join(folder, 'annotations.json'), JSON.stringify(coco));
    for (const format of ['coco', 'auto'] as const)
      expect(await importMasks(running, join(folder, '..'), format)).toMatchObject({ images: 1, skipped: 0 });
    expect(masksOf(running, 'a.png')).toMatchObject([{ review: 'edited' }]);
    expect(masksOf(running, 'cats/a.png')).toMatchObject([{ review: 'pending' }]);
  });

  test('corrected, added and deleted are edited, imported and rejected', async () => {
    const running = startSegmented(await pets());
    const file = join(tempFolder(), 'corrected.json');
    writeFileSync(
      file,
      JSON.stringify({
        images: [{ id: 1, file_name: 'cats__a_b.png', width: 8, height: 6 }],
        categories: [{ id: 1, name: 'cat' }, { id: 2, name: 'ball' }], // prettier-ignore
        annotations: [
          { image_id: 1, category_id: 1, segmentation: cocoRle(leftCut) },
          { image_id: 1, category_id: 2, segmentation: cocoRle(middle) },
        ],
      }),
    );
    const others = masksOf(running, 'dogs/c.png');
    expect(await importMasks(running, file, 'coco', { rejectMissing: true })).toMatchObject({ images: 1, changed: 1, added: 1, rejected: 1, kept: 0 }); // prettier-ignore
    expect(masksOf(running, 'cats/a b.png')).toEqual([
      {
        className: 'ball',
        review: 'accepted',
        origin: 'imported',
        revision: 1,
        areaPx: 4,
        drawing: drawingOf(middle),
      },
      {
        className: 'cat',
        review: 'edited',
        origin: 'model',
        revision: 2,
        areaPx: 11,
        drawing: drawingOf(leftCut),
      },
      {
        className: 'dog',
        review: 'rejected',
        origin: 'model',
        revision: 1,
        areaPx: 4,
        drawing: drawingOf(corner),
      },
    ]);
    expect(masksOf(running, 'dogs/c.png')).toEqual(others);
    // Once more, as after a crash: nothing is added twice, and what was edited stays edited.
    const after = masksOf(running, 'cats/a b.png');
    expect(await importMasks(running, file, 'coco', { rejectMissing: true })).toMatchObject({ kept: 2, changed: 0, added: 0, rejected: 0 }); // prettier-ignore
    expect(masksOf(running, 'cats/a b.png')).toEqual(after);
  });

  test('reject nothing that is missing where no mask, or not every mask, could be read', async () => {
    const running = startSegmented(await pets());
    const annotations = (...ofImage: (object | undefined)[]) =>
      JSON.stringify({
        images: [
          { id: 1, file_name: 'cats/a b.png', width: 8, height: 6 },
          { id: 2, file_name: 'dogs/c.png', width: 8, height: 6 },
        ],
        categories: [{ id: 1, name: 'cat' }],
        annotations: ofImage.map((segmentation) => ({ image_id: 1, category_id: 1, segmentation })),
      });
    const folder = tempFolder();
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
    const before = [masksOf(running, 'cats/a b.png'), masksOf(running, 'dogs/c.png')];
    write('info.json', annotations());
    expect(await importMasks(running, folder, 'coco', { rejectMissing: true })).toMatchObject({
      images: 2,
      rejected: 0,
    });
    write('boxes.json', annotations(cocoRle(left), undefined));
    expect(await importMasks(running, folder, 'coco', { rejectMissing: true })).toMatchObject({
      kept: 1,
      rejected: 0,
      skipped: 1,
      problems: [{ name: 'boxes.json: annotations[1] of cats/a b.png' }],
    });
    expect([masksOf(running, 'cats/a b.png'), masksOf(running, 'dogs/c.png')]).toEqual(before);
    // What one file lacks, another may hold.
    write('boxes.json', annotations(cocoRle(left)));
    write('more.json', annotations(cocoRle(corner)));
    expect(await importMasks(running, folder, 'coco', { rejectMissing: true })).toMatchObject({
      kept: 1,
      changed: 1,
      rejected: 0,
    });
    write('more.json', annotations(cocoRle(left)));
    expect(await importMasks(running, folder, 'coco', { rejectMissing: true })).toMatchObject({
      kept: 2,
      rejected: 1,
    });
  });

  test('without a word about a mask leave it alone, unless told otherwise', async () => {
    const running = startSegmented(await pets());
    const file = join(tempFolder(), 'c.png');
    writeFileSync(file, await encodePng({ ...middle, data: middle.data.map((value) => value * 255) }));
    expect(await importMasks(running, file, 'binary-png')).toMatchObject({ added: 1, rejected: 0 });
    expect(masksOf(running, 'dogs/c.png').map(({ className, review }) => [className, review])).toEqual([
      [null, 'accepted'],
      ['dog', 'pending'],
    ]);
  });

  test('of another size, of no image or of several are named, and the rest goes on', async () => {
    const copy = await drawnImage('others/c.png', []);
    const running = startSegmented([
      ...(await pets()),
      { ...copy, bytes: Buffer.concat([copy.bytes, Buffer.from('x')]) },
    ]);
    const folder = tempFolder();
    const png = async (name: string, side: number) =>
      writeFileSync(
        join(folder, name),
        await encodePng({ data: new Uint8Array(side * 6).fill(255), widthPx: side, heightPx: 6 }),
      );
    await png('a b.png', 8);
    await png('c.png', 8);
    await png('nobody.png', 8);
    mkdirSync(join(folder, 'deep'));
    writeFileSync(join(folder, 'deep', 'broken.png'), 'broken');
    const result = await importMasks(running, folder, 'binary-png');
    expect(result).toMatchObject({ images: 1, skipped: 3 });
    const told = Object.fromEntries((result?.problems ?? []).map(({ name, detail }) => [name, detail]));
    expect(told).toMatchObject({
      'c.png': expect.stringContaining('Several images') as string,
      'nobody.png': expect.stringContaining('No image of the segmentation') as string,
      [join('deep', 'broken.png')]: expect.stringContaining('not a readable PNG') as string,
    });
    await png('a b.png', 9);
    const again = await importMasks(running, join(folder, 'a b.png'), 'binary-png');
    expect(again?.problems[0]?.detail).toBe('Its masks are 9 x 6, but the upright image is 8 x 6: correct masks on upright copies.'); // prettier-ignore
  });

  test('of a path that there is not fail with the reason', async () => {
    const running = startSegmented(await pets());
    const { job } = await running.client.maskImports.start({ segmentationId: running.segmentationId, path: '/no/such', format: 'coco', rejectMissing: false }); // prettier-ignore
    await expect(waitForState(running.client, job.id, 'done')).rejects.toThrow(
      'There is no file or folder /no/such',
    );
  });

  test('leave the files as they were', async () => {
    const running = startSegmented(await pets());
    const out = await exportTo(running, 'coco');
    const file = join(out, 'annotations/instances_train.json');
    const before = readFileSync(file);
    await importMasks(running, file, 'coco');
    expect(readFileSync(file).equals(before)).toBe(true);
  });
});
