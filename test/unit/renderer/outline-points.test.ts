import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MaskId } from '../../../src-main/contract/ids.ts';
import { countsOf, type ColumnBitmap } from '../../../src-renderer/canvas/column-bitmap.ts';
import {
  filledRings,
  lineNear,
  outlinePoints,
  pointNear,
  reshapedBy,
  withPointAdded,
  withPointMoved,
  withPointRemoved,
} from '../../../src-renderer/canvas/outline-points.ts';
import { OutlineTool } from '../../../src-renderer/screens/masks/outline-tool.svelte.ts';

/** A mask drawn in rows of text. */
function drawn(...rows: string[]): ColumnBitmap {
  const [width, height] = [rows[0]?.length ?? 0, rows.length];
  const data = Uint8Array.from({ length: width * height }, (_, at) =>
    rows[at % height]?.[Math.floor(at / height)] === '#' ? 1 : 0,
  );
  return { data, width, height };
}

function rowsOf({ data, width, height }: ColumnBitmap): string[] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => (data[x * height + y] === 1 ? '#' : '.')).join(''),
  );
}

const BLOCK = drawn('......', '.####.', '.####.', '.####.', '......');
const RING = drawn('......', '.####.', '.#..#.', '.####.', '......');

describe('the points of an outline', () => {
  test('are the corners of a block, and those of its hole', () => {
    expect(outlinePoints(BLOCK, 0.5)).toEqual([
      [
        { x: 1, y: 1 },
        { x: 5, y: 1 },
        { x: 5, y: 4 },
        { x: 1, y: 4 },
      ],
    ]);
    expect(outlinePoints(RING, 0).map((ring) => ring.length)).toEqual([4, 4]);
  });

  test('give back every mask to the pixel where none is left out', () => {
    const shapes = fc.record({
      width: fc.integer({ min: 1, max: 9 }),
      height: fc.integer({ min: 1, max: 9 }),
      bits: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 81, maxLength: 81 }),
    });
    fc.assert(
      fc.property(shapes, ({ width, height, bits }) => {
        const mask = { width, height, data: Uint8Array.from(bits.slice(0, width * height)) };
        expect(rowsOf(filledRings(outlinePoints(mask, 0), mask))).toEqual(rowsOf(mask));
      }),
    );
  });

  test('are moved, added on the nearest line, and removed; what would enclose nothing goes', () => {
    const rings = outlinePoints(BLOCK, 0.5);
    const corner = pointNear(rings, { x: 4.6, y: 3.8 }, 1);
    expect(corner).toEqual({ ring: 0, at: 2 });
    expect(pointNear(rings, { x: 3, y: 2.5 }, 1)).toBeUndefined();
    const moved = withPointMoved(rings, { ring: 0, at: 2 }, { x: 6, y: 5 });
    expect(rowsOf(filledRings(moved, BLOCK))).toEqual(['......', '.####.', '.####.', '.#####', '....##']);
    expect(lineNear(rings, { x: 3, y: 0.8 }, 1)).toEqual({ ring: 0, at: 0 });
    const { rings: wider, added } = withPointAdded(rings, { ring: 0, at: 0 }, { x: 3, y: 0 });
    expect([wider[0]?.length, added]).toEqual([5, { ring: 0, at: 1 }]);
    const triangle = withPointRemoved(rings, { ring: 0, at: 0 });
    expect(triangle[0]).toHaveLength(3);
    expect(withPointRemoved(triangle, { ring: 0, at: 0 })).toEqual([]);
  });

  test('change only what is between the old line and the new one', () => {
    // The speck is nowhere near the line that is moved, and too small for points of that tolerance.
    const mask = drawn('#.......', '........', '..####..', '..####..', '........');
    const before = outlinePoints(mask, 1.5);
    const block = before.findIndex((ring) => ring.some(({ x }) => x === 6));
    const at = before[block]?.findIndex(({ x, y }) => x === 6 && y === 4) ?? -1;
    const after = withPointMoved(before, { ring: block, at }, { x: 8, y: 5 });
    const rows = rowsOf(reshapedBy(mask, before, after));
    expect(rows[0]).toBe('#.......');
    expect(rows.slice(2)).toEqual(['..####..', '..#####.', '.....###']);
  });
});

describe('the tool that moves them', () => {
  const mask = { id: 7 as MaskId, counts: countsOf(BLOCK) ?? '', gridWidth: 6, gridHeight: 5 };
  const at = { scale: 20, isRemoving: false };

  test('gives the mask as it is after the drag, and its points stay where they were left', () => {
    const tool = new OutlineTool();
    expect(tool.press(mask, { x: 3, y: 2.5 }, at)).toBe(false);
    expect(tool.press(mask, { x: 5, y: 4 }, at)).toBe(true);
    tool.dragTo({ x: 6, y: 5 });
    expect(tool.ringsOf(mask)[0]?.[2]).toEqual({ x: 6, y: 5 });
    const edited = tool.release();
    expect(edited?.id).toBe(7);
    expect(tool.ringsOf({ ...mask, counts: edited?.counts ?? '' })[0]?.[2]).toEqual({ x: 6, y: 5 });
  });

  test('makes a point of a line, and nothing of a click', () => {
    const tool = new OutlineTool();
    expect(tool.press(mask, { x: 3, y: 1 }, at)).toBe(true);
    expect(tool.release()).toBeUndefined();
    tool.press(mask, { x: 3, y: 1 }, at);
    tool.dragTo({ x: 3, y: 0 });
    const grown = drawn('..##..', '.####.', '.####.', '.####.', '......');
    expect(tool.release()).toEqual({ id: 7, counts: countsOf(grown) });
  });

  test('removes points until nothing would be left, which is not done', () => {
    const tool = new OutlineTool();
    tool.press(mask, { x: 5, y: 4 }, { ...at, isRemoving: true });
    const triangle = tool.release();
    expect(triangle?.counts).not.toBe(mask.counts);
    const next = { ...mask, counts: triangle?.counts ?? '' };
    tool.press(next, { x: 1, y: 1 }, { ...at, isRemoving: true });
    expect(tool.release()).toEqual({ id: 7, counts: null });
  });
});
