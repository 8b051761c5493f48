import { describe, expect, test } from 'vitest';
import { decodeRle } from '../../../../src-main/core/mask/rle.ts';
import { boxMean } from '../../../../src-main/core/segment/box-mean.ts';
import { enlargeMask } from '../../../../src-main/core/segment/enlarge-mask.ts';
import { INSIDE, OUTSIDE } from '../../../../src-main/core/segment/original-grid.ts';
import { resampled } from '../../../../src-main/core/segment/resample.ts';
import { drawsFor } from '../../../../src-main/core/tensor/random.ts';

const FINE = { widthPx: 40, heightPx: 30 };

/** Values on the original, as `labelsOnOriginal` enlarges a mask, pixel by pixel. */
function slowly(mask: Uint8Array, original: typeof FINE): Float32Array {
  const soft = boxMean(mask, { ...FINE, radius: 1 }).map((value, pixel) =>
    mask[pixel] ? Math.max(value, INSIDE) : Math.min(value, OUTSIDE),
  );
  return resampled(soft, FINE, original);
}

function blobs(seed: number): Uint8Array {
  const draw = drawsFor({ seed, step: 0, stream: 'blobs' });
  const disks = Array.from({ length: 6 }, () => ({ x: draw() * 40, y: draw() * 30, r: 1 + draw() * 8 }));
  return Uint8Array.from({ length: 1_200 }, (_, pixel) =>
    Number(disks.some(({ x, y, r }) => Math.hypot((pixel % 40) - x, Math.floor(pixel / 40) - y) < r)),
  );
}

describe('a mask on the grid of the original', () => {
  test.each([
    { widthPx: 40, heightPx: 30 },
    { widthPx: 79, heightPx: 61 },
    { widthPx: 251, heightPx: 188 },
    { widthPx: 333, heightPx: 250 },
  ])('is the one that looking at every pixel gives, on $widthPx x $heightPx', (original) => {
    for (let seed = 0; seed < 20; seed++) {
      const mask = blobs(seed);
      const encoded = enlargeMask(mask, FINE, original);
      if (!encoded) throw new Error('there is a mask');
      const expected = slowly(mask, original);
      const { data } = decodeRle(encoded.shape);
      const different = [...data.keys()].filter(
        (pixel) => (data[pixel] === 1) !== (expected[pixel] ?? 0) > 0.5,
      );
      // A value of one half, as halfway between two pixels, may be rounded to either side.
      expect(different.filter((pixel) => Math.abs((expected[pixel] ?? 0) - 0.5) > 1e-5)).toEqual([]);
      expect(encoded.areaPx).toBe(data.reduce((sum, inside) => sum + inside, 0));
    }
  });

  test('covers all of it where all is inside, and is none where nothing is', () => {
    const original = { widthPx: 100, heightPx: 75 };
    expect(enlargeMask(new Uint8Array(1_200).fill(1), FINE, original)?.areaPx).toBe(7_500);
    expect(enlargeMask(new Uint8Array(1_200), FINE, original)).toBeNull();
  });
});
