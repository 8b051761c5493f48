import { setImmediate as nextTurn } from 'node:timers/promises';
import { choleskyFactor, solveLower, solveUpper } from '../cholesky.ts';
import { MIN_PART, widestDistance } from '../divide-scene.ts';
import { principalAxes } from '../projection.ts';
import type { SuperpixelRows } from '../superpixel-rows.ts';
import type { ForegroundExample } from './foreground-example.ts';
import { floatsOf, type FeatureRows } from './foreground-head.ts';
import { standardise, type HeadExample, type Standardisation } from './learn-head.ts';
import { fewRows } from './lessons.ts';

/** What distinguishes things, learned from the foregrounds of a collection. */
export type ThingMetric = {
  /**
   * [count, dim], for features as they are: along each of them, superpixels of the same thing vary by 1 at most. Together,
   * these are the directions in which things differ most from what is around them.
   */
  axes: Float32Array;
  count: number;
  /** Ward's distance on these axes from which parts of a foreground are different things. */
  minDistance: number;
};

type ThingAxes = Pick<ThingMetric, 'axes' | 'count'>;

/** Fewer things than this are an axis each; test/bench/segment/NOTES.md. */
const MIN_THINGS = 200;
/** Of fewer superpixels, the spread says nothing. */
const MIN_ROWS = 4;
const AXES = 32;
/** Share of the mean variance that is added to the variance within things along every axis. */
const SHRINKAGE = 0.05;
/** Share of the foregrounds that stay whole: most images show one thing, and one thing must not come apart. */
const WHOLE_SHARE = 0.95;
/** Images on which the distance is measured. */
const MEASURED_IMAGES = 512;
/** Images after which others get their turn. */
const IMAGES_A_TURN = 16;

/** Some superpixels of a foreground, and some around it: [n, dim] each. */
type Thing = { inside: Float32Array; outside: Float32Array };

export type LearnMetricOptions = {
  /** What is kept of images of other collections. */
  others?: readonly HeadExample[];
  signal?: AbortSignal | undefined;
};

/**
 * Learns what distinguishes things, by Fisher's linear discriminant (Fisher 1936), with the foreground of each image and
 * the ground around it as two classes. With features standardised, these are the axes v that maximise v' G v / v' W v:
 * W is the scatter of superpixels around the mean of the thing that they are in, with `SHRINKAGE` of its mean variance added on the
 * diagonal, and G the mean of d d', d being the difference of a thing's mean and that of its ground.
 * The distance from which parts are different things is measured on the same images: that at which `WHOLE_SHARE` of
 * their foregrounds stay whole. Neither reads labels.
 * @param examples images of the collection, with the masks that teach, in an order that is the same each time
 * @returns null where too few images teach
 */
export async function learnThingMetric(
  examples: readonly ForegroundExample[],
  { others = [], signal }: LearnMetricOptions = {},
): Promise<ThingMetric | null> {
  const few = [...examples, ...others].map(fewRows);
  const things = few.map(thingOf).filter(({ inside, outside }) => inside.length > 0 && outside.length > 0);
  const dim = few[0]?.dim ?? 0;
  if (things.length < MIN_THINGS || dim === 0) return null;
  const lessons = few.map((example) => ({ features: floatsOf(example) }));
  const axes = await discriminantAxes(things, standardise(lessons, dim, 1), signal);
  const metric = { axes, count: axes.length / dim };
  return { ...metric, minDistance: await wholeDistance(examples, metric, signal) };
}

/** Where on the axes the features of superpixels are. */
export function thingRows({ axes, count }: ThingAxes, rows: FeatureRows): SuperpixelRows {
  const { dim } = rows;
  const features = floatsOf(rows);
  const superpixels = features.length / dim;
  const out = new Float32Array(superpixels * count);
  for (let row = 0, at = 0; row < superpixels; row++) {
    for (let axis = 0; axis < count; axis++, at++) {
      let sum = 0;
      for (let d = 0; d < dim; d++) sum += (axes[axis * dim + d] ?? 0) * (features[row * dim + d] ?? 0);
      out[at] = sum;
    }
  }
  return { rows: out, dim: count };
}

/** Nothing on either side where there are too few superpixels inside. */
function thingOf(example: HeadExample): Thing {
  const { dim, targets } = example;
  const features = floatsOf(example);
  const side = (inside: number) => {
    const rows = [...targets.keys()].filter((row) => targets[row] === inside);
    const out = new Float32Array(rows.length * dim);
    rows.forEach((row, at) => out.set(features.subarray(row * dim, (row + 1) * dim), at * dim));
    return out;
  };
  const inside = side(1);
  return inside.length < MIN_ROWS * dim
    ? { inside: new Float32Array(0), outside: inside }
    : { inside, outside: side(0) };
}

