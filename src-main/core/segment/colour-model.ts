/** Mixture of Gaussians over CIE Lab: `numbers` [components, NUMBERS]. */
export type ColourModel = { components: number; numbers: Float64Array };

/** Per component: log of weight and normaliser, mean [3], inverse covariance [6: xx xy xz yy yz zz]. */
const NUMBERS = 10;

type Colour = readonly [l: number, a: number, b: number];
/** Upper triangle of a symmetric 3 x 3 matrix. */
type Symmetric = readonly [xx: number, xy: number, xz: number, yy: number, yz: number, zz: number];

export type WeightedColours = {
  /** [count, 3] CIE Lab. */
  lab: Float32Array;
  /** [count]: variance added to each channel, since each colour stands for a patch; [count, 3] */
  spread: Float32Array;
  /** [count] at least 0. */
  weights: Float32Array;
};

/** Variance of Lab that no component falls below: differences below two units are not seen. */
const FLOOR = 6;

/**
 * Fits a mixture: seeds far apart, then expectation and maximisation.
 * @returns undefined where no colour has weight
 */
export function fitColours(
  colours: WeightedColours,
  { components, iterations }: { components: number; iterations: number },
): ColourModel | undefined {
  const fit = fitOf(colours, components);
  if (fit.count === 0) return undefined;
  shareByNearest(fit, farSeeds(fit));
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
  const terms = new Float64Array(model.components);
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
function logTerms(
  { numbers: n }: ColourModel,
  lab: Float32Array | Float64Array,
  row: number,
  terms: Float64Array,
): number {
  const l = lab[row * 3] ?? 0;
  const a = lab[row * 3 + 1] ?? 0;
  const b = lab[row * 3 + 2] ?? 0;
  let max = -Infinity;
  for (let c = 0, i = 0; c < terms.length; c++, i += NUMBERS) {
    const x = l - (n[i + 1] ?? 0);
    const y = a - (n[i + 2] ?? 0);
    const z = b - (n[i + 3] ?? 0);
    const squares = (n[i + 4] ?? 0) * x * x + (n[i + 7] ?? 0) * y * y + (n[i + 9] ?? 0) * z * z;
    const products = (n[i + 5] ?? 0) * x * y + (n[i + 6] ?? 0) * x * z + (n[i + 8] ?? 0) * y * z;
    const term = (n[i] ?? 0) - 0.5 * (squares + 2 * products);
    terms[c] = term;
    if (term > max) max = term;
  }
  return max;
}

/** A fit under way: the colours that have weight, one after the other, since each is read dozens of times. */
type Fit = {
  count: number;
  /** [count, 3] */
  lab: Float64Array;
  /** [count, 3] */
  variances: Float64Array;
  /** [count] */
  weights: Float64Array;
  k: number;
  /** [k, count]: how far each colour belongs to each component. */
  shares: Float64Array;
};

function fitOf({ lab, spread, weights }: WeightedColours, components: number): Fit {
  let count = 0;
  for (const weight of weights) if (weight > 1e-6) count++;
  const k = Math.min(components, count);
  const fit = {
    count,
    lab: new Float64Array(count * 3),
    variances: new Float64Array(count * 3),
    weights: new Float64Array(count),
    k,
    shares: new Float64Array(k * count),
  };
  for (let row = 0, at = 0; row < weights.length; row++) {
    const weight = weights[row] ?? 0;
    if (!(weight > 1e-6)) continue;
    fit.weights[at] = weight;
    for (let c = 0; c < 3; c++) {
      fit.lab[at * 3 + c] = lab[row * 3 + c] ?? 0;
      fit.variances[at * 3 + c] = (spread[row * 3 + c] ?? 0) ** 2;
    }
    at++;
  }
  return fit;
}

function squaredDistance(lab: Float64Array, one: number, other: number): number {
  const dl = (lab[one * 3] ?? 0) - (lab[other * 3] ?? 0);
  const da = (lab[one * 3 + 1] ?? 0) - (lab[other * 3 + 1] ?? 0);
  const db = (lab[one * 3 + 2] ?? 0) - (lab[other * 3 + 2] ?? 0);
  return dl * dl + da * da + db * db;
}

function shareByNearest({ count, lab, shares }: Fit, seeds: readonly number[]): void {
  for (let at = 0; at < count; at++) {
    let nearest = 0;
    let least = Infinity;
    for (let c = 0; c < seeds.length; c++) {
      const distance = squaredDistance(lab, at, seeds[c] ?? 0);
      if (distance >= least) continue;
      nearest = c;
      least = distance;
    }
    shares[nearest * count + at] = 1;
  }
}

function shareByLikelihood({ count, lab, shares }: Fit, model: ColourModel): void {
  const terms = new Float64Array(model.components);
  shares.fill(0);
  for (let at = 0; at < count; at++) {
    const max = logTerms(model, lab, at, terms);
    let sum = 0;
    for (let c = 0; c < terms.length; c++) {
      const likelihood = Math.exp((terms[c] ?? 0) - max);
      terms[c] = likelihood;
      sum += likelihood;
    }
    for (let c = 0; c < terms.length; c++) shares[c * count + at] = (terms[c] ?? 0) / sum;
  }
}

function maximise(fit: Fit): ColourModel {
  let total = 0;
  for (const weight of fit.weights) total += weight;
  const numbers: number[] = [];
  for (let c = 0; c < fit.k; c++) {
    const { weight, mean } = weightedMean(fit, c);
    if (weight < 1e-4 * total) continue;
    const { inverse, logDeterminant } = invert(covarianceOf(fit, c, { weight, mean }));
    numbers.push(Math.log(weight / total) - 0.5 * logDeterminant, ...mean, ...inverse);
  }
  return { components: numbers.length / NUMBERS, numbers: Float64Array.from(numbers) };
}

type Moments = { weight: number; mean: Colour };

function weightedMean({ count, lab, weights, shares }: Fit, c: number): Moments {
  let [weight, x, y, z] = [0, 0, 0, 0];
  const first = c * count;
  for (let at = 0; at < count; at++) {
    const w = (weights[at] ?? 0) * (shares[first + at] ?? 0);
    if (w === 0) continue;
    weight += w;
    x += w * (lab[at * 3] ?? 0);
    y += w * (lab[at * 3 + 1] ?? 0);
    z += w * (lab[at * 3 + 2] ?? 0);
  }
  return { weight, mean: [x / weight, y / weight, z / weight] };
}

function covarianceOf(
  { count, lab, variances, weights, shares }: Fit,
  c: number,
  { weight, mean: [l, a, b] }: Moments,
): Symmetric {
  let [xx, xy, xz, yy, yz, zz] = [0, 0, 0, 0, 0, 0];
  const first = c * count;
  for (let at = 0; at < count; at++) {
    const w = ((weights[at] ?? 0) * (shares[first + at] ?? 0)) / weight;
    if (w === 0) continue;
    const x = (lab[at * 3] ?? 0) - l;
    const y = (lab[at * 3 + 1] ?? 0) - a;
    const z = (lab[at * 3 + 2] ?? 0) - b;
    xx += w * (x * x + (variances[at * 3] ?? 0));
    xy += w * x * y;
    xz += w * x * z;
    yy += w * (y * y + (variances[at * 3 + 1] ?? 0));
    yz += w * y * z;
    zz += w * (z * z + (variances[at * 3 + 2] ?? 0));
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

/** The heaviest colour, then always the one with the largest weighted distance from those chosen. */
function farSeeds({ count, lab, weights, k }: Fit): number[] {
  const closest = new Float64Array(count).fill(Infinity);
  const seeds: number[] = [];
  let next = 0;
  for (let at = 1; at < count; at++) if ((weights[at] ?? 0) > (weights[next] ?? 0)) next = at;
  while (seeds.length < k) {
    seeds.push(next);
    const seed = next;
    let most = -Infinity;
    for (let at = 0; at < count; at++) {
      const distance = Math.min(closest[at] ?? 0, squaredDistance(lab, at, seed));
      closest[at] = distance;
      const value = distance * (weights[at] ?? 0);
      if (value <= most) continue;
      most = value;
      next = at;
    }
  }
  return seeds;
}
