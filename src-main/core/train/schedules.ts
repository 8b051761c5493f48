/** K that stands for "no clustering, every superpixel its own region". */
export const K_ALL_SUPERPIXELS = 9999;

/** The largest number of regions that is clustered for. */
const MAX_K = 128;

/** Share of the run after which the piecewise rate drops to a tenth. */
const DROP_AT = 0.96;

export type KSchedule = {
  /** `cosine` takes the first two epochs and values and is a quarter of a wave, slow at the start. */
  type: 'cosine' | 'linear' | 'piecewise' | 'constant';
  epochs: readonly number[];
  values: readonly number[];
};

export type LrSchedule = {
  type: 'cosine' | 'piecewise';
  /** Learning rate at a batch of 256. */
  baseLr: number;
  /** Images of a step, over all devices. */
  batchSize: number;
  imageCount: number;
  warmupEpochs: number;
  totalEpochs: number;
  /** K at which the rate is the plain one; 0 for a rate that does not follow K. 16 in the official configuration. */
  scaleByK: number;
};

/**
 * Regions to cluster for in an epoch, SPEC section 10: truncated, at least 1, and K_ALL_SUPERPIXELS above 128.
 * @param epoch from 1
 */
export function kAt(schedule: KSchedule, epoch: number): number {
  const k = Math.trunc(rawKAt(schedule, epoch));
  if (k > MAX_K) return K_ALL_SUPERPIXELS;
  return Math.max(k, 1);
}

/** `kAt` before it is made a number of regions. */
export function rawKAt({ type, epochs, values }: KSchedule, epoch: number): number {
  switch (type) {
    case 'cosine':
      return quarterCosine(epoch, [at(epochs, 0), at(epochs, 1)], [at(values, 0), at(values, 1)]);
    case 'linear':
      return interpolate(epoch, epochs, values);
    case 'piecewise': {
      const passed = epochs.filter((start) => start <= epoch).length;
      return at(values, Math.max(passed - 1, 0));
    }
    case 'constant':
      return at(values, 0);
  }
}

/** Steps of warm-up and of the whole run, as the rate and the EMA count them: SPEC section 9. */
export function stepCounts({ imageCount, batchSize, warmupEpochs, totalEpochs }: LrSchedule): {
  warmup: number;
  total: number;
} {
  return {
    warmup: Math.floor((warmupEpochs * imageCount) / batchSize),
    total: Math.floor((totalEpochs * imageCount) / batchSize),
  };
}

/**
 * Learning rate of a step, SPEC section 9.
 * @param step from 0; the first one of a warm-up has rate 0
 * @param k regions of the step. K_ALL_SUPERPIXELS is not a number to scale by and counts as 128 (SPEC Q11).
 */
export function lrAt(schedule: LrSchedule, step: number, k: number): number {
  const { type, baseLr, batchSize, scaleByK } = schedule;
  const { warmup, total } = stepCounts(schedule);
  const maxLr = (baseLr / 256) * batchSize;
  const scale = scaleByK === 0 ? 1 : (k === K_ALL_SUPERPIXELS ? MAX_K : k) / scaleByK;
  if (step < warmup) return (step / warmup) * maxLr * scale;
  if (type === 'piecewise') return (step < DROP_AT * total ? maxLr : maxLr / 10) * scale;
  const length = total - warmup;
  const progress = length > 0 ? Math.min(step - warmup, length) / length : 1;
  return maxLr * 0.5 * (1 + Math.cos(Math.PI * progress)) * scale;
}

/**
 * Decay of the target network's moving average, SPEC section 9: from `base` to 1 over the run.
 * @param step from 0
 */
export function emaDecayAt(step: number, totalSteps: number, base = 0.99): number {
  return 1 - ((1 - base) * (Math.cos((Math.PI * step) / totalSteps) + 1)) / 2;
}

type Pair = readonly [number, number];

function quarterCosine(epoch: number, [start, end]: Pair, [first, last]: Pair): number {
  if (epoch <= start) return first;
  if (epoch >= end) return last;
  const angle = ((epoch - start) / (end - start)) * (Math.PI / 2);
  const least = Math.min(first, last);
  return Math.cos(first < last ? Math.PI / 2 - angle : angle) * (Math.max(first, last) - least) + least;
}

/** Through the points (epochs, values); the first and the last line continue past them. */
function interpolate(epoch: number, epochs: readonly number[], values: readonly number[]): number {
  if (epochs.length === 1) return at(values, 0);
  const next = epochs.findIndex((start, i) => i > 0 && epoch <= start);
  const to = next === -1 ? epochs.length - 1 : next;
  const slope = (at(values, to) - at(values, to - 1)) / (at(epochs, to) - at(epochs, to - 1));
  return at(values, to - 1) + slope * (epoch - at(epochs, to - 1));
}

function at(list: readonly number[], index: number): number {
  const value = list[index];
  if (value === undefined) throw new Error(`schedule has no entry ${index}`);
  return value;
}
