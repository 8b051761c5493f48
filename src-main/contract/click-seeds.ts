import { z } from 'zod';
import { ImageMasksRequest } from './segmentation.ts';

const coordinate = z.number().min(-100_000).max(100_000);
const Point = z.object({ x: coordinate, y: coordinate });

/** A place, or a stroke of a round brush, that a person says is inside of an object or outside of it. */
export const ClickSeed = z.object({
  /** In pixels of the grid, where the middle of the first one is (0.5, 0.5); one for a click. */
  points: z.array(Point).min(1).max(2_000),
  /** Of the brush, in pixels of the grid; 0 for a click. */
  radius: z.number().min(0).max(1_000),
  isInside: z.boolean(),
});
export type ClickSeed = z.infer<typeof ClickSeed>;

/** All that a person has said of one object, in the order in which it was said. */
export const ClickSeeds = z.object({
  /** Nothing of the object lies outside of it; null without one. */
  box: z
    .object({ x: coordinate, y: coordinate, width: z.number().positive(), height: z.number().positive() })
    .nullable(),
  seeds: z.array(ClickSeed).max(200),
});
export type ClickSeeds = z.infer<typeof ClickSeeds>;

/** Without seeds, the image is only made ready, so that the first click is as quick as the next. */
export const ClickRequest = ImageMasksRequest.extend({
  given: ClickSeeds,
  /** Whether a smaller and a larger answer are wanted, too: they take longer than the best one. */
  isNested: z.boolean().default(true),
});
export type ClickRequest = z.infer<typeof ClickRequest>;

/** What the seeds may mean, from a part to a group: each lies within the next. */
export const ClickAnswer = z.object({
  /** Run lengths as `ShapedMask` has them, on the grid of the image's masks. */
  answers: z.array(z.object({ counts: z.string(), areaPx: z.number().int() })),
  /** The place of the most probable one; -1 where there is none. */
  best: z.number().int(),
});
export type ClickAnswer = z.infer<typeof ClickAnswer>;
