import { z } from 'zod';
import { Bytes } from '../contract/bytes.ts';
import { ErrorInfo } from '../contract/errors.ts';
import { ExportImageRow, ExportPlan, ExportResult } from '../contract/export.ts';
import { ContentHash, ImageId, RunId, SegmentationId } from '../contract/ids.ts';
import {
  ImportableImage,
  ImportedMask,
  MaskChange,
  MaskFileFormat,
  MaskFileProblem,
  MaskImportOptions,
  MaskImportResult,
} from '../contract/mask-import.ts';
import { JobProgress } from '../contract/job.ts';
import { PresetName, PretrainConfig, PretrainOverrides, PretrainPlan } from '../contract/pretrain.ts';
import { MetricPoint, SkippedImage } from '../contract/run.ts';
import { ExportedModel, WeightsFormat, ImportRecord, Model, ModelCard } from '../contract/model.ts';
import { ModelWeights } from '../contract/model-weights.ts';
import { Box, MaskShape } from '../contract/mask.ts';
import { ImageToScore, ScoredImage } from '../contract/evaluation-summary.ts';
import { SegmentSettings } from '../contract/segmentation.ts';
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
    /** Where it goes on from; null for a run that begins. */
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
    /** Where what was learned from the collection is kept, so that a resumed job goes on with it. */
    modelFile: z.string(),
  }),
]);
export type WorkerJob = z.infer<typeof WorkerJob>;
export type WorkerJobOf<K extends WorkerJob['kind']> = Extract<WorkerJob, { kind: K }>;

/** A mask as it is saved; `concept` is the number of its kind of thing. */
const SegmentedMask = z.object({
  shape: MaskShape,
  areaPx: z.number().int(),
  box: Box,
  level: z.number().int(),
  score: z.number(),
  concept: z.number().int(),
});

/** A shape with what follows from it. */
const MeasuredMask = z.object({ shape: MaskShape, box: Box, areaPx: z.number().int() });

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
  /** The next segmented images, by id; none at the end. */
  z.object({ kind: z.literal('import/images'), afterId: z.number().int() }),
  /** The masks that an image has. */
  z.object({ kind: z.literal('import/masks'), imageId: ImageId }),
  /** Save what became of an image's masks. */
  z.object({ kind: z.literal('import/save'), imageId: ImageId, changes: z.array(MaskChange) }),
  z.object({ kind: z.literal('import/finish'), result: MaskImportResult }),
  /** The next usable images of the collection, by id. */
  z.object({ kind: z.literal('pretrain/images'), afterId: z.number().int(), limit: z.number().int() }),
  /** The run trains on this many different images. */
  z.object({ kind: z.literal('pretrain/begin'), imageCount: z.number().int(), totalSteps: z.number().int() }),
  z.object({
    kind: z.literal('pretrain/metrics'),
    points: z.array(MetricPoint),
    skipped: z.array(SkippedImage),
  }),
  z.object({
    kind: z.literal('pretrain/preview'),
    step: z.number().int(),
    images: z.array(z.object({ imageId: ImageId, contentHash: ContentHash, png: Bytes })),
    /** Whether this is the best preview so far. */
    bestStability: z.number().nullable(),
  }),
  /** The file is on the disk: from now on the run resumes from it. */
  z.object({
    kind: z.literal('pretrain/checkpoint'),
    file: z.string(),
    sha256: Bytes,
    step: z.number().int(),
  }),
  /** The encoder of a run that ended, or was stopped for good, is on the disk: keep it as a model. */
  z.object({
    kind: z.literal('pretrain/model'),
    file: z.string(),
    sha256: ContentHash,
    architecture: z.string(),
    step: z.number().int(),
    isFinished: z.boolean(),
  }),
  /** The next usable images of the collection, by id. */
  z.object({ kind: z.literal('segment/images'), afterId: z.number().int(), limit: z.number().int() }),
  /** These are the kinds of things found; asked again after a resume, which changes nothing. */
  z.object({ kind: z.literal('segment/concepts'), count: z.number().int() }),
  /** Keep one image's masks in place of those it had. */
  z.object({
    kind: z.literal('segment/save'),
    imageId: ImageId,
    contentHash: ContentHash,
    masks: z.array(SegmentedMask),
  }),
  z.object({ kind: z.literal('segment/finish') }),
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
  'import/images': z.object({ images: z.array(ImportableImage) }),
  'import/masks': z.object({ masks: z.array(ImportedMask) }),
  'import/save': z.null(),
  'import/finish': z.null(),
  'pretrain/images': z.object({ images: z.array(FileKey.extend({ id: ImageId, contentHash: ContentHash })) }),
  'pretrain/begin': z.null(),
  'pretrain/metrics': z.null(),
  'pretrain/preview': z.null(),
  'pretrain/checkpoint': z.null(),
  'pretrain/model': z.null(),
  'segment/images': z.object({
    images: z.array(
      FileKey.extend({
        id: ImageId,
        contentHash: ContentHash,
        widthPx: z.number().int(),
        heightPx: z.number().int(),
        isDone: z.boolean(),
      }),
    ),
  }),
  'segment/concepts': z.null(),
  'segment/save': z.null(),
  'segment/finish': z.null(),
} satisfies Record<Ask['kind'], z.ZodType>;
export type AnswerOf<K extends Ask['kind']> = z.infer<(typeof AskAnswers)[K]>;

