/** A row of a table of vectors, and the cosine of the angle to what was looked for: 1 for the same. */
export type Neighbour = { row: number; similarity: number };

/** Vectors of length 1: [n, dim]. */
export type VectorTable = { vectors: Float32Array; dim: number };

/**
 * The rows whose vectors are nearest to one, by exact search.
 * @param query [dim], of length 1
 * @param isCandidate rows that are considered; all where left out
 * @returns the nearest first
 */
export function nearestRows(
  { vectors, dim }: VectorTable,
  query: Float32Array,
  { limit, isCandidate = () => true }: { limit: number; isCandidate?: (row: number) => boolean },
): Neighbour[] {
  const count = vectors.length / dim;
  const best = new Best(limit);
  for (let row = 0, at = 0; row < count; row++, at += dim) {
    if (!isCandidate(row)) continue;
    let sum = 0;
    for (let d = 0; d < dim; d++) sum += (vectors[at + d] ?? 0) * (query[d] ?? 0);
    if (sum > best.least) best.add(row, sum);
  }
  return best.sorted();
}

/** The largest of many values: a heap with the least of them at its top. */
class Best {
  readonly #limit: number;
  readonly #heap: Neighbour[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Below this, nothing is taken. */
  get least(): number {
    return this.#heap.length < this.#limit ? -Infinity : (this.#heap[0]?.similarity ?? Infinity);
  }

  add(row: number, similarity: number): void {
    const heap = this.#heap;
    if (heap.length < this.#limit) {
      heap.push({ row, similarity });
      this.#rise(heap.length - 1);
    } else {
      heap[0] = { row, similarity };
      this.#sink(0);
    }
  }

  sorted(): Neighbour[] {
    return this.#heap.toSorted((a, b) => b.similarity - a.similarity || a.row - b.row);
  }

  #value(at: number): number {
    return this.#heap[at]?.similarity ?? Infinity;
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one && other) [this.#heap[a], this.#heap[b]] = [other, one];
  }

  #rise(at: number): void {
    for (let up = (at - 1) >> 1; at > 0 && this.#value(at) < this.#value(up); at = up, up = (at - 1) >> 1)
      this.#swap(at, up);
  }

  #sink(at: number): void {
    for (;;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const down = this.#value(right) < this.#value(left) ? right : left;
      if (this.#value(down) >= this.#value(at)) return;
      this.#swap(at, down);
      at = down;
    }
  }
}
