import { z } from 'zod';
import { FilePath } from './file-path.ts';
import { ImageId, ImportId, SegmentationId } from './ids.ts';

/** Kinds of mask files that can be read; `auto` is recognized by names and content. */
export const MaskFileFormat = z.enum([
  'auto',
  'coco',
  'labelme',
  'cvat',
  'label-studio',
  'datumaro',
  'yolo',
  'voc',
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
  /** Whether it only says what it would do. */
  isDryRun: z.boolean().default(false),
});
export type MaskImportOptions = z.infer<typeof MaskImportOptions>;

/** A file, or a part of one, that could not be used. */
export const MaskFileProblem = z.object({ name: z.string(), detail: z.string() });

/** What an import makes of masks, all in all or on one image. */
export const ImportCounts = z.object({
  /** The same as before; they stay as they are, reviewed or not. */
  kept: z.number().int(),
  /** Another shape or class; they count as edited now. */
  changed: z.number().int(),
  added: z.number().int(),
  rejected: z.number().int(),
  /** Entries, files and images that could not be used. */
  skipped: z.number().int(),
});
export type ImportCounts = z.infer<typeof ImportCounts>;

export const MaskImportResult = ImportCounts.extend({
  images: z.number().int(),
  /** The first of the reasons. */
  problems: z.array(MaskFileProblem),
  /** What else is to be known of entries that were used, the first of them. */
  notes: z.array(MaskFileProblem).default([]),
  noteCount: z.number().int().default(0),
});
export type MaskImportResult = z.infer<typeof MaskImportResult>;

/** Whether the files hold no mask that could be used. */
export const importedNothing = ({ kept, changed, added }: ImportCounts): boolean =>
  kept + changed + added === 0;

export const MaskImport = z.object({
  id: ImportId,
  options: MaskImportOptions,
  /** Null until it has finished. */
  result: MaskImportResult.nullable(),
  /** By which all of it can be undone; null where it has changed nothing. */
  batch: z.number().int().nullable(),
  createdAtMs: z.number(),
  finishedAtMs: z.number().nullable(),
});
export type MaskImport = z.infer<typeof MaskImport>;

/** What an import makes of the masks of an image. */
export const ImportedImage = ImportCounts.extend({ imageId: ImageId, relPath: z.string() });
export type ImportedImage = z.infer<typeof ImportedImage>;

/** Images of an import: all, or those on which something changes or could not be used. */
export const ImportQuery = z.object({ id: ImportId, onlyDifferent: z.boolean().default(false) });
export type ImportQuery = z.infer<typeof ImportQuery>;
