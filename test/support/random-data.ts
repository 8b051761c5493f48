/** The counter-based mulberry32 of test/golden/fixtures/README.md: element `i` of stream `seed`, in [0, 1). */
export function uniform(seed: number, index: number): number {
  const a = (seed + Math.imul(index + 1, 0x6d2b79f5)) | 0;
  let t = Math.imul(a ^ (a >>> 15), a | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return (((t ^ (t >>> 14)) >>> 0) >>> 8) / 2 ** 24;
}

/** `size` float32 values in [-1, 1), the same for the same seed. */
export function signedUnit(seed: number, size: number): Float32Array {
  return Float32Array.from({ length: size }, (_, index) => 2 * uniform(seed, index) - 1);
}

/** FNV-1a hash of a name, 32 bit: how the fixtures seed each tensor. */
export function nameSeed(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
