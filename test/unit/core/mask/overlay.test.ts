import { describe, expect, test } from 'vitest';
import { drawOverlay, type Overlay } from '../../../../src-main/core/mask/overlay.ts';
import { encodeRle } from '../../../../src-main/core/mask/rle.ts';
import { bitmapOf } from '../../../support/masks.ts';

function maskOf(rows: string[], colour = '#ff0000', isRejected = false) {
  const mask = encodeRle(bitmapOf(...rows));
  if (!mask) throw new Error('an empty mask');
  return { shape: mask.shape, areaPx: mask.areaPx, colour, isRejected };
}

/** Every pixel as a sign: `.` nothing, `L` a line, `f` filled, `r` the line of a rejected mask. */
function signsOf({ data, widthPx, heightPx }: Overlay): string[] {
  return Array.from({ length: heightPx }, (_, y) =>
    Array.from({ length: widthPx }, (_unused, x) => {
      const alpha = data[(y * widthPx + x) * 4 + 3] ?? 0;
      return alpha === 0 ? '.' : alpha === 255 ? 'L' : alpha < 100 ? 'f' : 'r';
    }).join(''),
  );
}

const SQUARE = ['.......', '.#####.', '.#####.', '.#####.', '.#####.', '.......'];

describe('an overlay', () => {
  test('fills a mask in its colour and draws a line along its border', () => {
    const overlay = drawOverlay([maskOf(SQUARE, '#102030')], 320);
    expect(signsOf(overlay)).toEqual(['.......', '.LLLLL.', '.LfffL.', '.LfffL.', '.LLLLL.', '.......']);
    expect([...overlay.data.slice((1 * 7 + 1) * 4, (1 * 7 + 1) * 4 + 3)]).toEqual([0x10, 0x20, 0x30]);
  });

  test('draws of a rejected mask a faint line alone', () => {
    const overlay = drawOverlay([maskOf(SQUARE, '#102030', true)], 320);
    expect(signsOf(overlay)).toEqual(['.......', '.rrrrr.', '.r...r.', '.r...r.', '.rrrrr.', '.......']);
  });

  test('puts smaller masks in front of larger ones', () => {
    const small = maskOf(['.......', '.......', '...#...', '.......', '.......', '.......'], '#0000ff');
    for (const masks of [
      [maskOf(SQUARE), small],
      [small, maskOf(SQUARE)],
    ]) {
      const { data } = drawOverlay(masks, 320);
      expect([...data.slice((2 * 7 + 3) * 4, (2 * 7 + 3) * 4 + 3)]).toEqual([0, 0, 255]);
    }
  });

  test('is no larger than asked for, and keeps the form', () => {
    const rows = Array.from({ length: 60 }, (_, y) => (y < 30 ? '#'.repeat(90) : '.'.repeat(90)));
    const overlay = drawOverlay([maskOf(rows)], 9);
    expect(overlay).toMatchObject({ widthPx: 9, heightPx: 6 });
    expect(signsOf(overlay)).toEqual([
      'fffffffff',
      'fffffffff',
      'LLLLLLLLL',
      '.........',
      '.........',
      '.........',
    ]);
  });

  test('of no mask is nothing', () => {
    expect([...drawOverlay([], 320).data]).toEqual([0, 0, 0, 0]);
  });
});
