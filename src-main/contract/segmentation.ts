import { z } from 'zod';
import { FilePath } from './file-path.ts';
import { CollectionId, ConceptId, ImageId, JobId, MaskId, ModelId, SegmentationId } from './ids.ts';
import { JobState } from './job-state.ts';
import { MaskFileProblem } from './mask-import.ts';
import { GallerySort, Mask, ReviewState, Trust } from './mask.ts';
import { Licence } from './model.ts';
import { SkippedImage } from './run.ts';
import { ShownName } from './shown-name.ts';

/**
 * What becomes a mask. `auto`: one object or several, as the collection suggests; `one`: the largest piece of the
 * foreground; `several`: every piece, divided where colours differ; `everything`: every region, background included;
 * `fixed-k`: every image in `regionCount` regions.
 */
export const SegmentMode = z.enum(['auto', 'one', 'several', 'everything', 'fixed-k']);
export type SegmentMode = z.infer<typeof SegmentMode>;

/**
 * How images are segmented. The same settings, images and model find the same masks, unless what other collections have
 * taught the model differs: `ForegroundNote` says whether it was used.
 */
export const SegmentSettings = z.object({
  mode: SegmentMode.default('auto'),
  /** Number of concepts in the whole collection. */
  conceptCount: z.number().int().min(2).max(200).default(12),
  /** Regions of an image in mode `fixed-k`. */
  regionCount: z.number().int().min(2).max(64).default(5),
  /** Whether masks follow the image's edges pixel by pixel, or the superpixels' outlines. */
  isRefined: z.boolean().default(true),
  /** Pieces below this share of the image are dropped as specks. */
  minAreaShare: z.number().min(0).max(0.5).default(0.0005),
  /** Holes below this share of the image are filled. */
  maxHoleShare: z.number().min(0).max(0.5).default(0.005),
  /** Whether the regions are kept in addition to the objects, as masks of level 1. */
  keepsRegions: z.boolean().default(true),
  /** Root of the number of pixels that the encoder sees. */
  inputPx: z.number().int().min(64).max(1_024).default(320),
  seed: z.number().int().min(0).max(0xffffffff).default(0),
});
export type SegmentSettings = z.infer<typeof SegmentSettings>;

/**
 * How foregrounds are found. `not-needed`: not at all, since the mode makes every region a mask; `even-ground`: by the
 * colour of the ground on which things are; `no-encoder`: by each image's colours and contrasts; `few-images`: the same,
 * since there were too few to learn from; `head`: with what was learned from the whole collection; `disagreement`: by
 * each image's own again, since what was learned did not say enough more of images that it was not learned from.
 */
const ForegroundWay = z.enum([
  'not-needed',
  'even-ground',
  'no-encoder',
  'few-images',
  'head',
  'disagreement',
]);

/** The way that a segmentation took, and what decided it. */
export const ForegroundNote = z.object({
  way: ForegroundWay,
  /** Mean IoU of what was learned with the masks of images that it was not learned from; null where nothing was. */
  agreement: z.number().min(0).max(1).nullable(),
  /** Images of the sample that it was learned from or compared with. */
  imageCount: z.number().int().nonnegative(),
  /** The segmentation of another collection that it was learned for; null if it was learned here. */
  from: SegmentationId.nullable(),
  /** The other collections whose images taught it too, by their names when it was learned. */
  taughtBy: z.array(z.object({ segmentationId: SegmentationId, collection: z.string() })).default([]),
  /** Whether the images that taught it also taught what distinguishes things, by which foregrounds are divided into objects. */
  hasThingMetric: z.boolean().default(false),
});
export type ForegroundNote = z.infer<typeof ForegroundNote>;

/** A collection that taught a head, and its images. */
export const HeadTeacher = z.object({
  segmentationId: SegmentationId,
  collection: z.string(),
  /** Their paths below the collection's folder; null where that is no longer known. */
  images: z.array(z.string()).nullable(),
});
export type HeadTeacher = z.infer<typeof HeadTeacher>;

