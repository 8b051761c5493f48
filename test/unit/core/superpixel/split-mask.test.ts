import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeRle, encodeRle, type Bitmap, type EncodedMask } from '../../../../src-main/core/mask/rle.ts';
import { unionOf } from '../../../../src-main/core/mask/union.ts';
import { splitByLine, splitByMask, splitParts } from '../../../../src-main/core/superpixel/split-mask.ts';
import { bitmapOf, drawingOf, objectBitmap } from '../../../support/masks.ts';

function encoded(bitmap: Bitmap): EncodedMask {
  const mask = encodeRle(bitmap);
  if (!mask) throw new Error('an empty mask');
  return mask;
}

const drawn = (...rows: string[]) => encoded(bitmapOf(...rows));
const drawings = (masks: readonly EncodedMask[]) => masks.map(({ shape }) => drawingOf(decodeRle(shape)));

/** Every pixel of the whole is in exactly one piece, and no other is. */
function expectPartition(whole: EncodedMask, pieces: readonly EncodedMask[]): void {
  const [first, ...others] = pieces.map(({ shape }) => shape);
  if (!first) throw new Error('no pieces');
  expect(unionOf([first, ...others])).toEqual(whole);
  expect(pieces.reduce((sum, { areaPx }) => sum + areaPx, 0)).toBe(whole.areaPx);
  const areas = pieces.map(({ areaPx }) => areaPx);
  expect(areas).toEqual(areas.toSorted((a, b) => b - a));
}

describe('a mask is split', () => {
  test('into the parts that do not touch by their sides, the largest first', () => {
    const mask = drawn(
      '##....##', //
      '##....##',
      '##..####',
      '....####',
    );
    expect(drawings(splitParts(mask.shape, mask.box))).toEqual([
      ['......##', '......##', '....####', '....####'],
      ['##......', '##......', '##......', '........'],
    ]);
  });

  test('but not into specks, which stay with the largest part', () => {
    const mask = drawn('#####..#', '#####...', '#####.##', '#####.##');
    const pieces = splitParts(mask.shape, mask.box);
    expect(drawings(pieces)).toEqual([
      ['#####..#', '#####...', '#####...', '#####...'],
      ['........', '........', '......##', '......##'],
    ]);
    expectPartition(mask, pieces);
  });

  test('into a hundred parts; smaller ones beyond them stay with the largest', () => {
    // 102 squares of 4 px.
    const squares = '##.'.repeat(51);
    const gap = '.'.repeat(squares.length);
    const mask = drawn(squares, squares, gap, squares, squares);
    const pieces = splitParts(mask.shape, mask.box);
    expect(pieces).toHaveLength(100);
    expect(pieces[0]?.areaPx).toBe(3 * 4);
    expectPartition(mask, pieces);
  });

  test('along a line across it, whose pixels go to the sides', () => {
    const mask = drawn('######', '######', '######', '######');
    const line = [
      { x: 2.5, y: -3 },
      { x: 2.5, y: 9 },
    ];
    const pieces = splitByLine(mask.shape, mask.box, line);
    expect(pieces.map(({ areaPx }) => areaPx)).toEqual([12, 12]);
    expectPartition(mask, pieces);
  });

  test('along a line to its right border, whose last pixel goes to the side above like the others', () => {
    const mask = drawn('####', '####', '####', '####', '####');
    const line = [
      { x: -1, y: 2.5 },
      { x: 5, y: 2.5 },
    ];
    expect(drawings(splitByLine(mask.shape, mask.box, line))[0]).toEqual([
      ...['####', '####', '####'],
      ...['....', '....'],
    ]);
  });

  test('along a slanted line of several points', () => {
    const mask = drawn(...Array.from({ length: 12 }, () => '############'));
    const line = [
      { x: -1, y: 2 },
      { x: 5, y: 5 },
      { x: 13, y: 9.5 },
    ];
    const pieces = splitByLine(mask.shape, mask.box, line);
    expect(pieces).toHaveLength(2);
    expectPartition(mask, pieces);
  });

  test('along a line, while parts that the line does not divide stay with the largest piece', () => {
    const mask = drawn('######..##', '######..##', '######..##', '######..##');
    const line = [
      { x: 1.5, y: -1 },
      { x: 1.5, y: 5 },
    ];
    const pieces = splitByLine(mask.shape, mask.box, line);
    expect(pieces).toHaveLength(2);
    expect(drawings(pieces)[0]?.[0]?.slice(6)).toBe('..##');
    expectPartition(mask, pieces);
  });

  test.each<[string, { x: number; y: number }[]]>([
    ['ends inside of it', [{ x: 2, y: -1 }, { x: 2, y: 2 }]], // prettier-ignore
    ['passes beside it', [{ x: -3, y: -1 }, { x: -3, y: 9 }]], // prettier-ignore
    ['is a point', [{ x: 2, y: 2 }, { x: 2, y: 2 }]], // prettier-ignore
  ])('into nothing by a line that %s', (_, line) => {
    const mask = drawn('#####', '#####', '#####', '#####');
    expect(splitByLine(mask.shape, mask.box, line)).toEqual([mask]);
  });

  test('into what it shares with another mask and the rest', () => {
    const mask = drawn('####.', '####.', '####.');
    const other = drawn('..###', '..###', '.....');
    expect(drawings(splitByMask(mask.shape, other.shape))).toEqual([
      ['##...', '##...', '####.'],
      ['..##.', '..##.', '.....'],
    ]);
    expect(splitByMask(mask.shape, mask.shape)).toEqual([mask]);
    expect(() => splitByMask(mask.shape, drawn('#').shape)).toThrow(RangeError);
  });

  test('without losing or inventing a pixel, whatever the mask and the line', () => {
    const coordinate = fc.double({ min: -20, max: 120, noNaN: true });
    const line = fc.array(fc.record({ x: coordinate, y: coordinate }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(objectBitmap, objectBitmap, line, (bitmap, other, points) => {
        const whole = encoded(bitmap);
        expectPartition(whole, splitParts(whole.shape, whole.box));
        expectPartition(whole, splitByLine(whole.shape, whole.box, points));
        if (other.widthPx === bitmap.widthPx && other.heightPx === bitmap.heightPx) {
          expectPartition(whole, splitByMask(whole.shape, encoded(other).shape));
        }
      }),
    );
  });
});

describe('masks are united', () => {
  test('into all that one of them holds, with its area and box', () => {
    const union = unionOf([drawn('##...', '##...').shape, drawn('.##..', '.....').shape]);
    expect(drawings([union])).toEqual([['###..', '##...']]);
    expect(union).toMatchObject({ areaPx: 5, box: { x: 0, y: 0, width: 3, height: 2 } });
  });

  test('on one grid alone', () => {
    expect(() => unionOf([drawn('##').shape, drawn('#', '#').shape])).toThrow(RangeError);
  });
});
