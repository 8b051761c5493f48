import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { brushStroke } from '../../../src-renderer/canvas/brush.ts';
import {
  addMask,
  countsOf,
  emptyBitmap,
  stretchesOf,
  type ColumnBitmap,
} from '../../../src-renderer/canvas/column-bitmap.ts';
import {
  colourLabels,
  paintBitmap,
  paintStretches,
  rgbOf,
  screenLabels,
  type Placement,
  type ScreenLabels,
} from '../../../src-renderer/canvas/mask-raster.ts';
import { eachStretch } from '../../../src-main/core/mask/crop.ts';
import { decodeRle, encodeRle, type Bitmap } from '../../../src-main/core/mask/rle.ts';
import { anyBitmap, bitmapOf, drawingOf, objectBitmap } from '../../support/masks.ts';

const countsIn = (bitmap: Bitmap) => {
  const mask = encodeRle(bitmap);
  return mask ? Buffer.from(mask.shape.rle).toString('latin1') : null;
};

function columnsOf({ data, widthPx, heightPx }: Bitmap): ColumnBitmap {
  const columns = emptyBitmap(widthPx, heightPx);
  data.forEach((value, at) => (columns.data[(at % widthPx) * heightPx + Math.floor(at / widthPx)] = value));
  return columns;
}

function rowsOf({ data, width, height }: ColumnBitmap): Bitmap {
  const rows = new Uint8Array(data.length);
  data.forEach((value, at) => (rows[(at % height) * width + Math.floor(at / height)] = value));
  return { data: rows, widthPx: width, heightPx: height };
}

const anyMask = fc.oneof(anyBitmap, objectBitmap);

describe('the masks of the page', () => {
  test('become the run lengths that the app stores', () => {
    fc.assert(
      fc.property(anyMask, (bitmap) => {
        expect(countsOf(columnsOf(bitmap))).toBe(countsIn(bitmap));
      }),
    );
  });

  test('come from the run lengths that the app stores', () => {
    fc.assert(
      fc.property(anyMask, (bitmap) => {
        const counts = countsIn(bitmap);
        if (counts === null) return;
        const read = emptyBitmap(bitmap.widthPx, bitmap.heightPx);
        addMask(read, counts);
        expect(rowsOf(read)).toEqual(bitmap);
      }),
    );
  });

  test('are added to what is there', () => {
    const bitmap = columnsOf(bitmapOf('#..', '...'));
    addMask(bitmap, countsIn(bitmapOf('...', '.##')) ?? '');
    expect(drawingOf(rowsOf(bitmap))).toEqual(['#..', '.##']);
  });

  test('have the stretches that the app finds', () => {
    fc.assert(
      fc.property(anyMask, (bitmap) => {
        const mask = encodeRle(bitmap);
        if (!mask) return;
        const expected: number[] = [];
        eachStretch(mask.shape, (x, from, to) => expected.push(x, from, to));
        expect([...stretchesOf(countsIn(bitmap) ?? '', bitmap.heightPx)]).toEqual(expected);
      }),
    );
  });
});

