import { expect, test } from 'vitest';
import { describeImage, LOOK_DIM } from '../../../../../src-main/core/segment/describe/raw-descriptors.ts';
import { encodeRle } from '../../../../../src-main/core/mask/rle.ts';
import { bitmapOf } from '../../../../support/masks.ts';

/** Two superpixels side by side, dark and bright; the features of each are its own axis. */
const IMAGE = {
  embedding: {
    map: { labels: Uint16Array.of(0, 0, 1, 1, 0, 0, 1, 1), count: 2, widthPx: 4, heightPx: 2 },
    // The first column belongs to another map.
    features: Float32Array.of(9, 1, 0, 9, 0, 1),
    dim: 3,
    kinds: { from: 1, to: 3 },
  },
  graph: {
    areas: Float32Array.of(4, 4),
    lab: Float32Array.of(20, 0, 0, 80, 10, 0),
    labSpread: Float32Array.of(1, 0, 0, 3, 0, 0),
  },
};

function described(...rows: string[]) {
  const shape = encodeRle(bitmapOf(...rows))?.shape ?? expect.fail('an empty mask');
  const { values, width } = describeImage(IMAGE, [shape]);
  expect(width).toBe(LOOK_DIM + 2);
  return { image: [...values.subarray(0, width)], mask: [...values.subarray(width)] };
}

test('a mask is described by the superpixels that it covers, each by its share', () => {
  const { image, mask } = described('###.', '###.');
  // Two thirds dark, one third bright.
  expect(mask[0]).toBeCloseTo(40);
  expect(mask[3]).toBeCloseTo(5 / 3);
  expect(mask[6]).toBeCloseTo(Math.sqrt((2 * 20 ** 2 + 40 ** 2) / 3));
  expect(mask.slice(LOOK_DIM)).toEqual([2 / 3, 1 / 3].map((share) => expect.closeTo(share) as number));
  expect(image[0]).toBeCloseTo(50);
  expect(image.slice(LOOK_DIM)).toEqual([0.5, 0.5]);
});

test('its outline is described by size, aspect, fill and the sides on the border', () => {
  const { image, mask } = described('.##.', '.#..');
  const outline = [Math.log(3 / 8), 0, 3 / 4, 2 / 4];
  expect(mask.slice(9, 13)).toEqual(outline.map((value) => expect.closeTo(value) as number));
  expect(image.slice(9, 13)).toEqual([0, Math.log(2), 1, 1].map((value) => expect.closeTo(value) as number));
});

test('masks on a larger and on a smaller grid than that of the superpixels are met where they are', () => {
  const large = described('....####', '....####', '....####', '....####').mask;
  expect(large.slice(0, 3)).toEqual([80, 10, 0]);
  const small = described('#.').mask;
  expect(small.slice(0, 3)).toEqual([20, 0, 0]);
});

test('a mask that lies between the samples is described by the superpixel of its first pixel', () => {
  const rows = Array.from({ length: 16 }, (_, y) => '.'.repeat(31) + (y === 0 ? '#' : '.'));
  expect(described(...rows).mask.slice(0, 3)).toEqual([80, 10, 0]);
});
