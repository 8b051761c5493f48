import { z } from 'zod';
import { FilePath } from './file-path.ts';
import { CollectionId, ContentHash, ImageId, JobId, ModelId, RunId } from './ids.ts';
import { JobState } from './job-state.ts';
import { PresetName, PretrainConfig } from './pretrain.ts';

/** An image that could not be used, with the reason. */
export const SkippedImage = z.object({ relPath: z.string(), detail: z.string() });
export type SkippedImage = z.infer<typeof SkippedImage>;

/** One pretraining, with where it stands. */
export const Run = z.object({
  id: RunId,
  /** Null when the collection has been removed since. */
  collectionId: CollectionId.nullable(),
  /** The job that trains it, or did last. */
  jobId: JobId.nullable(),
  /** State of that job. */
  state: JobState.nullable(),
  /** Model whose encoder it started from; null for a fresh one. */
  parentModelId: ModelId.nullable(),
  name: z.string(),
  preset: PresetName,
  config: PretrainConfig,
  /** What it was trained on, also when it is resumed. */
  device: z.string(),
  imageCount: z.number().int(),
  totalSteps: z.number().int(),
  /** Steps done and saved. */
  step: z.number().int(),
  /** Step of the checkpoint that it resumes from; null when there is none yet. */
  checkpointStep: z.number().int().nullable(),
  /** Step and stability of the best preview so far. */
  best: z.object({ step: z.number().int(), stability: z.number() }).nullable(),
  skippedImages: z.array(SkippedImage),
  createdAtMs: z.number(),
  finishedAtMs: z.number().nullable(),
});
export type Run = z.infer<typeof Run>;

/**
 * Curves of a run. `waitMs` is what the engine waited for its batch; `stability` is taken at previews; the rest is
 * of every step: see resources/docs/pretraining.md, "Is it getting better?".
 */
export const RunMetric = z.enum([
  'loss',
  'learningRate',
  'regionCount',
  'emaDecay',
  'gradientNorm',
  'featureSpread',
  'clusterEntropy',
  'visibleShare',
  'imagesPerS',
  'waitMs',
  'stability',
]);
export type RunMetric = z.infer<typeof RunMetric>;

/** A curve, thinned to at most the points asked for: each is the mean of the steps it stands for. */
export const MetricCurve = z.object({
  name: RunMetric,
  /** Step and value. */
  points: z.array(z.tuple([z.number(), z.number()])),
});
export type MetricCurve = z.infer<typeof MetricCurve>;

/** Which previews a run has. The region map of an image at a step: `/runs/RUN/previews/STEP/IMAGE.png`. */
export const RunPreviews = z.object({
  steps: z.array(z.number().int()),
  images: z.array(z.object({ imageId: ImageId, contentHash: ContentHash })),
});
export type RunPreviews = z.infer<typeof RunPreviews>;

/** Where the region maps of a run are written as one picture, and how many of its previews are in it. */
export const PreviewStripRequest = z.object({
  id: RunId,
  path: FilePath,
  maxColumns: z.number().int().min(1).max(100).default(12),
  overwrite: z.boolean().default(false),
});
