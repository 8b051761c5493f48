import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { MaskFileFormat } from '../../../src-main/contract/mask-import.ts';
import { drawnImage, type DrawnImage } from '../../support/drawn-images.ts';
import { importMasks, masksOf } from '../../support/mask-imports.ts';
import { bitmapOf } from '../../support/masks.ts';
import { startSegmented } from '../../support/segmented-service.ts';
import { sharedPath } from '../../support/shared.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const SIZE = { widthPx: 160, heightPx: 120 };
const blank = bitmapOf(...Array.from({ length: 120 }, () => '.'.repeat(160)));
const dot = { ...blank, data: blank.data.map((_, at) => Number(at === 0)) };

/** A decomposed name, as macOS writes it. */
const NFD = 'nfd/cafe\u0301.png';
const paths = ['a.jpg', 'a.png', 'b.JPG', 'cats/001.jpg', 'cats/only.jpg', 'dogs/001.jpg', NFD];

/** A collection whose images have one mask in a corner that no file holds. */
async function startSet() {
  const images = paths.map(async (relPath): Promise<DrawnImage> => {
    const image = await drawnImage(relPath, [{ bitmap: dot, className: 'dot' }]);
    return { ...image, ...SIZE };
  });
  return startSegmented(await Promise.all(images));
}

const square = [10, 10, 50, 10, 50, 40, 10, 40];
/** 30 x 30 pixels at 10, 10, as CVAT writes what was drawn by brush. */
const brush = {
  size: [120, 160],
  counts: [1_210, ...Array.from({ length: 29 }, () => [30, 90]).flat(), 30, 14_480],
};

type Json = Record<string, unknown>;
function cocoOf(annotation: Json, image: Json = {}, category: Json = {}): string {
  return JSON.stringify({
    images: [{ id: 1, file_name: 'cats/only.jpg', width: 160, height: 120, ...image }],
    categories: [{ id: 1, name: 'thing', ...category }],
    annotations: [{ id: 1, image_id: 1, category_id: 1, segmentation: [square], iscrowd: 0, ...annotation }],
  });
}

type Case = [what: string, text: string, added: number, areaPx?: number, relPath?: string];
const COCO: Case[] = [
  ['one polygon', cocoOf({}), 1, 1_200],
  ['a segmentation of null', cocoOf({ segmentation: null }), 0],
  ['a flat list', cocoOf({ segmentation: square }), 1, 1_200],
  ['iscrowd as text', cocoOf({ iscrowd: '0' }), 1, 1_200],
  ['categories as text', cocoOf({ category_id: '1' }, {}, { id: '1' }), 1, 1_200],
  ['an image id as text', cocoOf({ image_id: '1' }), 1, 1_200],
  ['no sizes', cocoOf({}, { width: null, height: null }), 1, 1_200],
  ['only a box', cocoOf({ segmentation: [], bbox: [10, 10, 40, 30] }), 0],
  ['seven numbers', cocoOf({ segmentation: [square.slice(0, 7)] }), 0],
  ['a score in per cent', cocoOf({ score: 87.5 }), 1, 1_200],
  ['an annotation of no image', cocoOf({ image_id: 999 }), 0],
  ['a brush mask with iscrowd', cocoOf({ segmentation: brush, iscrowd: 1 }), 1, 900],
  ['another folder', cocoOf({}, { file_name: 'birds/only.jpg' }), 0],
  [
    'the folder of the collection',
    cocoOf({}, { file_name: 'photos/cats/001.jpg' }),
    1,
    1_200,
    'cats/001.jpg',
  ],
  ['a composed name', cocoOf({}, { file_name: 'nfd/caf\u00e9.png' }), 1, 1_200, NFD],
  ['a number of an earlier export', cocoOf({}, { file_name: 'a-2.png' }), 1, 1_200, 'a.png'],
  ['a byte order mark', `\ufeff${cocoOf({})}`, 1, 1_200],
  ['NaN', cocoOf({ area: 0 }).replace('"area":0', '"area":NaN'), 1, 1_200],
];

const points = [[20, 30], [60, 30], [60, 70], [20, 70]]; // prettier-ignore
function labelMeOf(shape: Json, file: Json = {}): string {
  const shapes = [{ label: 'thing', points, group_id: null, shape_type: 'polygon', flags: {}, ...shape }];
  return JSON.stringify({ shapes, imagePath: 'only.jpg', imageWidth: 160, imageHeight: 120, ...file });
}
const LABELME: Case[] = [
  ['a polygon', labelMeOf({}), 1, 1_681],
  ['a rectangle of two corners', labelMeOf({ shape_type: 'rectangle', points: [[60, 70], [20, 30]] }), 1, 1_681], // prettier-ignore
  ['a rectangle of four corners', labelMeOf({ shape_type: 'rectangle' }), 1, 1_681],
  ['a byte order mark', `\ufeff${labelMeOf({})}`, 1, 1_681],
  ['no sizes', labelMeOf({}, { imageWidth: undefined, imageHeight: undefined }), 1, 1_681],
  [
    'null fields',
    labelMeOf({ shape_type: null, flags: null }, { imageData: null, imageWidth: null }),
    1,
    1_681,
  ],
  ['a group as text', labelMeOf({ group_id: 'a' }), 1, 1_681],
  ['a label that is a number', labelMeOf({ label: 3 }), 1, 1_681],
  ['a label that is a list', labelMeOf({ label: [] }), 0],
];

