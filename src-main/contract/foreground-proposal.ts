import { z } from 'zod';
import { ContentHash, ImageId, SegmentationId } from './ids.ts';
import { Job } from './job.ts';
import { EditBatch } from './mask-edit.ts';
import { base, PageLimit } from './procedure.ts';

/** What corrected images say of a head that was learned from them. */
export const CorrectionCheck = z.object({
  /** `too-few` images are corrected; or what they teach predicts others of them `no-better` than what found their masks. */
  outcome: z.enum(['better', 'no-better', 'too-few']),
  /** Corrected images. */
  images: z.number().int().nonnegative(),
  /** Mean IoU of corrections with the foregrounds as they were found, and as they are found by what the others teach. */
  before: z.number().nullable(),
  after: z.number().nullable(),
});
export type CorrectionCheck = z.infer<typeof CorrectionCheck>;

/** New foregrounds for images that nobody has worked on. They change nothing until they are applied. */
export const ForegroundProposal = z.object({
  check: CorrectionCheck,
  /** Images that are proposed to be different, and all that were cut again. */
  imageCount: z.number().int(),
  cutCount: z.number().int(),
});
export type ForegroundProposal = z.infer<typeof ForegroundProposal>;

/** Null where nothing is proposed. */
export const ForegroundState = z.object({ proposal: ForegroundProposal.nullable(), job: Job.nullable() });
export type ForegroundState = z.infer<typeof ForegroundState>;

/** An image with another foreground. */
export const ProposedForeground = z.object({
  imageId: ImageId,
  relPath: z.string(),
  contentHash: ContentHash,
  /** IoU of the present and the proposed foreground. */
  likeness: z.number(),
  /** Objects, at present and as proposed. */
  before: z.number().int(),
  after: z.number().int(),
  /** Of the picture with the present objects, see `GalleryTile`. */
  version: z.string(),
});
export type ProposedForeground = z.infer<typeof ProposedForeground>;

const OfSegmentation = z.object({ id: SegmentationId });

/** What corrected masks teach about the foregrounds of other images: looked through, applied as one step, or thrown away. */
export const foregroundContract = {
  state: base.input(OfSegmentation).output(ForegroundState),
  /** Queues the job that makes a proposal in place of an earlier one, or returns the one that is waiting or running. @throws WRONG_STATE */
  make: base.input(OfSegmentation).output(Job),
  /** The images that change most come first. */
  images: base.input(OfSegmentation.extend({ limit: PageLimit })).output(z.array(ProposedForeground)),
  /** Puts the proposed objects in the place of the present ones, as one step. Images that were worked on meanwhile stay as they are. */
  apply: base
    .input(OfSegmentation.extend({ except: z.array(ImageId).max(10_000).default([]) }))
    .output(EditBatch),
  discard: base.input(OfSegmentation).output(z.null()),
};
