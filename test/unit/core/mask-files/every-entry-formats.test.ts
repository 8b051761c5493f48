import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'vitest';
import { readCvat } from '../../../../src-main/core/mask-files/cvat.ts';
import type { MaskRecord } from '../../../../src-main/core/mask-files/mask-record.ts';
import { ScorePlaces } from '../../../../src-main/core/mask-files/score-place.ts';
import { readYolo } from '../../../../src-main/core/mask-files/yolo.ts';
import { anything, expectEveryEntry, gridOf, oddNumber, square } from '../../../support/mask-variants.ts';
import { recordsIn } from '../../../support/mask-records.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const context = { name: 'x', gridOf, crowds: 'masks' } as const;
const label = fc.constantFrom<unknown>('cat', 'dog', '', 'a & b <c>', null, undefined, 5);

type Tag = { type: string; attributes: Record<string, unknown> };
const squareText = square.map((one) => [0, 2, 4, 6].map((at) => one.slice(at, at + 2).join(',')).join(';'));
const points = fc.oneof(
  squareText,
  fc.array(oddNumber, { maxLength: 8 }).map((one) => one.join(';')),
  fc.constantFrom('', ';', 'text', '1,2'),
);
const cvatShape: fc.Arbitrary<Tag> = fc.record({
  type: fc.constantFrom('polygon', 'polygon', 'box', 'ellipse', 'mask', 'polyline', 'points', 'skeleton', 'tag', 'cuboid'),
  attributes: fc.record({
    label,
    group_id: fc.constantFrom<unknown>(undefined, '0', '1', '1', 'x'),
    points,
    xtl: oddNumber, ytl: oddNumber, xbr: oddNumber, ybr: oddNumber,
    cx: oddNumber, cy: oddNumber, rx: oddNumber, ry: oddNumber,
    rotation: fc.constantFrom<unknown>(undefined, '45', 'x', '1e300'),
    rle: fc.constantFrom<unknown>('2,2', '0,4', '5,5', '', 'x', undefined),
    left: fc.constantFrom<unknown>(1, 39, -1, 'x'), top: fc.constantFrom<unknown>(1, 29, 1.5),
    width: fc.constantFrom<unknown>(2, 99, 0), height: fc.constantFrom<unknown>(2, -2),
  }),
}); // prettier-ignore

const cvatPolygon: fc.Arbitrary<Tag> = fc.record({
  type: fc.constant('polygon'),
  attributes: fc.record({ label, group_id: fc.constantFrom<unknown>(undefined, '1'), points: squareText }),
});

const escaped = (value: unknown) =>
  String(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const xmlOf = ({ type, attributes }: Tag) =>
  `<${type} ${Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : `${name}="${escaped(value)}"`)).join(' ')}><attribute name="a">1</attribute></${type}>`; // prettier-ignore

test('every shape of a file of CVAT is in a mask, or is named', async () => {
  const path = join(tempFolder(), 'annotations.xml');
  const images = fc.array(
    fc.record({
      name: fc.constantFrom('a.jpg', 'b.jpg', ''),
      shapes: fc.array(fc.oneof(cvatShape, cvatPolygon), { maxLength: 6 }),
    }),
    { maxLength: 3 },
  );
  await expectEveryEntry(images, async (file) => {
    const tags = file.map(
      ({ name, shapes }) => `<image id="0" name="${name}">${shapes.map(xmlOf).join('')}</image>`,
    );
    writeFileSync(path, `<annotations>${tags.join('')}</annotations>`);
    const records: MaskRecord[] = [];
    for await (const record of readCvat(path, context)) records.push(record);
    return { records, entries: file.flatMap(({ shapes }) => shapes).length };
  });
});

const datumaroAnnotation = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record(
      {
        id: fc.constantFrom<unknown>(0, 1, '1', null, {}),
        type: fc.constantFrom<unknown>('polygon', 'polygon', 'mask', 'ellipse', 'bbox', 'points', 'label', 'caption', 7),
        label_id: fc.constantFrom<unknown>(0, '0', 99, null, 1.5, {}),
        group: fc.constantFrom<unknown>(0, 1, 1, '1', null, {}),
        attributes: fc.constantFrom<unknown>({ score: 0.5 }, null, 5),
        points: fc.oneof(square, fc.array(oddNumber, { maxLength: 9 }), anything),
        bbox: fc.oneof(fc.array(oddNumber, { maxLength: 5 }), anything),
        rle: fc.oneof(fc.constant({ size: [30, 40], counts: [10, 20, 1170] }), anything),
      },
      { requiredKeys: [] },
    ),
  },
  anything,
); // prettier-ignore

const datumaroPolygon = fc.record({
  type: fc.constant('polygon'),
  group: fc.constantFrom(0, 1),
  label_id: fc.constant(0),
  points: square,
});

type Fields = { type?: unknown; group?: unknown; label_id?: unknown };
const SHAPES: readonly unknown[] = ['polygon', 'mask', 'ellipse'];

/** Of a group with a shape, boxes say only where it is: they are no masks, and nothing is lost without them. */
function boxesAroundShapes(annotations: readonly unknown[]): number {
  const fields = annotations.flatMap((one) => (typeof one === 'object' && one !== null ? [one as Fields] : []));
  const whole = (value: unknown) =>
    Number.isInteger(value) || /^-?\d+$/.test(typeof value === 'string' ? value : '') ? Number(value) : null;
  const groupOf = ({ group, label_id }: Fields) => `${whole(group)} ${whole(label_id)}`;
  const groups = new Set(
    fields.filter(({ type, group }) => whole(group) && SHAPES.includes(type)).map((one) => groupOf(one)),
  );
  return fields.filter((one) => one.type === 'bbox' && whole(one.group) && groups.has(groupOf(one))).length;
} // prettier-ignore

