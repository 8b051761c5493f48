import { choleskySolve } from './cholesky.ts';

export type LogisticTask = {
  /** [count, dim] float32, standardised. */
  rows: Float32Array;
  dim: number;
  /** [count] in 0..1; between them for doubtful rows. */
  targets: Float32Array;
  /** [count] at least 0. */
  weights: Float32Array;
  /** Weight of the squared coefficients, in rows: the prior counts like so many observations. */
  ridge: number;
};

/** Coefficients [dim + 1], the intercept last. */
export type Logistic = Float64Array;

const NEWTON_STEPS = 6;

/** Fits a logistic regression by Newton's steps. */
export function fitLogistic({ rows, dim, targets, weights, ridge }: LogisticTask): Logistic {
  const size = dim + 1;
  let beta: Logistic = new Float64Array(size);
  const row = new Float64Array(size).fill(1);
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const hessian = new Float64Array(size * size);
    const gradient = new Float64Array(size);
    for (let d = 0; d < dim; d++) {
      hessian[d * size + d] = ridge;
      gradient[d] = -ridge * (beta[d] ?? 0);
    }
    hessian[size * size - 1] = 1e-6;
    for (let at = 0; at < targets.length; at++) {
      const weight = weights[at] ?? 0;
      if (weight === 0) continue;
      for (let d = 0; d < dim; d++) row[d] = rows[at * dim + d] ?? 0;
      let logit = 0;
      for (let d = 0; d < size; d++) logit += (row[d] ?? 0) * (beta[d] ?? 0);
      const p = 1 / (1 + Math.exp(-logit));
      const residual = weight * ((targets[at] ?? 0) - p);
      const curvature = weight * Math.max(p * (1 - p), 1e-3);
      for (let i = 0; i < size; i++) {
        const value = row[i] ?? 0;
        gradient[i] = (gradient[i] ?? 0) + residual * value;
        const scaled = curvature * value;
        for (let j = 0, to = i * size; j <= i; j++, to++) {
          hessian[to] = (hessian[to] ?? 0) + scaled * (row[j] ?? 0);
        }
      }
    }
    const move = choleskySolve(hessian, gradient);
    beta = beta.map((value, d) => value + (move[d] ?? 0));
  }
  return beta;
}

/** Logit of one row of `rows` [count, dim]. */
export function logitOf(beta: Logistic, rows: Float32Array, at: number): number {
  const dim = beta.length - 1;
  let sum = beta[dim] ?? 0;
  for (let d = 0, from = at * dim; d < dim; d++, from++) sum += (beta[d] ?? 0) * (rows[from] ?? 0);
  return sum;
}