/** One way of segmenting a collection into objects. */
export const Segmentation = z.object({
  id: SegmentationId,
  collectionId: CollectionId,
  /** Null without an encoder (only colour and texture), and when the model has been removed. */
  modelId: ModelId.nullable(),
  /** Whether it was made with a model, which may have been removed since. */
  hasModel: z.boolean(),
  jobId: JobId.nullable(),
  /** State of that job. */
  state: JobState.nullable(),
  name: z.string(),
  settings: SegmentSettings,
  device: z.string(),
  /** Null until the job has learned from the collection. */
  foreground: ForegroundNote.nullable(),
  /** Images finished. */
  imageCount: z.number().int(),
  /** Images whose masks are preliminary, until the collection has been learned. */
  preliminaryCount: z.number().int(),
  /** Images that could not be read when it was their turn: they are still to be done. */
  unreadCount: z.number().int(),
  /** Some of them, with the reason. */
  unreadImages: z.array(SkippedImage),
  createdAtMs: z.number(),
  finishedAtMs: z.number().nullable(),
});
export type Segmentation = z.infer<typeof Segmentation>;

/** Whether the foregrounds of a segmentation come apart where things differ, as images have taught. */
export function isDividedByThings({
  foreground,
  settings,
}: Pick<Segmentation, 'foreground' | 'settings'>): boolean {
  return foreground?.hasThingMetric === true && settings.mode !== 'one';
}

/** A mask that stands for a concept; its picture is `/masks/ID/REVISION/crop.webp`. */
export const Exemplar = z.object({ id: MaskId, revision: z.number().int().positive() });
export type Exemplar = z.infer<typeof Exemplar>;

/** A group of similar objects, found across a whole segmentation. */
export const Concept = z.object({
  id: ConceptId,
  segmentationId: SegmentationId,
  /** From 1 on. */
  number: z.number().int().positive(),
  name: z.string().nullable(),
  /** `#rrggbb` */
  colour: z.string(),
  /** Its place among the concepts that people have put in order, from 0; null where nobody has. */
  position: z.number().int().nullable(),
  /** As people decide: its objects are left out of datasets, unless it is named. */
  isBackground: z.boolean(),
  /** Whether its objects suggest that it is background. Nothing is left out for it; a decision ends the suggestion. */
  isLikelyBackground: z.boolean(),
  /** The concept that it counts as; null where it stands for itself. */
  mergedInto: ConceptId.nullable(),
  /** Objects of it and of what was merged into it, and images that have some. */
  maskCount: z.number().int(),
  imageCount: z.number().int(),
  /** Masks that stand for it, best first. */
  exemplars: z.array(Exemplar),
});
export type Concept = z.infer<typeof Concept>;

/** A mask with its shape: COCO's compressed run lengths, which are ASCII. */
export const ShapedMask = Mask.extend({
  gridWidth: z.number().int(),
  gridHeight: z.number().int(),
  counts: z.string(),
});
export type ShapedMask = z.infer<typeof ShapedMask>;

/** Which images of a segmentation a grid shows, and in which order. */
export const GalleryFilter = z.object({
  id: SegmentationId,
  /** Only images with a mask of this concept or one merged into it, in this state, or with this score at least. */
  conceptId: ConceptId.optional(),
  review: ReviewState.optional(),
  minScore: z.number().min(0).max(1).optional(),
  /** Only images with such an object. */
  trust: Trust.optional(),
  sort: GallerySort.default('path'),
  maxScore: z.number().min(0).max(1).optional(),
  /** Bounds on the largest of the masks, in pixels. */
  minAreaPx: z.number().int().nonnegative().optional(),
  maxAreaPx: z.number().int().nonnegative().optional(),
  /** Paths from Z to A; the lowest score or the smallest area first. */
  isReversed: z.boolean().default(false),
});
export type GalleryFilter = z.infer<typeof GalleryFilter>;

export const SegmentRequest = z.object({
  collectionId: CollectionId,
  /** If left out, only colour and texture define the concepts. */
  modelId: ModelId.optional(),
  settings: SegmentSettings,
  name: ShownName.optional(),
  device: z.string().optional(),
});
export type SegmentRequest = z.infer<typeof SegmentRequest>;

/** How a collection differs from what a segmentation has seen of it. */
export const CollectionChanges = z.object({
  /** Usable images without masks. */
  newCount: z.number().int(),
  /** Images whose file has changed since they were segmented. */
  changedCount: z.number().int(),
  /** Segmented images whose file is missing or can no longer be used. */
  missingCount: z.number().int(),
});
export type CollectionChanges = z.infer<typeof CollectionChanges>;

