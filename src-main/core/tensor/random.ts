/**
 * A stream of reproducible random numbers: mulberry32 run as a counter, so that element `i` of stream
 * `seed` is the same whoever draws it and in whatever order.
 */
export class RandomStream {
  readonly #seed: number;
  #index = 0;

  /** @param seed any integer; its low 32 bits count */
  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  /** The next number, uniform in [0, 1), with 24 random bits. */
  uniform(): number {
    this.#index += 1;
    const a = (this.#seed + Math.imul(this.#index, 0x6d2b79f5)) | 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) >>> 8) / 2 ** 24;
  }

  /** The next number of a normal distribution with mean 0 and variance 1 (Box-Muller). */
  normal(): number {
    // 1 - u lies in (0, 1], where the logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }
}

/** Seed of a named stream: FNV-1a of the name, combined with `base`. */
export function namedSeed(name: string, base: number): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash ^ base) >>> 0;
}
