import type { Crop } from './crop-box.ts';

/** `data` is [heightPx, widthPx, 3] uint8, interleaved. */
export type Pixels = { data: Uint8Array; widthPx: number; heightPx: number };

/** Binary places of a weight: what 8 bits of pixel leave of 32, less 2 for overshoot. */
const WEIGHT_BITS = 22;
const HALF = 1 << (WEIGHT_BITS - 1);

/** Reach of the kernel at scale 1, in pixels. */
const SUPPORT = 2;

export type ResizeOptions = { crop: Crop; sizePx: number; isFlipped?: boolean };

/**
 * Cuts a crop out and scales it to a square as Pillow does it: bicubic (a = -0.5) with antialiasing, horizontal
 * pass first, both rounded to 8 bits; nothing outside the crop contributes. SPEC section 1, step 3.
 *
 * Equal to Pillow in every bit, being its fixed-point arithmetic.
 * @returns [sizePx, sizePx, 3] uint8, mirrored left to right when flipped
 */
export function resizeCrop(image: Pixels, { crop, sizePx, isFlipped = false }: ResizeOptions): Uint8Array {
  const columns = filterTaps(crop.widthPx, sizePx);
  const narrow = new Uint8Array(crop.heightPx * sizePx * 3);
  filterRows(image, { crop, taps: isFlipped ? reversed(columns) : columns, sizePx, out: narrow });
  const out = new Uint8Array(sizePx * sizePx * 3);
  filterColumns(narrow, filterTaps(crop.heightPx, sizePx), out);
  return out;
}

/** The whole image as a square, aspect ratio not kept: the raw view before it is normalised. SPEC section 1, step 4. */
export function squashed(image: Pixels, sizePx: number): Uint8Array {
  const crop = { topPx: 0, leftPx: 0, heightPx: image.heightPx, widthPx: image.widthPx };
  return resizeCrop(image, { crop, sizePx });
}

/** For each output: first input, number of inputs, and [outputs, width] weights that sum to 2^WEIGHT_BITS. */
type Taps = { first: Int32Array; count: Int32Array; weights: Int32Array; width: number };

function filterTaps(inputs: number, outputs: number): Taps {
  const scale = inputs / outputs;
  const stretch = Math.max(scale, 1);
  const reach = SUPPORT * stretch;
  const width = Math.ceil(reach) * 2 + 1;
  const taps = {
    first: new Int32Array(outputs),
    count: new Int32Array(outputs),
    weights: new Int32Array(outputs * width),
    width,
  };
  const values = new Float64Array(width);
  for (let output = 0; output < outputs; output++) {
    const centre = (output + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - reach + 0.5), 0);
    const count = Math.min(Math.trunc(centre + reach + 0.5), inputs) - first;
    let sum = 0;
    for (let tap = 0; tap < count; tap++) {
      const value = bicubic((tap + first - centre + 0.5) / stretch);
      values[tap] = value;
      sum += value;
    }
    for (let tap = 0; tap < count; tap++) {
      const weight = ((values[tap] ?? 0) / sum) * (1 << WEIGHT_BITS);
      taps.weights[output * width + tap] = Math.trunc(weight + (weight < 0 ? -0.5 : 0.5));
    }
    taps.first[output] = first;
    taps.count[output] = count;
  }
  return taps;
}

/** Keys' cubic with a = -0.5. */
function bicubic(place: number): number {
  const x = Math.abs(place);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? -0.5 * (((x - 5) * x + 8) * x - 4) : 0;
}

function reversed({ first, count, weights, width }: Taps): Taps {
  const turned = new Int32Array(weights.length);
  for (let from = 0; from < weights.length; from += width) {
    turned.set(weights.subarray(from, from + width), weights.length - width - from);
  }
  return { first: first.toReversed(), count: count.toReversed(), weights: turned, width };
}

function filterRows(
  { data, widthPx }: Pixels,
  { crop, taps, sizePx, out }: { crop: Crop; taps: Taps; sizePx: number; out: Uint8Array },
): void {
  const { first, count, weights, width } = taps;
  for (let y = 0, to = 0; y < crop.heightPx; y++) {
    const row = ((crop.topPx + y) * widthPx + crop.leftPx) * 3;
    for (let x = 0; x < sizePx; x++, to += 3) {
      let r = HALF;
      let g = HALF;
      let b = HALF;
      let from = row + (first[x] ?? 0) * 3;
      for (let tap = x * width, end = tap + (count[x] ?? 0); tap < end; tap++, from += 3) {
        const weight = weights[tap] ?? 0;
        r = (r + Math.imul(weight, data[from] ?? 0)) | 0;
        g = (g + Math.imul(weight, data[from + 1] ?? 0)) | 0;
        b = (b + Math.imul(weight, data[from + 2] ?? 0)) | 0;
      }
      out[to] = clamped(r >> WEIGHT_BITS);
      out[to + 1] = clamped(g >> WEIGHT_BITS);
      out[to + 2] = clamped(b >> WEIGHT_BITS);
    }
  }
}

/** `source` is as wide as `out`. */
function filterColumns(source: Uint8Array, { first, count, weights, width }: Taps, out: Uint8Array): void {
  const rowLength = out.length / first.length;
  for (let y = 0, to = 0; y < first.length; y++) {
    const start = (first[y] ?? 0) * rowLength;
    const endTap = y * width + (count[y] ?? 0);
    for (let column = 0; column < rowLength; column += 3, to += 3) {
      let r = HALF;
      let g = HALF;
      let b = HALF;
      let from = start + column;
      for (let tap = y * width; tap < endTap; tap++, from += rowLength) {
        const weight = weights[tap] ?? 0;
        r = (r + Math.imul(weight, source[from] ?? 0)) | 0;
        g = (g + Math.imul(weight, source[from + 1] ?? 0)) | 0;
        b = (b + Math.imul(weight, source[from + 2] ?? 0)) | 0;
      }
      out[to] = clamped(r >> WEIGHT_BITS);
      out[to + 1] = clamped(g >> WEIGHT_BITS);
      out[to + 2] = clamped(b >> WEIGHT_BITS);
    }
  }
}

function clamped(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
