import type { Bitmap } from './rle.ts';

/**
 * Stretches of inside pixels, row by row: `[from, to)` counted along the rows, neighbours joined where one row's
 * end meets the next one's start.
 */
function rowStretches({ data, widthPx, heightPx }: Bitmap): [from: number, to: number][] {
  const stretches: [number, number][] = [];
  const size = widthPx * heightPx;
  for (let at = 0; at < size;) {
    if (data[at] === 0) {
      at++;
      continue;
    }
    const from = at;
    while (at < size && data[at] !== 0) at++;
    stretches.push([from, at]);
  }
  return stretches;
}

/** Run lengths row by row, beginning with background: 0 where the first pixel is inside. They sum to the size. */
export function rowRuns(bitmap: Bitmap): number[] {
  const runs: number[] = [];
  let end = 0;
  for (const [from, to] of rowStretches(bitmap)) {
    runs.push(from - end, to - from);
    end = to;
  }
  const size = bitmap.widthPx * bitmap.heightPx;
  if (end < size) runs.push(size - end);
  return runs;
}

/**
 * The pixels of run lengths that go row by row, background first.
 * @returns what is wrong with them, as in "they cover ..."
 */
export function rowRunsBitmap(
  runs: Iterable<number>,
  { widthPx, heightPx }: Pick<Bitmap, 'widthPx' | 'heightPx'>,
): Bitmap | string {
  const data = new Uint8Array(widthPx * heightPx);
  let at = 0;
  let isInside = false;
  for (const length of runs) {
    if (!Number.isSafeInteger(length) || length < 0) return 'a run length is not a whole number';
    if (isInside) data.fill(1, at, at + length);
    at += length;
    isInside = !isInside;
  }
  if (at === data.length) return { data, widthPx, heightPx };
  return `its run lengths cover ${at} pixels, not ${widthPx} x ${heightPx}`;
}
