import { decodeBinary } from '@thi.ng/rle-pack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeLabelStudioRle,
  encodeLabelStudioRle,
} from '../../../../src-main/core/mask/label-studio-rle.ts';
import { rowRuns } from '../../../../src-main/core/mask/row-runs.ts';
import { anyBitmap, bitmapOf, objectBitmap } from '../../../support/masks.ts';

describe("Label Studio's run lengths", () => {
  test('are read by the package that Label Studio reads them with: four times 0 or 255 a pixel', () => {
    fc.assert(
      fc.property(fc.oneof(anyBitmap, objectBitmap), (bitmap) => {
        const values = decodeBinary(encodeLabelStudioRle(bitmap));
        const expected = [...bitmap.data].flatMap((value) => Array.from({ length: 4 }, () => value * 255));
        expect([...values]).toEqual(expected);
      }),
    );
  });

  test('come back exactly, also where a run is longer than the longest', () => {
    const large = { data: new Uint8Array(300 * 300).fill(1, 20_000, 80_000), widthPx: 300, heightPx: 300 };
    expect(decodeLabelStudioRle(encodeLabelStudioRle(large), 300, 300)).toEqual(large);
    expect([...decodeBinary(encodeLabelStudioRle(large))].filter((value) => value === 255)).toHaveLength(
      240_000,
    );
  });

  test('of another size, or cut off, are refused', () => {
    const rle = encodeLabelStudioRle(bitmapOf('##', '..'));
    expect(() => decodeLabelStudioRle(rle, 3, 2)).toThrow('there are 16 values, not 3 x 2 x 4');
    expect(() => decodeLabelStudioRle(rle.subarray(0, 7), 2, 2)).toThrow('end too early');
  });
});

test('run lengths by rows begin with background and sum to the size', () => {
  expect(rowRuns(bitmapOf('##.', '..#'))).toEqual([0, 2, 3, 1]);
  fc.assert(
    fc.property(anyBitmap, (bitmap) => {
      const runs = rowRuns(bitmap);
      expect(runs.flatMap((length, index) => Array.from({ length }, () => index % 2))).toEqual([
        ...bitmap.data,
      ]);
    }),
  );
});
