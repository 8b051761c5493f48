import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clipPolygon } from '../../../../src-main/core/mask/clip-polygon.ts';
import { fillCocoPolygon } from '../../../../src-main/core/mask/fill-polygon.ts';

const grid = { widthPx: 10, heightPx: 6 };

describe('a clipped polygon', () => {
  test('is the same one where it stays near the image', () => {
    const polygon = [0, 0, 9, 0, 9, 5];
    expect(clipPolygon(polygon, grid)).toBe(polygon);
  });

  test('stays within the longer side of the image around it, and covers the same pixels', () => {
    // Whole numbers that are axis-parallel where they are cut, so that no crossing is rounded.
    const far = fc.constantFrom(-1_000, -30, 30, 1_000);
    fc.assert(
      fc.property(far, far, far, far, (x0, y0, x1, y1) => {
        const [left, right] = [Math.min(x0, x1), Math.max(x0, x1)];
        const [top, bottom] = [Math.min(y0, y1), Math.max(y0, y1)];
        const rectangle = [left, top, right, top, right, bottom, left, bottom];
        const clipped = clipPolygon(rectangle, grid);
        clipped.forEach((value, at) => {
          const side = at % 2 === 0 ? grid.widthPx : grid.heightPx;
          expect(value).toBeGreaterThanOrEqual(-10);
          expect(value).toBeLessThanOrEqual(side + 10);
        });
        expect(fillCocoPolygon(clipped, grid)).toEqual(fillCocoPolygon(rectangle, grid));
      }),
    );
  });

  test('cuts slanted edges where they cross', () => {
    expect(clipPolygon([0, 0, 40, 0, 0, 40], grid)).toEqual([0, 0, 20, 0, 20, 16, 0, 16]);
  });

  test('that is far away on all sides has nothing left', () => {
    expect(clipPolygon([100, 0, 200, 0, 150, 5], grid)).toEqual([]);
  });
});
