import type { Grid } from '../superpixel/components.ts';

/**
 * Mean over a square window, cut off at the image's border: running sums along rows, then of whole rows.
 * @param values [H, W]
 * @param window `radius` is the number of pixels on either side
 */
export function boxMean(
  values: ArrayLike<number>,
  { widthPx, heightPx, radius }: Grid & { radius: number },
): Float32Array {
  const scratch = new Float32Array(values.length);
  for (let y = 0; y < heightPx; y++)
    runningMeans(values, scratch, { start: y * widthPx, count: widthPx, radius });
  const out = new Float32Array(values.length);
  const sums = new Float64Array(widthPx);
  const addRow = (y: number, sign: number) => {
    for (let x = 0, at = y * widthPx; x < widthPx; x++, at++)
      sums[x] = (sums[x] ?? 0) + sign * (scratch[at] ?? 0);
  };
  for (let y = 0; y < Math.min(radius, heightPx); y++) addRow(y, 1);
  for (let y = 0, at = 0; y < heightPx; y++) {
    if (y + radius < heightPx) addRow(y + radius, 1);
    if (y - radius - 1 >= 0) addRow(y - radius - 1, -1);
    const size = Math.min(y + radius, heightPx - 1) - Math.max(y - radius, 0) + 1;
    for (let x = 0; x < widthPx; x++, at++) out[at] = (sums[x] ?? 0) / size;
  }
  return out;
}

type Line = { start: number; count: number; radius: number };

function runningMeans(values: ArrayLike<number>, out: Float32Array, { start, count, radius }: Line): void {
  let sum = 0;
  for (let i = 0; i < Math.min(radius, count); i++) sum += values[start + i] ?? 0;
  for (let i = 0; i < count; i++) {
    if (i + radius < count) sum += values[start + i + radius] ?? 0;
    if (i - radius - 1 >= 0) sum -= values[start + i - radius - 1] ?? 0;
    const size = Math.min(i + radius, count - 1) - Math.max(i - radius, 0) + 1;
    out[start + i] = sum / size;
  }
}
