import { describe, expect, test } from 'vitest';
import type { RgbImage } from '../../../../src-main/core/image/decode.ts';
import { cutOutline } from '../../../../src-main/core/segment/cut-outline.ts';
import { drawsFor } from '../../../../src-main/core/tensor/random.ts';
import { iouOf } from '../../../support/masks.ts';

const [WIDTH, HEIGHT] = [240, 160];

type Inside = (x: number, y: number) => boolean;
const disk =
  (cx: number, cy: number, radius: number): Inside =>
  (x, y) =>
    Math.hypot(x - cx, y - cy) < radius;

function maskOf(isInside: Inside): Uint8Array {
  return Uint8Array.from({ length: WIDTH * HEIGHT }, (_, pixel) =>
    Number(isInside(pixel % WIDTH, Math.floor(pixel / WIDTH))),
  );
}

/** Noisy colours that fade from left to right, so that none of them is that of all the thing or all the ground. */
function picture(isThing: Inside): RgbImage {
  const draw = drawsFor({ seed: 5, step: 0, stream: 'noise' });
  const data = new Uint8Array(WIDTH * HEIGHT * 3);
  for (let pixel = 0; pixel < WIDTH * HEIGHT; pixel++) {
    const x = pixel % WIDTH;
    const fade = (80 * x) / WIDTH;
    const colour = isThing(x, Math.floor(pixel / WIDTH)) ? [140, 60, 50] : [95, 60, 50];
    colour.forEach((value, c) => (data[pixel * 3 + c] = value + fade + draw() * 20));
  }
  return { data, widthPx: WIDTH, heightPx: HEIGHT };
}

const iou = (a: Uint8Array, b: Uint8Array) =>
  iouOf({ data: a, widthPx: WIDTH, heightPx: HEIGHT }, { data: b, widthPx: WIDTH, heightPx: HEIGHT });

describe('an outline', () => {
  const truth = maskOf(disk(120, 80, 45));
  const image = picture(disk(120, 80, 45));

  test('moves to the edge beside it', () => {
    const shifted = maskOf(disk(122, 78, 44));
    expect(iou(shifted, truth)).toBeLessThan(0.93);
    expect(iou(cutOutline(image, shifted), truth)).toBeGreaterThan(0.985);
  });

  test('loses the teeth of superpixels', () => {
    const teeth = maskOf((x, y) => disk(120, 80, 45)(x - (x % 6) + 3, y - (y % 6) + 3));
    expect(iou(teeth, truth)).toBeLessThan(0.96);
    expect(iou(cutOutline(image, teeth), truth)).toBeGreaterThan(0.985);
  });

  test('stays where no edge is near: what is far from it keeps its side', () => {
    const elsewhere = maskOf(disk(60, 50, 30));
    const cut = cutOutline(image, elsewhere);
    const reach = Math.round(0.019 * WIDTH) * Math.SQRT2 + 1;
    for (let pixel = 0; pixel < cut.length; pixel++) {
      const distance = Math.hypot((pixel % WIDTH) - 60, Math.floor(pixel / WIDTH) - 50) - 30;
      if (Math.abs(distance) > reach) expect(cut[pixel]).toBe(elsewhere[pixel]);
    }
  });

  test('keeps a hole, and a gap between two parts', () => {
    const ring: Inside = (x, y) => disk(120, 80, 45)(x, y) && !disk(120, 80, 20)(x, y);
    const rough = maskOf((x, y) => ring(x - (x % 4) + 2, y - (y % 4) + 2));
    expect(iou(cutOutline(picture(ring), rough), maskOf(ring))).toBeGreaterThan(0.98);
    const legs: Inside = (x, y) => y > 60 && (Math.abs(x - 100) < 10 || Math.abs(x - 130) < 10);
    expect(iou(cutOutline(picture(legs), maskOf(legs)), maskOf(legs))).toBeGreaterThan(0.97);
  });

  test('of nothing, and of everything, is as it was', () => {
    for (const isAll of [true, false]) {
      const mask = maskOf(() => isAll);
      expect([...cutOutline(image, mask)]).toEqual([...mask]);
    }
  });

  test('does not touch the mask that it is given', () => {
    const shifted = maskOf(disk(122, 78, 44));
    const copy = shifted.slice();
    cutOutline(image, shifted);
    expect(shifted).toEqual(copy);
  });
});
