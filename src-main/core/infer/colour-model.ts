/** Mixture of Gaussians over CIE Lab. */
export type ColourModel = {
  /** Per component: log of weight and normaliser, mean [3], inverse covariance [6: xx xy xz yy yz zz]. */
  components: { logScale: number; mean: [number, number, number]; inverse: number[] }[];
};

export type WeightedColours = {
  /** [count, 3] CIE Lab. */
  lab: Float32Array;
  /** [count]: variance added to each channel, since each colour stands for a patch; [count, 3] */
  spread: Float32Array;
  /** [count] at least 0. */
  weights: ArrayLike<number>;
};

/** Variance of Lab that no component falls below: differences below two units are not seen. */
const FLOOR = 6;

/**
 * Fits a mixture: seeds far apart, then expectation and maximisation.
 * @returns undefined where no colour has weight
 */
export function fitColours(
  { lab, spread, weights }: WeightedColours,
  { components, iterations }: { components: number; iterations: number },
): ColourModel | undefined {
  const rows: number[] = [];
  for (let row = 0; row < weights.length; row++) if ((weights[row] ?? 0) > 1e-6) rows.push(row);
  if (rows.length === 0) return undefined;
  const k = Math.min(components, rows.length);
  const seeds = farSeeds(lab, weights, rows, k);
  let shares: number[][] = rows.map((row) => {
    const distances = seeds.map((seed) => squaredDistance(lab, row, seed));
    const nearest = distances.indexOf(Math.min(...distances));
    return seeds.map((_, at) => (at === nearest ? 1 : 0));
  });
  let model = maximise({ lab, spread, weights }, rows, shares, k);
  for (let iteration = 0; iteration < iterations; iteration++) {
    shares = rows.map((row) => responsibilities(model, lab, row));
    model = maximise({ lab, spread, weights }, rows, shares, k);
  }
  return model;
}

/** Log density of one colour, `row` of `lab` [count, 3]. */
export function logDensity({ components }: ColourModel, lab: ArrayLike<number>, row: number): number {
  let max = -Infinity;
  const terms = components.map((component) => {
    const term = logTerm(component, lab, row);
    if (term > max) max = term;
    return term;
  });
  let sum = 0;
  for (const term of terms) sum += Math.exp(term - max);
  return max + Math.log(sum);
}

function logTerm(
  { logScale, mean, inverse }: ColourModel['components'][number],
  lab: ArrayLike<number>,
  row: number,
): number {
  const x = (lab[row * 3] ?? 0) - mean[0];
  const y = (lab[row * 3 + 1] ?? 0) - mean[1];
  const z = (lab[row * 3 + 2] ?? 0) - mean[2];
  const [xx = 0, xy = 0, xz = 0, yy = 0, yz = 0, zz = 0] = inverse;
  return logScale - 0.5 * (xx * x * x + yy * y * y + zz * z * z + 2 * (xy * x * y + xz * x * z + yz * y * z));
}

function responsibilities(model: ColourModel, lab: Float32Array, row: number): number[] {
  const terms = model.components.map((component) => logTerm(component, lab, row));
  const max = Math.max(...terms);
  const values = terms.map((term) => Math.exp(term - max));
  const sum = values.reduce((total, value) => total + value, 0);
  return values.map((value) => value / sum);
}

function maximise(
  { lab, spread, weights }: WeightedColours,
  rows: readonly number[],
  shares: readonly (readonly number[])[],
  k: number,
): ColourModel {
  const total = rows.reduce((sum, row) => sum + (weights[row] ?? 0), 0);
  const components: ColourModel['components'] = [];
  for (let c = 0; c < k; c++) {
    let weight = 0;
    const mean: [number, number, number] = [0, 0, 0];
    rows.forEach((row, at) => {
      const w = (weights[row] ?? 0) * (shares[at]?.[c] ?? 0);
      weight += w;
      for (const d of [0, 1, 2] as const) mean[d] += w * (lab[row * 3 + d] ?? 0);
    });
    if (weight < 1e-4 * total) continue;
    for (const d of [0, 1, 2] as const) mean[d] /= weight;
    const covariance = [0, 0, 0, 0, 0, 0];
    rows.forEach((row, at) => {
      const w = ((weights[row] ?? 0) * (shares[at]?.[c] ?? 0)) / weight;
      if (w === 0) return;
      const delta = [0, 1, 2].map((d) => (lab[row * 3 + d] ?? 0) - (mean[d] ?? 0));
      let to = 0;
      for (let i = 0; i < 3; i++) {
        for (let j = i; j < 3; j++, to++) {
          const own = i === j ? (spread[row * 3 + i] ?? 0) ** 2 : 0;
          covariance[to] = (covariance[to] ?? 0) + w * ((delta[i] ?? 0) * (delta[j] ?? 0) + own);
        }
      }
    });
    const { inverse, logDeterminant } = invert(covariance);
    components.push({ logScale: Math.log(weight / total) - 0.5 * logDeterminant, mean, inverse });
  }
  return { components };
}

/** Inverse of a symmetric 3 x 3 matrix with FLOOR added to its diagonal. */
function invert(covariance: readonly number[]): { inverse: number[]; logDeterminant: number } {
  const [a0 = 0, b = 0, c = 0, d0 = 0, e = 0, f0 = 0] = covariance;
  const [a, d, f] = [a0 + FLOOR, d0 + FLOOR, f0 + FLOOR];
  const [A, B, C] = [d * f - e * e, c * e - b * f, b * e - c * d];
  const determinant = a * A + b * B + c * C;
  return {
    inverse: [A, B, C, a * f - c * c, b * c - a * e, a * d - b * b].map((value) => value / determinant),
    logDeterminant: Math.log(determinant),
  };
}

/** The heaviest row, then always the one with the largest weighted distance from those chosen. */
function farSeeds(
  lab: Float32Array,
  weights: ArrayLike<number>,
  rows: readonly number[],
  k: number,
): number[] {
  const closest = new Float64Array(rows.length).fill(Infinity);
  const seeds: number[] = [];
  let next = rows.reduce((best, row) => ((weights[row] ?? 0) > (weights[best] ?? 0) ? row : best));
  while (seeds.length < k) {
    seeds.push(next);
    let best = -1;
    rows.forEach((row, at) => {
      closest[at] = Math.min(closest[at] ?? 0, squaredDistance(lab, row, next));
      const value = (closest[at] ?? 0) * (weights[row] ?? 0);
      if (best < 0 || value > (closest[best] ?? 0) * (weights[rows[best] ?? 0] ?? 0)) best = at;
    });
    next = rows[best] ?? next;
  }
  return seeds;
}

function squaredDistance(lab: Float32Array, a: number, b: number): number {
  let sum = 0;
  for (let d = 0; d < 3; d++) sum += ((lab[a * 3 + d] ?? 0) - (lab[b * 3 + d] ?? 0)) ** 2;
  return sum;
}
