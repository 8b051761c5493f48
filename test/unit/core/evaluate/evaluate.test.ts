import { describe, expect, test } from 'vitest';
import { quarterMeans, summariseObjects } from '../../../../src-main/domain/evaluation-summary.ts';
import { boundaryF, scoreForeground } from '../../../../src-main/core/evaluate/foreground.ts';
import { matchInstances } from '../../../../src-main/core/evaluate/instances.ts';
import { objectLabels } from '../../../../src-main/core/evaluate/object-labels.ts';
import { oracleBounds } from '../../../../src-main/core/evaluate/oracle.ts';
import { filledTruth, truthFromMask, type Truth } from '../../../../src-main/core/evaluate/truth.ts';

/** Rows of characters: `#` object, `.` background, `?` ignored. */
function truthOf(...rows: string[]): Truth {
  const values = { '#': 255, '.': 0, '?': 128 } as Record<string, number>;
  const bytes = Uint8Array.from(Array.from(rows.join('')), (char) => values[char] ?? 0);
  return truthFromMask(bytes, rows[0]?.length ?? 0, rows.length);
}

const maskOf = (...rows: string[]) =>
  Uint8Array.from(Array.from(rows.join('')), (char) => Number(char === '#'));

describe('foreground scores', () => {
  test('count what both have over what either has, without ignored pixels', () => {
    const truth = truthOf('##..', '##?.');
    // Right: 2 of 4 object pixels; wrong: 1 background pixel; the ignored pixel is chosen and does not count.
    const scores = scoreForeground(maskOf('##.#', '..#.'), truth);
    expect(scores.iou).toBe(2 / 5);
    expect(scores.meanIou).toBe((2 / 5 + 2 / 5) / 2);
    expect(scores.accuracy).toBe(4 / 7);
  });

  test('are 1 for the truth itself, and undefined where there is no object', () => {
    const truth = truthOf('.....', '.##..', '.##..', '.....');
    const mask = maskOf('.....', '.##..', '.##..', '.....');
    expect(scoreForeground(mask, truth)).toEqual({
      iou: 1,
      meanIou: 1,
      accuracy: 1,
      isLocated: true,
      boundaryF: 1,
    });
    expect(scoreForeground(mask, truthOf('.....', '.....', '.....', '.....')).iou).toBeNull();
    expect(scoreForeground(maskOf('##'), truthOf('##'))).toMatchObject({ iou: 1, meanIou: 1 });
    expect(scoreForeground(maskOf('##'), truthOf('??'))).toMatchObject({ iou: null, accuracy: 1 });
  });

  test('locate by the box of the largest piece alone', () => {
    const truth = truthOf('##......', '##......');
    expect(scoreForeground(maskOf('##.....#', '##......'), truth).isLocated).toBe(true);
    expect(scoreForeground(maskOf('#..#####', '...#####'), truth).isLocated).toBe(false);
  });

  test('locate with boxes that share half of what they cover', () => {
    expect(scoreForeground(maskOf('##..'), truthOf('####')).isLocated).toBe(true);
    expect(scoreForeground(maskOf('##...'), truthOf('#####')).isLocated).toBe(false);
  });

  test('locate any of the objects where they are known one by one', () => {
    const truth = truthOf('##....##', '##....##');
    const labels = Uint8Array.from('1100002211000022', Number);
    const mask = maskOf('##.....#', '##......');
    expect(scoreForeground(mask, truth).isLocated).toBe(false);
    expect(scoreForeground(mask, truth, objectLabels(labels, truth)).isLocated).toBe(true);
  });

  test('take the outline in the middle of an ignored band', () => {
    const truth = truthOf('##????..', '##????..');
    expect([...filledTruth(truth).pixels.subarray(0, 8)]).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
    expect(boundaryF(maskOf('####....', '####....'), truth)).toBe(1);
    expect(boundaryF(maskOf('#.......', '#.......'), truth)).toBe(0);
  });

  test('fill an ignored pixel from its neighbours alone, not from the other end of the next row', () => {
    const filled = (...rows: string[]) => [...filledTruth(truthOf(...rows)).pixels];
    expect(filled('???', '#..')).toEqual([1, 0, 0, 1, 0, 0]);
    expect(filled('?.#', '???')).toEqual([0, 0, 1, 0, 0, 1]);
  });

  test.each([
    ['right', (row: string) => [row]],
    ['down', (row: string) => Array.from(row)],
  ])('find outlines %s, and weigh those that are too many as much as those that are missing', (_, laid) => {
    const [one, more] = [laid('##..........'), laid('##....##....')];
    // One of three outlines is right, and all of the true ones are found; or the other way round.
    expect(boundaryF(maskOf(...more), truthOf(...one))).toBeCloseTo((2 * (1 / 3)) / (4 / 3), 12);
    expect(boundaryF(maskOf(...one), truthOf(...more))).toBeCloseTo((2 * (1 / 3)) / (4 / 3), 12);
  });

  test.each([
    { widthPx: 8, reach: 1 },
    // 0.008 of 250 pixels.
    { widthPx: 250, reach: 2 },
  ])('take outlines for equal up to $reach pixels at a width of $widthPx', ({ widthPx, reach }) => {
    const upTo = (end: number) => '#'.repeat(end).padEnd(widthPx, '.');
    expect(boundaryF(maskOf(upTo(2 + reach)), truthOf(upTo(2)))).toBe(1);
    expect(boundaryF(maskOf(upTo(3 + reach)), truthOf(upTo(2)))).toBe(0);
  });
});

