import { z } from 'zod';
import { ErrorInfo } from './errors.ts';
import { CollectionId, ExportId, ImportId, JobId, RunId, SegmentationId } from './ids.ts';
import { JobState } from './job-state.ts';

/** What a job is to do: everything needed to run it again, as it is stored. */
const ScanSpec = z.object({
  kind: z.literal('scan'),
  collectionId: CollectionId,
  /** Reads every file, also where size and times say that it is unchanged. */
  isVerifying: z.boolean().optional(),
});
/** Everything else about a pretraining is in its run. */
const PretrainSpec = z.object({
  kind: z.literal('pretrain'),
  runId: RunId,
  /** Trains nothing: all that PyTorch needs is written into this folder. */
  planTo: z.string().optional(),
});
/** Everything else about a segmentation is in its row. */
const SegmentSpec = z.object({
  kind: z.literal('segment'),
  segmentationId: SegmentationId,
  /** Only images without masks, with what was learned before; everything else stays as it is. */
  isNewOnly: z.boolean().optional(),
  /** Ends when the collection has been learned: its images are segmented elsewhere. */
  isLearningOnly: z.boolean().optional(),
});
/** Writes a dataset version; the export's row says which one, how and where. */
const ExportSpec = z.object({ kind: z.literal('export'), exportId: ExportId });
/** Reads masks into a segmentation; the import's row says which, and from where. */
const ImportSpec = z.object({ kind: z.literal('import'), importId: ImportId });
/** Describes images and masks by vectors, so that they can be compared. */
const DescribeSpec = z.object({ kind: z.literal('describe'), segmentationId: SegmentationId });
/** Compares the images of a collection with each other. */
const CompareSpec = z.object({ kind: z.literal('compare'), collectionId: CollectionId });
/** Lays out images and objects on a plane. */
const MapSpec = z.object({ kind: z.literal('map'), segmentationId: SegmentationId });
/** Learns from corrected masks, and segments the images again that nobody has worked on: for a proposal. */
const RecutSpec = z.object({ kind: z.literal('recut'), segmentationId: SegmentationId });
export const JobSpec = z.discriminatedUnion('kind', [
  ScanSpec,
  PretrainSpec,
  SegmentSpec,
  ExportSpec,
  ImportSpec,
  DescribeSpec,
  CompareSpec,
  MapSpec,
  RecutSpec,
]);
export type JobSpec = z.infer<typeof JobSpec>;
export type JobKind = JobSpec['kind'];

/** What a job is doing. Its texts are under `jobs.phase` of the page; the command line writes the name itself. */
export const JobPhase = z.enum([
  'listing-files',
  'reading-images',
  'listing-images',
  'cutting-images',
  'preparing-network',
  'pretraining',
  'comparing-grounds',
  'learning-concepts',
  'grouping-concepts',
  'learning-foreground',
  'finding-objects',
  'writing-files',
  'reading-masks',
  'comparing-masks',
  'describing-objects',
  'comparing-images',
  'finding-neighbours',
  'laying-out-map',
  'reading-corrections',
  'learning-corrections',
  'cutting-again',
]);
export type JobPhase = z.infer<typeof JobPhase>;

/** What a job counts. */
export const JobUnit = z.enum(['files', 'images', 'steps', 'vectors']);

export const JobProgress = z.object({
  phase: JobPhase,
  done: z.number(),
  /** Null until it is known. */
  total: z.number().nullable(),
  unit: JobUnit,
  /** Smoothed; null until enough has been measured. */
  ratePerS: z.number().nullable(),
  /** Until the job ends, over all of its phases. */
  etaMs: z.number().nullable(),
  /** Share of the whole job that is done, 0..1; null where only that of the phase is known. */
  jobShare: z.number().nullable().default(null),
});
export type JobProgress = z.infer<typeof JobProgress>;

export const Job = z.object({
  id: JobId,
  spec: JobSpec,
  state: JobState,
  title: z.string(),
  progress: JobProgress.nullable(),
  error: ErrorInfo.nullable(),
  /** Whether `jobs.resume` is allowed now. */
  isResumable: z.boolean(),
  createdAtMs: z.number(),
  startedAtMs: z.number().nullable(),
  finishedAtMs: z.number().nullable(),
});
export type Job = z.infer<typeof Job>;

/** How far a job is, 0..1, over all of its phases where that is known; null until there is a total. */
export function fractionOf({ progress }: Pick<Job, 'progress'>): number | null {
  if (!progress) return null;
  return progress.jobShare ?? (progress.total ? Math.min(1, progress.done / progress.total) : null);
}
