/** What a process has after a piece of work, by the name of what is measured. */
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

/** @returns undefined where there are too few samples after the warm-up to say something */
export function trendOf(samples: readonly Sample[], measure: string): Trend | undefined {
  const judged = samples.slice(Math.ceil(samples.length * WARM_UP));
  if (judged.length < MIN_SAMPLES) return undefined;
  const values = judged.map((sample) => sample[measure] ?? 0);
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
