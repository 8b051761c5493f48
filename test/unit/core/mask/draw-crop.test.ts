import { describe, expect, test } from 'vitest';
import { cropAround, drawCrop } from '../../../../src-main/core/mask/draw-crop.ts';
import { bitmapOf } from '../../../support/masks.ts';

const grid = { widthPx: 100, heightPx: 60 };

describe('the crop around an object', () => {
  test('is a square with the object in its middle', () => {
    // 10 px and twice the least margin of 6.
    expect(cropAround({ x: 40, y: 25, width: 10, height: 6 }, grid)).toEqual({
      x: 34,
      y: 17,
      width: 22,
      height: 22,
    });
  });

  test('is moved to where the image is', () => {
    expect(cropAround({ x: 0, y: 50, width: 10, height: 10 }, grid)).toEqual({
      x: 0,
      y: 38,
      width: 22,
      height: 22,
    });
  });

  test('is no larger than the image', () => {
    expect(cropAround({ x: 5, y: 0, width: 80, height: 60 }, grid)).toEqual({
      x: 0,
      y: 0,
      width: 100,
      height: 60,
    });
  });
});

test('an object keeps its pixels within a light line, and all around it is darkened', () => {
  const mask = bitmapOf('###', '###', '###');
  const box = { x: 1, y: 1, width: 3, height: 3 };
  const crop = { x: 0, y: 0, width: 5, height: 5 };
  const image = { data: new Uint8Array(75).fill(200), widthPx: 5, heightPx: 5 };
  const { data } = drawCrop(image, mask, { box, crop });
  const rows = Array.from({ length: 5 }, (_, y) =>
    Array.from({ length: 5 }, (__, x) => data[3 * (5 * y + x)]),
  );
  expect(rows).toEqual([
    [76, 76, 76, 76, 76],
    [76, 235, 235, 235, 76],
    [76, 235, 200, 235, 76],
    [76, 235, 235, 235, 76],
    [76, 76, 76, 76, 76],
  ]);
});

test('what is around an object loses half of its colour, weighted as the eye sees it', () => {
  const image = { data: Uint8Array.from([100, 200, 50, 0, 0, 0]), widthPx: 2, heightPx: 1 };
  const crop = { x: 0, y: 0, width: 2, height: 1 };
  const { data } = drawCrop(image, bitmapOf('#'), { box: { x: 1, y: 0, width: 1, height: 1 }, crop });
  // Grey is 0.3 * 100 + 0.59 * 200 + 0.11 * 50 = 153.5, and 38 % of the light remains.
  expect([...data.slice(0, 3)]).toEqual([48, 67, 38]);
});

test('a mask is drawn at the scale of its crop', () => {
  const image = { data: new Uint8Array(3 * 8 * 4).fill(100), widthPx: 8, heightPx: 4 };
  const crop = { x: 10, y: 20, width: 4, height: 2 };
  const { data } = drawCrop(image, bitmapOf('##', '##'), {
    box: { x: 12, y: 20, width: 2, height: 2 },
    crop,
  });
  const row = Array.from({ length: 8 }, (_, x) => data[3 * (8 + x)]);
  expect(row).toEqual([38, 38, 38, 38, 235, 100, 100, 100]);
});
