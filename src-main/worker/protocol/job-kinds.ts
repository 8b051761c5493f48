import { z } from 'zod';
import { LevelRange } from '../../contract/brightness.ts';
import { ExportImageName, ExportImageRow, ExportPlan } from '../../domain/export-plan.ts';
import { ExportResult } from '../../contract/export.ts';
import { ContentHash, DatasetVersionId, ImageId, MaskId, RunId, SegmentationId } from '../../contract/ids.ts';
import type { JobKind } from '../../contract/job.ts';
import {
  ExportedClass,
  ExportedVersion,
  ExportKey,
  ImageChanges,
  ImportableImage,
  ImportedMask,
} from '../../domain/mask-import-rows.ts';
import { LookAlikeGrade } from '../../contract/look-alike.ts';
import { MaskImportOptions, MaskImportResult } from '../../contract/mask-import.ts';
import { MaskShape } from '../../domain/mask-shape.ts';
import { ModelWeights } from '../../domain/model-weights.ts';
import { PretrainConfig } from '../../contract/pretrain.ts';
import { SkippedImage } from '../../contract/run.ts';
import { MetricPoint } from '../../domain/metric-point.ts';
import { ForegroundNote, SegmentSettings } from '../../contract/segmentation.ts';
import { Bytes } from '../../domain/bytes.ts';
import { FoundFile, InspectedFile, ListedImage, SizedImage } from '../../domain/scan.ts';
import { CacheBounds, ImageLimits } from './image-access.ts';
import { recut } from './recut-kind.ts';
import { SegmentedMask } from './segmented-mask.ts';

/** The messages between service and worker for one kind of job. */
type Declaration<K extends JobKind> = {
  /** All that the worker needs to run it; paths and settings are resolved by the service. */
  job: z.ZodObject;
  /** What the worker asks meanwhile, and what is answered. See [Note: Ask and answer] in ask.ts. */
  asks: Record<`${K}/${string}`, { ask: z.ZodObject; answer: z.ZodType }>;
};

const Nothing = z.object({});

/** Where a job notes which files it has open; see [Note: Files that end their reader]. */
const ReadingFolder = z.string();

const scan = {
  job: z.object({
    rootPath: z.string(),
    limits: ImageLimits,
    cache: CacheBounds,
    readingFolder: ReadingFolder,
  }),
  asks: {
    /** Which of these files have to be opened? The others are unchanged. */
    'scan/diff': {
      ask: z.object({ files: z.array(FoundFile) }),
      answer: z.object({ inspect: z.array(z.number().int()) }),
    },
    /** Save these rows. */
    'scan/save': { ask: z.object({ files: z.array(InspectedFile) }), answer: z.null() },
    /** Keep these brightness ranges, by the kind of sample. */
    'scan/brightness': { ask: z.object({ ranges: z.record(z.string(), LevelRange) }), answer: z.null() },
    /** Every file has been seen: mark the rest as missing. */
    'scan/finish': { ask: Nothing, answer: z.null() },
  },
} satisfies Declaration<'scan'>;

const exportDataset = {
  job: z.object({ plan: ExportPlan, limits: ImageLimits, readingFolder: ReadingFolder }),
  asks: {
    /** The next images of the version, by id, with their masks; none at the end. */
    'export/page': {
      ask: z.object({ afterId: z.number().int() }),
      answer: z.object({ images: z.array(ExportImageRow) }),
    },
    /** The next paths of the version (null) or of the collection in that folder, by id; none at the end. */
    'export/names': {
      ask: z.object({ rootPath: z.string().nullable(), afterId: z.number().int() }),
      answer: z.object({ images: z.array(ExportImageName) }),
    },
    /** All is written and in its place. */
    'export/finish': { ask: z.object({ result: ExportResult }), answer: z.null() },
  },
} satisfies Declaration<'export'>;

const importMasks = {
  job: z.object({ options: MaskImportOptions, /** The collection's folder. */ rootPath: z.string() }),
  asks: {
    /** The next segmented images, by id; none at the end. */
    'import/images': {
      ask: z.object({ afterId: z.number().int() }),
      answer: z.object({ images: z.array(ImportableImage) }),
    },
    /** The dataset version that an export is of. */
    'import/version': { ask: ExportKey, answer: ExportedVersion },
    /** Classes that dataset versions of the segmentation give to its concepts; of these versions, or of all. */
    'import/classes': {
      ask: z.object({ versionIds: z.array(DatasetVersionId) }),
      answer: z.object({ classes: z.array(ExportedClass) }),
    },
    /** The masks that an image has, and what these versions, or else all, have of them. */
    'import/masks': {
      ask: z.object({ imageId: ImageId, versionIds: z.array(DatasetVersionId) }),
      answer: z.object({ masks: z.array(ImportedMask), isExported: z.boolean() }),
    },
    /** Save the result for an image's masks; false, with nothing saved, if they have changed since they were asked for. */
    'import/save': { ask: ImageChanges, answer: z.object({ isSaved: z.boolean() }) },
    'import/finish': {
      ask: MaskImportResult.pick({ skipped: true, problems: true, notes: true, noteCount: true }),
      answer: z.null(),
    },
  },
} satisfies Declaration<'import'>;