describe('a brush', () => {
  const stroke = (options: Partial<Parameters<typeof brushStroke>[1]>, start = emptyBitmap(9, 7)) => {
    const at = { x: 4.5, y: 3.5 };
    brushStroke(start, { from: at, to: at, radius: 1.2, value: 1, ...options });
    return drawingOf(rowsOf(start));
  };

  test('is round', () => {
    expect(stroke({ radius: 2.3 })).toEqual([
      '.........',
      '...###...',
      '..#####..',
      '..#####..',
      '..#####..',
      '...###...',
      '.........',
    ]);
  });

  test('paints all of its way', () => {
    expect(stroke({ from: { x: 1.5, y: 3.5 }, to: { x: 6.5, y: 3.5 } })).toEqual([
      '.........',
      '.........',
      '.######..',
      '########.',
      '.######..',
      '.........',
      '.........',
    ]);
  });

  test('takes away, beyond the edge too', () => {
    const full = { ...emptyBitmap(9, 7), data: new Uint8Array(63).fill(1) };
    expect(stroke({ from: { x: -5, y: 0.5 }, to: { x: 1.5, y: 0.5 }, value: 0 }, full)[0]).toBe('...######');
  });

  test('of less than a pixel paints the pixel that it is on', () => {
    expect(stroke({ radius: 0.1, from: { x: 4.9, y: 3.1 }, to: { x: 4.9, y: 3.1 } })[3]).toBe('....#....');
  });

  test('covers exactly the pixels whose middle is as near to its way as its radius', () => {
    const place = fc.record({
      x: fc.double({ min: -4, max: 24, noNaN: true }),
      y: fc.double({ min: -4, max: 20, noNaN: true }),
    });
    fc.assert(
      fc.property(place, place, fc.double({ min: 0.8, max: 9, noNaN: true }), (from, to, radius) => {
        const bitmap = emptyBitmap(20, 16);
        brushStroke(bitmap, { from, to, radius, value: 1 });
        for (let x = 0; x < 20; x++) {
          for (let y = 0; y < 16; y++) {
            // The nearest of many places along the way: no nearer than the nearest of all, and hardly farther.
            const places = Array.from({ length: 401 }, (_, step) => step / 400);
            const near = Math.min(
              ...places.map((t) =>
                Math.hypot(x + 0.5 - from.x - t * (to.x - from.x), y + 0.5 - from.y - t * (to.y - from.y)),
              ),
            );
            if (near <= radius) expect(bitmap.data[x * 16 + y]).toBe(1);
            else if (near > radius + 0.05 && (Math.floor(to.x) !== x || Math.floor(to.y) !== y))
              expect(bitmap.data[x * 16 + y]).toBe(0);
          }
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('masks on the screen', () => {
  const linesOf = ({ data, width, height }: ScreenLabels) =>
    Array.from({ length: height }, (_, y) =>
      Array.from({ length: width }, (_unused, x) => data[x * height + y] ?? 0).join(''),
    );

  test('have their pixels as large as the scale says, where the placement says', () => {
    const labels = screenLabels(8, 6);
    const bitmap = bitmapOf('#.', '.#');
    paintStretches(labels, { left: 1, top: 2, scale: 2 }, stretchesOf(countsIn(bitmap) ?? '', 2), 3);
    expect(linesOf(labels)).toEqual(['00000000', '00000000', '03300000', '03300000', '00033000', '00033000']);
  });

  test('are the same, painted from run lengths or from a bitmap: the pixels whose middle lies in them', () => {
    const placement: fc.Arbitrary<Placement> = fc.record({
      left: fc.double({ min: -60, max: 30, noNaN: true }),
      top: fc.double({ min: -60, max: 30, noNaN: true }),
      scale: fc.double({ min: 0.1, max: 9, noNaN: true }),
    });
    fc.assert(
      fc.property(objectBitmap, placement, (bitmap, at) => {
        const [fromRuns, fromBitmap] = [screenLabels(40, 30), screenLabels(40, 30)];
        paintStretches(fromRuns, at, stretchesOf(countsIn(bitmap) ?? '', bitmap.heightPx), 1);
        paintBitmap(fromBitmap, at, columnsOf(bitmap), 1);
        expect(fromBitmap.data).toEqual(fromRuns.data);
        const mask = decodeRle(
          encodeRle(bitmap)?.shape ?? { gridWidth: 1, gridHeight: 1, rle: new Uint8Array() },
        );
        for (const [x, y] of [
          [0, 0],
          [13, 7],
          [39, 29],
        ] as const) {
          const [gridX, gridY] = [
            Math.floor((x + 0.5 - at.left) / at.scale),
            Math.floor((y + 0.5 - at.top) / at.scale),
          ];
          const isThere = gridX >= 0 && gridY >= 0 && gridX < mask.widthPx && gridY < mask.heightPx;
          expect(fromRuns.data[x * 30 + y]).toBe(isThere ? mask.data[gridY * mask.widthPx + gridX] : 0);
        }
      }),
    );
  });

  test('get the colour of their label, and a line of its width along their border but not along the screen', () => {
    const labels = screenLabels(7, 5);
    const whole = bitmapOf('....', '####', '####');
    paintStretches(labels, { left: 0, top: 0, scale: 2 }, stretchesOf(countsIn(whole) ?? '', 3), 1);
    const out = new Uint32Array(35);
    colourLabels(labels, [{ rgb: [1, 2, 3], fill: 9, line: 200, lineWidth: 1 }], out);
    const alphas = Array.from({ length: 5 }, (_, y) => (out[y * 7 + 3] ?? 0) >>> 24);
    expect(alphas).toEqual([0, 0, 200, 9, 9]);
    expect([...new Uint8Array(out.buffer).slice((2 * 7 + 3) * 4, (2 * 7 + 3) * 4 + 4)]).toEqual([
      1, 2, 3, 200,
    ]);
    expect((out[4 * 7] ?? 0) >>> 24).toBe(9);
  });

  test('have colours as style sheets write them', () => {
    expect(rgbOf('#ff8001')).toEqual([255, 128, 1]);
  });
});
