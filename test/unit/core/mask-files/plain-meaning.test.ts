import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { MaskFileFormat } from '../../../../src-main/contract/mask-import.ts';
import { readMasks } from '../../../../src-main/core/mask-files/mask-folder.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

type Files = Record<string, string | Buffer>;
type Case = [what: string, files: Files, expected: string[]];

const gridOf = () => ({ widthPx: 40, heightPx: 30 });

/** What is read of images of 40 x 30 pixels: class and area of each mask, or what is said. */
async function read(format: MaskFileFormat, files: Files): Promise<string[]> {
  const folder = tempFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const said: string[] = [];
  for await (const record of readMasks(folder, { format, gridOf, crowds: 'masks' })) {
    if (record.kind === 'masks')
      said.push(...record.masks.map(({ className, areaPx }) => `${className ?? 'no class'} ${areaPx}`));
    else said.push(`${record.kind}: ${record.detail}`);
  }
  return said;
}

const json = JSON.stringify;
const square = [5, 5, 15, 5, 15, 15, 5, 15];
const pairs = [[5, 5], [15, 5], [15, 15], [5, 15]]; // prettier-ignore
const runs = { size: [30, 40], counts: [155, 10, 1_035] };

const coco = (segmentation: unknown): Files => ({
  'a.json': json({
    images: [{ id: 1, file_name: 'a.jpg' }],
    categories: [{ id: 1, name: 'cat' }],
    annotations: [{ id: 1, image_id: 1, category_id: 1, segmentation }],
  }),
});
const COCO: Case[] = [
  ['sizes as text', coco({ ...runs, size: ['30', '40'] }), ['cat 10']],
  ['run lengths in a list', coco([runs, { ...runs, counts: [185, 10, 1_005] }]), ['cat 20']],
  ['run lengths as text', coco(json(runs)), ['cat 10']],
  ['polygons as text', coco(json([square])), ['cat 100']],
  ['coordinates as text', coco([square.map(String)]), ['cat 100']],
  ['another text', coco('none'), ['problem: Its segmentation is a text.']],
  ['UTF-16', { 'a.json': Buffer.from(`\ufeff${String(coco([square])['a.json'])}`, 'utf16le') }, ['cat 100']],
  [
    'results without images',
    { 'a.json': json([{ image_id: 1, segmentation: runs }]) },
    [expect.stringContaining('which do not say which images they are about') as string],
  ],
];

const labelMe = (shape: object, file: object = {}): Files => ({
  'a.json': json({
    shapes: [{ label: 'cat', points: pairs, shape_type: 'polygon', ...shape }],
    imagePath: 'a.jpg',
    ...file,
  }),
});
const twice = [{ label: 'cat', points: pairs, group_id: '' }, { label: 'cat', points: pairs, group_id: '' }]; // prettier-ignore
const LABELME: Case[] = [
  ['no imagePath', labelMe({}, { imagePath: undefined }), ['cat 121']],
  ['an empty imagePath', labelMe({}, { imagePath: '' }), ['cat 121']],
  ['a type in capitals', labelMe({ shape_type: 'Polygon' }), ['cat 121']],
  ['an empty type', labelMe({ shape_type: '' }), ['cat 121']],
  ['coordinates as text', labelMe({ points: pairs.map((pair) => pair.map(String)) }), ['cat 121']],
  ['empty groups', labelMe({}, { shapes: twice }), ['cat 121', 'cat 121']],
];

const region = (value: object, task: object = {}): Files => ({
  'a.json': json([{ data: { image: 'a.jpg' }, annotations: [{ result: [{ id: 'r', type: 'polygonlabels', value }] }], ...task }]), // prettier-ignore
});
const shares = [[12.5, 50 / 3], [37.5, 50 / 3], [37.5, 50], [12.5, 50]]; // prettier-ignore
const polygon = { points: shares, polygonlabels: ['cat'] };
const LABEL_STUDIO: Case[] = [
  ['numbers as text', region({ ...polygon, points: shares.map((pair) => pair.map(String)) }), ['cat 100']],
  ['one label as text', region({ ...polygon, polygonlabels: 'cat' }), ['cat 100']],
  [
    'completions of old versions',
    region(
      {},
      { annotations: undefined, completions: [{ result: [{ type: 'polygonlabels', value: polygon }] }] },
    ),
    ['cat 100'],
  ],
  [
    'an odd annotation next to another',
    region({}, { annotations: [5, { result: [{ type: 'polygonlabels', value: polygon }] }] }),
    ['problem: It is not an annotation with a list "result".', 'cat 100'],
  ],
];

const row = '0.125 0.166667 0.375 0.166667 0.375 0.5 0.125 0.5';
const yolo = (text: string, names = 'names: [cat, dog]\n'): Files => ({
  'data.yaml': names,
  'labels/train/a.txt': text,
});
const YOLO: Case[] = [
  ['commas', yolo(`0,${row.replaceAll(' ', ',')}`), ['cat 121']],
  ['a class as 1.0', yolo(`1.0 ${row}`), ['dog 121']],
  ['a class without a name', yolo(`1 ${row}`, 'names: [cat, null]\n'), ['1 121']],
  [
    'a class that is not listed',
    yolo(`9 ${row}`),
    ['note: The list of classes has no number 9, so that is the class of its masks.', '9 121'],
  ],
  ['a folder called Labels', { 'data.yaml': 'names: [cat]', 'Labels/a.txt': `0 ${row}` }, ['cat 121']],
  [
    'classes.txt in place of data.yaml',
    { 'classes.txt': '\ufeffcat\r\ndog\r\n', 'labels/a.txt': `1 ${row}`, 'labels/classes.txt': 'cat\ndog\n' },
    ['dog 121'],
  ],
];

const datumaro = (annotation: object, labels: unknown[] = [{ name: 'cat' }]): Files => ({
  'a.json': json({
    categories: { label: { labels } },
    items: [{ id: 'a', annotations: [{ type: 'polygon', label_id: 0, points: square, ...annotation }] }],
  }),
});
const DATUMARO: Case[] = [
  ['a label number as text', datumaro({ label_id: '0' }), ['cat 100']],
  ['labels that are only names', datumaro({}, ['cat']), ['cat 100']],
  ['a box as text', datumaro({ type: 'bbox', bbox: ['5', '5', '10', '10'] }), ['cat 100']],
  [
    'a label that is not listed',
    datumaro({ label_id: 9 }),
    ['note: The file has no label with the number 9: its masks have no class.', 'no class 100'],
  ],
];

const cvat = (shape: string): Files => ({
  'a.xml': `<annotations><image id="0" name="a.jpg" width="40" height="30">${shape}</image></annotations>`,
});
const CVAT: Case[] = [
  ['a semicolon at the end', cvat('<polygon label="cat" points="5,5;15,5;15,15;5,15;"/>'), ['cat 100']],
];

describe.each<[MaskFileFormat, Case[]]>([
  ['coco', COCO],
  ['labelme', LABELME],
  ['label-studio', LABEL_STUDIO],
  ['yolo', YOLO],
  ['datumaro', DATUMARO],
  ['cvat', CVAT],
])('%s whose meaning is plain', (format, cases) => {
  test.each(cases)('with %s', async (_, files, expected) => {
    expect(await read(format, files)).toEqual(expected);
    // What is recognized is read in the same way.
    const isNameless = format === 'coco' && !String(files['a.json']).includes('"images"');
    if (!isNameless) expect(await read('auto', files)).toEqual(expected);
  });
});
