import { describe, expect, test } from 'vitest';
import { insightOf } from '../../../../../src-main/core/segment/head/insight.ts';

/** Twelve superpixels: four in the middle, four around them, four at the border; every other one stands out. */
const nearness = Float32Array.of(1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1, 0.1);
const saliency = nearness.map((_, s) => (s % 2 === 0 ? 0.9 : 0.2));
const areas = new Float32Array(12).fill(160);
const cues = { nearness, saliency, borders: new Float32Array(0) };

/** Two superpixels of each ring: no cue tells which. */
const targets = Uint8Array.of(1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0);
const image = { targets, areas, cues };

const insightOn = (answers: ArrayLike<number>) => insightOf(answers, image);

describe('what a head knows beyond place and saliency', () => {
  test('is all of a mask, or the opposite of it', () => {
    expect(insightOn(targets)).toBeCloseTo(1);
    expect(insightOn(targets.map((inside) => 1 - inside))).toBeCloseTo(-1);
  });

  test('is nothing where it answers with place or saliency', () => {
    expect(insightOn(nearness)).toBe(0);
    expect(insightOn(saliency.map((value, s) => 3 * value ** 2 - (nearness[s] ?? 0)))).toBe(0);
  });

  test('is nothing where the mask holds the middle and no more', () => {
    const middle = Uint8Array.from(nearness, (near) => (near === 1 ? 1 : 0));
    expect(insightOf(targets, { ...image, targets: middle })).toBe(0);
  });

  test('is the same with and without the middle of the image added to the answers', () => {
    const some = Float32Array.from(targets, (inside, s) => inside + (s % 3));
    const withPlace = some.map((value, s) => value + 5 * (nearness[s] ?? 0));
    expect(insightOn(some)).toBeGreaterThan(0.2);
    expect(insightOn(withPlace)).toBeCloseTo(insightOn(some));
  });

  test('counts superpixels by their area', () => {
    const wrongInPart = targets.map((inside, s) => (s % 4 === 3 ? 1 - inside : inside));
    const small = areas.map((px, s) => (s % 4 === 3 ? 1 : px));
    expect(insightOf(wrongInPart, { ...image, areas: small })).toBeGreaterThan(insightOn(wrongInPart) + 0.2);
  });

  test('is a number for an image without a mask, and for one of one superpixel', () => {
    expect(insightOf(targets, { ...image, targets: new Uint8Array(12) })).toBe(0);
    const one = { nearness: Float32Array.of(1), saliency: Float32Array.of(0), borders: new Float32Array(0) };
    const alone = { targets: Uint8Array.of(1), areas: Float32Array.of(100), cues: one };
    expect(insightOf([2], alone)).toBe(0);
  });
});