async function discriminantAxes(
  things: readonly Thing[],
  standard: Standardisation,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const dim = standard.means.length;
  const within = new Scatter(dim);
  const differences: Float64Array[] = [];
  let degrees = 0;
  for (const [at, { inside, outside }] of things.entries()) {
    if (at % IMAGES_A_TURN === 0) await turn(signal);
    const rows = standardised(inside, standard);
    const mean = meanOf(rows);
    for (const row of rows) within.add(minus(row, mean));
    degrees += rows.length - 1;
    differences.push(minus(mean, meanOf(standardised(outside, standard))));
  }
  const factor = choleskyFactor(within.shrunk(degrees), dim);
  const axes = axesThrough(differences.map((difference) => solveLower(factor, difference)));
  for (let from = 0; from < axes.length; from += dim) {
    const axis = solveUpper(factor, axes.slice(from, from + dim));
    axes.set(
      axis.map((value, d) => value * (standard.scales[d] ?? 0)),
      from,
    );
  }
  return Float32Array.from(axes);
}

/** Axes of length 1 on which vectors are longest: [kept, dim]. */
function axesThrough(vectors: readonly Float64Array[]): Float64Array {
  const dim = vectors[0]?.length ?? 0;
  const rows = new Float32Array(2 * vectors.length * dim);
  // In both directions: around their mean they would lose what they have in common.
  vectors.forEach((vector, at) => {
    rows.set(vector, 2 * at * dim);
    rows.set(
      vector.map((value) => -value),
      (2 * at + 1) * dim,
    );
  });
  return principalAxes(rows, dim, Math.min(AXES, dim)).axes;
}

/** The distance that most foregrounds' parts do not reach. */
async function wholeDistance(
  examples: readonly ForegroundExample[],
  axes: ThingAxes,
  signal: AbortSignal | undefined,
): Promise<number> {
  const step = Math.ceil(examples.length / MEASURED_IMAGES);
  const widest: number[] = [];
  for (let at = 0; at < examples.length; at += step) {
    const example = examples[at];
    if (!example?.targets.includes(1)) continue;
    if (widest.length % IMAGES_A_TURN === 0) await turn(signal);
    widest.push(widestDistance(example.graph, example.targets, thingRows(axes, example), MIN_PART));
  }
  widest.sort((a, b) => a - b);
  return widest[Math.floor(WHOLE_SHARE * widest.length)] ?? Infinity;
}

async function turn(signal: AbortSignal | undefined): Promise<void> {
  await nextTurn();
  signal?.throwIfAborted();
}

/** Rows [n, dim] one by one, standardised. */
function standardised(rows: Float32Array, { means, scales }: Standardisation): Float64Array[] {
  const dim = means.length;
  return Array.from({ length: rows.length / dim }, (_, row) =>
    Float64Array.from(means, (mean, d) => ((rows[row * dim + d] ?? 0) - mean) * (scales[d] ?? 0)),
  );
}

const minus = (a: Float64Array, b: Float64Array) => a.map((value, d) => value - (b[d] ?? 0));

function meanOf(rows: readonly Float64Array[]): Float64Array {
  const mean = new Float64Array(rows[0]?.length ?? 0);
  for (const row of rows) row.forEach((value, d) => (mean[d] = (mean[d] ?? 0) + value / rows.length));
  return mean;
}

/** The sum of the outer products of rows with themselves. */
class Scatter {
  readonly #dim: number;
  /** The lower triangle [dim, dim]. */
  readonly #sums: Float64Array;

  constructor(dim: number) {
    this.#dim = dim;
    this.#sums = new Float64Array(dim * dim);
  }

  add(row: Float64Array): void {
    for (let i = 0; i < this.#dim; i++) {
      const value = row[i] ?? 0;
      for (let j = 0, to = i * this.#dim; j <= i; j++, to++) {
        this.#sums[to] = (this.#sums[to] ?? 0) + value * (row[j] ?? 0);
      }
    }
  }

  /** Variances for that many degrees of freedom, shrunk towards their mean: positive definite. */
  shrunk(degrees: number): Float64Array {
    const out = this.#sums.map((sum) => sum / degrees);
    let trace = 0;
    for (let d = 0; d < this.#dim; d++) trace += out[d * (this.#dim + 1)] ?? 0;
    const added = (SHRINKAGE * trace) / this.#dim + Number.EPSILON;
    for (let at = 0; at < out.length; at += this.#dim + 1) out[at] = (out[at] ?? 0) + added;
    return out;
  }
}
