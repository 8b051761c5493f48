import type { Findings } from './campaign.ts';

/** What a process has after a piece of work, by the name of what is measured; without what was not there to be measured. */
export type Sample = Record<string, number>;

/** How a measure went after the warm-up. */
export type Trend = {
  /** Means over the first and the last quarter. */
  early: number;
  late: number;
  max: number;
  /** By how much the line of least squares rises from the first to the last sample, and for a hundred of them. */
  growth: number;
  perHundred: number;
};

/** The part of all samples that is not judged: caches and pools fill. */
const WARM_UP = 1 / 3;
/** Fewer say nothing about a trend. */
const MIN_SAMPLES = 8;

/**
 * By how much a measure may rise over the judged work, as the line of least squares has it: not per hour, so that a longer run
 * finds a slower leak. The heap is what is left when garbage is collected: code that is compiled when it is first used, and what
 * is kept of two pages more or less. Memory has in addition what the allocator does not give back; processes and threads follow
 * a call worker that ends when idle; the database keeps a row for each job.
 */
const MAX_GROWTH = {
  'heap MiB': 6,
  'memory MiB': 32,
  handles: 6,
  threads: 2,
  'child processes': 1,
  'temporary files': 0.5,
  'files of the data folder': 12,
  'database MiB': 4,
  'write-ahead log MiB': 4,
  'log KiB': 1,
} as const;

/**
 * What the largest worker may have at any time. A line through its samples says nothing: workers end, with whatever they have
 * lost, and others begin.
 */
const MAX_OF_WORKER = { 'worker memory MiB': 800, 'worker handles': 60 } as const;

export type Measure = keyof typeof MAX_GROWTH | keyof typeof MAX_OF_WORKER;
/** All of them. */
export const MEASURES = Object.keys({ ...MAX_GROWTH, ...MAX_OF_WORKER }) as [Measure, ...Measure[]];

/** What has grown more than it may. */
export function judgeGrowth(samples: readonly Sample[]): Findings & { grown: Measure[] } {
  const found = { measured: {} as Findings['measured'], problems: [] as string[], grown: [] as Measure[] };
  for (const measure of MEASURES) {
    const trend = trendOf(samples, measure);
    if (!trend) continue;
    found.measured[measure] = roundAll(trend);
    const problem = problemOf(measure, trend);
    if (problem === undefined) continue;
    found.grown.push(measure);
    found.problems.push(`${measure}: ${problem}`);
  }
  return found;
}

function problemOf(measure: Measure, { max, growth }: Trend): string | undefined {
  if (isOfWorker(measure)) {
    const allowed = MAX_OF_WORKER[measure];
    return max > allowed ? `${max.toFixed(1)} at one time, where ${allowed} are allowed` : undefined;
  }
  const allowed = MAX_GROWTH[measure];
  return growth > allowed ? `${growth.toFixed(1)} more at the end, where ${allowed} are allowed` : undefined;
}

const isOfWorker = (measure: Measure): measure is keyof typeof MAX_OF_WORKER => measure in MAX_OF_WORKER;

function roundAll(trend: Trend): Record<string, number> {
  return Object.fromEntries(Object.entries(trend).map(([name, value]) => [name, Number(value.toFixed(1))]));
}

/** @returns undefined where there are too few samples after the warm-up to say something */
export function trendOf(samples: readonly Sample[], measure: string): Trend | undefined {
  const values = samples
    .slice(Math.ceil(samples.length * WARM_UP))
    .flatMap((sample) => sample[measure] ?? []);
  if (values.length < MIN_SAMPLES) return undefined;
  const quarter = Math.ceil(values.length / 4);
  const slope = slopeOf(values);
  return {
    early: mean(values.slice(0, quarter)),
    late: mean(values.slice(-quarter)),
    max: Math.max(...values),
    growth: slope * (values.length - 1),
    perHundred: slope * 100,
  };
}

/** Slope of the line of least squares, per sample: a machine that is busy does less in the same time, and holds no more for it. */
function slopeOf(ys: readonly number[]): number {
  const [x0, y0] = [(ys.length - 1) / 2, mean(ys)];
  const sum = (of: (x: number, y: number) => number) =>
    ys.reduce((total, y, x) => total + of(x - x0, y - y0), 0);
  const spread = sum((x) => x * x);
  return spread === 0 ? 0 : sum((x, y) => x * y) / spread;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