describe('oracle bounds', () => {
  test('are the best region and the best union of regions', () => {
    const truth = truthOf('####', '....');
    // Region 0 has 2 right, region 1 has 2 right and 1 wrong, region 2 is all wrong.
    const regions = [0, 0, 1, 1, 1, 2, 2, 2];
    expect(oracleBounds(regions, truth)).toEqual({ bestRegion: 2 / 4, bestUnion: 4 / 5 });
    expect(oracleBounds(regions, truthOf('....', '....'))).toBeNull();
  });

  test('count neither ignored pixels nor those of no region', () => {
    expect(oracleBounds([0, 0, 0, 0], truthOf('##??'))).toEqual({ bestRegion: 1, bestUnion: 1 });
    expect(oracleBounds([0, -1], truthOf('##'))).toEqual({ bestRegion: 1 / 2, bestUnion: 1 / 2 });
  });

  test('take the regions with the largest share of foreground first, whatever their size', () => {
    const truth = truthOf('#####.........');
    // Region 0 has 3 right and 9 wrong, region 1 has 2 right: both together are worse than region 1 alone.
    const regions = [0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    expect(oracleBounds(regions, truth)).toEqual({ bestRegion: 2 / 5, bestUnion: 2 / 5 });
  });
});

describe('object scores', () => {
  const labels = Uint8Array.of(1, 1, 1, 1, 0, 2, 2, 0);
  const truth = { labels, objects: [1, 2], ignored: 255 };

  test('match each object once, the best score first', () => {
    const whole = { mask: maskOf('####....'), score: 0.9 };
    const again = { mask: maskOf('###.....'), score: 0.8 };
    const other = { mask: maskOf('.....###'), score: 0.7 };
    const match = matchInstances([other, again, whole], truth);
    expect(match.predictions.map(({ isHit }) => isHit)).toEqual([true, false, true]);
    expect(match.bestIous).toEqual([1, 2 / 3]);
    const totals = summariseObjects([match]);
    expect(totals).toMatchObject({ recall: 1, precision: 2 / 3, truthCount: 2, predictionCount: 3 });
    // Precision 1 up to recall 1/2, then 2/3.
    expect(totals.averagePrecision).toBeCloseTo((1 + 2 / 3) / 2);
  });

  test('leave ignored pixels out of the overlap', () => {
    const open = { labels: Uint8Array.of(1, 1, 1, 1, 255, 255, 255, 255), objects: [1], ignored: 255 };
    const match = matchInstances([{ mask: maskOf('########'), score: 1 }], open);
    expect(match).toEqual({
      truthCount: 1,
      bestIous: [1],
      predictions: [{ score: 1, isHit: true, iou: 1 }],
    });
  });

  test('count only labels that lie in the foreground as objects', () => {
    const all = Uint8Array.of(0, 0, 5, 5, 5, 7, 7, 255);
    expect(objectLabels(all, truthOf('..####.#')).objects).toEqual([5]);
    // Two of two known pixels; of the other three nothing is known.
    expect(objectLabels(Uint8Array.of(5, 5, 5, 5, 5), truthOf('##???')).objects).toEqual([5]);
  });

  test('match from a half of the overlap on, and remember the best overlap', () => {
    const half = matchInstances([{ mask: maskOf('##......'), score: 1 }], truth);
    expect(half.predictions).toEqual([{ score: 1, isHit: true, iou: 1 / 2 }]);
    const both = matchInstances([{ mask: maskOf('####.#..'), score: 1 }], truth);
    expect(both.predictions).toEqual([{ score: 1, isHit: true, iou: 4 / 5 }]);
    expect(both.bestIous).toEqual([4 / 5, 1 / 6]);
  });
});

test('quarters of a ranked list have their own means, and a short list has none', () => {
  expect(quarterMeans([1, 0.5, 0.75, 0.25, 0.5, 0])).toEqual([0.75, 0.75, 0.375, 0]);
  expect(quarterMeans([1, 1, 1])).toEqual([]);
});

test('a truth mask of grey levels is background up to 127, ignored at 128, and foreground above', () => {
  const { pixels } = truthFromMask(Uint8Array.of(0, 127, 128, 129, 255), 5, 1);
  expect([...pixels]).toEqual([0, 0, 2, 1, 1]);
});
