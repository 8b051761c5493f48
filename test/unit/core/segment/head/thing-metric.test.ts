import { expect, test } from 'vitest';
import { ContentHash } from '../../../../../src-main/contract/ids.ts';
import { divideScene, MIN_PART } from '../../../../../src-main/core/segment/divide-scene.ts';
import type { ForegroundExample } from '../../../../../src-main/core/segment/head/foreground-example.ts';
import { lessonsOf } from '../../../../../src-main/core/segment/head/lessons.ts';
import {
  learnThingMetric,
  thingRows,
  type ThingMetric,
} from '../../../../../src-main/core/segment/head/thing-metric.ts';
import { RandomStream } from '../../../../../src-main/core/tensor/random.ts';

const DIM = 3;
/** Of an image: superpixels in a row, of which the middle half is a thing. */
const ROWS = 32;
const isInside = (row: number) => row >= ROWS / 4 && row < (3 * ROWS) / 4;
/** How far superpixels of the same thing vary in each feature. */
const SPREADS = [1, 4, 1];

/**
 * Images whose ground is at 0 and whose thing is at (c, c, 0), with a c of its own. The third feature says nothing.
 * @param thing the things' means: one for all of its superpixels, or one for each half
 */
function images(
  count: number,
  thing = (random: RandomStream, _at: number): number[] => [10 * random.normal()],
): ForegroundExample[] {
  const random = new RandomStream(3);
  return Array.from({ length: count }, (_, at) => {
    const means = thing(random, at);
    const features = new Float32Array(ROWS * DIM);
    for (let row = 0; row < ROWS; row++) {
      const mean = isInside(row) ? (means[Math.floor((row * means.length) / ROWS)] ?? 0) : 0;
      SPREADS.forEach((spread, d) => {
        features[row * DIM + d] = 100 + (d < 2 ? mean : 0) + spread * random.normal();
      });
    }
    const areas = new Float32Array(ROWS).fill(100);
    const edges = {
      from: Uint16Array.from({ length: ROWS - 1 }, (_, s) => s),
      to: Uint16Array.from({ length: ROWS - 1 }, (_, s) => s + 1),
      lengths: new Float32Array(ROWS - 1).fill(10),
    };
    return {
      image: { relPath: `${at}.png`, contentHash: ContentHash.parse(at.toString(16).padStart(64, '0')) },
      features,
      dim: DIM,
      targets: Uint8Array.from({ length: ROWS }, (_, row) => Number(isInside(row))),
      areas,
      score: 1,
      graph: { areas, lab: new Float32Array(ROWS * 3), labSpread: new Float32Array(ROWS * 3), edges },
      cues: {
        saliency: new Float32Array(ROWS),
        nearness: new Float32Array(ROWS),
        borders: new Float32Array(ROWS - 1),
      },
    };
  });
}

async function metricOf(examples: readonly ForegroundExample[]): Promise<ThingMetric> {
  return (await learnThingMetric(examples)) ?? expect.fail('there are enough images');
}

/** Parts that the foreground of an image has with a metric. */
function partsOf({ graph, targets, ...rows }: ForegroundExample, metric: ThingMetric): Int32Array {
  const { minDistance } = metric;
  return divideScene(graph, targets, thingRows(metric, rows), { minDistance, minShare: MIN_PART });
}

const countOf = (parts: Int32Array) => new Set(parts.filter((part) => part >= 0)).size;

test('the first axis is that of Fisher’s discriminant, in units of the spread within a thing', async () => {
  const { axes } = await metricOf(images(400, (_, at) => [at % 2 === 0 ? 10 : -10]));
  // Half of the superpixels have a mean of c, the others of 0, and the mean square of c is 100.
  const variances = SPREADS.map((spread, d) => spread ** 2 + (d < 2 ? 50 : 0));
  const within = SPREADS.map((spread, d) => spread ** 2 / (variances[d] ?? 1));
  // Shrunk by a twentieth of their mean.
  const shrunk = within.map((value) => value + 0.05 * (within.reduce((sum, one) => sum + one) / DIM));
  // All things differ from their grounds along u: the axis is W^-1 u / sqrt(u' W^-1 u).
  const u = variances.map((variance, d) => (d < 2 ? 1 : 0) / Math.sqrt(variance));
  const solved = u.map((value, d) => value / (shrunk[d] ?? 1));
  const length = Math.sqrt(u.reduce((sum, value, d) => sum + value * (solved[d] ?? 0), 0));
  const sign = Math.sign(axes[0] ?? 1);
  solved.forEach((value, d) => {
    expect(sign * (axes[d] ?? NaN)).toBeCloseTo(value / length / Math.sqrt(variances[d] ?? 1), 1);
  });
});

test('things keep together and come apart from each other, wherever these are', async () => {
  const single = images(400);
  const metric = await metricOf(single);
  const whole = single.filter((image) => countOf(partsOf(image, metric)) === 1);
  expect(whole.length / single.length).toBeGreaterThanOrEqual(0.94);
  expect(whole.length / single.length).toBeLessThan(1);
  const pairs = images(20, (random) => [30 + random.normal(), -10 + random.normal()]);
  for (const pair of pairs) {
    const parts = partsOf(pair, metric);
    const [left, right] = [parts.subarray(ROWS / 4, ROWS / 2), parts.subarray(ROWS / 2, (3 * ROWS) / 4)];
    expect(left.some((part) => right.includes(part))).toBe(false);
  }
  expect(pairs.filter((pair) => countOf(partsOf(pair, metric)) === 2).length).toBeGreaterThan(17);
});

test('the same images teach the same metric, whatever the unit of a feature', async () => {
  const examples = images(240);
  const metric = await metricOf(examples);
  expect(await metricOf(examples)).toEqual(metric);
  const scaled = examples.map((example) => ({
    ...example,
    features: Float32Array.from(example.features, (value, at) => (at % DIM === 0 ? 64 * value : value)),
  }));
  expect((await metricOf(scaled)).minDistance).toBeCloseTo(metric.minDistance, 2);
});

test('a feature that is the same everywhere does no harm', async () => {
  const examples = images(240).map((example) => ({
    ...example,
    features: Float32Array.from(example.features, (value, at) => (at % DIM === 2 ? 7 : value)),
  }));
  const { axes, minDistance } = await metricOf(examples);
  expect([...axes].every(Number.isFinite)).toBe(true);
  expect(minDistance).toBeGreaterThan(0);
});

test('few images teach nothing, unless the lessons of other collections add up with them to enough', async () => {
  const few = images(60);
  expect(await learnThingMetric(few)).toBeNull();
  const others = lessonsOf(images(180)).kept;
  expect(await learnThingMetric(few, { others })).not.toBeNull();
  // Without a foreground, an image has no thing to teach from.
  const empty = images(300).map((example) => ({ ...example, targets: new Uint8Array(ROWS) }));
  expect(await learnThingMetric(empty)).toBeNull();
});

test('learning stops when the signal says so', async () => {
  const signal = AbortSignal.abort(new Error('stopped'));
  await expect(learnThingMetric(images(240), { signal })).rejects.toThrow('stopped');
});
