import { describe, expect, test } from 'vitest';
import type { ColumnBitmap } from '../../../src-renderer/canvas/column-bitmap.ts';
import { squaredDistances } from '../../../src-renderer/canvas/distance.ts';
import { editShape, stepOf } from '../../../src-renderer/canvas/shape-edits.ts';
import { uniform } from '../../support/random-data.ts';

/** A bitmap as it is drawn, row by row. */
function drawn(...rows: string[]): ColumnBitmap {
  const [width, height] = [rows[0]?.length ?? 0, rows.length];
  const data = new Uint8Array(width * height);
  rows.forEach((row, y) =>
    Array.from(row).forEach((sign, x) => (data[x * height + y] = sign === '#' ? 1 : 0)),
  );
  return { data, width, height };
}

function rowsOf({ data, width, height }: ColumnBitmap): string[] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_column, x) => (data[x * height + y] === 1 ? '#' : '.')).join(''),
  );
}

describe('a shape', () => {
  test('grows by the pixels that are no further away than a step', () => {
    const dot = drawn('.......', '.......', '.......', '...#...', '.......', '.......', '.......');
    expect(rowsOf(editShape(dot, 'grow', 1))).toEqual(rowsOf(drawn('.......', '.......', '...#...', '..###..', '...#...', '.......', '.......'))); // prettier-ignore
    expect(rowsOf(editShape(dot, 'grow', 2))).toEqual(rowsOf(drawn('.......', '...#...', '..###..', '.#####.', '..###..', '...#...', '.......'))); // prettier-ignore
  });

  test('shrinks from what is outside of it, but not from the border of the image', () => {
    const shape = drawn('####..', '####..', '####..', '......');
    expect(rowsOf(editShape(shape, 'shrink', 1))).toEqual(['###...', '###...', '......', '......']);
    const whole = drawn('###', '###');
    expect(rowsOf(editShape(whole, 'shrink', 1))).toEqual(['###', '###']);
  });

  test('has its holes filled, and bays left open', () => {
    const shape = drawn('.......', '.#####.', '.#...#.', '.#.#.#.', '.#####.', '.#...#.', '.#.#.#.');
    expect(rowsOf(editShape(shape, 'fill', 1))).toEqual(['.......', '.#####.', '.#####.', '.#####.', '.#####.', '.#...#.', '.#.#.#.']); // prettier-ignore
  });

  test('is smoothed: threads go but for a bump, gaps close, and the rest stays', () => {
    const shape = drawn(
      '............',
      '.#######....',
      '.###.###....',
      '.##########.',
      '.#######....',
      '.#######....',
      '............',
    );
    expect(rowsOf(editShape(shape, 'smooth', 1))).toEqual([
      '............',
      '..#####.....',
      '.########...',
      '.########...',
      '.########...',
      '..#####.....',
      '............',
    ]);
  });

  test('that is empty stays so', () => {
    const empty = drawn('...', '...');
    for (const edit of ['fill', 'smooth', 'grow', 'shrink'] as const)
      expect(editShape(empty, edit, 3)).toEqual(empty);
  });

  test('changes by a step that can be seen on images of any size', () => {
    expect(stepOf({ width: 100, height: 300 })).toBe(1);
    expect(stepOf({ width: 4000, height: 3000 })).toBe(10);
  });
});

test('distances are those to the nearest pixel, of all', () => {
  const [width, height] = [13, 9];
  const data = Uint8Array.from({ length: width * height }, (_, at) => (uniform(5, at) < 0.1 ? 1 : 0));
  const found = squaredDistances({ data, width, height }, 1);
  const places = [...data.keys()].filter((at) => data[at] === 1);
  const nearest = [...data.keys()].map((at) =>
    Math.min(
      ...places.map((place) => {
        const [dx, dy] = [
          Math.floor(at / height) - Math.floor(place / height),
          (at % height) - (place % height),
        ];
        return dx * dx + dy * dy;
      }),
    ),
  );
  expect([...found]).toEqual(nearest);
});
