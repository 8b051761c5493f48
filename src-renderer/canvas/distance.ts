import type { ColumnBitmap } from './column-bitmap.ts';

const FAR = 1e12;

/**
 * The squared distance of each pixel to the nearest one with a value, between centres.
 * Source: Felzenszwalb and Huttenlocher, "Distance Transforms of Sampled Functions" (2012), algorithm 1, in both directions.
 * @param value what is looked for
 * @returns [width, height], column by column as the bitmap; 1e12 or more where no pixel has the value
 */
export function squaredDistances({ data, width, height }: ColumnBitmap, value: 0 | 1): Float64Array {
  const squared = Float64Array.from(data, (one) => (one === value ? 0 : FAR));
  const envelope = new Envelope(Math.max(width, height));
  for (let x = 0; x < width; x++) envelope.transform(squared, x * height, 1, height);
  for (let y = 0; y < height; y++) envelope.transform(squared, y, height, width);
  return squared;
}

/** Finds, along a line, the lowest of parabolas that stand over its pixels. */
class Envelope {
  readonly #heights: Float64Array;
  /** Pixels whose parabola is the lowest somewhere, from left to right, and from where on it is. */
  readonly #lowest: Int32Array;
  readonly #from: Float64Array;

  constructor(length: number) {
    this.#heights = new Float64Array(length);
    this.#lowest = new Int32Array(length);
    this.#from = new Float64Array(length);
  }

  /** Replaces `length` values of `all`, `step` apart from `start` on, by the lowest parabola over each. */
  transform(all: Float64Array, start: number, step: number, length: number): void {
    for (let at = 0; at < length; at++) this.#heights[at] = all[start + at * step] ?? FAR;
    let last = 0;
    this.#lowest[0] = 0;
    this.#from[0] = -Infinity;
    for (let at = 1; at < length; at++) {
      while (last > 0 && this.#meet(last, at) <= (this.#from[last] ?? 0)) last--;
      const from = this.#meet(last, at);
      last++;
      this.#lowest[last] = at;
      this.#from[last] = from;
    }
    for (let at = 0, part = 0; at < length; at++) {
      while (part < last && (this.#from[part + 1] ?? Infinity) < at) part++;
      const lowest = this.#lowest[part] ?? 0;
      all[start + at * step] = (at - lowest) ** 2 + (this.#heights[lowest] ?? FAR);
    }
  }

  /** Where the parabola over `at` becomes lower than that of a part. */
  #meet(part: number, at: number): number {
    const before = this.#lowest[part] ?? 0;
    const [low, high] = [this.#heights[before] ?? FAR, this.#heights[at] ?? FAR];
    return (high + at * at - (low + before * before)) / (2 * (at - before));
  }
}
