import { z } from 'zod';
import { CollectionId, DatasetVersionId, ImageId } from './ids.ts';
import { Image } from './image.ts';
import { Job } from './job.ts';
import { base, Cursor, PageLimit, pageOf } from './procedure.ts';

/** `same`: one picture, rescaled, recompressed or slightly cropped. `similar`: pictures of the same scene. */
export const LookAlikeGrade = z.enum(['same', 'similar']);
export type LookAlikeGrade = z.infer<typeof LookAlikeGrade>;

export const LookAlikeState = z.object({
  /** Null until the images have been compared once. */
  comparison: z
    .object({
      comparedCount: z.number().int(),
      /** Images that could not be read. */
      skippedCount: z.number().int(),
      /** Groups of each grade. Those of `similar` also contain what is the same picture. */
      groups: z.object({ same: z.number().int(), similar: z.number().int() }),
      /** Whether the collection has been scanned since. */
      isOutdated: z.boolean(),
      finishedAtMs: z.number(),
    })
    .nullable(),
  /** Images that pretraining and datasets leave out. */
  hiddenCount: z.number().int(),
  /** The job that compares them now. */
  job: Job.nullable(),
});
export type LookAlikeState = z.infer<typeof LookAlikeState>;

const LookAlikeImage = Image.extend({ isHidden: z.boolean() });

export const LookAlikeGroup = z.object({
  number: z.number().int(),
  grade: LookAlikeGrade,
  count: z.number().int(),
  /** The best first: the largest, among those of one size the sharpest. Of a large group only some are listed. */
  images: z.array(LookAlikeImage),
});
export type LookAlikeGroup = z.infer<typeof LookAlikeGroup>;

/** What a bulk action has hidden; `step` undoes it, and is null if nothing was hidden. */
export const HideStep = z.object({ changed: z.number().int(), step: z.number().int().nullable() });
export type HideStep = z.infer<typeof HideStep>;

/** Images that look alike and are in different splits of a frozen version, as far as they have been compared. */
export const SplitLeaks = z.object({
  groups: z.number().int(),
  images: z.number().int(),
  /** Images that have not been compared with the others. */
  uncompared: z.number().int(),
  examples: z.array(z.array(z.object({ relPath: z.string(), split: z.string() }))),
});
export type SplitLeaks = z.infer<typeof SplitLeaks>;

const OfCollection = z.object({ id: CollectionId });

/** Images of a collection that look alike. */
export const lookAlikeContract = {
  state: base.input(OfCollection).output(LookAlikeState),
  /** Queues the job that compares all images, or returns the one that is already waiting or running. */
  compare: base.input(OfCollection).output(Job),
  groups: base
    .input(OfCollection.extend({ grade: LookAlikeGrade, cursor: Cursor, limit: PageLimit }))
    .output(pageOf(LookAlikeGroup)),
  /** Hides all images of the groups but the best one of each, unless that is hidden already. */
  keepBest: base
    .input(OfCollection.extend({ grade: LookAlikeGrade, group: z.number().int().optional() }))
    .output(HideStep),
  /** Hides images from pretraining and datasets, or shows them again. Files are never touched. */
  setHidden: base
    .input(z.object({ imageIds: z.array(ImageId).min(1).max(1_000), isHidden: z.boolean() }))
    .output(HideStep),
  /** Shows what a step has hidden. */
  undoHide: base.input(z.object({ step: z.number().int() })).output(z.object({ changed: z.number().int() })),
  /** Look-alikes in different splits of a frozen version. */
  leaks: base.input(z.object({ id: DatasetVersionId })).output(SplitLeaks),
};
