import { describe, expect, test } from 'vitest';
import { drawMasks } from '../../../../src-main/core/mask/overlay.ts';
import { encodeRle } from '../../../../src-main/core/mask/rle.ts';
import { bitmapOf } from '../../../support/masks.ts';

function maskOf(rows: string[], colour = '#ff0000', isRejected = false) {
  const mask = encodeRle(bitmapOf(...rows));
  if (!mask) throw new Error('an empty mask');
  return { shape: mask.shape, areaPx: mask.areaPx, stackOrder: 0, colour, isRejected };
}

/** Something all black to draw on. */
const black = (widthPx: number, heightPx: number) => ({
  data: new Uint8Array(3 * widthPx * heightPx),
  widthPx,
  heightPx,
});

/** Every pixel as a sign by its red: `.` black, `L` a line, `f` filled, `r` the line of a rejected mask. */
function signsOf({ data, widthPx, heightPx }: ReturnType<typeof drawMasks>): string[] {
  return Array.from({ length: heightPx }, (_, y) =>
    Array.from({ length: widthPx }, (_unused, x) => {
      const red = data[(y * widthPx + x) * 3] ?? 0;
      return red === 0 ? '.' : red === 255 ? 'L' : red < 100 ? 'f' : 'r';
    }).join(''),
  );
}

const SQUARE = ['.......', '.#####.', '.#####.', '.#####.', '.#####.', '.......'];

describe('masks over an image', () => {
  test('are filled in their colour, through which the image is seen, with a line along their border', () => {
    const grey = { ...black(7, 6), data: new Uint8Array(3 * 7 * 6).fill(100) };
    const { data } = drawMasks(grey, [maskOf(SQUARE, '#f01400')]);
    const at = (x: number, y: number) => [...data.slice((y * 7 + x) * 3, (y * 7 + x) * 3 + 3)];
    expect([at(0, 0), at(1, 1)]).toEqual([
      [100, 100, 100],
      [0xf0, 0x14, 0],
    ]);
    // 92 parts of 255 are the colour's.
    expect(at(3, 3)).toEqual([151, 71, 64]);
    expect(signsOf(drawMasks(black(7, 6), [maskOf(SQUARE)]))).toEqual([
      '.......',
      '.LLLLL.',
      '.LfffL.',
      '.LfffL.',
      '.LLLLL.',
      '.......',
    ]);
  });

  test('are a faint line alone where they were rejected', () => {
    const drawn = drawMasks(black(7, 6), [maskOf(SQUARE, '#102030', true)]);
    expect(signsOf(drawn)).toEqual(['.......', '.rrrrr.', '.r...r.', '.r...r.', '.rrrrr.', '.......']);
    // 150 parts of 255 of a grey of 200.
    expect([...drawn.data.slice((7 + 1) * 3, (7 + 1) * 3 + 3)]).toEqual([118, 118, 118]);
  });

  test('lie in front of larger ones', () => {
    const small = maskOf(['.......', '.......', '...#...', '.......', '.......', '.......'], '#0000ff');
    for (const masks of [
      [maskOf(SQUARE), small],
      [small, maskOf(SQUARE)],
    ]) {
      const { data } = drawMasks(black(7, 6), masks);
      expect([...data.slice((2 * 7 + 3) * 3, (2 * 7 + 3) * 3 + 3)]).toEqual([0, 0, 255]);
    }
  });

  test('are stretched over an image of another size', () => {
    const rows = Array.from({ length: 60 }, (_, y) => (y < 30 ? '#'.repeat(90) : '.'.repeat(90)));
    expect(signsOf(drawMasks(black(9, 6), [maskOf(rows)]))).toEqual([
      'fffffffff',
      'fffffffff',
      'LLLLLLLLL',
      '.........',
      '.........',
      '.........',
    ]);
    const larger = drawMasks(black(8, 4), [maskOf(['#.', '..'])]);
    expect(signsOf(larger)).toEqual(['fffL....', 'LLLL....', '........', '........']);
    // The centre of the middle pixel is on the border between the columns, and belongs to the right one.
    expect(signsOf(drawMasks(black(3, 1), [maskOf(['#.'])]))).toEqual(['L..']);
  });

  test('leave the image as it is where there are none', () => {
    const image = black(2, 1);
    expect(drawMasks(image, [])).toEqual(image);
    drawMasks(image, [maskOf(['#'])]);
    expect([...image.data]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
