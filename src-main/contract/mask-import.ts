import { z } from 'zod';
import { ImageId, ImportId, MaskId, SegmentationId } from './ids.ts';
import { Box, MaskShape, ReviewState } from './mask.ts';

/** Kinds of mask files that can be read. */
export const MaskFileFormat = z.enum(['coco', 'labelme', 'binary-png', 'index-png']);
export type MaskFileFormat = z.infer<typeof MaskFileFormat>;

export const MaskImportOptions = z.object({
  segmentationId: SegmentationId,
  /** File or folder. */
  path: z.string().min(1),
  format: MaskFileFormat,
  /** Whether masks of the images in the file that the file does not hold are rejected: they were deleted there. */
  rejectMissing: z.boolean().default(false),
});
export type MaskImportOptions = z.infer<typeof MaskImportOptions>;

/** A file, or a part of one, that could not be used. */
export const MaskFileProblem = z.object({ name: z.string(), detail: z.string() });

export const MaskImportResult = z.object({
  images: z.number().int(),
  /** The same as before; they count as accepted now. */
  kept: z.number().int(),
  /** Another shape or class; they count as edited now. */
  changed: z.number().int(),
  added: z.number().int(),
  rejected: z.number().int(),
  /** Files and images that could not be used. */
  skipped: z.number().int(),
  /** The first of the reasons. */
  problems: z.array(MaskFileProblem),
});
export type MaskImportResult = z.infer<typeof MaskImportResult>;

export const MaskImport = z.object({
  id: ImportId,
  options: MaskImportOptions,
  /** Null until it has finished. */
  result: MaskImportResult.nullable(),
  createdAtMs: z.number(),
  finishedAtMs: z.number().nullable(),
});
export type MaskImport = z.infer<typeof MaskImport>;

/** An image that masks can be imported for. */
export const ImportableImage = z.object({
  imageId: ImageId,
  relPath: z.string(),
  widthPx: z.number().int().positive(),
  heightPx: z.number().int().positive(),
});
export type ImportableImage = z.infer<typeof ImportableImage>;

/** A mask that an image has, as an import compares it. */
export const ImportedMask = z.object({
  id: MaskId,
  className: z.string(),
  areaPx: z.number().int().positive(),
  review: ReviewState,
  shape: MaskShape,
});
export type ImportedMask = z.infer<typeof ImportedMask>;

const NewShape = { shape: MaskShape, box: Box, areaPx: z.number().int().positive() };

/** What an import makes of one mask; null for a class leaves the concept as it is. */
export const MaskChange = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('keep'), maskId: MaskId }),
  z.object({ kind: z.literal('change'), maskId: MaskId, className: z.string().nullable(), ...NewShape }),
  z.object({ kind: z.literal('add'), className: z.string().nullable(), ...NewShape }),
  z.object({ kind: z.literal('reject'), maskId: MaskId }),
]);
export type MaskChange = z.infer<typeof MaskChange>;