/** A file of a collection, and the content that it must still hold. */
const PhotoFile = z.object({
  rootPath: z.string(),
  file: FileKey,
  contentHash: ContentHash,
  limits: ImageLimits,
  cache: CacheBounds,
});

/** A short request outside any job, answered by a worker that waits for such calls. */
export const Call = z.discriminatedUnion('kind', [
  /** The image as WebP, upright. Fails when the file no longer holds `contentHash`. */
  PhotoFile.extend({ kind: z.literal('render'), variant: z.enum(['thumbnail', 'view']) }),
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
    format: WeightsFormat,
    path: z.string(),
    overwrite: z.boolean(),
  }),
  /** Loads every native module and runs a kernel on every engine. */
  z.object({ kind: z.literal('probe') }),
  /** Puts the ground truth of a labeling tool's files into an empty folder, an image a file. */
  z.object({ kind: z.literal('unpack-truth'), path: z.string(), format: MaskFileFormat, folder: z.string() }),
  /** Scores of some images against ground truth, see `scoreMasks`. */
  z.object({
    kind: z.literal('score-masks'),
    /** A folder of pictures, or one that `unpack-truth` has filled. */
    truth: z.object({ folder: z.string(), isUnpacked: z.boolean() }),
    images: z.array(ImageToScore),
  }),
  /** Area and box of a shape that a person has drawn. */
  z.object({ kind: z.literal('measure-mask'), shape: MaskShape }),
  /** An object cut from its image, with what is around it darkened. */
  PhotoFile.extend({ kind: z.literal('render-crop'), shape: MaskShape, box: Box }),
  /** All that at least one of the masks holds. */
  z.object({ kind: z.literal('merge-masks'), shapes: z.array(MaskShape).min(2) }),
  /** See `MaskCut`. */
  z.object({
    kind: z.literal('split-mask'),
    shape: MaskShape,
    box: Box,
    by: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('parts') }),
      z.object({ kind: z.literal('line'), points: z.array(z.object({ x: z.number(), y: z.number() })) }),
      z.object({ kind: z.literal('mask'), shape: MaskShape }),
    ]),
  }),
  /** The thumbnail of a photo with masks in their colours, as WebP; kept in the cache under `key`. */
  PhotoFile.extend({
    kind: z.literal('render-drawn'),
    masks: z.array(
      z.object({
        shape: MaskShape,
        areaPx: z.number().int(),
        colour: z.string(),
        isRejected: z.boolean(),
      }),
    ),
    key: z.string(),
  }),
  /** One sheet of overlays, written to `out` as PNG. */
  z.object({
    kind: z.literal('draw-sheet'),
    /** A page where it ends in .html or .htm, else PNG. */
    out: z.string(),
    title: z.string(),
    tiles: z.array(
      z.object({
        path: z.string(),
        name: z.string(),
        score: z.number(),
        masks: z.array(
          z.object({ shape: MaskShape, colour: z.string(), concept: z.string(), score: z.number() }),
        ),
      }),
    ),
    limits: ImageLimits,
  }),
  /** What a pretraining would be; `gflops` is the speed of the device, null where it is not known. */
  z.object({
    kind: z.literal('plan-pretraining'),
    preset: PresetName,
    overrides: PretrainOverrides,
    imageCount: z.number().int(),
    device: z.string(),
    gflops: z.number().nullable(),
    memoryBytes: z.number().nullable(),
  }),
  /** Region maps of a run as one picture, a row an image and a column a step, written to `out`. */
  z.object({
    kind: z.literal('write-preview-strip'),
    out: z.string(),
    rows: z.array(z.array(Bytes)),
  }),
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
  'plan-pretraining': PretrainPlan,
  'write-preview-strip': z.null(),
  'unpack-truth': z.object({ names: z.array(z.string()), problems: z.array(MaskFileProblem) }),
  'score-masks': z.object({
    images: z.array(ScoredImage),
    /** Names of the truth that was used, without extension. */
    usedNames: z.array(z.string()),
    /** Images without truth. */
    missingTruth: z.number().int(),
  }),
  'measure-mask': MeasuredMask,
  'merge-masks': MeasuredMask,
  'split-mask': z.object({ pieces: z.array(MeasuredMask) }),
  'render-drawn': z.object({ bytes: Bytes }),
  'render-crop': z.object({ bytes: Bytes }),
  'draw-sheet': z.null(),
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
