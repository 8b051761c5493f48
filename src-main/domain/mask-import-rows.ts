import { z } from 'zod';
import { ImageId, MaskId } from '../contract/ids.ts';
import { Box, ReviewState } from '../contract/mask.ts';
import { MaskShape } from './mask-shape.ts';

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
