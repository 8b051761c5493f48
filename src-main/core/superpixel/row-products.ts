/** Vectors as a matrix [count, dim]. The type decides the precision of centres and products. */
export type Rows = Float32Array | Float64Array;

/**
 * Multiplies: `out` [count, centreCount] = rows [count, dim] . centres [centreCount, dim] transposed.
 *
 * Nearly all of the time of K-means goes here, so an engine can take it over; `rows` are the same at every call.
 */
export type Products = (centres: Rows, centreCount: number, out: Rows) => void | Promise<void>;

/**
 * Products in plain JavaScript: two rows by four centres at a time, so that six loads feed eight multiplications.
 * Sums are kept in float64.
 */
export function rowProducts({ rows, dim }: { rows: Rows; dim: number }): Products {
  const count = rows.length / dim;
  return (centres, centreCount, out) => {
    const pairs = count - (count % 2);
    for (let row = 0; row < pairs; row += 2) {
      // The last four may overlap the ones before them.
      for (let k = 0; k < centreCount && centreCount >= 4; k += 4) {
        multiplyTwoByFour({ rows, centres, out, dim, centreCount }, row, Math.min(k, centreCount - 4));
      }
    }
    for (let row = centreCount >= 4 ? pairs : 0; row < count; row++) {
      for (let k = 0; k < centreCount; k++) out[row * centreCount + k] = dot({ rows, centres, dim }, row, k);
    }
  };
}

type Operands = { rows: Rows; centres: Rows; dim: number };

function multiplyTwoByFour(
  { rows, centres, out, dim, centreCount }: Operands & { out: Rows; centreCount: number },
  row: number,
  k: number,
): void {
  let a0 = 0;
  let a1 = 0;
  let a2 = 0;
  let a3 = 0;
  let b0 = 0;
  let b1 = 0;
  let b2 = 0;
  let b3 = 0;
  const second = row * dim + dim;
  for (let a = row * dim, c = k * dim; a < second; a++, c++) {
    const va = rows[a] ?? 0;
    const vb = rows[a + dim] ?? 0;
    const c0 = centres[c] ?? 0;
    const c1 = centres[c + dim] ?? 0;
    const c2 = centres[c + 2 * dim] ?? 0;
    const c3 = centres[c + 3 * dim] ?? 0;
    a0 += va * c0;
    a1 += va * c1;
    a2 += va * c2;
    a3 += va * c3;
    b0 += vb * c0;
    b1 += vb * c1;
    b2 += vb * c2;
    b3 += vb * c3;
  }
  const to = row * centreCount + k;
  out[to] = a0;
  out[to + 1] = a1;
  out[to + 2] = a2;
  out[to + 3] = a3;
  out[to + centreCount] = b0;
  out[to + centreCount + 1] = b1;
  out[to + centreCount + 2] = b2;
  out[to + centreCount + 3] = b3;
}

function dot({ rows, centres, dim }: Operands, row: number, k: number): number {
  let sum = 0;
  for (let a = row * dim, c = k * dim, end = a + dim; a < end; a++, c++)
    sum += (rows[a] ?? 0) * (centres[c] ?? 0);
  return sum;
}
