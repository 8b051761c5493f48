import fc from 'fast-check';
import { test } from 'vitest';
import { anything, expectEveryEntry, gridOf, oddNumber, square } from '../../../support/mask-variants.ts';
import { recordsIn } from '../../../support/mask-records.ts';

const polygons: fc.Arbitrary<unknown> = fc.oneof(
  square.map((one) => [one]),
  square,
  square.map((one) => [[one.slice(0, 2), one.slice(2, 4), one.slice(4, 6), one.slice(6)]]),
  square.map((one) => [one.slice(0, 2), one.slice(2, 4), one.slice(4, 6)]),
  fc.tuple(square, square).map(([a, b]) => [a, b, [1, 1], [2, 2, 3, 3]]),
  fc.array(oddNumber, { maxLength: 9 }).map((one) => [one]),
  fc.array(oddNumber, { maxLength: 9 }),
);
const runs: fc.Arbitrary<unknown> = fc.oneof(
  fc.constant({ size: [30, 40], counts: [10, 20, 1170] }),
  fc.constant({ size: [40, 30], counts: [10, 20, 1170] }),
  fc.constant({ size: [30, 40], counts: [10, 20] }),
  fc.constant({ size: ['30', 40], counts: 'x' }),
  fc.string({ maxLength: 8 }).map((counts) => ({ size: [30, 40], counts })),
);
const id = fc.constantFrom<unknown>(1, '1', 2, 2.5, 'a', null, undefined, 99, {}, true);

const annotation: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record(
      {
        id,
        image_id: fc.oneof({ weight: 5, arbitrary: fc.constantFrom<unknown>(1, '1') }, id),
        category_id: id,
        segmentation: fc.oneof(polygons, polygons, runs, anything),
        iscrowd: fc.constantFrom<unknown>(0, 1, '0', '1', true, 'no', null),
        score: fc.constantFrom<unknown>(0.5, 87.5, '0.5', -1, null),
        area: oddNumber,
      },
      { requiredKeys: [] },
    ),
  },
  anything,
);

const coco = fc.record({
  images: fc.constantFrom<unknown[]>(
    [{ id: 1, file_name: 'a.jpg', width: 40, height: 30 }],
    [
      { id: '1', file_name: 'a.jpg', width: null },
      { id: 2, file_name: 'b.jpg' },
    ],
    [{ id: 1, file_name: 'a.jpg', width: 41, height: 30 }],
    [{ id: 1, file_name: 'a.jpg' }, { id: 1, file_name: 'b.jpg' }, { id: 2 }, null],
    [],
  ),
  categories: fc.constantFrom<unknown>([{ id: '1', name: 'cat' }], [{ id: 1, name: 5 }, null], null),
  annotations: fc.array(annotation, { maxLength: 12 }),
});

const points: fc.Arbitrary<unknown> = fc.oneof(
  square.map((one) => [one.slice(0, 2), one.slice(2, 4), one.slice(4, 6), one.slice(6)]),
  square.map((one) => [one.slice(0, 2), one.slice(4, 6)]),
  square,
  fc.array(fc.array(oddNumber, { maxLength: 3 }), { maxLength: 5 }),
  anything,
);
const types = ['polygon', 'rectangle', 'rotation', 'circle', 'line', 'linestrip', 'point', 'mask', 'oriented_rectangle', 'cuboid', null, 7]; // prettier-ignore
const shape: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record(
      {
        label: fc.constantFrom<unknown>('cat', 'dog', '', 5, null, true, [], 'two\nlines'),
        points,
        group_id: fc.constantFrom<unknown>(null, null, 1, '1', 'a', {}),
        shape_type: fc.constantFrom<unknown>('polygon', 'polygon', ...types),
        flags: fc.constantFrom<unknown>({}, null, 'x'),
        mask: fc.constantFrom<unknown>(null, 'not a picture', 5),
      },
      { requiredKeys: ['label', 'points'] },
    ),
  },
  anything,
);
const labelMe = fc.record({
  imagePath: fc.constant('a.jpg'),
  imageWidth: fc.constantFrom<unknown>(40, null, '40', undefined),
  imageHeight: fc.constantFrom<unknown>(30, null),
  shapes: fc.array(shape, { maxLength: 12 }),
});

test('every annotation of a COCO file is a mask, crowds too, or is named', async () => {
  await expectEveryEntry(coco, (file) => ({
    records: recordsIn('coco', JSON.stringify(file), { gridOf, crowds: 'masks' }),
    entries: file.annotations.length,
  }));
});

test('every shape of a LabelMe file is in a mask, or is named', async () => {
  await expectEveryEntry(labelMe, (file) => ({
    records: recordsIn('labelme', JSON.stringify(file), { gridOf }),
    entries: file.shapes.length,
  }));
});
