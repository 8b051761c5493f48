import { z } from 'zod';
import { ImageEdit, MaskEditKind } from './mask-edit.ts';
import { base } from './procedure.ts';
import { ImageMasksRequest } from './segmentation.ts';

/** What was done to the masks of an image, once. */
export const MaskStep = z.object({
  id: z.number().int(),
  kind: MaskEditKind,
  /** Masks that it changed. */
  masks: z.number().int(),
  isUndone: z.boolean(),
  createdAtMs: z.number(),
});
export type MaskStep = z.infer<typeof MaskStep>;

/** The history of an image: its steps, and the way to any of them. */
export const maskSteps = {
  /** The newest first; those that were undone are above those that are in force. */
  steps: base.input(ImageMasksRequest).output(z.array(MaskStep)),
  /** Undoes or redoes until this step is the last one in force; null undoes all. Wholly or not at all. */
  goToStep: base.input(ImageMasksRequest.extend({ stepId: z.number().int().nullable() })).output(ImageEdit),
};
