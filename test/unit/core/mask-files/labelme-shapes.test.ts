import { describe, expect, test } from 'vitest';
import { parseJson } from '../../../../src-main/core/mask-files/read-json.ts';
import { encodePng } from '../../../../src-main/core/mask/png.ts';
import { draw, masksIn, png, recordsIn } from '../../../support/mask-records.ts';

type Shape = Record<string, unknown>;

/** What a LabelMe file of a 5 x 4 image holds with one shape. */
function read(shape: Shape) {
  const file = { imagePath: 'a.jpg', imageWidth: 5, imageHeight: 4, shapes: [{ label: 'cat', ...shape }] };
  const records = recordsIn('labelme', JSON.stringify(file));
  const problem = records.find(({ kind }) => kind === 'problem');
  return problem ? { problem } : { drawn: draw(masksIn(records.at(-1)).masks[0]) };
}

const base64 = async (rows: number[][]) => (await png(rows)).toString('base64');

describe('a LabelMe shape', () => {
  test.each<[string, Shape, string[]]>([
    ['a flat polygon', { points: [1, 1, 3, 1, 3, 2, 1, 2] }, ['.....', '.###.', '.###.', '.....']],
    ['a polygon of pairs', { points: [[1, 1], [3, 1], [3, 2], [1, 2]] }, ['.....', '.###.', '.###.', '.....']], // prettier-ignore
    ['a rectangle of two corners', { shape_type: 'rectangle', points: [[0, 0], [1, 3]] }, ['##...', '##...', '##...', '##...']], // prettier-ignore
    ['a rectangle of four corners', { shape_type: 'rectangle', points: [[0, 0], [1, 0], [1, 3], [0, 3]] }, ['##...', '##...', '##...', '##...']], // prettier-ignore
    ['a rotated rectangle of X-AnyLabeling', { shape_type: 'rotation', direction: 0.78, points: [[2, 0], [4, 2], [3, 3], [1, 1]] }, ['..#..', '.###.', '..###', '...#.']], // prettier-ignore
    ['a rotated rectangle of LabelMe', { shape_type: 'oriented_rectangle', points: [[2, 0], [4, 2], [3, 3], [1, 1]] }, ['..#..', '.###.', '..###', '...#.']], // prettier-ignore
    ['a quadrilateral', { shape_type: 'quadrilateral', points: [[2, 0], [4, 2], [3, 3], [1, 1]] }, ['..#..', '.###.', '..###', '...#.']], // prettier-ignore
    ['a polygon that reaches far out', { points: [[3, -1e6], [1e6, -1e6], [1e6, 1e6], [3, 1e6]] }, ['...##', '...##', '...##', '...##']], // prettier-ignore
    ['a circle of no radius', { shape_type: 'circle', points: [[2, 2], [2, 2]] }, ['.....', '.....', '..#..', '.....']], // prettier-ignore
  ])('%s is filled', (_, shape, drawing) => {
    expect(read(shape)).toEqual({ drawn: drawing });
  });

  test('of the type mask is placed by its corner, and cut at the border of the image', async () => {
    const mask = await base64([[1, 1], [0, 1]]); // prettier-ignore
    expect(read({ shape_type: 'mask', points: [[1, 1], [2, 2]], mask })).toEqual({ drawn: ['.....', '.##..', '..#..', '.....'] }); // prettier-ignore
    expect(
      read({
        shape_type: 'mask',
        points: [
          [4, -1],
          [5, 0],
        ],
        mask,
      }),
    ).toMatchObject({
      problem: { detail: 'It covers no pixel of the image.' },
    });
    expect(read({ shape_type: 'mask', points: [[-1, 3], [0, 4]], mask })).toEqual({ drawn: ['.....', '.....', '.....', '#....'] }); // prettier-ignore
  });

  test.each<[string, Shape, string]>([
    ['a line', { shape_type: 'line', points: [[0, 0], [1, 1]] }, 'A shape of the type line has no area'], // prettier-ignore
    ['two points', { points: [[0, 0], [1, 1]] }, 'it has fewer than three points'], // prettier-ignore
    ['half a point', { points: [0, 0, 1, 1, 2, 2, 3] }, 'it has 7 numbers, so one point lacks its second'],
    [
      'a coordinate that is text',
      { points: [0, 0, 1, 1, 'two', 2] },
      'one of its coordinates is not a number',
    ],
    ['a coordinate far away', { points: [0, 0, 1, 1, 1e300, 2] }, 'one of its coordinates is 1e+300'],
    [
      'no point on the circle',
      { shape_type: 'circle', points: [[1, 1]] },
      'a centre and a point on its edge',
    ],
    ['a centre that is text', { shape_type: 'circle', points: ['x', 1, 2, 2] }, 'one of its coordinates'],
    [
      'a mask without a picture',
      { shape_type: 'mask', points: [0, 0, 1, 1] },
      'It has no corners or no image',
    ],
    [
      'a mask without a corner',
      { shape_type: 'mask', points: ['x', 0, 1, 1], mask: 'AA==' },
      'Its corner is not a point',
    ],
    [
      'a mask that is no picture',
      { shape_type: 'mask', points: [0, 0, 1, 1], mask: 'AA==' },
      'cannot be read',
    ],
    ['no points at all', { points: null }, 'it has fewer than three points'],
    ['no label', { label: null, points: [0, 0, 1, 1, 2, 2] }, 'It has no label'],
    ['a place outside', { points: [[9, 9], [12, 9], [12, 12]] }, 'It covers no pixel of the image'], // prettier-ignore
  ])('with %s is named', (_, shape, detail) => {
    expect(read(shape)).toMatchObject({ problem: { detail: expect.stringContaining(detail) as string } });
  });

  test('of the type mask is named if its picture is larger than the image or in colour', async () => {
    const wide = await base64([[1, 1, 1, 1, 1, 1]]);
    const points = [0, 0, 5, 0];
    expect(read({ shape_type: 'mask', points, mask: wide })).toMatchObject({
      problem: { detail: 'Its picture is 6 x 1, larger than the image.' },
    });
    const colours = await encodePng(
      { data: Uint8Array.of(0, 1), widthPx: 2, heightPx: 1 },
      { palette: ['#000000', '#ff0000'] },
    );
    const drawn = read({ shape_type: 'mask', points, mask: colours.toString('base64') });
    expect(drawn).toEqual({ drawn: ['.#...', '.....', '.....', '.....'] });
  });
});

describe('the JSON of a mask file', () => {
  const parsed = (text: string) => parseJson(Buffer.from(text));

  test.each([
    ['\ufeff{"a": 1}', { a: 1 }],
    ['{"a": NaN, "b": -Infinity, "c": "NaN, \\"Infinity\\""}', { a: '', b: '', c: 'NaN, "Infinity"' }],
    ['[NaN,Infinity]', ['', '']],
  ])('%j is read', (text, json) => {
    expect(parsed(text)).toEqual({ json });
  });

  test.each([
    ['{"a": ', 'It is not valid JSON'],
    ['{"a": Nothing}', 'It is not valid JSON'],
    ['"a', 'It is not valid JSON'],
    [`${'['.repeat(65)}${']'.repeat(65)}`, 'It is nested deeper than 64 levels'],
    [`[${'[],'.repeat(5_000_000)}[]]`, 'It holds more than 5 million lists and objects'],
  ])('%.20j is refused', (text, problem) => {
    expect(parsed(text)).toContain(problem);
  });
});
