/**
 * Solves A x = b for a symmetric, positive definite A, of which the lower triangle is read and overwritten. Zeros that
 * a row begins with stay zeros and are skipped: for neighbours numbered in reading order, most of the work.
 * @param a [n, n]
 * @param b [n]
 * @throws Error where A is not positive definite
 */
export function choleskySolve(a: Float64Array, b: Float64Array): Float64Array {
  const factor = choleskyFactor(a, b.length);
  return solveUpper(factor, solveLower(factor, b));
}

/** A lower triangular matrix [n, n], and the column of each row's first entry that is not 0. */
export type CholeskyFactor = { lower: Float64Array; first: Int32Array };

/**
 * The L of A = L L' for a symmetric, positive definite A, of which the lower triangle is read and overwritten.
 * @param a [n, n]
 * @throws Error where A is not positive definite
 */
export function choleskyFactor(a: Float64Array, n: number): CholeskyFactor {
  const first = firstOfRows(a, n);
  for (let i = 0; i < n; i++) {
    const start = first[i] ?? 0;
    for (let j = start; j <= i; j++) {
      let sum = a[i * n + j] ?? 0;
      for (let k = Math.max(start, first[j] ?? 0); k < j; k++)
        sum -= (a[i * n + k] ?? 0) * (a[j * n + k] ?? 0);
      if (i !== j) a[i * n + j] = sum / (a[j * n + j] ?? 1);
      else if (sum > 0) a[i * n + i] = Math.sqrt(sum);
      else throw new Error('the matrix is not positive definite');
    }
  }
  return { lower: a, first };
}

/** The x of L x = b. @param b [n] */
export function solveLower({ lower, first }: CholeskyFactor, b: Float64Array): Float64Array {
  const n = b.length;
  const x = b.slice();
  for (let i = 0; i < n; i++) {
    let sum = x[i] ?? 0;
    for (let k = first[i] ?? 0; k < i; k++) sum -= (lower[i * n + k] ?? 0) * (x[k] ?? 0);
    x[i] = sum / (lower[i * n + i] ?? 1);
  }
  return x;
}

/** The x of L' x = b. @param b [n] */
export function solveUpper({ lower, first }: CholeskyFactor, b: Float64Array): Float64Array {
  const n = b.length;
  const x = b.slice();
  // Row by row instead of column by column: what is known is taken out of everything above.
  for (let i = n - 1; i >= 0; i--) {
    const value = (x[i] ?? 0) / (lower[i * n + i] ?? 1);
    x[i] = value;
    for (let k = first[i] ?? 0; k < i; k++) x[k] = (x[k] ?? 0) - (lower[i * n + k] ?? 0) * value;
  }
  return x;
}

/** Column of each row's first entry that is not 0. */
function firstOfRows(a: Float64Array, n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, row) => {
    let column = 0;
    while (column < row && a[row * n + column] === 0) column++;
    return column;
  });
}
