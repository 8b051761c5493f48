/** Numbers in [0, 1), the same in every run. Source: Numerical Recipes, 3rd edition, §7.1 (quick LCG). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}
