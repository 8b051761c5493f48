import { encode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { encodeLabelStudioRle } from '../../../../src-main/core/mask/label-studio-rle.ts';
import type { Bitmap } from '../../../../src-main/core/mask/rle.ts';
import { bitmapOf } from '../../../support/masks.ts';
import { draw, masksIn, recordsIn } from '../../../support/mask-records.ts';

type Json = Record<string, unknown>;

const size = { original_width: 10, original_height: 4 };
const brush = bitmapOf('..........', '.###......', '.#.#......', '..........');
const rle = [...encodeLabelStudioRle(brush)];

/** A PNG in an address: black where the object is, transparent elsewhere. */
function cutOut({ data, widthPx: width, heightPx: height }: Bitmap): string {
  const rgba = Uint8Array.from({ length: data.length * 4 }, (_, at) => (at % 4 === 3 && data[(at - 3) / 4] ? 255 : 0));
  const png = encode({ width, height, data: rgba, channels: 4 });
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
} // prettier-ignore

const region = (value: Json, more: Json = {}) => ({ id: 'r1', type: 'brushlabels', ...size, value, ...more });
const task = (result: unknown[], more: Json = {}) => ({ id: 5, data: { image: 'a.jpg' }, annotations: [{ id: 1, result }], ...more }); // prettier-ignore
const read = (...tasks: unknown[]) => recordsIn('label-studio', JSON.stringify(tasks));
/** The masks of the last image. */
const masksOf = (...tasks: unknown[]) =>
  masksIn(read(...tasks).at(-1)).masks.map((mask) => ({ className: mask.className, drawing: draw(mask) }));

const box = { x: 0, y: 0, width: 20, height: 50 };

describe('a region of Label Studio', () => {
  test.each([
    ['a brush mask', { format: 'rle', rle, brushlabels: ['cat'] }, ['..........', '.###......', '.#.#......', '..........']],
    ['a polygon', { points: [[10, 25], [40, 25], [40, 75], [10, 75]], closed: true, polygonlabels: ['cat'] }, ['..........', '.###......', '.###......', '..........']],
    ['a rectangle', { ...box, rotation: 0, rectanglelabels: ['cat'] }, ['##........', '##........', '..........', '..........']],
    ['a rectangle turned around its corner', { x: 50, y: 0, width: 40, height: 25, rotation: 90, rectanglelabels: ['cat'] }, ['....#.....', '....#.....', '....#.....', '....#.....']],
    ['an ellipse', { x: 20, y: 50, radiusX: 20, radiusY: 50, rotation: 0, ellipselabels: ['cat'] }, ['.##.......', '####......', '####......', '.##.......']],
    ['an ellipse turned', { x: 50, y: 50, radiusX: 10, radiusY: 50, rotation: 90, ellipselabels: ['cat'] }, ['..........', '...####...', '...####...', '..........']],
    ['a bitmask', { imageDataURL: cutOut(brush), bitmasklabels: ['cat'] }, ['..........', '.###......', '.#.#......', '..........']],
    ['a closed vector', { vertices: [{ x: 10, y: 25 }, { x: 40, y: 25 }, { x: 40, y: 75 }, { x: 10, y: 75 }], closed: true, vectorlabels: ['cat'] }, ['..........', '.###......', '.###......', '..........']],
  ])('that is %s becomes a mask', (_, value, drawing) => {
    expect(masksOf(task([region(value)]))).toEqual([{ className: 'cat', drawing }]);
  }); // prettier-ignore

  test.each([
    ['an open vector', { vertices: [{ x: 1, y: 1 }, { x: 9, y: 9 }], closed: false, vectorlabels: ['cat'] }, 'A region of the type vectorlabels has no area, so it is not imported.'],
    ['a vector with curves', { vertices: [{ x: 1, y: 1, isBezier: true }, { x: 9, y: 9 }, { x: 9, y: 1 }], closed: true }, 'Its outline has curves, which are not imported.'],
    ['a vector of several paths', { vertices: [{ x: 1, y: 1 }, { x: 9, y: 9, disconnected: true }, { x: 9, y: 1 }], closed: true }, 'Its outline has several paths, which are not imported.'],
    ['a bitmask that is no PNG', { imageDataURL: 'data:image/jpeg;base64,AAAA' }, 'Its mask cannot be read: it is not a PNG in a data address.'],
    ['a bitmask of bytes', { imageDataURL: 'data:image/png;base64,AAAA' }, 'Its mask cannot be read: it is not a readable PNG.'],
    ['a bitmask of another size', { imageDataURL: cutOut(bitmapOf('###', '#.#')) }, 'Its mask is 3 x 2, its image 10 x 4.'],
  ])('that is %s is named with the reason', (_, value, detail) => {
    const [problem, masks] = read(task([region(value, { type: 'vectorlabels' }), region(box, { id: 'b' })]));
    expect(problem).toMatchObject({ kind: 'problem', detail });
    expect(masks).toMatchObject({ kind: 'masks', masks: [{ className: null }], skipped: 1 });
  }); // prettier-ignore

  test('has its label in an entry of its own, if shape and label are separate tags', () => {
    const result = [
      region({ format: 'rle', rle }, { type: 'brush', from_name: 'shape' }),
      region({ labels: ['dog'] }, { type: 'labels', from_name: 'label' }),
    ];
    expect(masksOf(task(result))).toEqual([{ className: 'dog', drawing: expect.any(Array) as unknown }]);
  });

  test('without a label has none; of several, the first is used with a note', () => {
    expect(masksOf(task([region(box)]))).toMatchObject([{ className: null }]);
    const records = read(task([region({ ...box, rectanglelabels: ['cat', 'dog'] })]));
    expect(records).toMatchObject([
      { kind: 'note', name: "x.json: tasks[0] of a.jpg: region r1 'cat'", detail: 'It has several labels; cat is used.' },
      { kind: 'masks', skipped: 0 },
    ]); // prettier-ignore
  });

  test('keeps its score, and is not joined with another of the same label', () => {
    const result = [
      region(box, { id: 'a', score: 0.75 }),
      region(box, { id: null }),
      region(box, { id: null }),
    ];
    expect(masksIn(read(task(result)).at(-1)).masks.map(({ score }) => score)).toEqual([0.75, null, null]);
  });

  test.each([
    [{ x: 5, y: 5, width: 1, keypointlabels: ['cat'] }, {}, 'A region of the type keypointlabels has no area, so it is not imported.'],
    [{ choices: ['good'] }, {}, 'A region of the type choices has no area, so it is not imported.'],
    [{ rle: [1, 2, 3] }, {}, 'Its mask cannot be read: the run lengths end too early.'],
    [{ rle: [...encodeLabelStudioRle(bitmapOf('##'))] }, {}, 'Its mask cannot be read: there are 8 values, not 10 x 4 x 4.'],
    [{ rle: ['x', 300] }, {}, 'Its mask cannot be read: it is not a list of bytes.'],
    [{ rle: [...encodeLabelStudioRle(bitmapOf(...Array.from({ length: 4 }, () => '..........')))] }, {}, 'It covers no pixel of the image.'],
    [{ points: [[0, 0], [5, 5]] }, {}, 'It cannot be filled: it has fewer than three points.'],
    [{ points: [[0, 0], [5, 5], [null, 2]] }, {}, 'It cannot be filled: one of its coordinates is NaN.'],
    [{ x: 'x', y: 0, width: 5, height: 5 }, {}, 'It cannot be filled: one of its coordinates is NaN.'],
    [{ x: 200, y: 0, width: 5, height: 5 }, {}, 'It covers no pixel of the image.'],
    [box, { image_rotation: 90 }, 'Its image was turned in Label Studio: turn it back there, then export again.'],
    [box, { item_index: 1 }, 'It belongs to another image of a task of several.'],
    [box, { original_width: 200_000, original_height: 200_000 }, 'It says that the image is 200000 x 200000 pixels; the limit is 100 megapixels.'],
  ])('%j with %j is named, and the others are read', (value, more, detail) => {
    const type = Object.keys(value).at(-1);
    const [problem, record] = read(task([region(value, { type, ...more }), region(box, { id: 'good' })]));
    expect(problem).toMatchObject({ kind: 'problem', detail });
    expect(problem).toHaveProperty('name', expect.stringContaining('x.json: tasks[0] of a.jpg: region r1'));
    expect(masksIn(record)).toMatchObject({ skipped: 1, masks: [{ areaPx: 4 }] });
  }); // prettier-ignore
});

describe('a task of Label Studio', () => {
  const cat = region({ ...box, rectanglelabels: ['cat'] });
  const dog = region({ ...box, rectanglelabels: ['dog'] });
  const classes = (one: unknown) => masksOf(one).map(({ className }) => className);

  test('has the masks that a person submitted, and those predicted if nobody did', () => {
    const predictions = [{ result: [dog] }];
    expect(classes(task([cat], { predictions }))).toEqual(['cat']);
    expect(read(task([], { predictions }))).toEqual([]);
    expect(classes(task([], { annotations: [], predictions }))).toEqual(['dog']);
    expect(classes(task([], { annotations: [{ result: [cat], was_cancelled: true }], predictions }))).toEqual(['dog']); // prettier-ignore
  });

  test('that a person skipped says so, if it was annotated before', () => {
    const annotations = [{ id: 7, result: [cat], was_cancelled: true }, { id: 8, result: [], was_cancelled: true }]; // prettier-ignore
    expect(read(task([], { annotations }))).toEqual([
      {
        kind: 'note',
        name: 'x.json: tasks[0] of a.jpg: annotation 7',
        detail: 'The task was skipped in Label Studio with this annotation, so it is not imported.',
      },
      ...read(task([])),
    ]);
  });

  test('of several annotations has the ground truth, or else the latest, and the others are noted', () => {
    const first = { id: 7, result: [cat], updated_at: '2026-01-01T00:00:00Z' };
    const second = { id: 8, result: [dog], updated_at: '2026-02-01T00:00:00Z' };
    expect(classes(task([], { annotations: [first, second] }))).toEqual(['dog']);
    expect(classes(task([], { annotations: [{ ...first, ground_truth: true }, second] }))).toEqual(['cat']);
    expect(read(task([], { annotations: [first, second] }))[0]).toEqual({
      kind: 'note',
      name: 'x.json: tasks[0] of a.jpg: annotation 7',
      detail: 'Another annotation of the task is used: the ground truth, or else the latest.',
    });
  });

  test.each([
    [{ image: '/data/local-files/?d=out/images/val/dogs__%C3%BC%20a.png' }, 'out/images/val/dogs__ü a.png'],
    [{ image: '/data/local-files/?d=100%.png' }, '100%.png'],
    [{ image: '/data/upload/3/0b5bf2aa-my%20cat.jpg' }, '/data/upload/3/0b5bf2aa-my cat.jpg'],
    [{ image: 'https://example.org/sets/a%20b/cat.jpg?size=2#top' }, 'sets/a b/cat.jpg'],
    [{ image: 's3://bucket/sets/a%20b.jpg' }, 'sets/a%20b.jpg'],
    [{ image: 'cats\\a#1.png' }, 'cats/a#1.png'],
    [{ note: 'no image', photo: 'cats/a.JPG' }, 'cats/a.JPG'],
    [{ photo: 'cats/b.jpg', image: 'cats/a' }, 'cats/a'],
  ])('with %j is of %s', (data, name) => {
    expect(masksIn(read(task([cat], { data })).at(-1)).imageName).toBe(name);
  });

  test('out of an export is found by its path there, or by its name', () => {
    const address = '/data/local-files/?d=out/images/val/plain.jpg';
    const found = (...known: string[]) => {
      const gridOf = (name: string) => (known.includes(name) ? { widthPx: 10, heightPx: 4 } : `no ${name}`);
      const text = JSON.stringify(task([cat], { data: { image: address } }));
      return recordsIn('label-studio', text, { gridOf });
    };
    expect(found('images/val/plain.jpg', 'plain.jpg')).toMatchObject([{ imageName: 'images/val/plain.jpg' }]);
    expect(found('plain.jpg')).toMatchObject([{ imageName: 'plain.jpg' }]);
    expect(found('other.jpg')).toMatchObject([{ kind: 'problem', detail: 'no out/images/val/plain.jpg' }]);
  });

  test('may be alone, and in JSON-MIN', () => {
    expect(recordsIn('label-studio', JSON.stringify(task([cat])))).toMatchObject([{ imageName: 'a.jpg' }]);
    const min = {
      id: 1,
      image: '/data/upload/1/ab-a.jpg',
      masks: [{ ...size, format: 'rle', rle, brushlabels: ['cat'] }],
      boxes: [{ ...size, ...box, rotation: 0, rectanglelabels: ['dog'] }],
      quality: 'good',
      annotator: 1,
    };
    expect(masksOf(min)).toMatchObject([{ className: 'cat' }, { className: 'dog' }]);
  });

  test.each([
    [5, 'It is not a task of Label Studio.'],
    [{ images: [], annotations: [] }, 'Its data names no image.'],
    [{ data: { text: 'a sentence' } }, 'Its data names no image.'],
    [{ data: { image: 'data:image/png;base64,AAAA' } }, 'Its data names no image.'],
  ])('%j is named, and the others are read', (odd, detail) => {
    expect(read(odd, task([cat]))).toMatchObject([
      { kind: 'problem', name: 'x.json: tasks[0]', detail },
      { kind: 'masks', imageName: 'a.jpg', skipped: 0 },
    ]);
  });

  test('with results that are no regions names them', () => {
    expect(read(task([null, 'x', { id: 'r9' }]))).toMatchObject([
      { kind: 'problem', detail: 'A region of the type region has no area, so it is not imported.' },
      { kind: 'problem', detail: 'A region of the type region has no area, so it is not imported.' },
      { kind: 'problem', name: 'x.json: tasks[0] of a.jpg: region r9' },
    ]);
  });
});
