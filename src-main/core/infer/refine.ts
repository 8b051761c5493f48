import { scaledLab } from '../segment/slic-lab.ts';
import type { RgbImage } from '../image/decode.ts';
import type { Grid } from '../segment/components.ts';

/** Radius of the filter's window, in shares of the longer side. */
const REACH = 0.012;
/** Variance of lightness (0..1) below which the window counts as even and is averaged. */
const EVENNESS = 1e-4;

/**
 * Fits a coarse mask to the edges of an image: guided filter (He et al., ECCV 2010) with lightness as the guide.
 * @param coarse [H, W] float32 in 0..1 on the image's grid
 * @returns [H, W] float32, about 0..1; inside above 0.5
 */
export function guidedFilter(image: RgbImage, coarse: Float32Array): Float32Array {
  const lab = scaledLab(image, 100);
  const guide = coarse.map((_, pixel) => lab[pixel * 3] ?? 0);
  const radius = Math.max(2, Math.round(REACH * Math.max(image.widthPx, image.heightPx)));
  const mean = (values: Float32Array) => boxMean(values, image, radius);
  const meanGuide = mean(guide);
  const meanCoarse = mean(coarse);
  const meanProduct = mean(guide.map((value, pixel) => value * (coarse[pixel] ?? 0)));
  const meanSquare = mean(guide.map((value) => value * value));
  const slope = new Float32Array(coarse.length);
  const offset = new Float32Array(coarse.length);
  for (let pixel = 0; pixel < coarse.length; pixel++) {
    const g = meanGuide[pixel] ?? 0;
    const c = meanCoarse[pixel] ?? 0;
    const variance = (meanSquare[pixel] ?? 0) - g * g;
    const a = ((meanProduct[pixel] ?? 0) - g * c) / (variance + EVENNESS);
    slope[pixel] = a;
    offset[pixel] = c - a * g;
  }
  const meanSlope = mean(slope);
  const meanOffset = mean(offset);
  return guide.map((value, pixel) => (meanSlope[pixel] ?? 0) * value + (meanOffset[pixel] ?? 0));
}

/** Mean over a square window, cut off at the image's border: running sums along rows, then along columns. */
function boxMean(values: Float32Array, { widthPx, heightPx }: Grid, radius: number): Float32Array {
  const rows = new Float32Array(values.length);
  for (let y = 0; y < heightPx; y++) {
    runningMean(values, rows, { start: y * widthPx, step: 1, count: widthPx, radius });
  }
  const out = new Float32Array(values.length);
  for (let x = 0; x < widthPx; x++) {
    runningMean(rows, out, { start: x, step: widthPx, count: heightPx, radius });
  }
  return out;
}

type Line = { start: number; step: number; count: number; radius: number };

function runningMean(values: Float32Array, out: Float32Array, { start, step, count, radius }: Line): void {
  let sum = 0;
  for (let i = 0; i < Math.min(radius, count); i++) sum += values[start + i * step] ?? 0;
  for (let i = 0; i < count; i++) {
    if (i + radius < count) sum += values[start + (i + radius) * step] ?? 0;
    if (i - radius - 1 >= 0) sum -= values[start + (i - radius - 1) * step] ?? 0;
    const size = Math.min(i + radius, count - 1) - Math.max(i - radius, 0) + 1;
    out[start + i * step] = sum / size;
  }
}

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
