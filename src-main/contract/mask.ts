import { z } from 'zod';
import { ConceptId, ContentHash, ImageId, MaskId } from './ids.ts';

/** The user's verdict on a mask. `edited` masks count as accepted. */
export const ReviewState = z.enum(['pending', 'accepted', 'rejected', 'edited']);
export type ReviewState = z.infer<typeof ReviewState>;

export const MaskOrigin = z.enum(['model', 'hand', 'imported']);
export type MaskOrigin = z.infer<typeof MaskOrigin>;

/** Pixels on the upright image; `x`, `y` is the top left corner. */
export const Box = z.object({
  x: z.number().int().nonnegative(),
  y: z.number().int().nonnegative(),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
});
export type Box = z.infer<typeof Box>;

/** One object on one image. Its shape is read separately, as run lengths. */
export const Mask = z.object({
  id: MaskId,
  imageId: ImageId,
  conceptId: ConceptId.nullable(),
  origin: MaskOrigin,
  /** 0 is objects; higher levels are finer regions. */
  level: z.number().int().nonnegative(),
  box: Box,
  areaPx: z.number().int().positive(),
  /** 0..1; ranks masks; not a probability. */
  score: z.number().min(0).max(1),
  /** Decides with the area which mask is in front where masks overlap: see `comparePainting`. */
  stackOrder: z.number().int(),
  review: ReviewState,
  revision: z.number().int().positive(),
});
export type Mask = z.infer<typeof Mask>;

/**
 * How far objects need a look: those that are likely right (see likely-right.ts), or those that are not and have not been
 * reviewed either.
 */
export const Trust = z.enum(['likely-right', 'to-check']);
export type Trust = z.infer<typeof Trust>;

/** A tile of the gallery: one segmented image with a summary of its masks. */
export const GalleryTile = z.object({
  imageId: ImageId,
  relPath: z.string(),
  contentHash: ContentHash,
  maskCount: z.number().int(),
  /** Objects that are likely right; 0 where scores are not calibrated. */
  likelyRightCount: z.number().int(),
  bestScore: z.number(),
  largestPx: z.number().int(),
  /** Objects by their review state. */
  reviews: z.record(ReviewState, z.number().int()),
  /** Changes whenever the objects look different: part of the address of their drawing. */
  version: z.string(),
});
export type GalleryTile = z.infer<typeof GalleryTile>;

export const GallerySort = z.enum(['path', 'score', 'area']);
export type GallerySort = z.infer<typeof GallerySort>;
