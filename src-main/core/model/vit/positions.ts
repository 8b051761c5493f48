import type { VitFamily } from './spec.ts';

/** Cells of the grid of patches. */
export type PatchGrid = { rows: number; columns: number };

/** Where the cubic kernel of PyTorch's `interpolate` bends, without and with antialiasing. */
export const PLAIN_A = -0.75;
export const ANTIALIASED_A = -0.5;
/** Added to the size by the original code, against rounding; it shifts every centre, so it counts. */
export const SIZE_OFFSET = 0.1;

/** Whether a family averages over what it shrinks, as only DINOv2 with registers does. */
export const isAntialiased = (family: VitFamily): boolean => family === 'dinov2-registers';

/**
 * Positions of patches, resized from the trained grid as the original code of each family does (facebookresearch/dino
 * and dinov2).
 * @param table [side * side, channels], the trained grid row by row, without the class token's row
 * @returns [rows * columns, channels]
 */
export function resizedPositions(
  table: Float32Array,
  { family, side }: { family: VitFamily; side: number },
  { rows, columns }: PatchGrid,
): Float32Array {
  if (rows === side && columns === side) return table;
  const channels = table.length / (side * side);
  const taps = isAntialiased(family) ? antialiasedTaps : plainTaps;
  const wide = resizeAxis(table, { outer: side, size: side, inner: channels }, taps(side, columns));
  return resizeAxis(wide, { outer: 1, size: side, inner: columns * channels }, taps(side, rows));
}

/** What one output reads: inputs and their weights. */
type Taps = { at: number; weight: number }[];

/** Reads four inputs whatever the factor; those beyond the border are the border's. */
function plainTaps(size: number, count: number): Taps[] {
  const scale = (count + SIZE_OFFSET) / size;
  return Array.from({ length: count }, (_, index) => {
    const centre = (index + 0.5) / scale - 0.5;
    return [-1, 0, 1, 2].map((offset) => {
      const at = Math.floor(centre) + offset;
      return { at: Math.min(Math.max(at, 0), size - 1), weight: cubic(centre - at, PLAIN_A) };
    });
  });
}

/** Reads more inputs when shrinking, and none beyond the border; weights sum to 1. */
function antialiasedTaps(size: number, count: number): Taps[] {
  const ratio = size / count;
  const reach = Math.max(ratio, 1);
  return Array.from({ length: count }, (_, index) => {
    const centre = ratio * (index + 0.5);
    const first = Math.max(0, Math.floor(centre - 2 * reach + 0.5));
    const end = Math.min(size, Math.floor(centre + 2 * reach + 0.5));
    const taps = Array.from({ length: end - first }, (_unused, step) => ({
      at: first + step,
      weight: cubic((first + step + 0.5 - centre) / reach, ANTIALIASED_A),
    }));
    const sum = taps.reduce((total, { weight }) => total + weight, 0);
    return taps.map(({ at, weight }) => ({ at, weight: weight / sum }));
  });
}

/** Keys' cubic convolution kernel. */
function cubic(x: number, a: number): number {
  const d = Math.abs(x);
  if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
  return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0;
}

/** Resizes the middle axis of [outer, size, inner]. */
function resizeAxis(
  data: Float32Array,
  { outer, size, inner }: { outer: number; size: number; inner: number },
  taps: readonly Taps[],
): Float32Array {
  const result = new Float32Array(outer * taps.length * inner);
  for (let o = 0; o < outer; o++) {
    taps.forEach((reads, index) => {
      const to = (o * taps.length + index) * inner;
      for (let i = 0; i < inner; i++) {
        let sum = 0;
        for (const { at, weight } of reads) sum += weight * (data[(o * size + at) * inner + i] ?? 0);
        result[to + i] = sum;
      }
    });
  }
  return result;
}

/** Sines and cosines that queries and keys of patches are rotated by, [rows * columns, 4 * periods] each. */
export type Rotations = { sin: Float32Array; cos: Float32Array };

/** Rotary positions of DINOv3: angles by the patch's centre in -1 to 1 on each axis, rows first. */
export function rotations(periods: Float32Array, { rows, columns }: PatchGrid): Rotations {
  const dim = 4 * periods.length;
  const [sin, cos] = [new Float32Array(rows * columns * dim), new Float32Array(rows * columns * dim)];
  for (let patch = 0; patch < rows * columns; patch++) {
    const y = (2 * (Math.floor(patch / columns) + 0.5)) / rows - 1;
    const x = (2 * ((patch % columns) + 0.5)) / columns - 1;
    for (let d = 0; d < dim; d++) {
      const place = d % (dim / 2);
      const along = place < periods.length ? y : x;
      const angle = (2 * Math.PI * along) / (periods[place % periods.length] ?? 1);
      sin[patch * dim + d] = Math.sin(angle);
      cos[patch * dim + d] = Math.cos(angle);
    }
  }
  return { sin, cos };
}

/** The periods of a file that has none. @param headDim channels of a head */
export function defaultPeriods(headDim: number): Float32Array {
  return Float32Array.from({ length: headDim / 4 }, (_, j) => 100 ** ((2 * j) / (headDim / 2)));
}
