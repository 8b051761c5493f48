import { describe, expect, test } from 'vitest';
import type { MaskLesson } from '../../../../src-main/domain/mask-lesson.ts';
import { maskBatchAt } from '../../../../src-main/core/train/mask-batch.ts';

const spec = { seed: 3, batch: 4, imagePx: 64, cellPx: 4 };
const CELLS = spec.imagePx / spec.cellPx;

/** A photo that is white where its mask is 1 and black elsewhere: a disc left of the middle. */
function lesson(widthPx = 90, heightPx = 60): MaskLesson {
  const mask = Uint8Array.from({ length: widthPx * heightPx }, (_, pixel) =>
    Number(Math.hypot((pixel % widthPx) - 30, Math.floor(pixel / widthPx) - 30) < 22),
  );
  const pixels = Uint8Array.from(
    { length: mask.length * 3 },
    (_, at) => 255 * (mask[Math.floor(at / 3)] ?? 0),
  );
  return { widthPx, heightPx, pixels, mask };
}

/** Mean red of each cell of an image of the batch. */
function cellMeans(images: Float32Array, index: number): Float32Array {
  const { imagePx, cellPx } = spec;
  const means = new Float32Array(CELLS * CELLS);
  for (let y = 0; y < imagePx; y++) {
    for (let x = 0; x < imagePx; x++) {
      const cell = Math.floor(y / cellPx) * CELLS + Math.floor(x / cellPx);
      const red = images[((index * imagePx + y) * imagePx + x) * 3] ?? 0;
      means[cell] = (means[cell] ?? 0) + red / cellPx ** 2;
    }
  }
  return means;
}

describe('a batch of masks', () => {
  test('has the mask where the photo has its thing, however it was cropped and mirrored', () => {
    const lessons = [lesson(), lesson(60, 90)];
    for (let step = 0; step < 10; step++) {
      const { images, targets } = maskBatchAt(lessons, step, spec);
      for (let index = 0; index < spec.batch; index++) {
        const means = cellMeans(images, index);
        const ofImage = targets.subarray(index * CELLS ** 2, (index + 1) * CELLS ** 2);
        const inside = means.filter((_, cell) => (ofImage[cell] ?? 0) > 0.999);
        const outside = means.filter((_, cell) => ofImage[cell] === 0);
        expect(inside.length).toBeGreaterThan(0);
        expect(Math.min(...inside)).toBeGreaterThan(Math.max(...outside));
      }
    }
  });

  test('is the same each time it is made, and another for another step or seed', () => {
    const lessons = [lesson(), lesson(60, 90)];
    const { images } = maskBatchAt(lessons, 5, spec);
    expect(maskBatchAt(lessons, 5, spec).images).toEqual(images);
    expect(maskBatchAt(lessons, 6, spec).images).not.toEqual(images);
    expect(maskBatchAt(lessons, 5, { ...spec, seed: 4 }).images).not.toEqual(images);
  });

  test('shows every photo before it shows one again', () => {
    const grey = (value: number): MaskLesson => ({
      widthPx: 32,
      heightPx: 32,
      pixels: new Uint8Array(32 * 32 * 3),
      mask: new Uint8Array(32 * 32).fill(value),
    });
    // Three photos without a thing and one that is nothing else: one image in each batch of four.
    const lessons = [grey(0), grey(0), grey(1), grey(0)];
    for (let step = 0; step < 5; step++) {
      const { targets } = maskBatchAt(lessons, step, spec);
      const shares = Array.from({ length: 4 }, (_, index) => targets[index * CELLS ** 2]);
      expect(shares.map((share) => Math.round(share ?? 0)).toSorted()).toEqual([0, 0, 0, 1]);
    }
  });
});