/** A colour as concepts have it: `#rrggbb`. */
const Colour = z
  .string()
  .regex(/^#[0-9a-fA-F]{6}$/, 'write a colour as #rrggbb')
  .transform((colour) => colour.toLowerCase());

/** A concept that a person adds. */
export const ConceptCreation = z.object({ id: SegmentationId, name: ShownName, colour: Colour.optional() });
export type ConceptCreation = z.infer<typeof ConceptCreation>;

/** The order that concepts are to have; those that it does not name come behind. */
export const ConceptOrder = z.object({ id: SegmentationId, conceptIds: z.array(ConceptId).max(10_000) });
export type ConceptOrder = z.infer<typeof ConceptOrder>;

/** What may be changed of a concept; what is left out stays. */
export const ConceptChange = z.object({
  id: ConceptId,
  /** No two concepts that stand for themselves have the same name. */
  name: ShownName.nullable().optional(),
  colour: Colour.optional(),
  isBackground: z.boolean().optional(),
  /** Null undoes a merge. */
  mergedInto: ConceptId.nullable().optional(),
});
export type ConceptChange = z.infer<typeof ConceptChange>;

/** How a map of probabilities is drawn: in the colours of HEAT_COLOURS, or 0 to 255 for 0 to 1. */
export const HeatStyle = z.enum(['colour', 'grey']);
export type HeatStyle = z.infer<typeof HeatStyle>;

/** The masks of one image. */
export const ImageMasksRequest = z.object({ id: SegmentationId, imageId: ImageId });

/** Where a contact sheet is written, and of how many images. */
export const SheetRequest = z.object({
  id: SegmentationId,
  path: FilePath,
  limit: z.number().int().min(1).max(120).default(48),
  overwrite: z.boolean().default(false),
});

/** Where the probabilities of an image's foreground are written, and how. */
export const HeatRequest = ImageMasksRequest.extend({
  path: FilePath,
  style: HeatStyle.default('colour'),
  overwrite: z.boolean().default(false),
});

/** Where an encoder is written with a segmentation's head. */
export const HeadExportRequest = z.object({
  id: SegmentationId,
  path: FilePath,
  overwrite: z.boolean().default(false),
  licence: Licence.optional(),
});

/** Scores of one image against ground truth; null where it cannot be said. */
export const ImageScores = z.object({
  relPath: z.string(),
  iou: z.number().nullable(),
  meanIou: z.number().nullable(),
  accuracy: z.number(),
  isLocated: z.boolean().nullable(),
  boundaryF: z.number().nullable(),
  /** Bounds for any choice among the regions, or among the objects where no regions are stored. */
  bestRegion: z.number().nullable(),
  bestUnion: z.number().nullable(),
  /** Mean score of its objects, each by its area: what images are ranked by here. */
  score: z.number(),
});
export type ImageScores = z.infer<typeof ImageScores>;

/** Scores of objects over all images, at IoU 0.5. */
export const ObjectScores = z.object({
  truthCount: z.number().int(),
  predictionCount: z.number().int(),
  recall: z.number(),
  precision: z.number(),
  f1: z.number(),
  meanBestIou: z.number(),
  averagePrecision: z.number(),
  /** Mean IoU of the predictions with the object that each hits best, by quarters of the score, the best first. */
  iouQuarters: z.array(z.number()),
});
export type ObjectScores = z.infer<typeof ObjectScores>;

export const Evaluation = z.object({
  images: z.array(ImageScores),
  /** Means over the images where they can be said. */
  totals: z.object({
    imageCount: z.number().int(),
    iou: z.number().nullable(),
    meanIou: z.number().nullable(),
    accuracy: z.number().nullable(),
    corLoc: z.number().nullable(),
    boundaryF: z.number().nullable(),
    bestRegion: z.number().nullable(),
    bestUnion: z.number().nullable(),
    /** Mean IoU of the better and of the worse half by score: does the score rank? */
    iouTopHalf: z.number().nullable(),
    iouBottomHalf: z.number().nullable(),
    /** The same by quarters, the best first; empty for less than four images. */
    iouQuarters: z.array(z.number()),
  }),
  objects: ObjectScores.nullable(),
  /** Truth files without a segmented image, and segmented images without truth. */
  missingImages: z.array(z.string()),
  missingTruth: z.number().int(),
  /** The first parts of the truth that could not be used. */
  problems: z.array(MaskFileProblem),
});
export type Evaluation = z.infer<typeof Evaluation>;
