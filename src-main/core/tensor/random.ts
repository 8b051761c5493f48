/**
 * Random numbers that depend on nothing but a key: any step of a run can be drawn again without the steps
 * before it, so a resumed run equals the undisturbed one.
 *
 * The generator is mulberry32 read as a counter (test/golden/fixtures/README.md): element i hashes
 * `seed + (i + 1) * INCREMENT`.
 */

const INCREMENT = 0x6d2b79f5;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Uniform numbers in [0, 1), one a call. Whatever needs chance takes one of these. */
export type Draw = () => number;

/** What a stream of random numbers is for. Equal keys give equal streams. */
export type RandomKey = {
  seed: number;
  step: number;
  /** The use: `views`, `kmeans`. */
  stream: string;
  /** Which of several alike, such as the position of an image in the batch; 0 by default. */
  index?: number;
};

/** A separate stream for each key; 24 random bits per number. */
export function drawsFor({ seed, step, stream, index = 0 }: RandomKey): Draw {
  const key = [seed, step, index].reduce((hash, part) => hashU32((hash ^ part) | 0), fnv1a32(stream));
  let next = 0;
  return () => u01At(key, next++);
}

/** Element `index` (from 0) of the stream of `seed`: an integer in [0, 2^32). */
export function u32At(seed: number, index: number): number {
  return hashU32((seed + Math.imul(index, INCREMENT)) | 0);
}

/** Element `index` (from 0) of the stream of `seed`: a multiple of 2^-24 in [0, 1). */
export function u01At(seed: number, index: number): number {
  return (u32At(seed, index) >>> 8) / 0x1000000;
}

/** A stream of uniform and normal numbers that starts at element 0 of the stream of `seed`. */
export class RandomStream {
  readonly #seed: number;
  #index = 0;

  /** @param seed any integer; its low 32 bits count */
  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  /** The next number, uniform in [0, 1), with 24 random bits. */
  uniform(): number {
    return u01At(this.#seed, this.#index++);
  }

  /** The next number of a normal distribution with mean 0 and variance 1 (Box-Muller). */
  normal(): number {
    // 1 - u is in (0, 1], where the logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }
}

/** Seed of a named stream: FNV-1a of the name, combined with `base`. */
export function namedSeed(name: string, base: number): number {
  return (fnv1a32(name) ^ base) >>> 0;
}

/** FNV-1a of the UTF-8 bytes of `text`, unsigned. */
export function fnv1a32(text: string): number {
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return hash >>> 0;
}

/** One round of mulberry32 from state `state`. */
function hashU32(state: number): number {
  const a = (state + INCREMENT) | 0;
  let t = Math.imul(a ^ (a >>> 15), a | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return (t ^ (t >>> 14)) >>> 0;
}
