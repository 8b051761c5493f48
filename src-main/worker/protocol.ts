import { z } from 'zod';
import { Bytes } from '../contract/bytes.ts';
import { ErrorInfo } from '../contract/errors.ts';
import { ExportImageRow, ExportPlan, ExportResult } from '../contract/export.ts';
import { ContentHash } from '../contract/ids.ts';
import { JobProgress } from '../contract/job.ts';
import { ExportedModel, ExportFormat, ImportRecord, Model, ModelCard } from '../contract/model.ts';
import { ModelWeights } from '../contract/model-weights.ts';
import { MachineProbe } from '../contract/system.ts';
import { FileKey, FoundFile, InspectedFile } from '../contract/scan.ts';

/**
 * The messages between the service process and a compute worker: all that jobs and worker know of each other.
 *
 * [Note: Ask and answer] A worker keeps nothing that must survive it. It *asks* the service (which of these
 * files are new? save these rows) and goes on when the answer is there. So an answered ask is durable, the
 * number of unsaved results is bounded, and a worker killed at any moment loses only what it had not asked.
 */

const ImageLimits = z.object({ maxPixels: z.number(), maxFileBytes: z.number() });

const CacheBounds = z.object({
  folder: z.string(),
  thumbnailBytes: z.number(),
  decodedBytes: z.number(),
});

/** A job with all that the worker needs to run it; paths and settings are resolved by the service. */
export const WorkerJob = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('scan'),
    rootPath: z.string(),
    limits: ImageLimits,
    cache: CacheBounds,
  }),
  z.object({ kind: z.literal('export'), plan: ExportPlan, limits: ImageLimits }),
]);
export type WorkerJob = z.infer<typeof WorkerJob>;
export type WorkerJobOf<K extends WorkerJob['kind']> = Extract<WorkerJob, { kind: K }>;

/** Questions of a running job. See [Note: Ask and answer]. */
export const Ask = z.discriminatedUnion('kind', [
  /** Which of these files have to be opened? The others are known and unchanged. */
  z.object({ kind: z.literal('scan/diff'), files: z.array(FoundFile) }),
  /** Save these rows. */
  z.object({ kind: z.literal('scan/save'), files: z.array(InspectedFile) }),
  /** Every file has been seen: mark the rest as missing. */
  z.object({ kind: z.literal('scan/finish') }),
  /** The next images of the version, by id, with their masks; none at the end. */
  z.object({ kind: z.literal('export/page'), afterId: z.number().int() }),
  /** All is written and in its place. */
  z.object({ kind: z.literal('export/finish'), result: ExportResult }),
]);
export type Ask = z.infer<typeof Ask>;
export type AskOf<K extends Ask['kind']> = Extract<Ask, { kind: K }>;

/** The answer to each kind of ask. */
export const AskAnswers = {
  'scan/diff': z.object({ inspect: z.array(z.number().int()) }),
  'scan/save': z.null(),
  'scan/finish': z.null(),
  'export/page': z.object({ images: z.array(ExportImageRow) }),
  'export/finish': z.null(),
} satisfies Record<Ask['kind'], z.ZodType>;
export type AnswerOf<K extends Ask['kind']> = z.infer<(typeof AskAnswers)[K]>;

/** A short request outside any job, answered by a worker that waits for such calls. */
export const Call = z.discriminatedUnion('kind', [
  /** The image as WebP, upright. Fails when the file no longer holds `contentHash`. */
  z.object({
    kind: z.literal('render'),
    variant: z.enum(['thumbnail', 'view']),
    rootPath: z.string(),
    file: FileKey,
    contentHash: ContentHash,
    limits: ImageLimits,
    cache: CacheBounds,
  }),
  /** Writes made-up scenes with known objects, for people without photos at hand. */
  z.object({
    kind: z.literal('make-scenes'),
    folder: z.string(),
    count: z.number().int().positive(),
    seed: z.number().int(),
  }),
  /** Reads an encoder from somebody else's file and keeps it as a file of ours in `folder`. */
  z.object({
    kind: z.literal('import-encoder'),
    path: z.string(),
    /** What stands before the names of its tensors; null to find out. */
    prefix: z.string().nullable(),
    folder: z.string(),
  }),
  /** Writes an encoder for other tools, with its card. */
  z.object({
    kind: z.literal('export-encoder'),
    weights: ModelWeights,
    model: Model,
    format: ExportFormat,
    path: z.string(),
    overwrite: z.boolean(),
  }),
  /** Loads every native module and runs a kernel on every engine. */
  z.object({ kind: z.literal('probe') }),
]);
export type Call = z.infer<typeof Call>;
export type CallOf<K extends Call['kind']> = Extract<Call, { kind: K }>;

export const CallResults = {
  render: z.object({ bytes: Bytes }),
  'make-scenes': z.null(),
  'import-encoder': z.object({
    /** Below `folder`. */
    file: z.string(),
    sha256: ContentHash,
    architecture: z.string(),
    facts: ModelCard.pick({ viewPx: true, batchesTracked: true }),
    record: ImportRecord,
  }),
  'export-encoder': ExportedModel,
  probe: MachineProbe,
} satisfies Record<Call['kind'], z.ZodType>;
export type ResultOf<K extends Call['kind']> = z.infer<(typeof CallResults)[K]>;

export const ToWorker = z.discriminatedUnion('type', [
  z.object({ type: z.literal('start'), job: WorkerJob }),
  z.object({ type: z.literal('pause') }),
  z.object({ type: z.literal('cancel') }),
  z.object({ type: z.literal('answer'), seq: z.number(), answer: z.unknown() }),
  z.object({ type: z.literal('refusal'), seq: z.number(), error: ErrorInfo }),
  z.object({ type: z.literal('call'), seq: z.number(), call: Call }),
]);
export type ToWorker = z.infer<typeof ToWorker>;

/** How a job ended, as the worker sees it. */
export const Outcome = z.discriminatedUnion('state', [
  z.object({ state: z.literal('done') }),
  z.object({ state: z.literal('paused') }),
  z.object({ state: z.literal('cancelled') }),
  z.object({ state: z.literal('failed'), error: ErrorInfo, stack: z.string().nullable() }),
]);
export type Outcome = z.infer<typeof Outcome>;

/** What a job tells of its progress; rate and time left are worked out by the service. */
export const ProgressReport = JobProgress.pick({ phase: true, done: true, total: true, unit: true });
export type ProgressReport = z.infer<typeof ProgressReport>;

export const FromWorker = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('heartbeat'), rssBytes: z.number() }),
  z.object({ type: z.literal('progress'), progress: ProgressReport }),
  z.object({ type: z.literal('ask'), seq: z.number(), ask: Ask }),
  z.object({ type: z.literal('outcome'), outcome: Outcome }),
  z.object({ type: z.literal('result'), seq: z.number(), result: z.unknown() }),
  z.object({
    type: z.literal('call-failed'),
    seq: z.number(),
    error: ErrorInfo,
    stack: z.string().nullable(),
  }),
]);
export type FromWorker = z.infer<typeof FromWorker>;
