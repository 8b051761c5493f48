/**
 * Squared distance of two colours. Math.hypot, being careful, takes ten times as long.
 * @param lab [n, 3]
 */
export function squaredLabDistance(lab: Float32Array, a: number, b: number): number {
  const dl = (lab[a * 3] ?? 0) - (lab[b * 3] ?? 0);
  const da = (lab[a * 3 + 1] ?? 0) - (lab[b * 3 + 1] ?? 0);
  const db = (lab[a * 3 + 2] ?? 0) - (lab[b * 3 + 2] ?? 0);
  return dl * dl + da * da + db * db;
}
