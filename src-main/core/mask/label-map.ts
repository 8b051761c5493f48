import { encodeRuns, type EncodedMask } from './rle.ts';
import type { Runs } from '../../contract/run-lengths.ts';

/** Numbers on a grid: [heightPx, widthPx], row-major. */
export type LabelMap = { data: ArrayLike<number>; widthPx: number; heightPx: number };

/**
 * The mask of each number of a label map, by number, in one pass.
 * @returns a map ordered by number; numbers that no pixel has are absent
 */
export function masksOfLabels({ data, widthPx, heightPx }: LabelMap): Map<number, EncodedMask> {
  type Open = { runs: Runs; end: number };
  const open = new Map<number, Open>();
  const total = widthPx * heightPx;
  for (let x = 0; x < widthPx; x++) {
    for (let y = 0; y < heightPx;) {
      const label = data[y * widthPx + x] ?? 0;
      const start = x * heightPx + y;
      while (y < heightPx && data[y * widthPx + x] === label) y++;
      const end = x * heightPx + y;
      const one = open.get(label) ?? { runs: [], end: 0 };
      open.set(label, one);
      // A stretch that continues at the top of the next column belongs to the same run.
      if (one.runs.length > 0 && start === one.end) {
        one.runs[one.runs.length - 1] = (one.runs.at(-1) ?? 0) + end - start;
      } else {
        one.runs.push(start - one.end, end - start);
      }
      one.end = end;
    }
  }
  const masks = new Map<number, EncodedMask>();
  for (const [label, { runs, end }] of [...open].sort(([a], [b]) => a - b)) {
    if (end < total) runs.push(total - end);
    const mask = encodeRuns(runs, widthPx, heightPx);
    if (mask) masks.set(label, mask);
  }
  return masks;
}
