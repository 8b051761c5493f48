/**
 * Solves A x = b for a symmetric, positive definite A, of which the lower triangle is read and overwritten.
 * @param a [n, n]
 * @param b [n]
 * @throws Error where A is not positive definite
 */
export function choleskySolve(a: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j] ?? 0;
      for (let k = 0; k < j; k++) sum -= (a[i * n + k] ?? 0) * (a[j * n + k] ?? 0);
      if (i !== j) a[i * n + j] = sum / (a[j * n + j] ?? 1);
      else if (sum > 0) a[i * n + i] = Math.sqrt(sum);
      else throw new Error('the matrix is not positive definite');
    }
  }
  const x = b.slice();
  for (let i = 0; i < n; i++) {
    let sum = x[i] ?? 0;
    for (let k = 0; k < i; k++) sum -= (a[i * n + k] ?? 0) * (x[k] ?? 0);
    x[i] = sum / (a[i * n + i] ?? 1);
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i] ?? 0;
    for (let k = i + 1; k < n; k++) sum -= (a[k * n + i] ?? 0) * (x[k] ?? 0);
    x[i] = sum / (a[i * n + i] ?? 1);
  }
  return x;
}
