import { describe, expect, test } from 'vitest';
import { fillOpenCvPolygon } from '../../../../src-main/core/mask/fill-opencv.ts';
import { fillPillowPolygon } from '../../../../src-main/core/mask/fill-pillow.ts';
import { pillowEllipseMask } from '../../../../src-main/core/mask/pillow-ellipse.ts';
import { decodeRle } from '../../../../src-main/core/mask/rle.ts';
import { drawnShapes } from '../../../support/drawn-shapes.ts';
import { drawingOf } from '../../../support/masks.ts';

test.each([
  ['OpenCV', 'opencv', fillOpenCvPolygon],
  ['Pillow', 'pillow', fillPillowPolygon],
] as const)('polygons are filled as %s fills them', (_, tool, fill) => {
  const shapes = drawnShapes('polygon');
  expect(shapes).toHaveLength(40);
  for (const { size, points, ...rows } of shapes) {
    const [widthPx, heightPx] = size;
    const middles = points.map((value) => value + 0.5);
    expect(drawingOf(fill(middles, { widthPx, heightPx })), points.join()).toEqual(rows[tool]);
  }
});

describe('an ellipse', () => {
  test('is filled as Pillow fills it', () => {
    const shapes = drawnShapes('ellipse');
    expect(shapes).toHaveLength(20);
    for (const { size, bounds, pillow } of shapes) {
      const [left, top, right, bottom] = bounds;
      const [widthPx, heightPx] = size;
      const mask = pillowEllipseMask({ left, top, right, bottom }, { widthPx, heightPx });
      const rows = mask ? drawingOf(decodeRle(mask.shape)) : Array(heightPx).fill('.'.repeat(widthPx));
      expect(rows, bounds.join()).toEqual(pillow);
    }
  });

  test('of more than 9,000 pixels is drawn row by row', () => {
    const grid = { widthPx: 4, heightPx: 3 };
    const far = 20_000;
    // Its right end is in the middle row, and near it the curve is a vertical line.
    const mask = pillowEllipseMask({ left: -2 * far, top: 1 - far, right: 1, bottom: 1 + far }, grid);
    expect(mask && drawingOf(decodeRle(mask.shape))).toEqual(['##..', '##..', '##..']);
    expect(pillowEllipseMask({ left: 5, top: 0, right: 9, bottom: 2 }, grid)).toBeNull();
  });
});