test('every annotation of a file of Datumaro is in a mask, or is named', async () => {
  const file = fc.record({
    categories: fc.constantFrom<unknown>({ label: { labels: [{ name: 'cat' }, null] } }, null, 5),
    items: fc.array(
      fc.record({ id: fc.constantFrom('a', 'b/c'), annotations: fc.array(fc.oneof(datumaroAnnotation, datumaroPolygon), { maxLength: 8 }) }),
      { maxLength: 2 },
    ),
  });
  await expectEveryEntry(file, (json) => ({
    records: recordsIn('datumaro', JSON.stringify(json), { gridOf }),
    entries: json.items.reduce((sum, { annotations }) => sum + annotations.length - boxesAroundShapes(annotations), 0),
  }));
}); // prettier-ignore

const regionValue = fc.oneof(
  fc.record({ points: fc.oneof(square.map((one) => [one.slice(0, 2), one.slice(2, 4), one.slice(4, 6)]), fc.array(fc.array(oddNumber, { maxLength: 3 }))), polygonlabels: fc.constantFrom<unknown>(['cat'], ['cat', 'dog'], 5, null) }),
  fc.record({ x: oddNumber, y: oddNumber, width: oddNumber, height: oddNumber, rotation: oddNumber }),
  fc.record({ x: oddNumber, y: oddNumber, radiusX: oddNumber, radiusY: oddNumber }),
  fc.record({ format: fc.constant('rle'), rle: fc.constantFrom<unknown>([], [1, 2, 3], ['x'], 5), brushlabels: fc.constant(['cat']) }),
  fc.constantFrom<unknown>({ x: 1, y: 1, keypointlabels: ['cat'] }, { choices: ['a'] }, { text: ['b'] }, { imageDataURL: 'data:x' }, { vertices: [1], closed: true }),
  anything,
); // prettier-ignore
const region = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record(
      {
        type: fc.constantFrom<unknown>('polygonlabels', 'rectanglelabels', 'choices', null, 5),
        value: regionValue,
        score: fc.constantFrom<unknown>(0.5, 50, 'x', null),
        original_width: fc.constantFrom<unknown>(40, '40', null, 0),
        original_height: fc.constantFrom<unknown>(30, 30, null),
        image_rotation: fc.constantFrom<unknown>(0, 0, 90, null),
        item_index: fc.constantFrom<unknown>(undefined, 0, 1),
      },
      { requiredKeys: ['value'] },
    ),
  },
  anything,
);

const shares = square.map((one) => [one.slice(0, 2), one.slice(2, 4), one.slice(4, 6)]);
const polygonValue = fc.record({ points: shares, polygonlabels: fc.constant(['cat']) });
const polygonRegion = fc.record({ type: fc.constant('polygonlabels'), value: polygonValue });

test('every region of an annotation of Label Studio is a mask, or is named', async () => {
  const tasks = fc.array(
    fc.record({ key: fc.constantFrom('annotations', 'completions', 'predictions'), result: fc.array(fc.oneof(region, polygonRegion), { maxLength: 8 }) }),
    { maxLength: 2 },
  );
  await expectEveryEntry(tasks, (file) => {
    const json = file.map(({ key, result }) => ({ data: { image: 'a.jpg' }, [key]: [{ id: 1, result }] }));
    return {
      records: recordsIn('label-studio', JSON.stringify(json), { gridOf }),
      entries: file.flatMap(({ result }) => result).length,
    };
  });
}); // prettier-ignore

test('every region in the lists of JSON-MIN is a mask, or is named', async () => {
  const fields = regionValue.filter((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
  await expectEveryEntry(fc.array(fc.oneof({ weight: 5, arbitrary: fields }, { weight: 4, arbitrary: polygonValue }, anything), { maxLength: 8 }), (list) => {
    // A list with nothing that has fields is one of choices.
    const isOfRegions = list.some((one) => typeof one === 'object' && one !== null && !Array.isArray(one));
    return {
      records: recordsIn('label-studio', JSON.stringify([{ image: 'a.jpg', id: 1, label: list }]), { gridOf }),
      entries: isOfRegions ? list.length : 0,
    };
  });
}); // prettier-ignore

const share = fc.oneof(
  { weight: 12, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map((one) => one.toFixed(5)) },
  { weight: 1, arbitrary: fc.constantFrom('nan', '2', '-1', '1e9', 'x', '1.005', '0', '1') },
);
const yoloRow = fc
  .tuple(
    fc.constantFrom('0', '1', '7', '0.0', 'cat'),
    fc.oneof({ weight: 4, arbitrary: fc.array(share, { minLength: 6, maxLength: 14 }) }, fc.array(share, { maxLength: 8 })),
  )
  .map(([number, fields]) => [number, ...fields].join(' ')); // prettier-ignore

test('every row of a label file of YOLO is a mask, or is named', async () => {
  const file = fc.record({
    rows: fc.array(yoloRow, { maxLength: 10 }),
    end: fc.constantFrom('\n', '\r\n', '\n\n'),
    keypoints: fc.constantFrom(null, null, { count: 3, hasVisibility: false }),
  });
  await expectEveryEntry(file, ({ rows, end, keypoints }) => {
    const text = rows.join(end);
    const places = new ScorePlaces();
    places.add(text);
    const dataset = { imageName: 'a', classNames: new Map([['0', 'cat']]), keypoints };
    return {
      records: [...readYolo(text, { ...dataset, scorePlace: places.place }, context)],
      entries: rows.length,
    };
  });
});
