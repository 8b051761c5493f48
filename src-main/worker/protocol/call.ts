import { z } from 'zod';
import { ClickSeeds } from '../../contract/click-seeds.ts';
import { ContentHash, ImageId, MaskId } from '../../contract/ids.ts';
import { Split } from '../../contract/dataset.ts';
import { MapOf } from '../../contract/map.ts';
import { MaskFileFormat, MaskFileProblem } from '../../contract/mask-import.ts';
import { Box, ReviewState } from '../../contract/mask.ts';
import { MaskShape } from '../../domain/mask-shape.ts';
import {
  EncoderCard,
  ExportedModel,
  ImportChoices,
  ImportRecord,
  InspectedModel,
  Model,
  ModelCard,
  WeightsFormat,
} from '../../contract/model.ts';
import { HeatStyle, SegmentSettings } from '../../contract/segmentation.ts';
import { PresetName, PretrainOverrides, PretrainPlan } from '../../contract/pretrain.ts';
import { MachineProbe } from '../../contract/system.ts';
import { TermsName } from '../../contract/terms.ts';
import { Bytes } from '../../domain/bytes.ts';
import { ImageToScore, ScoredImage } from '../../domain/evaluation-summary.ts';
import { ModelWeights } from '../../domain/model-weights.ts';
import { FileKey } from '../../domain/scan.ts';
import { CacheBounds, ImageLimits } from './image-access.ts';

/** A shape with what follows from it. */
const MeasuredMask = z.object({ shape: MaskShape, box: Box, areaPx: z.number().int() });

/** A file of a collection, and the content that it must still hold. */
const PhotoFile = z.object({
  rootPath: z.string(),
  file: FileKey,
  contentHash: ContentHash,
  limits: ImageLimits,
  cache: CacheBounds,
});

/** What a segmentation's head was learned with. */
const LearnedHead = z.object({
  modelFile: z.string(),
  model: ModelWeights,
  settings: SegmentSettings,
  device: z.string(),
});

/** What of a head's origin stands on its card. */
const HeadFacts = z.object({
  segmentation: z.string(),
  collection: z.string(),
  encoder: z.string(),
  architecture: z.string(),
  licence: z.string().nullable(),
  agreement: z.number().nullable(),
  imageCount: z.number().int(),
  inputPx: z.number().int(),
});

/** A mask that a person has decided about. */
const LabelledMask = z.object({ maskId: MaskId, label: z.number().int().nonnegative() });

const LearnedDecisions = z.object({
  way: z.enum(['nearest', 'logistic']),
  decisions: z.number().int(),
  accuracy: z.number(),
  baseline: z.number(),
});

/** How much of a call's work is done. */
export const CallProgress = z.object({ done: z.number(), total: z.number() });
export type CallProgress = z.infer<typeof CallProgress>;

