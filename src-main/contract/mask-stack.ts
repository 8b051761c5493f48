import { z } from 'zod';
import { MaskId } from './ids.ts';
import { ImageEdit } from './mask-edit.ts';
import { base } from './procedure.ts';

/** Where masks go among those of their image: in front of all, of the next one that they overlap, and the reverse. */
export const StackMove = z.enum(['front', 'forward', 'backward', 'back']);
export type StackMove = z.infer<typeof StackMove>;

/** What decides which mask is in front. */
export type Stacked = {
  /** As people have put it; 0 where nobody has. */
  stackOrder: number;
  areaPx: number;
};

/**
 * Which of two masks is painted first, and so is behind the other where they overlap: the one of the lower order; of
 * the same order, the larger one, so that small ones stay visible.
 */
export function comparePainting(a: Stacked, b: Stacked): number {
  return a.stackOrder - b.stackOrder || b.areaPx - a.areaPx;
}

export const maskStack = {
  /** Changes which masks of an image are in front. Nothing is changed, and no step made, if they are there already. */
  arrange: base.input(z.object({ ids: z.array(MaskId).min(1).max(200), to: StackMove })).output(ImageEdit),
};
