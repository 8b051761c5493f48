import { z } from 'zod';
import { FilePath } from './file-path.ts';
import { ContentHash, SegmentationId } from './ids.ts';
import { Job } from './job.ts';
import { base } from './procedure.ts';
import { Segmentation, SegmentRequest } from './segmentation.ts';

/** Shards of a segmentation; nobody has more machines than this. */
export const ShardCount = z.number().int().min(1).max(100_000);

/** One of several shards, counted from 0. */
export const ShardPlace = z
  .object({ index: z.number().int().nonnegative(), count: ShardCount })
  .refine(({ index, count }) => index < count, 'the index of a shard is below their count');
export type ShardPlace = z.infer<typeof ShardPlace>;

/** A recipe: what a segmentation has learned, with the list of the images that are to be segmented by it. */
export const WrittenRecipe = z.object({
  path: z.string(),
  id: ContentHash,
  sizeBytes: z.number().int(),
  segmentationId: SegmentationId,
  shardCount: z.number().int(),
  /** Images of different content. */
  imageCount: z.number().int(),
  /** The encoder's weights, which every machine needs too; null for none. */
  weights: z.object({ path: z.string(), sha256: ContentHash, sizeBytes: z.number().int() }).nullable(),
});
export type WrittenRecipe = z.infer<typeof WrittenRecipe>;

/** What a shard consists of. */
export const WrittenShard = z.object({
  path: z.string(),
  sizeBytes: z.number().int(),
  place: ShardPlace,
  imageCount: z.number().int(),
  maskCount: z.number().int(),
  /** Images that it could not find or read, and the reasons for the first of them. */
  unreadCount: z.number().int(),
  unreadImages: z.array(z.object({ relPath: z.string(), detail: z.string() })),
});
export type WrittenShard = z.infer<typeof WrittenShard>;

/** A shard of which images are still to be done. */
const LackingShard = z.object({
  index: z.number().int(),
  imageCount: z.number().int(),
  missingCount: z.number().int(),
});

/** What merging one file did, and what is missing after it. */
export const MergedShard = z.object({
  segmentation: Segmentation,
  place: ShardPlace,
  /** Images that got their masks, and images that had them before. */
  addedCount: z.number().int(),
  presentCount: z.number().int(),
  /** Images of the file that the collection no longer contains. */
  goneCount: z.number().int(),
  missing: z.object({
    count: z.number().int(),
    /** The first of them. */
    relPaths: z.array(z.string()),
    /** By the division of the recipe. */
    shards: z.array(LackingShard),
    shardCount: z.number().int(),
  }),
  isComplete: z.boolean(),
});
export type MergedShard = z.infer<typeof MergedShard>;

/** Segmenting a collection on several machines; see resources/docs/larger.md. */
export const shards = {
  /** Creates a segmentation and queues a job that only learns from the collection. */
  plan: base.input(SegmentRequest).output(z.object({ segmentation: Segmentation, job: Job })),
  /** Freezes what a segmentation has learned into a file, with the weights of its encoder next to it. */
  writeRecipe: base
    .input(
      z.object({
        id: SegmentationId,
        path: FilePath,
        count: ShardCount,
        overwrite: z.boolean().default(false),
      }),
    )
    .output(WrittenRecipe),
  /**
   * Segments the images of a shard in this data folder, which is to contain nothing else, or resumes that. The job is
   * null where nothing is left to be done.
   */
  open: base
    .input(
      z.object({
        recipe: FilePath,
        place: ShardPlace,
        /** The folder of the images; that of the recipe where left out. */
        images: FilePath.optional(),
        /** The encoder's weights; next to the recipe where left out. */
        weights: FilePath.optional(),
        /** Whether images that are not in the folder are left out; otherwise the job fails and names them. */
        skipsMissing: z.boolean().default(false),
        /** That of the recipe where left out. */
        device: z.string().optional(),
      }),
    )
    .output(z.object({ segmentation: Segmentation, job: Job.nullable() })),
  /** Writes the shard of this data folder. */
  write: base.input(z.object({ path: FilePath, overwrite: z.boolean().default(false) })).output(WrittenShard),
  /** Gives the images of a planned segmentation the masks of a shard. Doing so again changes nothing. */
  merge: base.input(z.object({ path: FilePath })).output(MergedShard),
};
