import { choleskySolve } from '../cholesky.ts';
import type { ForegroundExample } from './foreground-example.ts';

/** Keeps the fit definite where a cue is the same all over the image, as a share of the image. */
const RIDGE = 1e-9;

/**
 * How much answers know of an image's own mask beyond what place and saliency say: the correlation of the two, weighted
 * by area, once what these cues predict of either is taken out of both. Anything that separates the middle of an image from
 * its border agrees with most masks; random features do so as well as good ones, and know nothing beyond it.
 * @param answers [count]: log odds
 * @returns -1..1; 0 where one of the two is nothing but place and saliency
 */
export function insightOf(
  answers: ArrayLike<number>,
  { targets, areas, cues }: Pick<ForegroundExample, 'targets' | 'areas' | 'cues'>,
): number {
  const rows = Array.from(areas, (_, s) => cueTerms(cues.nearness[s] ?? 0, cues.saliency[s] ?? 0));
  const area = areas.reduce((sum, px) => sum + px, 0);
  const shares = Array.from(areas, (px) => px / area);
  return correlation(beyond(answers, rows, shares), beyond(targets, rows, shares), shares);
}

const cueTerms = (nearness: number, saliency: number) => [
  1,
  nearness,
  nearness ** 2,
  saliency,
  saliency ** 2,
];

/** [count]: values less the weighted least squares fit of the terms of each row. */
function beyond(
  values: ArrayLike<number>,
  rows: readonly (readonly number[])[],
  shares: readonly number[],
): number[] {
  const terms = rows[0]?.length ?? 0;
  const products = new Float64Array(terms * terms);
  const sums = new Float64Array(terms);
  rows.forEach((row, s) => {
    const share = shares[s] ?? 0;
    row.forEach((a, i) => {
      row.forEach((b, j) => (products[i * terms + j] = (products[i * terms + j] ?? 0) + share * a * b));
      sums[i] = (sums[i] ?? 0) + share * a * (values[s] ?? 0);
    });
  });
  for (let i = 0; i < terms; i++) products[i * terms + i] = (products[i * terms + i] ?? 0) + RIDGE;
  const weights = choleskySolve(products, sums);
  return rows.map((row, s) => row.reduce((rest, term, i) => rest - term * (weights[i] ?? 0), values[s] ?? 0));
}

/** What is left of values after rounding, in shares of their scale, counts as nothing. */
const NOTHING = 1e-6;

/** Of two lists whose weighted means are 0. */
function correlation(a: readonly number[], b: readonly number[], shares: readonly number[]): number {
  const products = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, s) => sum + (shares[s] ?? 0) * value * (y[s] ?? 0), 0);
  const [ofA, ofB] = [products(a, a), products(b, b)];
  return ofA > NOTHING && ofB > NOTHING ? products(a, b) / Math.sqrt(ofA * ofB) : 0;
}
