/** Pixels as SLIC reads them: `data` is [heightPx, widthPx, 3] uint8, interleaved sRGB. */
export type SlicImage = { data: Uint8Array; widthPx: number; heightPx: number };

const CHANNEL_VALUES = 256;

/**
 * Colours in which SLIC measures, SPEC section 2, steps 1 and 2: CIE Lab (D65) of the image stretched so that its
 * extremes, over all channels together, are 0 and 1; each coordinate divided by `compactness`.
 * @param channelValues [3, 256]: what each 8-bit value stands for in each channel; the value itself by default.
 *   The official code means the normalised tensor (SPEC Q3).
 * @returns [heightPx, widthPx, 3] float64
 */
export function scaledLab(
  { data }: SlicImage,
  compactness: number,
  channelValues: ArrayLike<number> = plainValues(),
): Float64Array {
  const linear = linearTable(data, channelValues);
  const lab = new Float64Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    const r = linear[data[i] ?? 0] ?? 0;
    const g = linear[CHANNEL_VALUES + (data[i + 1] ?? 0)] ?? 0;
    const b = linear[2 * CHANNEL_VALUES + (data[i + 2] ?? 0)] ?? 0;
    const x = cubeRootOrLine((0.412453 * r + 0.35758 * g + 0.180423 * b) / 0.95047);
    const y = cubeRootOrLine(0.212671 * r + 0.71516 * g + 0.072169 * b);
    const z = cubeRootOrLine((0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.08883);
    lab[i] = (116 * y - 16) / compactness;
    lab[i + 1] = (500 * (x - y)) / compactness;
    lab[i + 2] = (200 * (y - z)) / compactness;
  }
  return lab;
}

/** Entries a unit of the table of f(t): the interpolation is off by less than 0.003 Lab. */
const ROOT_STEPS = 4096;
/** f(t) for t from 0 to a little above 1. */
const ROOTS = Float64Array.from({ length: ROOT_STEPS + 64 }, (_, at) => cubeRootOrLine(at / ROOT_STEPS));

/**
 * `scaledLab` with compactness 1 from a table of cube roots: three times as fast, and off by less than 0.01. For all
 * that needs no parity with scikit-image.
 * @returns [heightPx, widthPx, 3] float32
 */
export function quickLab({ data }: SlicImage): Float32Array {
  const linear = linearTable(data, plainValues());
  const lab = new Float32Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    const r = linear[data[i] ?? 0] ?? 0;
    const g = linear[CHANNEL_VALUES + (data[i + 1] ?? 0)] ?? 0;
    const b = linear[2 * CHANNEL_VALUES + (data[i + 2] ?? 0)] ?? 0;
    const x = rootFromTable((0.412453 * r + 0.35758 * g + 0.180423 * b) / 0.95047);
    const y = rootFromTable(0.212671 * r + 0.71516 * g + 0.072169 * b);
    const z = rootFromTable((0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.08883);
    lab[i] = 116 * y - 16;
    lab[i + 1] = 500 * (x - y);
    lab[i + 2] = 200 * (y - z);
  }
  return lab;
}

function rootFromTable(t: number): number {
  const place = t * ROOT_STEPS;
  const low = Math.floor(place);
  const below = ROOTS[low] ?? 0;
  return below + (place - low) * ((ROOTS[low + 1] ?? 0) - below);
}

/** Eight bits leave 768 values to linearise, whatever the size of the image. Returns [3, 256] float64. */
function linearTable(data: Uint8Array, channelValues: ArrayLike<number>): Float64Array {
  const isUsed = new Uint8Array(3 * CHANNEL_VALUES);
  for (let i = 0; i < data.length; i += 3) {
    isUsed[data[i] ?? 0] = 1;
    isUsed[CHANNEL_VALUES + (data[i + 1] ?? 0)] = 1;
    isUsed[2 * CHANNEL_VALUES + (data[i + 2] ?? 0)] = 1;
  }
  let min = Infinity;
  let max = -Infinity;
  isUsed.forEach((used, at) => {
    if (used === 0) return;
    min = Math.min(min, channelValues[at] ?? 0);
    max = Math.max(max, channelValues[at] ?? 0);
  });
  const range = max - min || 1;
  return Float64Array.from(isUsed, (used, at) =>
    used ? linearised(((channelValues[at] ?? 0) - min) / range) : 0,
  );
}

function linearised(value: number): number {
  return value > 0.04045 ? ((value + 0.055) / 1.055) ** 2.4 : value / 12.92;
}

/** f(t) of CIE Lab. */
function cubeRootOrLine(t: number): number {
  return t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116;
}

function plainValues(): Float64Array {
  return Float64Array.from({ length: 3 * CHANNEL_VALUES }, (_, at) => at % CHANNEL_VALUES);
}
