import { RandomStream } from '../tensor/random.ts';

/** Principal axes of vectors: `axes` [kept, dim] of length 1, strongest first, and their variances. */
export type Projection = { mean: Float64Array; axes: Float64Array; variances: Float64Array; dim: number };

const SWEEPS = 12;

/**
 * Finds the strongest principal axes by subspace iteration on the covariance.
 * @param rows [count, dim]
 */
export function principalAxes(rows: Float32Array, dim: number, kept: number): Projection {
  const count = rows.length / dim;
  const mean = new Float64Array(dim);
  for (let at = 0; at < rows.length; at++) mean[at % dim] = (mean[at % dim] ?? 0) + (rows[at] ?? 0) / count;
  const covariance = covarianceOf(rows, mean);
  const random = new RandomStream(1);
  let axes: Float64Array = Float64Array.from({ length: kept * dim }, () => random.normal());
  let variances: Float64Array = new Float64Array(kept);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    axes = multiplied(axes, covariance, dim);
    variances = orthonormalised(axes, dim);
  }
  return { mean, axes, variances, dim };
}

/** Coordinates of `rows` [count, dim] along the axes: [count, kept]. */
export function project({ mean, axes, dim }: Projection, rows: Float32Array): Float32Array {
  const kept = axes.length / dim;
  const count = rows.length / dim;
  const out = new Float32Array(count * kept);
  const row = new Float64Array(dim);
  for (let at = 0; at < count; at++) {
    for (let d = 0; d < dim; d++) row[d] = (rows[at * dim + d] ?? 0) - (mean[d] ?? 0);
    for (let k = 0; k < kept; k++) {
      let sum = 0;
      for (let d = 0, from = k * dim; d < dim; d++, from++) sum += (row[d] ?? 0) * (axes[from] ?? 0);
      out[at * kept + k] = sum;
    }
  }
  return out;
}

function covarianceOf(rows: Float32Array, mean: Float64Array): Float64Array {
  const dim = mean.length;
  const count = rows.length / dim;
  const covariance = new Float64Array(dim * dim);
  const row = new Float64Array(dim);
  for (let at = 0; at < count; at++) {
    for (let d = 0; d < dim; d++) row[d] = (rows[at * dim + d] ?? 0) - (mean[d] ?? 0);
    for (let i = 0; i < dim; i++) {
      const value = (row[i] ?? 0) / count;
      for (let j = 0, to = i * dim; j <= i; j++, to++)
        covariance[to] = (covariance[to] ?? 0) + value * (row[j] ?? 0);
    }
  }
  for (let i = 0; i < dim; i++)
    for (let j = i + 1; j < dim; j++) covariance[i * dim + j] = covariance[j * dim + i] ?? 0;
  return covariance;
}

/** axes [kept, dim] times the symmetric matrix [dim, dim]. */
function multiplied(axes: Float64Array, matrix: Float64Array, dim: number): Float64Array {
  const out = new Float64Array(axes.length);
  for (let from = 0; from < axes.length; from += dim) {
    for (let i = 0; i < dim; i++) {
      const value = axes[from + i] ?? 0;
      for (let j = 0, at = i * dim; j < dim; j++, at++)
        out[from + j] = (out[from + j] ?? 0) + value * (matrix[at] ?? 0);
    }
  }
  return out;
}

/** Gram-Schmidt in place; returns the lengths before, which converge to the variances. */
function orthonormalised(axes: Float64Array, dim: number): Float64Array {
  const kept = axes.length / dim;
  const lengths = new Float64Array(kept);
  for (let k = 0; k < kept; k++) {
    const axis = axes.subarray(k * dim, (k + 1) * dim);
    for (let other = 0; other < k; other++) {
      const before = axes.subarray(other * dim, (other + 1) * dim);
      let dot = 0;
      for (let d = 0; d < dim; d++) dot += (axis[d] ?? 0) * (before[d] ?? 0);
      for (let d = 0; d < dim; d++) axis[d] = (axis[d] ?? 0) - dot * (before[d] ?? 0);
    }
    const length = Math.hypot(...axis);
    lengths[k] = length;
    for (let d = 0; d < dim; d++) axis[d] = (axis[d] ?? 0) / Math.max(length, 1e-12);
  }
  return lengths;
}
