import { expect, test } from 'vitest';
import { encodeRle } from '../../../../src-main/core/mask/rle.ts';
import { unionIou } from '../../../../src-main/core/mask/union-iou.ts';

/** A column of ten pixels. */
const shape = (...inside: number[]) => {
  const data = Uint8Array.from({ length: 10 }, (_, at) => Number(inside.includes(at)));
  return encodeRle({ data, widthPx: 1, heightPx: 10 })?.shape ?? expect.fail('empty');
};

test('the overlap of two groups of masks is that of what each covers, however often', () => {
  const some = [shape(0, 1, 2), shape(2, 3)];
  expect(unionIou(some, [shape(0, 1, 2, 3)])).toBe(1);
  expect(unionIou(some, [shape(2, 3, 4, 5)])).toBeCloseTo(2 / 6);
  expect(unionIou(some, [shape(8, 9)])).toBe(0);
  expect(unionIou([], some)).toBe(0);
  expect(unionIou([], [])).toBe(1);
});

test('masks of different grids have no overlap', () => {
  const row =
    encodeRle({ data: new Uint8Array(10).fill(1), widthPx: 10, heightPx: 1 })?.shape ?? expect.fail('empty');
  expect(() => unionIou([shape(1)], [row])).toThrow(RangeError);
  expect(() => unionIou([shape(1), row], [])).toThrow(RangeError);
});
