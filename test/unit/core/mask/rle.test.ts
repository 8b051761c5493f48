import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeRle, encodeRle, encodeRuns, runsOf } from '../../../../src-main/core/mask/rle.ts';
import { packRuns, unpackRuns } from '../../../../src-main/contract/run-lengths.ts';
import { cocoCases } from '../../../support/coco-fixture.ts';
import { anyBitmap, bitmapOf, objectBitmap } from '../../../support/masks.ts';

const text = (rle: Uint8Array) => Buffer.from(rle).toString('latin1');
const bytes = (rle: string) => Uint8Array.from(Buffer.from(rle, 'latin1'));

describe('run lengths', () => {
  test.each(cocoCases('mask'))('are those of the COCO API for $size $counts', (one) => {
    const bitmap = bitmapOf(...one.rows);
    const encoded = encodeRle(bitmap);
    if (one.area === 0) {
      expect(encoded).toBeNull();
      return;
    }
    if (!encoded) throw new Error('no mask');
    const [x, y, width, height] = one.box;
    expect(text(encoded.shape.rle)).toBe(one.counts);
    expect(encoded).toMatchObject({ areaPx: one.area, box: { x, y, width, height } });
    expect(runsOf(encoded.shape)).toEqual(one.runs);
    expect(decodeRle(encoded.shape)).toEqual(bitmap);
  });

  test('bring back any mask exactly', () => {
    fc.assert(
      fc.property(fc.oneof(anyBitmap, objectBitmap), (bitmap) => {
        const encoded = encodeRle(bitmap);
        if (encoded) expect(decodeRle(encoded.shape)).toEqual(bitmap);
        else expect(bitmap.data).not.toContain(1);
      }),
    );
  });

  test('agree on area and box, taken from the pixels or from the runs', () => {
    fc.assert(
      fc.property(fc.oneof(anyBitmap, objectBitmap), (bitmap) => {
        const encoded = encodeRle(bitmap);
        if (!encoded) return;
        const { gridWidth, gridHeight } = encoded.shape;
        expect(encodeRuns(runsOf(encoded.shape), gridWidth, gridHeight)).toEqual(encoded);
        expect(encoded.areaPx).toBe(bitmap.data.reduce((sum, value) => sum + value, 0));
      }),
    );
  });

  test('of any length pack and unpack', () => {
    const runs = fc.array(fc.integer({ min: 0, max: 200_000_000 }), { maxLength: 50 });
    fc.assert(
      fc.property(runs, (some) => {
        expect(unpackRuns(packRuns(some))).toEqual(some);
      }),
    );
  });

  test('take any value but 0 for a pixel inside', () => {
    const bitmap = { data: Uint8Array.of(0, 255, 7, 0), widthPx: 2, heightPx: 2 };
    expect(encodeRle(bitmap)?.areaPx).toBe(2);
  });

  test('of an empty mask are nothing to store', () => {
    expect(encodeRle(bitmapOf('...', '...'))).toBeNull();
    expect(encodeRuns([6], 3, 2)).toBeNull();
  });

  test.each(['0<5', '0', 'h0é', '~'])('that do not fit the grid or are garbage (%s) are refused', (rle) => {
    expect(() => decodeRle({ gridWidth: 3, gridHeight: 4, rle: bytes(rle) })).toThrow(RangeError);
  });
});
