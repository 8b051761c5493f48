import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeCrop, paintMask } from '../../../../src-main/core/mask/crop.ts';
import { fillOpenCvPolygon, openCvPolygonMask } from '../../../../src-main/core/mask/fill-opencv.ts';
import { fillPillowPolygon, pillowPolygonMask } from '../../../../src-main/core/mask/fill-pillow.ts';
import { cocoPolygonMask, fillCocoPolygon } from '../../../../src-main/core/mask/fill-polygon.ts';
import { maskIou } from '../../../../src-main/core/mask/overlap.ts';
import { polygonsOf, type Polygon } from '../../../../src-main/core/mask/polygon.ts';
import { simplifyPolygon } from '../../../../src-main/core/mask/simplify-polygon.ts';
import { encodeRle, runsOf, type Bitmap } from '../../../../src-main/core/mask/rle.ts';
import { cocoCases } from '../../../support/coco-fixture.ts';
import { anyBitmap, bitmapOf, drawingOf, iouOf, objectBitmap } from '../../../support/masks.ts';

const ring = bitmapOf('.....', '.###.', '.#.#.', '.###.', '.....');

function unionOf(polygons: Polygon[], like: Bitmap, fill: typeof fillCocoPolygon): Bitmap {
  const { widthPx, heightPx } = like;
  const data = new Uint8Array(widthPx * heightPx);
  for (const polygon of polygons) {
    fill(polygon, like).data.forEach((value, at) => {
      if (value !== 0) data[at] = 1;
    });
  }
  return { data, widthPx, heightPx };
}

describe('a polygon along the edges of pixels', () => {
  test('of a square are its four corners', () => {
    expect(polygonsOf(bitmapOf('....', '.##.', '.##.'), { line: 'edges' })).toEqual([
      [1, 1, 3, 1, 3, 3, 1, 3],
    ]);
  });

  test('of a ring goes down to the hole and back', () => {
    expect(polygonsOf(ring, { line: 'edges' })).toEqual([
      [1, 1, 2, 1, 2, 3, 3, 3, 3, 2, 2, 2, 2, 1, 4, 1, 4, 4, 1, 4],
    ]);
  });

  test.each([anyBitmap, objectBitmap])('filled as the COCO API does is the mask again', (masks) => {
    fc.assert(
      fc.property(masks, (mask) => {
        const filled = unionOf(polygonsOf(mask, { line: 'edges' }), mask, fillCocoPolygon);
        expect(drawingOf(filled)).toEqual(drawingOf(mask));
      }),
    );
  });
});

describe('a polygon through the middles of pixels', () => {
  test('of a square are the middles of its corner pixels', () => {
    expect(polygonsOf(bitmapOf('...', '.##', '.##'), { line: 'centres' })).toEqual([
      [1.5, 1.5, 2.5, 1.5, 2.5, 2.5, 1.5, 2.5],
    ]);
  });

  test.each([anyBitmap, objectBitmap])('filled as drawing libraries do is the mask again', (masks) => {
    fc.assert(
      fc.property(masks, fc.constantFrom(fillOpenCvPolygon, fillPillowPolygon), (mask, fill) => {
        const filled = unionOf(polygonsOf(mask, { line: 'centres' }), mask, fill);
        expect(drawingOf(filled)).toEqual(drawingOf(mask));
      }),
    );
  });
});

test.each([
  ['the COCO API', cocoPolygonMask, fillCocoPolygon],
  ['OpenCV', openCvPolygonMask, fillOpenCvPolygon],
  ['Pillow', pillowPolygonMask, fillPillowPolygon],
] as const)('a polygon filled as by %s is the same mask with and without a bitmap', (_, mask, fill) => {
  const coordinate = fc.integer({ min: -40, max: 90 }).map((value) => value / 2);
  const polygon = fc.array(fc.tuple(coordinate, coordinate), { minLength: 3, maxLength: 12 });
  fc.assert(
    fc.property(polygon, (points) => {
      const grid = { widthPx: 30, heightPx: 20 };
      expect(mask(points.flat(), grid)).toEqual(encodeRle(fill(points.flat(), grid)));
    }),
    // A line just left of the image is not in its first column.
    {
      examples: [
        [
          [
            [-0.5, 0],
            [-0.5, 0],
            [-0.5, 1],
          ],
        ],
      ],
    },
  );
});

test('a mask has a polygon a part, and pixels that touch at a corner are one part', () => {
  const mask = bitmapOf('#..##', '.#.##', '.....', '###..');
  expect(polygonsOf(mask, { line: 'edges' })).toHaveLength(3);
});

