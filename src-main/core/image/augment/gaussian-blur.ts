/** Places of the kernel on each side of its centre: 23 in all. */
const RADIUS = 11;

/** Weights are multiples of 1/256, as in OpenCV's 8-bit blur. */
const ONE = 256;

/**
 * [Note: Packed sums] A number holds whole numbers of up to 53 bits exactly, and the sums here need 16 bits after the
 * rows and 24 after the columns: three of the former and two of the latter are added and multiplied at once, as digits
 * of one number. None is ever negative, so none borrows from its neighbour.
 */
const ROW_DIGIT = 2 ** 17;
const COLUMN_DIGIT = 2 ** 26;

/**
 * Gaussian blur with a 23 x 23 kernel, mirrored at the borders without repeating the edge (reflect-101), as
 * OpenCV blurs 8 bits: weights in 8-bit fixed point, rounded once at the end. SPEC section 1, step 3c.
 *
 * Computes on packed values, see [Note: Packed sums].
 * @param pixels [sizePx, sizePx, 3] uint8, changed in place
 * @param sigma in pixels
 */
export function gaussianBlur(pixels: Uint8Array, sizePx: number, sigma: number): void {
  const weights = halfKernel(sigma);
  if (weights.length === 1) return;
  const rows = blurRows(pixels, sizePx, weights);
  blurColumns(rows, sizePx, weights, pixels);
}

/**
 * Weights from the centre outwards, up to the last that is not 0. What rounding takes from one it gives to the
 * next, from the rim inwards, and the centre gets the rest: they sum to ONE.
 */
function halfKernel(sigma: number): Int32Array {
  const exact = Array.from({ length: RADIUS + 1 }, (_, at) => Math.exp(-(at * at) / (2 * sigma * sigma)));
  const sum = 2 * exact.reduce((total, value) => total + value, 0) - 1;
  const weights = new Int32Array(RADIUS + 1);
  let carried = 0;
  let rest = ONE;
  for (let at = RADIUS; at > 0; at--) {
    const wanted = ((exact[at] ?? 0) / sum) * ONE + carried;
    const weight = Math.round(wanted);
    carried = wanted - weight;
    weights[at] = weight;
    rest -= 2 * weight;
  }
  weights[0] = rest;
  return weights.subarray(0, weights.findLastIndex((weight) => weight !== 0) + 1);
}

/**
 * Blurs along the rows.
 * @returns [sizePx, ceil(sizePx * 3 / 2)] packed values times ONE: those of the left half of each row as the low digits,
 *   those of the right half as the high ones
 */
function blurRows(pixels: Uint8Array, sizePx: number, weights: Int32Array): Float64Array {
  const radius = weights.length - 1;
  const half = halfOf(sizePx);
  const out = new Float64Array(sizePx * half);
  const padded = new Float64Array(sizePx + 2 * radius);
  const line = new Uint16Array(2 * half);
  const centre = weights[0] ?? 0;
  for (let y = 0; y < sizePx; y++) {
    padRow(padded, pixels.subarray(y * sizePx * 3, (y + 1) * sizePx * 3), radius);
    for (let x = 0, to = 0; x < sizePx; x++) {
      const at = x + radius;
      let sum = centre * (padded[at] ?? 0);
      for (let tap = 1; tap <= radius; tap++) {
        sum += (weights[tap] ?? 0) * ((padded[at - tap] ?? 0) + (padded[at + tap] ?? 0));
      }
      const blue = Math.floor(sum / ROW_DIGIT ** 2);
      const others = sum - blue * ROW_DIGIT ** 2;
      const green = Math.floor(others / ROW_DIGIT);
      line[to++] = others - green * ROW_DIGIT;
      line[to++] = green;
      line[to++] = blue;
    }
    for (let at = 0; at < half; at++) {
      out[y * half + at] = (line[at] ?? 0) + (line[at + half] ?? 0) * COLUMN_DIGIT;
    }
  }
  return out;
}

/** Packs the pixels of a row, `radius` mirrored ones on both sides. */
function padRow(padded: Float64Array, row: Uint8Array, radius: number): void {
  const sizePx = row.length / 3;
  for (let x = 0, from = 0; x < sizePx; x++, from += 3) {
    padded[radius + x] =
      (row[from] ?? 0) + (row[from + 1] ?? 0) * ROW_DIGIT + (row[from + 2] ?? 0) * ROW_DIGIT ** 2;
  }
  for (let away = 1; away <= radius; away++) {
    padded[radius - away] = padded[radius + mirroredAt(-away, sizePx)] ?? 0;
    padded[radius + sizePx - 1 + away] = padded[radius + mirroredAt(sizePx - 1 + away, sizePx)] ?? 0;
  }
}

function blurColumns(rows: Float64Array, sizePx: number, weights: Int32Array, out: Uint8Array): void {
  const radius = weights.length - 1;
  const half = halfOf(sizePx);
  const above = new Int32Array(radius + 1);
  const below = new Int32Array(radius + 1);
  const centre = weights[0] ?? 0;
  const rounding = (ONE * ONE) / 2;
  for (let y = 0; y < sizePx; y++) {
    for (let tap = 1; tap <= radius; tap++) {
      above[tap] = mirroredAt(y - tap, sizePx) * half;
      below[tap] = mirroredAt(y + tap, sizePx) * half;
    }
    const line = out.subarray(y * sizePx * 3, (y + 1) * sizePx * 3);
    for (let column = 0; column < half; column++) {
      let sum = centre * (rows[y * half + column] ?? 0);
      for (let tap = 1; tap <= radius; tap++) {
        const pair = (rows[(above[tap] ?? 0) + column] ?? 0) + (rows[(below[tap] ?? 0) + column] ?? 0);
        sum += (weights[tap] ?? 0) * pair;
      }
      const high = Math.floor(sum / COLUMN_DIGIT);
      line[column] = (sum - high * COLUMN_DIGIT + rounding) >> 16;
      // Beyond the end of a row of odd length, where nothing is written.
      line[half + column] = (high + rounding) >> 16;
    }
  }
}

/** Packed values of a row. */
function halfOf(sizePx: number): number {
  return Math.ceil((sizePx * 3) / 2);
}

/** Reflect-101; `sizePx` may be smaller than the kernel. */
function mirroredAt(place: number, sizePx: number): number {
  if (sizePx === 1) return 0;
  const period = 2 * (sizePx - 1);
  const wrapped = ((place % period) + period) % period;
  return Math.min(wrapped, period - wrapped);
}
