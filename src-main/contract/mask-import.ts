import { z } from 'zod';
import { FilePath } from './file-path.ts';
import { ImportId, SegmentationId } from './ids.ts';

/** Kinds of mask files that can be read. */
export const MaskFileFormat = z.enum([
  'coco',
  'labelme',
  'cvat',
  'label-studio',
  'datumaro',
  'yolo',
  'binary-png',
  'index-png',
]);
export type MaskFileFormat = z.infer<typeof MaskFileFormat>;

export const MaskImportOptions = z.object({
  segmentationId: SegmentationId,
  /** File or folder. */
  path: FilePath,
  format: MaskFileFormat,
  /**
   * Whether masks that the file does not hold are rejected, on images of which it holds others and all could be read:
   * they were deleted there.
   */
  rejectMissing: z.boolean().default(false),
});
export type MaskImportOptions = z.infer<typeof MaskImportOptions>;

/** A file, or a part of one, that could not be used. */
export const MaskFileProblem = z.object({ name: z.string(), detail: z.string() });

export const MaskImportResult = z.object({
  images: z.number().int(),
  /** The same as before; they stay as they are, reviewed or not. */
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