describe.each([
  ['edges', fillCocoPolygon],
  ['centres', fillOpenCvPolygon],
] as const)('a simplified polygon (%s)', (line, fill) => {
  const simplified = (mask: Bitmap) =>
    polygonsOf(mask, { line }).map((polygon) => simplifyPolygon(polygon, line));

  test.each([
    ['objects of several parts, some with holes', objectBitmap],
    ['noise of single pixels', anyBitmap],
  ])('of %s has an IoU of 0.98 with the mask at least', (_, masks) => {
    fc.assert(
      fc.property(masks, (mask) => {
        expect(iouOf(unionOf(simplified(mask), mask, fill), mask)).toBeGreaterThanOrEqual(0.98);
      }),
    );
  });

  test('of a disc with a hole has a fraction of the corners, and still the hole', () => {
    const disc = circle(100, 45, 12);
    const [exact = []] = polygonsOf(disc, { line });
    const [fewer = []] = simplified(disc);
    expect(fewer.length).toBeLessThan(exact.length / 3);
    expect(fill(fewer, disc).data[50 * 100 + 50]).toBe(0);
    expect(iouOf(fill(fewer, disc), disc)).toBeGreaterThanOrEqual(0.98);
  });

  test.each([['#'], ['##'], ['.#.', '#.#', '.#.'], ['#..', '.#.', '..#'], ['###', '#.#', '###']])(
    'of something as small as %s stays exact',
    (...rows) => {
      const mask = bitmapOf(...rows);
      expect(drawingOf(unionOf(simplified(mask), mask, fill))).toEqual(drawingOf(mask));
    },
  );

  test('lies where the exact one does', () => {
    const disc = circle(60, 25, 5);
    const moved = polygonsOf(disc, { line, offset: { x: 1_000, y: 2_000 } }).map((one) =>
      simplifyPolygon(one, line).map((value, at) => value - (at % 2 === 0 ? 1_000 : 2_000)),
    );
    expect(moved).toEqual(simplified(disc));
  });
});

/** A disc in the middle of a square, with a hole in its middle. */
function circle(sidePx: number, radiusPx: number, holePx: number): Bitmap {
  const data = Uint8Array.from({ length: sidePx * sidePx }, (_, at) => {
    const away = Math.hypot((at % sidePx) - sidePx / 2, Math.floor(at / sidePx) - sidePx / 2);
    return Number(away < radiusPx && away >= holePx);
  });
  return { data, widthPx: sidePx, heightPx: sidePx };
}

test('a polygon of a crop lies where the crop was', () => {
  fc.assert(
    fc.property(objectBitmap, (mask) => {
      const encoded = encodeRle(mask);
      if (!encoded) throw new Error('no mask');
      const { shape, box } = encoded;
      const fromCrop = polygonsOf(decodeCrop(shape, box), { line: 'edges', offset: box });
      expect(fromCrop).toEqual(polygonsOf(mask, { line: 'edges' }));
    }),
  );
});

test('holes below holes by the thousand do not exhaust the stack', () => {
  const rows = Array.from({ length: 40_001 }, (_, y) => (y % 2 === 0 ? '###' : '#.#'));
  const mask = bitmapOf(...rows);
  const [polygon = []] = polygonsOf(mask, { line: 'edges' });
  expect(polygon.length).toBeGreaterThan(20_000 * 8);
});

test.each(cocoCases('polygon'))('the COCO API fills $points alike', ({ points, size, runs, area }) => {
  const [heightPx, widthPx] = size;
  const filled = fillCocoPolygon(points, { widthPx, heightPx });
  const encoded = encodeRle(filled);
  expect(encoded?.areaPx ?? 0).toBe(area);
  // The API may leave empty runs at the start or the end; ours never do.
  if (encoded && !runs.slice(1).includes(0)) expect(runsOf(encoded.shape)).toEqual(runs);
});

test('overlap counted on runs is that of the pixels', () => {
  const pair = fc
    .integer({ min: 0, max: 20 })
    .chain((shift) => objectBitmap.map((mask) => ({ mask, shift })));
  fc.assert(
    fc.property(pair, ({ mask, shift }) => {
      const other = { ...mask, data: Uint8Array.from(mask.data, (_, at) => mask.data[at + shift] ?? 0) };
      const [a, b] = [encodeRle(mask), encodeRle(other)];
      if (a && b) expect(maskIou(a, b)).toBeCloseTo(iouOf(mask, other), 12);
    }),
  );
});

test('painting a mask writes its number on its pixels and on no others', () => {
  const encoded = encodeRle(ring);
  if (!encoded) throw new Error('no mask');
  const labels = new Uint16Array(25).fill(7);
  paintMask(labels, encoded.shape, 300);
  expect([...labels]).toEqual([...ring.data].map((value) => (value === 1 ? 300 : 7)));
});
