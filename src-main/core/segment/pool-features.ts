import type { SuperpixelMap } from '../superpixel/slic.ts';
import type { FeatureMap } from './encoder.ts';

/** Every second pixel of every second row says as much of a superpixel of a hundred pixels. */
const SAMPLE_STEP = 2;

/** Pixels by superpixel: those of `label` are `pixels` from starts[label] to starts[label + 1], line by line. */
export type PixelSamples = { starts: Int32Array; pixels: Int32Array };

/** The pixels that speak for each superpixel: every fourth, or, for a sliver between these, each. */
export function pixelSamples({ labels, count, widthPx, heightPx }: SuperpixelMap): PixelSamples {
  const starts = new Int32Array(count + 1);
  const isMissed = new Uint8Array(count).fill(1);
  const forSamples = (visit: (pixel: number, label: number) => void) => {
    for (let y = 0; y < heightPx; y += SAMPLE_STEP) {
      const end = (y + 1) * widthPx;
      for (let pixel = y * widthPx; pixel < end; pixel += SAMPLE_STEP) visit(pixel, labels[pixel] ?? 0);
    }
  };
  const forMissed = (visit: (pixel: number, label: number) => void) => {
    for (let pixel = 0; pixel < labels.length; pixel++) {
      const label = labels[pixel] ?? 0;
      if (isMissed[label]) visit(pixel, label);
    }
  };
  const counted = (_: number, label: number) => (starts[label + 1] = (starts[label + 1] ?? 0) + 1);
  forSamples(counted);
  for (let label = 0; label < count; label++) if (starts[label + 1]) isMissed[label] = 0;
  const hasMissed = isMissed.includes(1);
  if (hasMissed) forMissed(counted);
  for (let label = 0; label < count; label++)
    starts[label + 1] = (starts[label + 1] ?? 0) + (starts[label] ?? 0);
  const pixels = new Int32Array(starts[count] ?? 0);
  const next = starts.slice();
  const placed = (pixel: number, label: number) => {
    const at = next[label] ?? 0;
    next[label] = at + 1;
    pixels[at] = pixel;
  };
  forSamples(placed);
  if (hasMissed) forMissed(placed);
  return { starts, pixels };
}

/**
 * Mean feature of each superpixel, of a feature map interpolated bilinearly to the pixels (align_corners=false):
 * a superpixel smaller than a cell still gets a mixture of the cells around it.
 * @param samples as `pixelSamples` finds them, where they are known already
 * @returns [count, dim] float32
 */
export function poolFeatures(
  superpixels: SuperpixelMap,
  map: FeatureMap,
  samples = pixelSamples(superpixels),
): Float32Array {
  const { count } = superpixels;
  const { data, channels: dim } = map;
  const pooled = new Float32Array(count * dim);
  const touch = new CellShares(superpixels, map);
  for (let label = 0; label < count; label++) {
    touch.gather(samples, label);
    let sum = 0;
    const to = label * dim;
    for (let at = 0; at < touch.count; at++) {
      const cell = touch.cells[at] ?? 0;
      const weight = touch.shares[cell] ?? 0;
      sum += weight;
      const from = cell * dim;
      for (let d = 0; d < dim; d++) pooled[to + d] = (pooled[to + d] ?? 0) + weight * (data[from + d] ?? 0);
    }
    const total = Math.max(sum, 1e-9);
    for (let d = 0; d < dim; d++) pooled[to + d] = (pooled[to + d] ?? 0) / total;
  }
  return pooled;
}

/** The cells around the pixels of one superpixel after another, and their shares of it. */
class CellShares {
  /** Cells of the superpixel, in the order in which its pixels come to them. */
  readonly cells: Int32Array;
  count = 0;
  /** [cells of the map]: of the superpixel, 0 for those that it does not touch. */
  readonly shares: Float64Array;
  readonly #widthPx: number;
  readonly #widthCells: number;
  readonly #columns: Taps;
  readonly #rows: Taps;

  constructor({ widthPx, heightPx }: SuperpixelMap, { width, height }: FeatureMap) {
    this.cells = new Int32Array(width * height);
    this.shares = new Float64Array(width * height);
    this.#widthPx = widthPx;
    this.#widthCells = width;
    this.#columns = taps(widthPx, width);
    this.#rows = taps(heightPx, height);
  }

  gather({ starts, pixels }: PixelSamples, label: number): void {
    for (let at = 0; at < this.count; at++) this.shares[this.cells[at] ?? 0] = 0;
    this.count = 0;
    const [columns, rows, widthCells] = [this.#columns, this.#rows, this.#widthCells];
    const end = starts[label + 1] ?? 0;
    for (let at = starts[label] ?? 0; at < end; at++) {
      const pixel = pixels[at] ?? 0;
      const x = pixel % this.#widthPx;
      const y = (pixel - x) / this.#widthPx;
      const top = (rows.low[y] ?? 0) * widthCells;
      const bottom = (rows.high[y] ?? 0) * widthCells;
      const [left, right] = [columns.low[x] ?? 0, columns.high[x] ?? 0];
      const [fx, fy] = [columns.share[x] ?? 0, rows.share[y] ?? 0];
      this.#add(top + left, (1 - fy) * (1 - fx));
      this.#add(top + right, (1 - fy) * fx);
      this.#add(bottom + left, fy * (1 - fx));
      this.#add(bottom + right, fy * fx);
    }
  }

  #add(cell: number, weight: number): void {
    if (weight <= 0) return;
    const share = this.shares[cell] ?? 0;
    if (share === 0) this.cells[this.count++] = cell;
    this.shares[cell] = share + weight;
  }
}

type Taps = ReturnType<typeof taps>;

/** For each pixel the two cells around it and the share of the higher one. */
function taps(pixels: number, cells: number) {
  const low = new Int32Array(pixels);
  const high = new Int32Array(pixels);
  const share = new Float64Array(pixels);
  for (let i = 0; i < pixels; i++) {
    const place = Math.min(Math.max(((i + 0.5) * cells) / pixels - 0.5, 0), cells - 1);
    low[i] = Math.floor(place);
    high[i] = Math.min(Math.floor(place) + 1, cells - 1);
    share[i] = place - Math.floor(place);
  }
  return { low, high, share };
}
