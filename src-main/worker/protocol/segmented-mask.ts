import { z } from 'zod';
import { Box } from '../../contract/mask.ts';
import { MaskShape } from '../../domain/mask-shape.ts';

/** A mask as it is saved; `concept` is the number of its concept, null if that is not known yet. */
export const SegmentedMask = z.object({
  shape: MaskShape,
  areaPx: z.number().int(),
  box: Box,
  level: z.number().int(),
  score: z.number(),
  concept: z.number().int().nullable(),
});
