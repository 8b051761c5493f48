/**
 * Half-precision numbers, of which the elements are the 16 bits: Node 22 has no Float16Array, and `node:v8` of Node 22 cannot
 * read one that a later Node wrote.
 */
export type Halves = Uint16Array<ArrayBuffer>;

/** What each pattern of 16 bits stands for. Looking it up is faster than V8's conversion of a Float16Array. */
const VALUES = Float32Array.from({ length: 0x10000 }, (_, bits) => valueOf(bits));

function valueOf(bits: number): number {
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (0x400 + fraction) * 2 ** (exponent - 25);
}

/** Half-precision numbers in single precision, all of them exactly. */
export function halvesToFloats(halves: Halves): Float32Array<ArrayBuffer> {
  const into = new Float32Array(halves.length);
  for (let at = 0; at < halves.length; at++) into[at] = VALUES[halves[at] ?? 0] ?? 0;
  return into;
}

/** What is used of the class that Node has from version 24 on; TypeScript knows those of Node 22 only. */
type HalfArray = { buffer: ArrayBuffer };
const BuiltIn = (globalThis as { Float16Array?: new (values: Float32Array) => HalfArray }).Float16Array;

/** Numbers rounded to half precision: to the nearest, and to the even one of two that are as near. */
export function floatsToHalves(floats: Float32Array): Halves {
  // In two thirds of the time.
  return BuiltIn ? new Uint16Array(new BuiltIn(floats).buffer) : roundedToHalves(floats);
}

/** Bits of single-precision numbers: of infinity, and of the smallest numbers that are infinite and normal as halves. */
const [INFINITE, TOO_LARGE, NORMAL] = [0x7f800000, 0x47800000, 0x38800000];
/** 0.5: added to a number below `NORMAL`, it leaves the bits of the half that is nearest in the last ones of the sum. */
const SHIFTER = 0x3f000000;
/** The difference between the biases of the two exponents, in its place, with half of the last bit that is kept. */
const REBIAS = 0x38000000 - 0xfff;

/** The same without the class that Node 22 lacks. */
export function roundedToHalves(floats: Float32Array): Halves {
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  const into = new Uint16Array(floats.length);
  const sum = new Float32Array(1);
  const sumBits = new Uint32Array(sum.buffer);
  for (let at = 0; at < into.length; at++) {
    const all = bits[at] ?? 0;
    const magnitude = all & 0x7fffffff;
    let half: number;
    if (magnitude >= TOO_LARGE) half = magnitude > INFINITE ? 0x7e00 : 0x7c00;
    else if (magnitude >= NORMAL) half = (magnitude - REBIAS + ((magnitude >>> 13) & 1)) >>> 13;
    else {
      sum[0] = Math.abs(floats[at] ?? 0) + 0.5;
      half = (sumBits[0] ?? 0) - SHIFTER;
    }
    into[at] = ((all >>> 16) & 0x8000) | half;
  }
  return into;
}
