import { z } from 'zod';
import { ContentHash, DatasetVersionId, ImageId, MaskId } from '../contract/ids.ts';
import { ImportCounts } from '../contract/mask-import.ts';
import { Box, ReviewState } from '../contract/mask.ts';
import { MaskShape } from './mask-shape.ts';

/** An image that masks can be imported for. */
export const ImportableImage = z.object({
  imageId: ImageId,
  relPath: z.string(),
  contentHash: ContentHash,
  widthPx: z.number().int().positive(),
  heightPx: z.number().int().positive(),
  /** Whether this import has saved it, before it was interrupted. */
  isDone: z.boolean(),
});
export type ImportableImage = z.infer<typeof ImportableImage>;

/** A mask that an image has, as an import compares it. */
export const ImportedMask = z.object({
  id: MaskId,
  revision: z.number().int(),
  /** Empty for one without a concept. */
  className: z.string(),
  areaPx: z.number().int().positive(),
  score: z.number(),
  stackOrder: z.number().int(),
  review: ReviewState,
  shape: MaskShape,
  /** As dataset versions have it: the shape in the newest, and its classes. Null if it is in none. */
  exported: z
    .object({
      shape: MaskShape,
      areaPx: z.number().int(),
      stackOrder: z.number().int(),
      classNames: z.array(z.string()),
    })
    .nullable(),
});
export type ImportedMask = z.infer<typeof ImportedMask>;

/** A class of dataset versions, and the one concept that it stands for; null if that cannot be known. */
export const ExportedClass = z.object({ className: z.string(), concept: z.string().nullable() });
export type ExportedClass = z.infer<typeof ExportedClass>;

/** An export, as the manifest in it says; and the version that it is of, null if that is not known here. */
export const ExportKey = z.object({ exportId: z.number(), startedAtMs: z.number() });
export type ExportKey = z.infer<typeof ExportKey>;
export const ExportedVersion = z.object({ versionId: DatasetVersionId.nullable() });

const NewShape = { shape: MaskShape, box: Box, areaPx: z.number().int().positive() };
const Known = { maskId: MaskId, revision: z.number().int() };

/**
 * What an import makes of one mask of an image; masks that stay as they are, are not in it. Null for a class leaves the
 * concept as it is, or none.
 */
export const MaskChange = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('change'), ...Known, className: z.string().nullable(), ...NewShape }),
  z.object({ kind: z.literal('add'), className: z.string().nullable(), ...NewShape }),
  z.object({ kind: z.literal('reject'), ...Known }),
]);
export type MaskChange = z.infer<typeof MaskChange>;

/** What an import makes of the masks of an image, on condition that they are still those that it was compared with. */
export const ImageChanges = z.object({
  imageId: ImageId,
  changes: z.array(MaskChange),
  counts: ImportCounts,
});
export type ImageChanges = z.infer<typeof ImageChanges>;
