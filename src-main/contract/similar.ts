import { z } from 'zod';
import { ImageId, MaskId, SegmentationId } from './ids.ts';
import { Job } from './job.ts';
import { Mask } from './mask.ts';
import { base } from './procedure.ts';

/** How far the images and masks of a segmentation have been described, so that they can be compared. */
export const Description = z.object({
  imageCount: z.number().int(),
  /** Objects and finer regions. */
  maskCount: z.number().int(),
  /** Images that could not be read: they and their masks are not compared. */
  skippedCount: z.number().int(),
  /** Masks that came, went or changed their shape since. */
  changedCount: z.number().int(),
  /** Whether an encoder's features are compared; without an encoder, only colour and outline are. */
  hasFeatures: z.boolean(),
  finishedAtMs: z.number(),
});
export type Description = z.infer<typeof Description>;

export const SimilarState = z.object({
  /** Null until it has been described once. */
  description: Description.nullable(),
  /** The job that describes it now. */
  job: Job.nullable(),
});
export type SimilarState = z.infer<typeof SimilarState>;

/** 1 for the same, 0 for what has nothing in common, negative for opposites. */
const Similarity = z.number().min(-1).max(1);
const Limit = z.number().int().min(1).max(1_000).default(100);

export const SimilarImage = z.object({ imageId: ImageId, relPath: z.string(), similarity: Similarity });
export type SimilarImage = z.infer<typeof SimilarImage>;
export const SimilarObject = Mask.extend({ relPath: z.string(), similarity: Similarity });
export type SimilarObject = z.infer<typeof SimilarObject>;

/** Images and objects that look alike, by exact search over the vectors of a segmentation. */
export const similarContract = {
  state: base.input(z.object({ id: SegmentationId })).output(SimilarState),
  /** Queues the job that describes what is not described yet, or returns the one that is already waiting or running. */
  describe: base.input(z.object({ id: SegmentationId })).output(Job),
  /** The images most similar to one, nearest first, without itself. @throws WRONG_STATE before `describe` */
  images: base
    .input(z.object({ id: SegmentationId, imageId: ImageId, limit: Limit }))
    .output(z.array(SimilarImage)),
  /** The masks of the same level most similar to one, nearest first, without itself. */
  objects: base
    .input(z.object({ maskId: MaskId, limit: Limit }))
    .output(z.object({ sought: Mask, found: z.array(SimilarObject) })),
};