/** A short request outside any job, answered by a worker that waits for such calls. */
export const Call = z.discriminatedUnion('kind', [
  /** The image as WebP, upright. Fails when the file no longer holds `contentHash`. */
  PhotoFile.extend({ kind: z.literal('render'), variant: z.enum(['thumbnail', 'view']) }),
  /** Writes synthetic scenes with ground truth, for users without photos at hand. */
  z.object({
    kind: z.literal('make-scenes'),
    folder: z.string(),
    count: z.number().int().positive(),
    seed: z.number().int(),
  }),
  /** Reads an encoder from a user's file and keeps it as a file of the app in `folder`. */
  z.object({
    kind: z.literal('import-encoder'),
    path: z.string(),
    choices: ImportChoices,
    folder: z.string(),
    acceptedTerms: z.array(TermsName),
    /** The network that it must be; null where any will do. */
    architecture: z.string().nullable(),
  }),
  /** Says what an import would make of a file. */
  z.object({ kind: z.literal('inspect-encoder'), path: z.string(), choices: ImportChoices }),
  /** Writes an encoder for other tools, with its card. */
  z.object({
    kind: z.literal('export-encoder'),
    weights: ModelWeights,
    model: Model,
    format: WeightsFormat,
    path: z.string(),
    overwrite: z.boolean(),
  }),
  /** Loads every native module, and compares every device, or some of them, with the CPU. */
  z.object({
    kind: z.literal('probe'),
    devices: z.array(z.string()).optional(),
    /** The GPU behind WebGPU, if it has been named. */
    webgpuAdapter: z.object({ name: z.string(), driver: z.string() }).nullish(),
    /** Where comparisons are kept; without it, every probe compares. */
    verdictsFile: z.string().optional(),
    /** Where TensorFlow is, if it is installed. */
    tensorflowFolder: z.string().optional(),
    /** Where PyTorch is, if it is installed; without it, its devices are left out. */
    torchFolder: z.string().optional(),
  }),
  /** Opens the GPU behind WebGPU, for the driver to name it on the error output. False where there is none. */
  z.object({ kind: z.literal('open-webgpu') }),
  /** Puts the ground truth of a labeling tool's files into a folder that has only the list of images, one file per image. */
  z.object({
    kind: z.literal('unpack-truth'),
    path: z.string(),
    format: MaskFileFormat,
    folder: z.string(),
    /** The folder of the collection. */
    rootPath: z.string(),
  }),
  /** Scores of some images against ground truth, see `scoreMasks`. */
  z.object({
    kind: z.literal('score-masks'),
    /** A folder of pictures, or one that `unpack-truth` has filled. */
    truth: z.object({ folder: z.string(), isUnpacked: z.boolean() }),
    images: z.array(ImageToScore),
  }),
  /** Area and box of a shape that a person has drawn. */
  z.object({ kind: z.literal('measure-mask'), shape: MaskShape }),
  /** An object cropped from its image, with what is around it darkened. */
  PhotoFile.extend({ kind: z.literal('render-crop'), shape: MaskShape, box: Box }),
  /** What clicks on a segmented photo mean; without any, the photo is made ready for them. */
  PhotoFile.extend({
    kind: z.literal('segment-clicks'),
    segmented: LearnedHead.omit({ modelFile: true }).extend({ model: ModelWeights.nullable() }),
    widthPx: z.number().int().positive(),
    heightPx: z.number().int().positive(),
    given: ClickSeeds,
    isNested: z.boolean(),
  }),
  /** All that at least one of the masks holds. */
  z.object({ kind: z.literal('merge-masks'), shapes: z.array(MaskShape).min(2) }),
  /** Which masks share pixels with which others. */
  z.object({ kind: z.literal('find-overlaps'), shapes: z.array(MaskShape), others: z.array(MaskShape) }),
  /** See `MaskDivider`. */
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
        stackOrder: z.number().int(),
        colour: z.string(),
        isRejected: z.boolean(),
      }),
    ),
    key: z.string(),
  }),
  /** The probabilities that a segmentation's head gives an image's foreground, coloured, as WebP. */
  PhotoFile.extend({ kind: z.literal('draw-heat'), learned: LearnedHead }),
  /** The same, written to `out` as PNG. */
  PhotoFile.extend({
    kind: z.literal('write-heat'),
    learned: LearnedHead,
    out: z.string(),
    style: HeatStyle,
    widthPx: z.number().int().positive(),
    heightPx: z.number().int().positive(),
  }),
  /** Writes an encoder with a segmentation's head for other programs, with a card. */
  z.object({
    kind: z.literal('export-head'),
    weights: ModelWeights,
    modelFile: z.string(),
    facts: HeadFacts,
    path: z.string(),
    overwrite: z.boolean(),
  }),
  /** The images that taught heads, by the files of their lessons. */
  z.object({ kind: z.literal('list-lessons'), files: z.array(z.string()) }),
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
  /** What a pretraining would be; `gflops` is the speed of the device, null if it was not measured. */
  z.object({
    kind: z.literal('plan-pretraining'),
    preset: PresetName,
    overrides: PretrainOverrides,
    imageCount: z.number().int(),
    device: z.string(),
    gflops: z.number().nullable(),
    memoryBytes: z.number().nullable(),
  }),
  /** What decisions on some objects of a segmentation suggest for the others. Labels of concepts count from 0. */
  z.object({
    kind: z.literal('predict-decisions'),
    vectorsFile: z.string(),
    concepts: z.array(LabelledMask),
    /** 1 for accepted, 0 for rejected. */
    reviews: z.array(LabelledMask),
  }),
  /** What a person is asked about next. */
  z.object({
    kind: z.literal('plan-review'),
    /** Null for a segmentation that has not been described. */
    vectorsFile: z.string().nullable(),
    /**
     * Seven float64 for each object: mask, image, concept or 0, score, pixels; 2 for one that is not reviewed, 1 for an
     * accepted one, 0 for others; 1 for one that was drawn at random.
     */
    entries: Bytes,
    count: z.number().int().nonnegative(),
    seed: z.number().int(),
  }),
  /** What is probably wrong among the objects of a segmentation. */
  z.object({
    kind: z.literal('check-health'),
    vectorsFile: z.string(),
    /** Eight float64 for each object: mask, image, concept or 0, score, and its box. */
    entries: Bytes,
  }),
  /** The images or masks of a segmentation whose vectors are nearest to those of one. */
  z.object({
    kind: z.literal('find-similar'),
    vectorsFile: z.string(),
    of: z.union([z.object({ imageId: ImageId }), z.object({ maskId: MaskId })]),
    limit: z.number().int().positive(),
  }),
  /** The points of a map as a table or as JSON, by the name's ending, written to `out`. */
  z.object({
    kind: z.literal('write-map'),
    out: z.string(),
    of: MapOf,
    points: z.array(
      z.object({
        x: z.number(),
        y: z.number(),
        image: z.string(),
        object: z.number().int(),
        concept: z.string().nullable(),
        review: ReviewState,
        score: z.number(),
        split: Split.nullable(),
      }),
    ),
  }),
  /** Region maps of a run as one picture, one row per image and one column per step, written to `out`. */
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
    encoder: EncoderCard,
    licence: z.string().nullable(),
    terms: TermsName.nullable(),
    facts: ModelCard.pick({ viewPx: true, batchesTracked: true }),
    record: ImportRecord,
  }),
  'inspect-encoder': InspectedModel,
  'export-encoder': ExportedModel,
  probe: MachineProbe,
  'open-webgpu': z.boolean(),
  'plan-pretraining': PretrainPlan,
  'predict-decisions': z.object({
    concepts: LearnedDecisions.nullable(),
    reviews: LearnedDecisions.nullable(),
    /** Five float64 for each object with a confident prediction: mask, label and confidence, review and confidence; -1 for none. */
    entries: Bytes,
  }),
  'plan-review': z.object({
    reviews: z.array(
      z.object({ maskId: z.number().int(), kind: z.enum(['gain', 'audit']), chance: z.number() }),
    ),
    /** Masks drawn before that no longer stand for those that are left. */
    spent: z.array(z.number().int()),
  }),
  'check-health': z.object({
    /** Objects that have been described. */
    objectCount: z.number().int(),
    concepts: z.array(
      z.object({ maskId: z.number().int(), concept: z.number().int(), suspicion: z.number() }),
    ),
    outlines: z.array(z.object({ maskId: z.number().int(), suspicion: z.number() })),
    doubles: z.array(
      z.object({ maskIds: z.tuple([z.number().int(), z.number().int()]), similarity: z.number() }),
    ),
  }),
  'find-similar': z.object({
    /** Null if what was looked for has not been described. Ids of images for an image, of masks for a mask. */
    found: z.array(z.object({ id: z.number().int(), similarity: z.number() })).nullable(),
  }),
  'write-map': z.null(),
  'write-preview-strip': z.null(),
  'unpack-truth': z.object({ missingImages: z.array(z.string()), problems: z.array(MaskFileProblem) }),
  'score-masks': z.object({
    images: z.array(ScoredImage),
    /** Names of the truth that was used, without extension. */
    usedNames: z.array(z.string()),
    /** Images without truth. */
    missingTruth: z.number().int(),
  }),
  'measure-mask': MeasuredMask,
  /** See `ClickAnswer`. */
  'segment-clicks': z.object({ answers: z.array(MeasuredMask), best: z.number().int() }),
  'merge-masks': MeasuredMask,
  /** For each of the others, the places of those among `shapes` that it overlaps. */
  'find-overlaps': z.object({ overlaps: z.array(z.array(z.number().int())) }),
  'split-mask': z.object({ pieces: z.array(MeasuredMask) }),
  'render-drawn': z.object({ bytes: Bytes }),
  'render-crop': z.object({ bytes: Bytes }),
  'draw-sheet': z.null(),
  'draw-heat': z.object({ bytes: Bytes }),
  'write-heat': z.null(),
  'export-head': ExportedModel,
  /** For each file the paths of the images, from the root of their collection; null for one that is gone. */
  'list-lessons': z.object({ taught: z.array(z.array(z.string()).nullable()) }),
} satisfies Record<Call['kind'], z.ZodType>;
export type ResultOf<K extends Call['kind']> = z.infer<(typeof CallResults)[K]>;
