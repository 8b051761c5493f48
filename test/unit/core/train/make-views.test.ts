import { describe, expect, it } from 'vitest';
import { makeViews } from '../../../../src-main/core/train/make-views.ts';

const pixels = {
  data: Uint8Array.from({ length: 30 * 20 * 3 }, (_, at) => (at * 37) % 256),
  widthPx: 30,
  heightPx: 20,
};
const request = { pixels, sizePx: 16, seed: 5, step: 9, index: 2 };

describe('views', () => {
  it('are the same for the same seed, step and index', () => {
    expect(makeViews(request)).toEqual(makeViews(request));
  });

  it.each([{ seed: 6 }, { step: 10 }, { index: 3 }])(
    'are others for %o, the spanning view is not',
    (change) => {
      const [a, b] = [makeViews(request), makeViews({ ...request, ...change })];
      expect(b.view1).not.toEqual(a.view1);
      expect(b.view2).not.toEqual(a.view2);
      expect(b.raw).toEqual(a.raw);
    },
  );

  it('have boxes inside of the image, and a raw row', () => {
    const { boxes } = makeViews(request);
    for (const row of [0, 1]) {
      const [y1 = NaN, x1 = NaN, y2 = NaN, x2 = NaN] = boxes.subarray(row * 5);
      expect(0 <= y1 && y1 < y2 && y2 <= 1 && 0 <= x1 && x1 < x2 && x2 <= 1).toBe(true);
    }
    expect([...boxes.subarray(10)]).toEqual([0, 0, 1, 1, 0]);
  });

  it('are flipped half of the time, and always for parity with the official code', () => {
    const flips = (parity: 'half' | 'official') =>
      Array.from(
        { length: 200 },
        (_, step) => makeViews({ ...request, sizePx: 2, step, parity }).boxes,
      ).reduce((sum, boxes) => sum + (boxes[4] ?? 0) + (boxes[9] ?? 0), 0);
    // 200 of 400, give or take 10 (one standard deviation).
    expect(Math.abs(flips('half') - 200)).toBeLessThan(50);
    expect(flips('official')).toBe(400);
  });

  it('are written into the batch', () => {
    const batch = new Float32Array(4 * 16 * 16 * 3);
    const part = (at: number) => batch.subarray(at * 768, (at + 1) * 768);
    makeViews({ ...request, into: { view1: part(0), view2: part(1), raw: part(3) } });
    const { view1, view2, raw } = makeViews(request);
    expect([part(0), part(1), part(2), part(3)]).toEqual([view1, view2, new Float32Array(768), raw]);
  });
});
