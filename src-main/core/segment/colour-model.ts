import { squaredLabDistance } from './lab-distance.ts';

/** Mixture of Gaussians over CIE Lab. */
export type ColourModel = {
  /** Per component: log of weight and normaliser, mean [3], inverse covariance [6: xx xy xz yy yz zz]. */
  components: { logScale: number; mean: Colour; inverse: Symmetric }[];
};

type Colour = [l: number, a: number, b: number];
/** Upper triangle of a symmetric 3 x 3 matrix. */
type Symmetric = [xx: number, xy: number, xz: number, yy: number, yz: number, zz: number];

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
  const fit = { lab, spread, weights, rows, k, shares: new Float64Array(rows.length * k) };
  shareByNearest(fit, farSeeds(lab, weights, rows, k));
  let model = maximise(fit);
  for (let iteration = 0; iteration < iterations; iteration++) {
    shareByLikelihood(fit, model);
    model = maximise(fit);
  }
  return model;
}

/**
 * Log densities of colours.
 * @param lab [count, 3] CIE Lab
 * @returns [count]
 */
export function logDensities(model: ColourModel, lab: Float32Array): Float64Array {
  const terms = new Float64Array(model.components.length);
  const densities = new Float64Array(lab.length / 3);
  for (let row = 0; row < densities.length; row++) {
    const max = logTerms(model, lab, row, terms);
    let sum = 0;
    for (const term of terms) sum += Math.exp(term - max);
    densities[row] = max + Math.log(sum);
  }
  return densities;
}

/** Log density of a colour, `row` of `lab`, under each component. @returns the highest */
function logTerms({ components }: ColourModel, lab: Float32Array, row: number, terms: Float64Array): number {
  let max = -Infinity;
  for (let c = 0; c < terms.length; c++) {
    const component = components[c];
    const term = component ? logTerm(component, lab, row) : -Infinity;
    terms[c] = term;
    if (term > max) max = term;
  }
  return max;
}

function logTerm(
  { logScale, mean, inverse: i }: ColourModel['components'][number],
  lab: Float32Array,
  row: number,
): number {
  const x = (lab[row * 3] ?? 0) - mean[0];
  const y = (lab[row * 3 + 1] ?? 0) - mean[1];
  const z = (lab[row * 3 + 2] ?? 0) - mean[2];
  const squares = i[0] * x * x + i[3] * y * y + i[5] * z * z;
  return logScale - 0.5 * (squares + 2 * (i[1] * x * y + i[2] * x * z + i[4] * y * z));
}

/** A fit under way: `rows` are those with weight, `shares` [rows, k] how far each belongs to each component. */
type Fit = WeightedColours & { rows: readonly number[]; k: number; shares: Float64Array };

function shareByNearest({ lab, rows, k, shares }: Fit, seeds: readonly number[]): void {
  rows.forEach((row, at) => {
    let nearest = 0;
    let least = Infinity;
    seeds.forEach((seed, c) => {
      const distance = squaredLabDistance(lab, row, seed);
      if (distance < least) [nearest, least] = [c, distance];
    });
    shares[at * k + nearest] = 1;
  });
}

function shareByLikelihood({ lab, rows, k, shares }: Fit, model: ColourModel): void {
  const terms = new Float64Array(model.components.length);
  shares.fill(0);
  for (let at = 0; at < rows.length; at++) {
    const max = logTerms(model, lab, rows[at] ?? 0, terms);
    let sum = 0;
    for (let c = 0; c < terms.length; c++) sum += terms[c] = Math.exp((terms[c] ?? 0) - max);
    for (let c = 0; c < terms.length; c++) shares[at * k + c] = (terms[c] ?? 0) / sum;
  }
}

function maximise(fit: Fit): ColourModel {
  const total = fit.rows.reduce((sum, row) => sum + (fit.weights[row] ?? 0), 0);
  const components: ColourModel['components'] = [];
  for (let c = 0; c < fit.k; c++) {
    const { weight, mean } = weightedMean(fit, c);
    if (weight < 1e-4 * total) continue;
    const { inverse, logDeterminant } = invert(covarianceOf(fit, c, { weight, mean }));
    components.push({ logScale: Math.log(weight / total) - 0.5 * logDeterminant, mean, inverse });
  }
  return { components };
}

type Moments = { weight: number; mean: Colour };

function weightedMean({ lab, weights, rows, k, shares }: Fit, c: number): Moments {
  let [weight, x, y, z] = [0, 0, 0, 0];
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] ?? 0;
    const w = (weights[row] ?? 0) * (shares[at * k + c] ?? 0);
    weight += w;
    x += w * (lab[row * 3] ?? 0);
    y += w * (lab[row * 3 + 1] ?? 0);
    z += w * (lab[row * 3 + 2] ?? 0);
  }
  return { weight, mean: [x / weight, y / weight, z / weight] };
}

function covarianceOf(
  { lab, spread, weights, rows, k, shares }: Fit,
  c: number,
  { weight, mean }: Moments,
): Symmetric {
  let [xx, xy, xz, yy, yz, zz] = [0, 0, 0, 0, 0, 0];
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] ?? 0;
    const w = ((weights[row] ?? 0) * (shares[at * k + c] ?? 0)) / weight;
    if (w === 0) continue;
    const x = (lab[row * 3] ?? 0) - mean[0];
    const y = (lab[row * 3 + 1] ?? 0) - mean[1];
    const z = (lab[row * 3 + 2] ?? 0) - mean[2];
    xx += w * (x * x + (spread[row * 3] ?? 0) ** 2);
    xy += w * x * y;
    xz += w * x * z;
    yy += w * (y * y + (spread[row * 3 + 1] ?? 0) ** 2);
    yz += w * y * z;
    zz += w * (z * z + (spread[row * 3 + 2] ?? 0) ** 2);
  }
  return [xx, xy, xz, yy, yz, zz];
}

/** Inverse of a symmetric 3 x 3 matrix with FLOOR added to its diagonal. */
function invert(covariance: Symmetric): { inverse: Symmetric; logDeterminant: number } {
  const [a0, b, c, d0, e, f0] = covariance;
  const [a, d, f] = [a0 + FLOOR, d0 + FLOOR, f0 + FLOOR];
  const [A, B, C] = [d * f - e * e, c * e - b * f, b * e - c * d];
  const determinant = a * A + b * B + c * C;
  return {
    inverse: [
      A / determinant,
      B / determinant,
      C / determinant,
      (a * f - c * c) / determinant,
      (b * c - a * e) / determinant,
      (a * d - b * b) / determinant,
    ],
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
      closest[at] = Math.min(closest[at] ?? 0, squaredLabDistance(lab, row, next));
      const value = (closest[at] ?? 0) * (weights[row] ?? 0);
      if (best < 0 || value > (closest[best] ?? 0) * (weights[rows[best] ?? 0] ?? 0)) best = at;
    });
    next = rows[best] ?? next;
  }
  return seeds;
}
