import { z } from 'zod';
import { ConceptId, ImageId, MaskId, SegmentationId } from './ids.ts';
import { ReviewState } from './mask.ts';
import { MAX_RUN_LENGTH_CHARS } from './message-limit.ts';
import { ShapedMask } from './segmentation.ts';

/** What was done to the masks of an image. */
export const MaskEditKind = z.enum([
  'create',
  'reshape',
  'merge',
  'split',
  'remove',
  'review',
  'concept',
  'import',
  'arrange',
  'recut',
]);
export type MaskEditKind = z.infer<typeof MaskEditKind>;

/** The step that undo would undo, and the one that redo would redo; null if there is none. */
export const MaskHistory = z.object({ undo: MaskEditKind.nullable(), redo: MaskEditKind.nullable() });
export type MaskHistory = z.infer<typeof MaskHistory>;

/** What a step has made of the masks of an image; those that it did not touch are not here. */
export const ImageEdit = z.object({
  changed: z.array(ShapedMask),
  removed: z.array(MaskId),
  history: MaskHistory,
});
export type ImageEdit = z.infer<typeof ImageEdit>;

/** Steps on one or many images, made at once; `batch` identifies them for undoing them all. */
export const EditBatch = z.object({
  /** Masks that are different now. */
  changed: z.number().int(),
  /** Null where nothing had to be changed. */
  batch: z.number().int().nullable(),
});
export type EditBatch = z.infer<typeof EditBatch>;

/** Run lengths as `ShapedMask` has them. */
const RunLengths = z.string().min(1).max(MAX_RUN_LENGTH_CHARS);

/** A mask that a step is for, on condition that its shape is still the one that the client knows. */
const MaskAt = z.object({ id: MaskId, revision: z.number().int().positive() });

/** Masks of one bulk action. */
export const MaskIds = z.array(MaskId).min(1).max(1_000);

/** Images on which a bulk action was undone, and those that keep what was done since. */
export const UndoneBatch = z.object({ undone: z.number().int(), kept: z.number().int() });

/** The same of a batch that was done again. */
export const RedoneBatch = z.object({ redone: z.number().int(), kept: z.number().int() });

/** A new shape for a mask. */
export const MaskEdit = MaskAt.extend({ counts: RunLengths });
export type MaskEdit = z.infer<typeof MaskEdit>;

/** A new object on an image, drawn by a person, on the grid of the upright image. */
export const MaskDrawing = z.object({
  id: SegmentationId,
  imageId: ImageId,
  counts: RunLengths,
  conceptId: ConceptId.nullable(),
});
export type MaskDrawing = z.infer<typeof MaskDrawing>;

/** The first mask takes in the others. */
export const MaskMerge = z.object({ masks: z.array(MaskAt).min(2).max(200) });
export type MaskMerge = z.infer<typeof MaskMerge>;

const coordinate = z.number().min(-100_000).max(100_000);
const Point = z.object({ x: coordinate, y: coordinate });

/**
 * Along what a mask is split: into the parts that it has, along a line across it (in pixels of the grid, where the
 * middle of the first one is 0.5, 0.5), or into what it shares with another mask and the rest.
 */
export const MaskDivider = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('parts') }),
  z.object({ kind: z.literal('line'), points: z.array(Point).min(2).max(2_000) }),
  z.object({ kind: z.literal('mask'), id: MaskId }),
]);
export type MaskDivider = z.infer<typeof MaskDivider>;

export const MaskSplit = MaskAt.extend({ by: MaskDivider });
export type MaskSplit = z.infer<typeof MaskSplit>;

/** How far the objects of a segmentation have been reviewed. */
export const ReviewProgress = z.object({
  counts: z.record(ReviewState, z.number().int()),
  /** Objects that are likely right and not reviewed yet, and their images; null where scores are not calibrated. */
  likelyRight: z.object({ maskCount: z.number().int(), imageCount: z.number().int() }).nullable(),
});
export type ReviewProgress = z.infer<typeof ReviewProgress>;

/** A verdict on all objects of some images. */
export const ImagesReview = z.object({
  id: SegmentationId,
  imageIds: z.array(ImageId).min(1).max(500),
  review: ReviewState,
  /** Only objects of this concept. */
  conceptId: ConceptId.optional(),
});
export type ImagesReview = z.infer<typeof ImagesReview>;
