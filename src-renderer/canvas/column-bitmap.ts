import { packRuns, unpackRuns, type Runs } from '../../src-main/contract/run-lengths.ts';

/**
 * A mask on a grid, column by column as its run lengths are: the pixel at (x, y) is `data[x * height + y]`, 0 outside
 * and 1 inside. Reading and writing run lengths is then one pass over the memory.
 */
export type ColumnBitmap = { data: Uint8Array; width: number; height: number };

/** The runs of a mask as the contract brings it. @throws RangeError if these are not run lengths */
function runsOf(counts: string): Runs {
  return unpackRuns(Uint8Array.from(counts, (char) => char.charCodeAt(0)));
}

export function emptyBitmap(width: number, height: number): ColumnBitmap {
  return { data: new Uint8Array(width * height), width, height };
}

/** Adds the pixels of a mask to a bitmap of its grid. */
export function addMask({ data }: ColumnBitmap, counts: string): void {
  let position = 0;
  runsOf(counts).forEach((length, index) => {
    if (index % 2 === 1) data.fill(1, position, position + length);
    position += length;
  });
}

/** Run lengths of a bitmap; null where it is empty, which no mask is. */
export function countsOf({ data }: ColumnBitmap): string | null {
  const runs: number[] = [];
  let start = 0;
  for (let inside = 0; start < data.length; inside = 1 - inside) {
    const end = data.indexOf(1 - inside, start);
    const length = (end < 0 ? data.length : end) - start;
    runs.push(length);
    start += length;
  }
  if (runs.length < 2) return null;
  return Array.from(packRuns(runs), (byte) => String.fromCharCode(byte)).join('');
}

/**
 * The stretches of a mask inside of columns: x, first row, and the row after the last, in turns.
 * @returns [3 * stretches]
 */
export function stretchesOf(counts: string, height: number): Int32Array {
  const stretches: number[] = [];
  let position = 0;
  runsOf(counts).forEach((length, index) => {
    const end = position + length;
    for (let at = index % 2 === 1 ? position : end; at < end;) {
      const x = Math.floor(at / height);
      const to = Math.min(height, end - x * height);
      stretches.push(x, at - x * height, to);
      at = x * height + to;
    }
    position = end;
  });
  return Int32Array.from(stretches);
}
