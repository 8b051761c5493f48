import { rowRuns } from './row-runs.ts';
import type { Bitmap } from './rle.ts';

/** Widths, in bits, of the four kinds of run lengths. */
const RUN_BITS = [3, 4, 8, 16] as const;
const WORD_BITS = 8;
/** Label Studio takes a mask for a picture of red, green, blue and alpha, and reads alpha. */
const CHANNELS = 4;

/**
 * Label Studio's run lengths of a mask, row by row: a stream of bits that says how many values follow, how wide they
 * and the four kinds of lengths are, and then runs of 0 and 255.
 * Source: label-studio-converter, brush.py (`decode_rle`), after thi.ng/rle-pack.
 */
export function encodeLabelStudioRle(bitmap: Bitmap): Uint8Array {
  const stream = new BitWriter();
  stream.write(bitmap.widthPx * bitmap.heightPx * CHANNELS, 32);
  stream.write(WORD_BITS - 1, 5);
  for (const bits of RUN_BITS) stream.write(bits - 1, 4);
  rowRuns(bitmap).forEach((length, index) => {
    let left = length * CHANNELS;
    while (left > 0) {
      const longest = 2 ** (RUN_BITS.at(-1) ?? 0);
      const run = Math.min(left, longest);
      const kind = RUN_BITS.findIndex((bits) => run <= 2 ** bits);
      stream.write(1, 1);
      stream.write(kind, 2);
      stream.write(run - 1, RUN_BITS[kind] ?? 16);
      stream.write(index % 2 === 1 ? 255 : 0, WORD_BITS);
      left -= run;
    }
  });
  return stream.bytes();
}

/**
 * The mask in Label Studio's run lengths.
 * @throws RangeError where they do not hold four values a pixel
 */
export function decodeLabelStudioRle(rle: Uint8Array, widthPx: number, heightPx: number): Bitmap {
  const stream = new BitReader(rle);
  const count = stream.read(32);
  if (count !== widthPx * heightPx * CHANNELS) {
    throw new RangeError(`there are ${count} values, not ${widthPx} x ${heightPx} x ${CHANNELS}`);
  }
  const wordBits = stream.read(5) + 1;
  const runBits = RUN_BITS.map(() => stream.read(4) + 1);
  const data = new Uint8Array(widthPx * heightPx);
  const set = (at: number, value: number) => {
    if (at % CHANNELS === CHANNELS - 1) data[(at - CHANNELS + 1) / CHANNELS] = Number(value !== 0);
  };
  for (let at = 0; at < count;) {
    const isRun = stream.read(1) === 1;
    const end = at + 1 + stream.read(runBits[stream.read(2)] ?? 0);
    if (isRun) {
      const value = stream.read(wordBits);
      while (at < end) set(at++, value);
    } else {
      while (at < end) set(at++, stream.read(wordBits));
    }
  }
  return { data, widthPx, heightPx };
}

/** Bits one behind the other, the highest of a number first. */
class BitWriter {
  readonly #bytes: number[] = [];
  #used = 8;

  write(value: number, bits: number): void {
    for (let bit = bits - 1; bit >= 0; bit--) {
      if (this.#used === 8) {
        this.#bytes.push(0);
        this.#used = 0;
      }
      const last = this.#bytes.length - 1;
      // Division, as the length of a large picture does not fit the 32 bits of shifts.
      const isSet = Math.floor(value / 2 ** bit) % 2 === 1;
      if (isSet) this.#bytes[last] = (this.#bytes[last] ?? 0) | (0x80 >> this.#used);
      this.#used++;
    }
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(bits: number): number {
    let value = 0;
    for (let bit = 0; bit < bits; bit++, this.#at++) {
      const byte = this.#bytes[this.#at >> 3];
      if (byte === undefined) throw new RangeError('the run lengths end too early');
      value = value * 2 + ((byte >> (7 - (this.#at & 7))) & 1);
    }
    return value;
  }
}
