import { quickLightness } from '../superpixel/slic-lab.ts';
import type { RgbImage } from '../image/decode.ts';
import type { Grid } from '../superpixel/components.ts';

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
  const guide = quickLightness(image);
  const radius = Math.max(2, Math.round(REACH * Math.max(image.widthPx, image.heightPx)));
  const scratch = new Float32Array(coarse.length);
  const product = new Float32Array(coarse.length);
  const mean = (values: Float32Array) => boxMean(values, scratch, { ...image, radius });
  for (let pixel = 0; pixel < coarse.length; pixel++)
    product[pixel] = (guide[pixel] ?? 0) * (coarse[pixel] ?? 0);
  const meanProduct = mean(product);
  for (let pixel = 0; pixel < coarse.length; pixel++) product[pixel] = (guide[pixel] ?? 0) ** 2;
  const meanSquare = mean(product);
  const meanGuide = mean(guide);
  const meanCoarse = mean(coarse);
  for (let pixel = 0; pixel < coarse.length; pixel++) {
    const g = meanGuide[pixel] ?? 0;
    const c = meanCoarse[pixel] ?? 0;
    const variance = (meanSquare[pixel] ?? 0) - g * g;
    const slope = ((meanProduct[pixel] ?? 0) - g * c) / (variance + EVENNESS);
    // In place: slope and offset of the line that each window fits.
    meanProduct[pixel] = slope;
    meanCoarse[pixel] = c - slope * g;
  }
  const slopes = mean(meanProduct);
  const out = mean(meanCoarse);
  for (let pixel = 0; pixel < coarse.length; pixel++) {
    out[pixel] = (slopes[pixel] ?? 0) * (guide[pixel] ?? 0) + (out[pixel] ?? 0);
  }
  return out;
}

type Window = Grid & { radius: number };

/**
 * Mean over a square window, cut off at the image's border: running sums along rows, then of whole rows.
 * @param scratch of the size of `values`, overwritten
 */
function boxMean(
  values: Float32Array,
  scratch: Float32Array,
  { widthPx, heightPx, radius }: Window,
): Float32Array {
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

function runningMeans(values: Float32Array, out: Float32Array, { start, count, radius }: Line): void {
  let sum = 0;
  for (let i = 0; i < Math.min(radius, count); i++) sum += values[start + i] ?? 0;
  for (let i = 0; i < count; i++) {
    if (i + radius < count) sum += values[start + i + radius] ?? 0;
    if (i - radius - 1 >= 0) sum -= values[start + i - radius - 1] ?? 0;
    const size = Math.min(i + radius, count - 1) - Math.max(i - radius, 0) + 1;
    out[start + i] = sum / size;
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