const pretrain = {
  job: z.object({
    runId: RunId,
    rootPath: z.string(),
    limits: ImageLimits,
    cache: CacheBounds,
    config: PretrainConfig,
    device: z.string(),
    readingFolder: ReadingFolder,
    /** The run's own folder: its image list and its checkpoints. */
    runFolder: z.string(),
    /** Where encoders are kept; `modelPrefix` starts the names of this run's files. */
    modelsFolder: z.string(),
    modelPrefix: z.string(),
    /** Where it resumes from; null for a new run. */
    checkpoint: z.object({ file: z.string(), sha256: Bytes, step: z.number().int() }).nullable(),
    /** The encoder that a beginning run starts from; null for a freshly drawn one. */
    parent: ModelWeights.nullable(),
    bestStability: z.number().nullable(),
    /** Where TensorFlow is, if it is installed. */
    tensorflowFolder: z.string(),
    /** Where PyTorch is, if it is installed, and options for it. */
    torch: z.object({ folder: z.string(), options: z.array(z.string()) }),
    /** Where what PyTorch needs is written instead of training; null to train. */
    planTo: z.string().nullable(),
  }),
  asks: {
    /** The next usable images of the collection, by id. */
    'pretrain/images': {
      ask: z.object({ afterId: z.number().int(), limit: z.number().int() }),
      answer: z.object({ images: z.array(ListedImage) }),
    },
    /** The run trains on this many different images. */
    'pretrain/begin': {
      ask: z.object({ imageCount: z.number().int(), totalSteps: z.number().int() }),
      answer: z.null(),
    },
    'pretrain/metrics': {
      ask: z.object({ points: z.array(MetricPoint), skipped: z.array(SkippedImage) }),
      answer: z.null(),
    },
    'pretrain/preview': {
      ask: z.object({
        step: z.number().int(),
        images: z.array(z.object({ imageId: ImageId, contentHash: ContentHash, png: Bytes })),
        /** Set where this is the best preview so far. */
        bestStability: z.number().nullable(),
      }),
      answer: z.null(),
    },
    /** The file is on the disk: from now on the run resumes from it. */
    'pretrain/checkpoint': {
      ask: z.object({ file: z.string(), sha256: Bytes, step: z.number().int() }),
      answer: z.null(),
    },
    /** The encoder of a run that ended, or was cancelled, is on the disk: keep it as a model. */
    'pretrain/model': {
      ask: z.object({
        file: z.string(),
        sha256: ContentHash,
        architecture: z.string(),
        step: z.number().int(),
        isFinished: z.boolean(),
      }),
      answer: z.null(),
    },
  },
} satisfies Declaration<'pretrain'>;

const segment = {
  job: z.object({
    rootPath: z.string(),
    limits: ImageLimits,
    cache: CacheBounds,
    readingFolder: ReadingFolder,
    segmentationId: SegmentationId,
    /** Only images without masks, with what was learned before. */
    isNewOnly: z.boolean(),
    /** Ends when the collection has been learned. */
    isLearningOnly: z.boolean(),
    /**
     * What happens to images that are not in the folder, also under no other name; null where they are read only where
     * they were, and named one by one.
     */
    absent: z.enum(['refuse', 'skip']).nullable(),
    settings: SegmentSettings,
    device: z.string(),
    /** Null for only colour and texture. */
    model: ModelWeights.nullable(),
    /** Where what was learned from the collection is kept, so that a resumed job can use it. */
    modelFile: z.string(),
    /** The same of what its images taught, for other collections. */
    lessonsFile: z.string(),
    /** What segmentations of other collections learned with the same encoder, and who taught them. */
    heads: z.array(
      z.object({
        segmentationId: SegmentationId,
        collection: z.string(),
        taughtBy: ForegroundNote.shape.taughtBy,
        /** Images of that collection that taught. */
        imageCount: z.number().int().nonnegative(),
        modelFile: z.string(),
        /** Null where its images entered the encoder in another way. */
        lessonsFile: z.string().nullable(),
      }),
    ),
  }),
  asks: {
    /** The next usable images of the collection, by id. */
    'segment/images': {
      ask: z.object({ afterId: z.number().int(), limit: z.number().int() }),
      answer: z.object({
        images: z.array(
          SizedImage.extend({
            sizeBytes: z.number().int(),
            isDone: z.boolean(),
            isPreliminary: z.boolean(),
          }),
        ),
      }),
    },
    /** What the collection taught: its concepts, and how foregrounds are found. Asked again after a resume. */
    'segment/learned': {
      ask: z.object({ conceptCount: z.number().int(), foreground: ForegroundNote }),
      answer: z.null(),
    },
    /** Keep one image's masks in place of those it had; see [Note: Preliminary masks]. */
    'segment/save': {
      ask: z.object({
        imageId: ImageId,
        contentHash: ContentHash,
        masks: z.array(SegmentedMask),
        isPreliminary: z.boolean(),
      }),
      answer: z.null(),
    },
    /** Name an image that cannot be read: it stays to be done. */
    'segment/unread': { ask: z.object({ imageId: ImageId, detail: z.string() }), answer: z.null() },
    'segment/finish': { ask: Nothing, answer: z.null() },
  },
} satisfies Declaration<'segment'>;

