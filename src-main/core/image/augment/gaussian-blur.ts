/** Places of the kernel on each side of its centre: 23 in all. */
const RADIUS = 11;

/** Weights are multiples of 1/256, as in OpenCV's 8-bit blur. */
const ONE = 256;

/**
 * Gaussian blur with a 23 x 23 kernel, mirrored at the borders without repeating the edge (reflect-101), as
 * OpenCV blurs 8 bits: weights in 8-bit fixed point, rounded once at the end. SPEC section 1, step 3c.
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

/** Returns values times ONE. */
function blurRows(pixels: Uint8Array, sizePx: number, weights: Int32Array): Uint16Array {
  const radius = weights.length - 1;
  const rowLength = sizePx * 3;
  const out = new Uint16Array(pixels.length);
  const padded = new Uint8Array(rowLength + radius * 6);
  const centre = weights[0] ?? 0;
  for (let row = 0; row < pixels.length; row += rowLength) {
    padRow(padded, pixels.subarray(row, row + rowLength), radius);
    for (let column = 0; column < rowLength; column++) {
      const at = column + radius * 3;
      let sum = centre * (padded[at] ?? 0);
      for (let tap = 1, away = 3; tap <= radius; tap++, away += 3) {
        sum += (weights[tap] ?? 0) * ((padded[at - away] ?? 0) + (padded[at + away] ?? 0));
      }
      out[row + column] = sum;
    }
  }
  return out;
}

function padRow(padded: Uint8Array, row: Uint8Array, radius: number): void {
  const sizePx = row.length / 3;
  padded.set(row, radius * 3);
  for (let away = 1; away <= radius; away++) {
    const left = mirroredAt(-away, sizePx) * 3;
    const right = mirroredAt(sizePx - 1 + away, sizePx) * 3;
    padded.set(row.subarray(left, left + 3), (radius - away) * 3);
    padded.set(row.subarray(right, right + 3), (radius + sizePx - 1 + away) * 3);
  }
}

function blurColumns(rows: Uint16Array, sizePx: number, weights: Int32Array, out: Uint8Array): void {
  const radius = weights.length - 1;
  const rowLength = sizePx * 3;
  const above = new Int32Array(radius + 1);
  const below = new Int32Array(radius + 1);
  const centre = weights[0] ?? 0;
  for (let y = 0; y < sizePx; y++) {
    for (let tap = 1; tap <= radius; tap++) {
      above[tap] = mirroredAt(y - tap, sizePx) * rowLength;
      below[tap] = mirroredAt(y + tap, sizePx) * rowLength;
    }
    const row = y * rowLength;
    for (let column = 0; column < rowLength; column++) {
      let sum = centre * (rows[row + column] ?? 0) + (ONE * ONE) / 2;
      for (let tap = 1; tap <= radius; tap++) {
        const pair = (rows[(above[tap] ?? 0) + column] ?? 0) + (rows[(below[tap] ?? 0) + column] ?? 0);
        sum += (weights[tap] ?? 0) * pair;
      }
      out[row + column] = sum >> 16;
    }
  }
}

/** Reflect-101; `sizePx` may be smaller than the kernel. */
function mirroredAt(place: number, sizePx: number): number {
  if (sizePx === 1) return 0;
  const period = 2 * (sizePx - 1);
  const wrapped = ((place % period) + period) % period;
  return Math.min(wrapped, period - wrapped);
}