type FormatCase = {
  format: MaskFileFormat;
  what: string;
  text: string;
  added: number;
  areas: number[];
  relPath: string;
};
const caseOf = (
  format: MaskFileFormat,
  [what, text, added, areaPx, relPath = 'cats/only.jpg']: Case,
): FormatCase => ({
  format,
  what,
  text,
  added,
  areas: areaPx === undefined ? [] : [areaPx],
  relPath,
});
const CASES = [...COCO.map((one) => caseOf('coco', one)), ...LABELME.map((one) => caseOf('labelme', one))];

describe('a file of another tool', () => {
  test.each(CASES)(
    '$format with $what is read, or named',
    async ({ format, text, added, areas, relPath }) => {
      const running = await startSet();
      const file = join(tempFolder(), 'only.json');
      writeFileSync(file, text);
      const result = await importMasks(running, file, format, { rejectMissing: true });
      expect(result).toMatchObject({ added, kept: 0, changed: 0, skipped: 1 - added, rejected: added });
      const imported = masksOf(running, relPath).filter(({ origin }) => origin === 'imported');
      expect(imported.map((mask) => mask.areaPx)).toEqual(areas);
    },
  );

  test('one bad label does not keep the others out', async () => {
    const running = await startSet();
    const file = join(tempFolder(), 'only.json');
    const shapes = [
      { label: [], points, shape_type: 'polygon' },
      { label: 'cat', points, shape_type: 'polygon' },
    ];
    writeFileSync(file, labelMeOf({}, { shapes }));
    expect(await importMasks(running, file, 'labelme', { rejectMissing: true })).toMatchObject({ added: 1, skipped: 1, rejected: 0 }); // prettier-ignore
  });

  test('without annotations changes nothing next to one that has some', async () => {
    const running = await startSet();
    const folder = tempFolder();
    const { images, categories } = JSON.parse(cocoOf({})) as Json;
    writeFileSync(join(folder, 'image_info.json'), JSON.stringify({ images, categories, annotations: [] }));
    writeFileSync(join(folder, 'instances.json'), cocoOf({}));
    expect(await importMasks(running, folder, 'coco')).toMatchObject({ images: 1, added: 1, skipped: 0 });
  });

  test('has class names that become one line, with a note', async () => {
    const running = await startSet();
    const file = join(tempFolder(), 'x.json');
    const names = ['two\nlines\t', '   ', 'x'.repeat(300)];
    const shapes = names.map((label, index) => ({
      label,
      points: points.map(([x = 0, y = 0]) => [x / 8 + index * 30 + 20, y / 8]),
      shape_type: 'polygon',
    }));
    writeFileSync(file, labelMeOf({}, { shapes }));
    const result = await importMasks(running, file, 'labelme');
    expect(result).toMatchObject({ added: 3, skipped: 0, noteCount: 3 });
    const classes = masksOf(running, 'cats/only.jpg').flatMap(({ origin, className }) => (origin === 'imported' ? [className] : [])); // prettier-ignore
    expect(new Set(classes)).toEqual(new Set(['two lines', null, 'x'.repeat(200)]));
  });
});

const cases = sharedPath('cases');
const hasCases = existsSync(cases);
const reason = hasCases ? '' : ` (skipped: ${cases} is absent)`;

/** What is right for the files of the shared cases: masks that are added, and entries that are named. */
const SHARED: [MaskFileFormat, name: string, added: number, skipped: number][] = [
  ...['00_plain', '02_flat_list', '04_iscrowd_str', '05_catid_string', '08_imgid_str_vs_num', '11_size_null', '15_score_percent', '21_cvat_rle_crowd', '24_with_root_folder', '25_nfc', '40_bom', '41_nan'].map((name) => ['coco', `coco/${name}.json`, 1, 0] as [MaskFileFormat, string, number, number]), // prettier-ignore
  ...['01_seg_null', '12_bbox_only', '14_odd_coords', '20_orphan_ann', '22_wrong_folder'].map((name) => ['coco', `coco/${name}.json`, 0, 1] as [MaskFileFormat, string, number, number]), // prettier-ignore
  ['coco', 'coco/cvat_brush.json', 18, 0],
  ['coco', 'coco/folder_with_image_info', 18, 0],
  ...['xany_rect4', 'rect2', 'poly', 'bom', 'no_size', 'group_str', 'shape_type_null', 'label_number'].map((name) => ['labelme', `labelme/${name}`, 1, 0] as [MaskFileFormat, string, number, number]), // prettier-ignore
  ['labelme', 'labelme/one_bad_label', 2, 0],
];

describe.skipIf(!hasCases)(`the shared cases${reason}`, () => {
  function startShared(folder: string) {
    const names = readdirSync(join(cases, folder), { recursive: true, encoding: 'utf8' });
    const images = names
      .filter((name) => /\.(jpe?g|png)$/i.test(name))
      .map((relPath): DrawnImage => {
        const bytes = readFileSync(join(cases, folder, relPath));
        return { relPath, bytes, ...SIZE, masks: [] };
      });
    return startSegmented(images);
  }

  test.each(SHARED)('%s %s', async (format, name, added, skipped) => {
    const running = startShared(format === 'coco' ? 'set' : 'one');
    const result = await importMasks(running, join(cases, name), format, { rejectMissing: true });
    expect(result).toMatchObject({ added, skipped, rejected: 0 });
  });
});