const describe = {
  job: z.object({
    rootPath: z.string(),
    limits: ImageLimits,
    cache: CacheBounds,
    readingFolder: ReadingFolder,
    settings: SegmentSettings,
    device: z.string(),
    /** Null for only colour and outline. */
    model: ModelWeights.nullable(),
    /** Where the vectors are kept. */
    vectorsFile: z.string(),
  }),
  asks: {
    /** The next segmented images, by id, with their masks. */
    'describe/images': {
      ask: z.object({ afterId: z.number().int(), limit: z.number().int() }),
      answer: z.object({
        images: z.array(
          ListedImage.extend({
            masks: z.array(z.object({ id: MaskId, revision: z.number().int(), level: z.number().int() })),
          }),
        ),
      }),
    },
    /** The shapes of an image's masks as they are now. */
    'describe/shapes': {
      ask: z.object({ imageId: ImageId }),
      answer: z.object({ shapes: z.array(z.object({ id: MaskId, shape: MaskShape })) }),
    },
    /** All vectors are in their file. */
    'describe/finish': {
      ask: z.object({
        imageCount: z.number().int(),
        maskCount: z.number().int(),
        skippedCount: z.number().int(),
      }),
      answer: z.null(),
    },
  },
} satisfies Declaration<'describe'>;

/** Bits, grey values and sharpness of an image; see `fingerprintOf`. */
const Print = z.object({ hash: Bytes, signature: Bytes, sharpness: z.number() });

const compare = {
  job: z.object({
    rootPath: z.string(),
    limits: ImageLimits,
    cache: CacheBounds,
    readingFolder: ReadingFolder,
    /** Vectors of the collection's images; null if it has not been described with an encoder. */
    vectorsFile: z.string().nullable(),
  }),
  asks: {
    /** The next usable images of the collection, by id, with what is known of how they look. */
    'compare/images': {
      ask: z.object({ afterId: z.number().int(), limit: z.number().int() }),
      answer: z.object({
        images: z.array(
          SizedImage.extend({
            sizeBytes: z.number().int(),
            print: Print.nullable(),
          }),
        ),
      }),
    },
    'compare/save': {
      ask: z.object({ prints: z.array(Print.extend({ imageId: ImageId, contentHash: ContentHash })) }),
      answer: z.null(),
    },
    /** Keep these groups, the best image of each first; those with the first number 0 replace all before. */
    'compare/groups': {
      ask: z.object({
        firstNumber: z.number().int(),
        groups: z.array(z.object({ grade: LookAlikeGrade, imageIds: z.array(ImageId) })),
      }),
      answer: z.null(),
    },
    'compare/finish': {
      ask: z.object({
        comparedCount: z.number().int(),
        skippedCount: z.number().int(),
        sameCount: z.number().int(),
        similarCount: z.number().int(),
      }),
      answer: z.null(),
    },
  },
} satisfies Declaration<'compare'>;

const map = {
  job: z.object({
    vectorsFile: z.string(),
    /** Where the layout is kept. */
    mapFile: z.string(),
    /** Where one that was stopped continues. */
    checkpointFile: z.string(),
    /** When the vectors were described. */
    describedAtMs: z.number(),
    laidOutAtMs: z.number(),
  }),
  asks: {
    /** The layout is in its file. */
    'map/finish': { ask: Nothing, answer: z.null() },
  },
} satisfies Declaration<'map'>;

/**
 * Every kind of job, once. The service's handler of a kind is in `jobs/job-kinds.ts`, the worker's code in
 * `worker/worker.ts`; a kind that lacks one does not compile.
 */
export const JOB_KINDS = {
  scan,
  export: exportDataset,
  import: importMasks,
  pretrain,
  segment,
  describe,
  compare,
  map,
  recut,
} satisfies { [K in JobKind]: Declaration<K> };
