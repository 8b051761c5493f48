import { SIGNATURE_SIDE, type Fingerprint } from './fingerprint.ts';

/** `same`: one picture, rescaled, recompressed or slightly cropped. `similar`: pictures of the same scene. */
export type Grade = 'same' | 'similar';
/** Two images, by their places in a list, that look alike. */
export type LookAlike = { a: number; b: number; grade: Grade };
type Print = Pick<Fingerprint, 'hash' | 'signature'>;

/** Bits of 64 in which two hashes may differ. All bounds: test/bench/README.md, "Duplicates". */
const MAX_BITS = 22;
/** Crops are only tried for pairs that are this near. */
const CROP_BITS = 16;
const CROP_LIKENESS = 0.5;
/** Correlation of the grey pictures, over the best of the crops: above the first whatever the bits, or above the second. */
const SAME = 0.95;
const SAME_IN_FEW_BITS = { likeness: 0.87, bits: 12 };
const SIMILAR = 0.8;
/** Cosine of the vectors of two images of one scene, if they are known. */
const SIMILAR_VECTORS = 0.6;
/** Shares of a side that one of the pictures may not show. */
const CROPS = [0.05, 0.1];
/** Below this spread of grey values, a picture is empty: noise would decide. */
const MIN_SPREAD = 4;

const PIXELS = SIGNATURE_SIDE ** 2;

/** Bits in which two hashes differ. */
export function bitsApart(a: Uint32Array, b: Uint32Array): number {
  return ones((a[0] ?? 0) ^ (b[0] ?? 0)) + ones((a[1] ?? 0) ^ (b[1] ?? 0));
}

/**
 * Every pair that looks alike, each image compared with each. Most pairs already differ in the first half of their bits.
 * @param cosineOf of the vectors of two images; undefined if they are not known
 * @returns the pairs of one image with those behind it, for one image after the other
 */
export function* lookAlikes(
  prints: readonly Print[],
  cosineOf: (a: number, b: number) => number | undefined = () => undefined,
): Generator<LookAlike[]> {
  const hashes = [0, 1].map((half) => Int32Array.from(prints, ({ hash }) => hash[half] ?? 0));
  const [low = new Int32Array(), high = low] = hashes;
  const pictures = prints.map(({ signature }) => normalised(signature));
  for (let a = 0; a < prints.length; a++) yield pairsOf(a, { low, high, pictures }, cosineOf);
}

/** Halves of the hashes, and pictures, which are null if they are empty. */
type Compared = { low: Int32Array; high: Int32Array; pictures: readonly (Float32Array | null)[] };

function pairsOf(
  a: number,
  { low, high, pictures }: Compared,
  cosineOf: (a: number, b: number) => number | undefined,
): LookAlike[] {
  const found: LookAlike[] = [];
  const one = pictures[a];
  if (!one) return found;
  for (const b of nearHashes(low, high, a)) {
    const other = pictures[b];
    if (!other) continue;
    const bits = ones((low[a] ?? 0) ^ (low[b] ?? 0)) + ones((high[a] ?? 0) ^ (high[b] ?? 0));
    const grade = gradeOf(bits, likenessOf(one, other, bits), () => cosineOf(a, b));
    if (grade) found.push({ a, b, grade });
  }
  return found;
}

/** The places behind one whose hashes are near its hash. Signed numbers, because others would not be small integers. */
function nearHashes(low: Int32Array, high: Int32Array, a: number): number[] {
  const near: number[] = [];
  const [lowA, highA] = [low[a] ?? 0, high[a] ?? 0];
  for (let b = a + 1; b < low.length; b++) {
    const bits = ones(lowA ^ (low[b] ?? 0));
    if (bits <= MAX_BITS && bits + ones(highA ^ (high[b] ?? 0)) <= MAX_BITS) near.push(b);
  }
  return near;
}

function gradeOf(bits: number, likeness: number, cosine: () => number | undefined): Grade | null {
  if (likeness >= SAME) return 'same';
  if (likeness >= SAME_IN_FEW_BITS.likeness && bits <= SAME_IN_FEW_BITS.bits) return 'same';
  if (likeness < SIMILAR) return null;
  return (cosine() ?? 1) < SIMILAR_VECTORS ? null : 'similar';
}

