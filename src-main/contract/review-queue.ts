import { z } from 'zod';
import { SegmentationId } from './ids.ts';
import { Mask } from './mask.ts';
import { base } from './procedure.ts';

/** An object that is asked about. */
export const QueuedReview = Mask.extend({
  relPath: z.string(),
  /** Chosen because its review brings most, or drawn at random, which is what the estimate is made from. */
  kind: z.enum(['gain', 'draw']),
  /** That it will be accepted, as far as that can be foreseen. */
  chance: z.number().min(0).max(1),
});
export type QueuedReview = z.infer<typeof QueuedReview>;

/** How many of the objects that were not reviewed after a round would be accepted, with a 95 % interval. */
export const ReviewEstimate = z.object({
  round: z.number().int(),
  pending: z.number().int(),
  /** Random draws that it is made from. */
  audits: z.number().int(),
  share: z.number(),
  low: z.number(),
  high: z.number(),
});
export type ReviewEstimate = z.infer<typeof ReviewEstimate>;

/** What is reviewed next: a round of objects in the order in which they are asked about. */
export const ReviewQueue = z.object({
  /** From 1; 0 before the first. */
  round: z.number().int(),
  /** Those of the round that exist, decided or not. */
  items: z.array(QueuedReview),
  /** After each round, the last one first. */
  estimates: z.array(ReviewEstimate),
});
export type ReviewQueue = z.infer<typeof ReviewQueue>;

const OfSegmentation = z.object({ id: SegmentationId });

/** The order of reviews by what they bring, and what they say of the objects that are left. */
export const reviewQueueContract = {
  get: base.input(OfSegmentation).output(ReviewQueue),
  /** Ends the round with an estimate, and begins the next one. What is not decided may be asked about again. */
  advance: base
    .input(OfSegmentation.extend({ count: z.number().int().min(3).max(300).default(30) }))
    .output(ReviewQueue),
};
