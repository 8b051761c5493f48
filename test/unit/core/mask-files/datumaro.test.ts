import { describe, expect, test } from 'vitest';
import { draw, masksIn, recordsIn } from '../../../support/mask-records.ts';

type Json = Record<string, unknown>;

const fileOf = (...annotations: unknown[]) => ({
  dm_format_version: '1.0',
  categories: { label: { labels: [{ name: 'cat', parent: '' }, { name: 'dog', parent: '' }] } },
  items: [{ id: 'cats/a', annotations, image: { path: 'cats_a.jpg', size: [3, 5] } }],
}); // prettier-ignore
const read = (file: unknown) => recordsIn('datumaro', JSON.stringify(file));
const masksOf = (...annotations: unknown[]) =>
  masksIn(read(fileOf(...annotations)).at(-1)).masks.map((mask) => ({
    className: mask.className,
    drawing: draw(mask),
  }));

const bbox = (x: number, more: Json = {}) => ({ type: 'bbox', label_id: 1, bbox: [x, 0, 1, 1], ...more });

describe('an annotation of Datumaro', () => {
  test.each([
    ['run lengths', { type: 'mask', rle: { counts: [4, 4, 7], size: [3, 5] } }, ['..#..', '.##..', '.#...']],
    ['a polygon', { type: 'polygon', points: [1, 1, 4, 1, 4, 3, 1, 3] }, ['.....', '.###.', '.###.']],
    ['a box', { type: 'bbox', bbox: [0, 0, 2, 1] }, ['##...', '.....', '.....']],
    ['an ellipse', { type: 'ellipse', points: [0, 0, 3, 3] }, ['###..', '###..', '###..']],
  ])('that is %s becomes a mask', (_, annotation, drawing) => {
    expect(masksOf({ ...annotation, label_id: 0 })).toEqual([{ className: 'cat', drawing }]);
  }); // prettier-ignore

  test('is a part of its group, if the label is the same; the box around another shape adds nothing', () => {
    const polygon = { type: 'polygon', label_id: 1, points: [3, 1, 5, 1, 5, 3, 3, 3], group: 4 };
    expect(masksOf(bbox(0, { group: 3 }), bbox(2, { group: 3 }), polygon, bbox(0, { group: 4 }), bbox(4, { group: 0 }))).toEqual([
      { className: 'dog', drawing: ['#.#..', '.....', '.....'] },
      { className: 'dog', drawing: ['.....', '...##', '...##'] },
      { className: 'dog', drawing: ['....#', '.....', '.....'] },
    ]); // prettier-ignore
  });

  test('without a label, or with an unknown one, has none', () => {
    expect(masksOf(bbox(0, { label_id: null }), bbox(1, { label_id: 9 }))).toMatchObject([
      { className: null },
      { className: null },
    ]);
  });

  test.each([
    [{ type: 'label', label_id: 0 }, 'An annotation of the type label has no area, so it is not imported.'],
    [{ type: 'polyline', points: [0, 0, 1, 1] }, 'An annotation of the type polyline has no area, so it is not imported.'],
    [{ points: [0, 0, 1, 1] }, 'It has no type.'],
    [5, 'It has no type.'],
    [{ type: 'mask' }, 'Its segmentation is neither polygons nor run lengths with size and counts.'],
    [{ type: 'mask', rle: { counts: [4], size: [2, 2] } }, 'Its mask is 2 x 2, but the image is 5 x 3.'],
    [{ type: 'mask', rle: { counts: [4], size: [3, 5] } }, 'Its mask cannot be read: the run lengths cover 4 pixels, not 5 x 3.'],
    [{ type: 'polygon', points: [0, 0, 1] }, 'It cannot be filled: it has 3 numbers, so one point lacks its second.'],
    [{ type: 'polygon' }, 'It cannot be filled: it has fewer than three points.'],
    [{ type: 'bbox', bbox: [0, 0, 1] }, 'It cannot be filled: one of its coordinates is NaN.'],
    [{ type: 'ellipse', points: ['x'] }, 'It cannot be filled: one of its coordinates is NaN.'],
    [{ type: 'polygon', points: [9, 9, 10, 9, 10, 10] }, 'It covers no pixel of the image.'],
  ])('%j is named, and the others are read', (annotation, detail) => {
    const [problem, record] = read(fileOf(annotation, bbox(0, { id: 2 })));
    expect(problem).toEqual({ kind: 'problem', name: 'x.json: annotation [0] of cats/a.jpg', detail });
    expect(masksIn(record)).toMatchObject({ skipped: 1, masks: [{ className: 'dog' }] });
  }); // prettier-ignore
});

describe('a file of Datumaro', () => {
  test.each([
    ['cats/a', { path: 'cats_a.jpg' }, 'cats/a.jpg'],
    ['a', { path: '/photos/cats/a.jpg' }, '/photos/cats/a.jpg'],
    ['cats\\a', { path: null }, 'cats/a'],
    [7, {}, '7'],
    ['a', null, 'a'],
  ])('with the id %s and the image %j is of %s', (id, image, name) => {
    const sized = image && { ...image, size: [3, 5] };
    const asked: string[] = [];
    const gridOf = (imageName: string) => {
      asked.push(imageName);
      return { widthPx: 5, heightPx: 3 };
    };
    const file = { items: [{ id, annotations: [], image: sized }] };
    expect(recordsIn('datumaro', JSON.stringify(file), { gridOf })).toMatchObject([{ imageName: name }]);
    expect(asked).toEqual([name]);
  });

  test('whose images were saved elsewhere has them by their ids', () => {
    const gridOf = (name: string) => (name === 'cats/a.jpg' ? { widthPx: 5, heightPx: 3 } : `no ${name}`);
    const file = { items: [{ id: 'cats/a', annotations: [], image: { path: '/tmp/export/images/a.jpg' } }] };
    expect(recordsIn('datumaro', JSON.stringify(file), { gridOf })).toMatchObject([
      { imageName: 'cats/a.jpg' },
    ]);
  });

  test('has items without an id, which are named', () => {
    expect(read({ items: [{ annotations: [] }, ...fileOf().items] })).toMatchObject([
      { kind: 'problem', name: 'x.json: items[0]', detail: 'It has no id.' },
      { kind: 'masks', imageName: 'cats/a.jpg' },
    ]);
  });

  test.each([[[]], [{}], [{ items: 5 }], ['text']])('%j is refused', (file) => {
    expect(read(file)).toEqual([
      { kind: 'problem', name: 'x.json', detail: 'It is not a Datumaro file: it has no list "items".' },
    ]);
  });
});
