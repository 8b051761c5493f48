/** What one process of the benchmark measures. */
export type PretrainMeasureOptions = {
  /** `pure`: the step alone, on one batch. `pipeline`: everything from files on. */
  mode: 'pure' | 'pipeline';
  /** Photos. */
  folder: string;
  cacheFolder: string;
  /** Path of the built batch-thread.js. */
  batchThread: string;
  batch: number;
  sizePx: number;
  regionCount: number;
  steps: number;
  threads: number;
};

/** Means over all steps but the first. */
export type PretrainMeasurement = {
  imagesPerS: number;
  stepMs: number;
  /** Time that a step waited for its batch. */
  waitMs: number;
};