/** Highest correlation of two pictures, or of crops of one with the other. */
function likenessOf(a: Float32Array, b: Float32Array, bits: number): number {
  let best = product(a, b);
  if (best >= SAME || bits > CROP_BITS || best < CROP_LIKENESS) return best;
  for (const crop of cropMaps()) {
    const [ofA, ofB] = [normalised(cropped(a, crop)), normalised(cropped(b, crop))];
    if (ofB) best = Math.max(best, product(a, ofB));
    if (ofA) best = Math.max(best, product(ofA, b));
  }
  return best;
}

/** Grey values of mean 0 and length 1; null for an empty picture. */
function normalised(grey: Uint8Array | Float32Array): Float32Array | null {
  let [sum, squares] = [0, 0];
  for (const value of grey) sum += value;
  const mean = sum / grey.length;
  const out = Float32Array.from(grey, (value) => value - mean);
  for (const value of out) squares += value * value;
  // A crop of what was normalised before no longer has grey values.
  const isGrey = grey instanceof Uint8Array;
  if (squares < (isGrey ? grey.length * MIN_SPREAD ** 2 : 1e-6)) return null;
  const length = Math.sqrt(squares);
  return out.map((value) => value / length);
}

/** Four sums, which do not wait for each other. */
function product(a: Float32Array, b: Float32Array): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  for (let at = 0; at < PIXELS; at += 4) {
    first += (a[at] ?? 0) * (b[at] ?? 0);
    second += (a[at + 1] ?? 0) * (b[at + 1] ?? 0);
    third += (a[at + 2] ?? 0) * (b[at + 2] ?? 0);
    fourth += (a[at + 3] ?? 0) * (b[at + 3] ?? 0);
  }
  return first + second + third + fourth;
}

/** Where each pixel of a crop comes from: its upper left neighbour, and the shares of the lower and right ones. */
type CropMap = { corners: Uint16Array; right: Float32Array; down: Float32Array };
let maps: CropMap[] | undefined;

function cropMaps(): CropMap[] {
  if (maps) return maps;
  const cuts = [
    { cut: 0, offset: 0 },
    ...CROPS.flatMap((cut) => [0, cut / 2, cut].map((offset) => ({ cut, offset }))),
  ];
  maps = cuts.flatMap((x) => cuts.flatMap((y) => (x.cut + y.cut > 0 ? [cropMap(x, y)] : [])));
  return maps;
}

type Cut = { cut: number; offset: number };

function cropMap(x: Cut, y: Cut): CropMap {
  const side = SIGNATURE_SIDE;
  const place = (at: number, { cut, offset }: Cut) =>
    Math.min(Math.max((offset + ((at + 0.5) / side) * (1 - cut)) * side - 0.5, 0), side - 1.001);
  const map = {
    corners: new Uint16Array(PIXELS),
    right: new Float32Array(PIXELS),
    down: new Float32Array(PIXELS),
  };
  for (let at = 0; at < PIXELS; at++) {
    const [px, py] = [place(at % side, x), place(Math.floor(at / side), y)];
    map.corners[at] = Math.floor(py) * side + Math.floor(px);
    map.right[at] = px % 1;
    map.down[at] = py % 1;
  }
  return map;
}

function cropped(picture: Float32Array, { corners, right, down }: CropMap): Float32Array {
  const out = new Float32Array(PIXELS);
  for (let at = 0; at < PIXELS; at++) {
    const [corner, x, y] = [corners[at] ?? 0, right[at] ?? 0, down[at] ?? 0];
    const upper = (1 - x) * (picture[corner] ?? 0) + x * (picture[corner + 1] ?? 0);
    const below = corner + SIGNATURE_SIDE;
    const lower = (1 - x) * (picture[below] ?? 0) + x * (picture[below + 1] ?? 0);
    out[at] = (1 - y) * upper + y * lower;
  }
  return out;
}

/** Bits that are set, of 32. */
function ones(value: number): number {
  let bits = value - ((value >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
