import { z } from 'zod';
import { Bytes } from './bytes.ts';

/** COCO's compressed run lengths: column-major over the upright grid, beginning with background. */
export const MaskShape = z.object({
  gridWidth: z.number().int().positive(),
  gridHeight: z.number().int().positive(),
  rle: Bytes,
});
export type MaskShape = z.infer<typeof MaskShape>;
