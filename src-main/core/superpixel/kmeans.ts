import { rowProducts, type Products, type Rows } from './row-products.ts';

export type ClusterTask = {
  rows: Rows;
  dim: number;
  /** Plain JavaScript by default. */
  products?: Products;
};

export type Clustering = {
  /** [count] in [0, K): the last assignment. */
  labels: Int32Array;
  /** [K, dim], of the type of the rows. */
  centres: Rows;
  /** Assignments made. */
  iterations: number;
  /** Sum of squared distances at the last assignment. */
  inertia: number;
};

const MAX_ITERATIONS = 200;

/** Absolute change of the inertia below which K-means stops. */
const TOLERANCE = 1e-6;

/**
 * Clusters rows: k-means++ and then Lloyd's iterations, SPEC section 4, step 3.
 * @param regionCount K; there are no more clusters than rows (SPEC Q5)
 * @param draw uniform numbers in [0, 1)
 */
export async function kmeans(
  task: ClusterTask,
  regionCount: number,
  draw: () => number,
): Promise<Clustering> {
  return lloyd(task, await chooseSeeds(task, regionCount, draw));
}

/**
 * Greedy k-means++: of several rows drawn by their squared distance to the seeds so far, the one that leaves the
 * smallest sum of squared distances.
 * @returns indices of min(K, rows) rows
 */
export async function chooseSeeds(
  task: ClusterTask,
  regionCount: number,
  draw: () => number,
): Promise<number[]> {
  const { rows, dim, products = rowProducts(task) } = task;
  const count = rows.length / dim;
  const seedCount = Math.min(regionCount, count);
  const trials = 2 + Math.floor(Math.log(Math.max(seedCount, 1)));
  const norms = squaredNorms(rows, dim);
  const seeds: number[] = [];
  let closest: Float64Array = new Float64Array(count).fill(Infinity);
  const cumulative = new Float64Array(count);
  const dots = sameType(rows, count * trials);
  while (seeds.length < seedCount) {
    const isFirst = seeds.length === 0;
    const drawn = isFirst ? [Math.floor(draw() * count)] : drawCandidates(cumulative, trials, draw);
    await products(gatherRows(rows, dim, drawn), drawn.length, dots);
    const best = bestCandidate({ drawn, dots, norms, closest });
    seeds.push(best.row);
    closest = best.closest;
    let sum = 0;
    for (let row = 0; row < count; row++) cumulative[row] = sum += closest[row] ?? 0;
  }
  return seeds;
}

/**
 * Lloyd's iterations from given rows. Centres are plain means; one that loses all its rows stays where it is, where
 * the official code continues with NaN (SPEC Q5).
 */
export async function lloyd(task: ClusterTask, seeds: readonly number[]): Promise<Clustering> {
  const { rows, dim, products = rowProducts(task) } = task;
  const count = rows.length / dim;
  const centres = gatherRows(rows, dim, seeds);
  const norms = squaredNorms(rows, dim);
  const labels = new Int32Array(count);
  const dots = sameType(rows, count * seeds.length);
  let inertia = Infinity;
  for (let iterations = 1; ; iterations++) {
    await products(centres, seeds.length, dots);
    const previous = inertia;
    inertia = assignRows({ labels, dots, norms, centreNorms: squaredNorms(centres, dim) });
    const isSettled = Math.abs(inertia - previous) < TOLERANCE;
    if (isSettled || iterations === MAX_ITERATIONS) return { labels, centres, iterations, inertia };
    moveCentres({ rows, dim, labels, centres });
  }
}

/** For each draw the first row whose cumulative squared distance reaches that share of the whole. */
function drawCandidates(cumulative: Float64Array, trials: number, draw: () => number): number[] {
  const whole = cumulative.at(-1) ?? 0;
  return Array.from({ length: trials }, () => {
    const target = draw() * whole;
    let low = 0;
    let high = cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulative[middle] ?? 0) >= target) high = middle;
      else low = middle + 1;
    }
    return low;
  });
}

type Trial = {
  drawn: readonly number[];
  /** [count, drawn] */
  dots: Rows;
  norms: Float64Array;
  closest: Float64Array;
};

/** The drawn row that leaves the smallest potential, the first of equals; and the distances that it leaves. */
function bestCandidate({ drawn, dots, norms, closest }: Trial): { row: number; closest: Float64Array } {
  let best = { row: 0, closest, potential: Infinity };
  drawn.forEach((candidate, column) => {
    const left = new Float64Array(closest.length);
    const ownNorm = norms[candidate] ?? 0;
    let potential = 0;
    for (let row = 0; row < left.length; row++) {
      const dot = dots[row * drawn.length + column] ?? 0;
      const squared = Math.max((norms[row] ?? 0) + ownNorm - 2 * dot, 0);
      const kept = Math.min(squared, closest[row] ?? 0);
      left[row] = kept;
      potential += kept;
    }
    if (potential < best.potential) best = { row: candidate, closest: left, potential };
  });
  return best;
}

type Assignment = { labels: Int32Array; dots: Rows; norms: Float64Array; centreNorms: Float64Array };

/** Writes the nearest centre of each row, the first of equals, and returns the sum of squared distances. */
function assignRows({ labels, dots, norms, centreNorms }: Assignment): number {
  const centreCount = centreNorms.length;
  let inertia = 0;
  for (let row = 0, at = 0; row < labels.length; row++) {
    const norm = norms[row] ?? 0;
    let nearest = 0;
    let least = Infinity;
    for (let k = 0; k < centreCount; k++, at++) {
      const squared = Math.max(norm + (centreNorms[k] ?? 0) - 2 * (dots[at] ?? 0), 0);
      if (squared < least) {
        least = squared;
        nearest = k;
      }
    }
    labels[row] = nearest;
    inertia += least;
  }
  return inertia;
}

type Move = { rows: Rows; dim: number; labels: Int32Array; centres: Rows };

function moveCentres({ rows, dim, labels, centres }: Move): void {
  const sums = new Float64Array(centres.length);
  const sizes = new Int32Array(centres.length / dim);
  for (let row = 0, at = 0; row < labels.length; row++) {
    const k = labels[row] ?? 0;
    sizes[k] = (sizes[k] ?? 0) + 1;
    for (let to = k * dim, end = to + dim; to < end; to++, at++) sums[to] = (sums[to] ?? 0) + (rows[at] ?? 0);
  }
  sizes.forEach((size, k) => {
    if (size === 0) return;
    for (let at = k * dim; at < (k + 1) * dim; at++) centres[at] = (sums[at] ?? 0) / size;
  });
}

/** In float64 whatever the type: they are few. */
function squaredNorms(rows: Rows, dim: number): Float64Array {
  const norms = new Float64Array(rows.length / dim);
  for (let row = 0, at = 0; row < norms.length; row++) {
    let sum = 0;
    for (const end = at + dim; at < end; at++) sum += (rows[at] ?? 0) * (rows[at] ?? 0);
    norms[row] = sum;
  }
  return norms;
}

function gatherRows(rows: Rows, dim: number, picks: readonly number[]): Rows {
  const gathered = sameType(rows, picks.length * dim);
  picks.forEach((row, at) => gathered.set(rows.subarray(row * dim, (row + 1) * dim), at * dim));
  return gathered;
}

function sameType(rows: Rows, length: number): Rows {
  return rows instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
}
