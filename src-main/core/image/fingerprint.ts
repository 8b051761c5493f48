import { sharp } from './sharp-setup.ts';
import { inSharpTurn } from './sharp-turns.ts';

/** Side of the grey picture whose frequencies are compared. */
const FREQUENCY_SIDE = 32;
/** Frequencies of each direction that are kept. */
const KEPT = 8;
/** Side of the grey picture by which pairs are confirmed. */
export const SIGNATURE_SIDE = 16;

/** What an image looks like, small enough to compare each with each. */
export type Fingerprint = {
  /** 64 bits of its lowest frequencies: which are above their median. */
  hash: Uint32Array;
  /** [SIGNATURE_SIDE, SIGNATURE_SIDE] grey values. */
  signature: Uint8Array;
  /** Mean square of the second differences of grey values: grows with what is in focus. */
  sharpness: number;
};

/**
 * The fingerprint of an image.
 * @param picture bytes of a small upright picture, such as its thumbnail
 */
export async function fingerprintOf(picture: Uint8Array): Promise<Fingerprint> {
  return inSharpTurn(async () => {
    const grey = await sharp(picture).flatten().greyscale().raw().toBuffer({ resolveWithObject: true });
    const { width, height, channels } = grey.info;
    const raw = { raw: { width, height, channels } };
    const small = (side: number) =>
      sharp(grey.data, raw).resize(side, side, { fit: 'fill', kernel: 'cubic' }).greyscale().raw().toBuffer();
    return {
      hash: frequencyBits(await small(FREQUENCY_SIDE)),
      signature: Uint8Array.from(await small(SIGNATURE_SIDE)),
      sharpness: sharpnessOf(grey.data, width * channels, height),
    };
  });
}

/** @param grey [FREQUENCY_SIDE, FREQUENCY_SIDE] */
function frequencyBits(grey: Uint8Array): Uint32Array {
  const values: number[] = [];
  for (let v = 0; v <= KEPT; v++) {
    for (let u = 0; u <= KEPT; u++) {
      // Brightness as a whole says nothing; one of the next frequencies makes up for it.
      if ((u < KEPT && v < KEPT && u + v > 0) || (u === KEPT && v === 0)) values.push(frequency(grey, u, v));
    }
  }
  const sorted = values.toSorted((a, b) => a - b);
  const median = ((sorted[31] ?? 0) + (sorted[32] ?? 0)) / 2;
  const bits = new Uint32Array(2);
  values.forEach((value, at) => {
    if (value > median) bits[at >> 5] = ((bits[at >> 5] ?? 0) | (1 << (at & 31))) >>> 0;
  });
  return bits;
}

const COSINES = Array.from({ length: KEPT + 1 }, (_, u) =>
  Float64Array.from({ length: FREQUENCY_SIDE }, (_, x) =>
    Math.cos(((2 * x + 1) * u * Math.PI) / (2 * FREQUENCY_SIDE)),
  ),
);

/** A coefficient of the discrete cosine transform (DCT-II), not scaled. */
function frequency(grey: Uint8Array, u: number, v: number): number {
  const [columns, rows] = [COSINES[u], COSINES[v]];
  let sum = 0;
  for (let y = 0, at = 0; y < FREQUENCY_SIDE; y++)
    for (let x = 0; x < FREQUENCY_SIDE; x++, at++)
      sum += (grey[at] ?? 0) * (columns?.[x] ?? 0) * (rows?.[y] ?? 0);
  return sum;
}

function sharpnessOf(grey: Uint8Array, width: number, height: number): number {
  let [sum, count] = [0, 0];
  for (let y = 1; y + 1 < height; y++) {
    for (let x = 1; x + 1 < width; x++) {
      const at = y * width + x;
      const around =
        (grey[at - 1] ?? 0) + (grey[at + 1] ?? 0) + (grey[at - width] ?? 0) + (grey[at + width] ?? 0);
      sum += (around - 4 * (grey[at] ?? 0)) ** 2;
      count++;
    }
  }
  return sum / Math.max(count, 1);
}
