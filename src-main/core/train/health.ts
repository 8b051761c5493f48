/**
 * How spread out embeddings are, without labels: 1 when every direction is used alike, 0 when all have collapsed
 * onto one point. Standard deviation of each component of the unit vectors, averaged and divided by that of a
 * uniform distribution on the sphere, 1 / sqrt(D) (the measure of SimSiam, arXiv 2011.10566 section 4.1).
 * @param embeddings [R, dim] float32
 * @param isCounted which rows count; rows of invisible regions carry nothing
 */
export function featureSpread(
  embeddings: Float32Array,
  dim: number,
  isCounted: (row: number) => boolean,
): number {
  const sums = new Float64Array(dim);
  const squares = new Float64Array(dim);
  let counted = 0;
  for (let row = 0; row < embeddings.length / dim; row++) {
    if (!isCounted(row)) continue;
    const vector = embeddings.subarray(row * dim, (row + 1) * dim);
    const length = lengthOf(vector);
    if (length === 0) continue;
    counted++;
    for (let d = 0; d < dim; d++) {
      const value = (vector[d] ?? 0) / length;
      sums[d] = (sums[d] ?? 0) + value;
      squares[d] = (squares[d] ?? 0) + value * value;
    }
  }
  if (counted < 2) return 0;
  let total = 0;
  for (let d = 0; d < dim; d++) {
    const mean = (sums[d] ?? 0) / counted;
    total += Math.sqrt(Math.max((squares[d] ?? 0) / counted - mean * mean, 0));
  }
  return (total / dim) * Math.sqrt(dim);
}

function lengthOf(vector: Float32Array): number {
  let squares = 0;
  for (const value of vector) squares += value * value;
  return Math.sqrt(squares);
}

/**
 * Entropy of the cluster sizes over its largest possible value: 1 when all clusters are of one size, 0 when
 * everything is in one.
 * @param labels [R] in [0, clusterCount)
 */
export function clusterEntropy(labels: ArrayLike<number>, clusterCount: number): number {
  if (clusterCount < 2 || labels.length === 0) return 0;
  const sizes = new Float64Array(clusterCount);
  for (const label of Array.from(labels)) sizes[label] = (sizes[label] ?? 0) + 1;
  let entropy = 0;
  for (const size of sizes) {
    const share = size / labels.length;
    if (share > 0) entropy -= share * Math.log(share);
  }
  return entropy / Math.log(clusterCount);
}

/**
 * How far two clusterings of the same things agree: the adjusted Rand index (Hubert and Arabie 1985). 1 for the same
 * clustering, about 0 for unrelated ones, also when one of them puts everything into one cluster.
 */
export function adjustedRandIndex(first: ArrayLike<number>, second: ArrayLike<number>): number {
  const pairs = new Map<string, number>();
  const rows = new Map<number, number>();
  const columns = new Map<number, number>();
  for (let at = 0; at < first.length; at++) {
    const [a, b] = [first[at] ?? 0, second[at] ?? 0];
    pairs.set(`${a} ${b}`, (pairs.get(`${a} ${b}`) ?? 0) + 1);
    rows.set(a, (rows.get(a) ?? 0) + 1);
    columns.set(b, (columns.get(b) ?? 0) + 1);
  }
  const together = sumOfPairs(pairs.values());
  const inRows = sumOfPairs(rows.values());
  const inColumns = sumOfPairs(columns.values());
  const all = (first.length * (first.length - 1)) / 2;
  const expected = all === 0 ? 0 : (inRows * inColumns) / all;
  const largest = (inRows + inColumns) / 2;
  // Both put everything into one cluster: nothing is distinguished, so there is nothing to agree on.
  return largest === expected ? 0 : (together - expected) / (largest - expected);
}

function sumOfPairs(counts: Iterable<number>): number {
  let sum = 0;
  for (const count of counts) sum += (count * (count - 1)) / 2;
  return sum;
}
