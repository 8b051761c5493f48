import type { Grid } from '../superpixel/components.ts';

/**
 * Values of one grid on another, bilinearly (align_corners=false).
 * @param values [from.heightPx, from.widthPx]
 */
export function resampled(values: Float32Array, from: Grid, to: Grid): Float32Array {
  if (from.widthPx === to.widthPx && from.heightPx === to.heightPx) return values;
  const out = new Float32Array(to.widthPx * to.heightPx);
  const columns = taps(from.widthPx, to.widthPx);
  const rows = taps(from.heightPx, to.heightPx);
  for (let y = 0, at = 0; y < to.heightPx; y++) {
    const top = (rows.low[y] ?? 0) * from.widthPx;
    const bottom = (rows.high[y] ?? 0) * from.widthPx;
    const fy = rows.share[y] ?? 0;
    for (let x = 0; x < to.widthPx; x++, at++) {
      const left = columns.low[x] ?? 0;
      const right = columns.high[x] ?? 0;
      const fx = columns.share[x] ?? 0;
      const above = (1 - fx) * (values[top + left] ?? 0) + fx * (values[top + right] ?? 0);
      const below = (1 - fx) * (values[bottom + left] ?? 0) + fx * (values[bottom + right] ?? 0);
      out[at] = (1 - fy) * above + fy * below;
    }
  }
  return out;
}

function taps(inputs: number, outputs: number) {
  const low = new Int32Array(outputs);
  const high = new Int32Array(outputs);
  const share = new Float32Array(outputs);
  for (let i = 0; i < outputs; i++) {
    const place = Math.min(Math.max(((i + 0.5) * inputs) / outputs - 0.5, 0), inputs - 1);
    low[i] = Math.floor(place);
    high[i] = Math.min(Math.floor(place) + 1, inputs - 1);
    share[i] = place - Math.floor(place);
  }
  return { low, high, share };
}
