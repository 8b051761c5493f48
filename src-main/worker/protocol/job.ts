import { z } from 'zod';
import { ErrorInfo } from '../../contract/errors.ts';
import { ExportPlan } from '../../domain/export-plan.ts';
import { RunId, SegmentationId } from '../../contract/ids.ts';
import { JobProgress } from '../../contract/job.ts';
import { MaskImportOptions } from '../../contract/mask-import.ts';
import { PretrainConfig } from '../../contract/pretrain.ts';
import { SegmentSettings } from '../../contract/segmentation.ts';
import { Bytes } from '../../domain/bytes.ts';
import { ModelWeights } from '../../domain/model-weights.ts';
import { CacheBounds, ImageLimits } from './image-access.ts';

/** A job with all that the worker needs to run it; paths and settings are resolved by the service. */
export const WorkerJob = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('scan'),
    rootPath: z.string(),
    limits: ImageLimits,
    cache: CacheBounds,
  }),
  z.object({ kind: z.literal('export'), plan: ExportPlan, limits: ImageLimits }),
  z.object({ kind: z.literal('import'), options: MaskImportOptions }),
  z.object({
    kind: z.literal('pretrain'),
    runId: RunId,
    rootPath: z.string(),
    limits: ImageLimits,
    cache: CacheBounds,
    config: PretrainConfig,
    device: z.string(),
    /** The run's own folder: its image list and its checkpoints. */
    runFolder: z.string(),
    /** Where encoders are kept; `modelPrefix` begins the names of this run's files. */
    modelsFolder: z.string(),
    modelPrefix: z.string(),
    /** Where it resumes from; null for a new run. */
    checkpoint: z.object({ file: z.string(), sha256: Bytes, step: z.number().int() }).nullable(),
    /** The encoder that a beginning run starts from; null for a freshly drawn one. */
    parent: ModelWeights.nullable(),
    bestStability: z.number().nullable(),
  }),
  z.object({
    kind: z.literal('segment'),
    rootPath: z.string(),
    limits: ImageLimits,
    cache: CacheBounds,
    segmentationId: SegmentationId,
    settings: SegmentSettings,
    device: z.string(),
    /** Null for colour and texture alone. */
    model: ModelWeights.nullable(),
    /** Where what was learned from the collection is kept, so that a resumed job can use it. */
    modelFile: z.string(),
    /** What segmentations of other collections learned with the same encoder. */
    heads: z.array(z.object({ segmentationId: SegmentationId, modelFile: z.string() })),
  }),
]);
export type WorkerJob = z.infer<typeof WorkerJob>;
export type WorkerJobOf<K extends WorkerJob['kind']> = Extract<WorkerJob, { kind: K }>;

/** How a job ended, as the worker sees it. */
export const Outcome = z.discriminatedUnion('state', [
  z.object({ state: z.literal('done') }),
  z.object({ state: z.literal('paused') }),
  z.object({ state: z.literal('cancelled') }),
  z.object({ state: z.literal('failed'), error: ErrorInfo, stack: z.string().nullable() }),
]);
export type Outcome = z.infer<typeof Outcome>;

/** What a job reports of its progress; the service works out rate and time left. */
export const ProgressReport = JobProgress.pick({ phase: true, done: true, total: true, unit: true });
export type ProgressReport = z.infer<typeof ProgressReport>;
