import { z } from 'zod';
import { Split } from './dataset.ts';
import { OutputRequest } from './file-path.ts';
import { ConceptId, ImageId, MaskId, SegmentationId } from './ids.ts';
import { Job } from './job.ts';
import { Mask, ReviewState } from './mask.ts';
import { base } from './procedure.ts';

/** What the points of a map are. */
export const MapOf = z.enum(['objects', 'images']);
export type MapOf = z.infer<typeof MapOf>;

export const MapState = z.object({
  /** Null until it has been laid out once. */
  map: z
    .object({
      objectCount: z.number().int(),
      imageCount: z.number().int(),
      laidOutAtMs: z.number(),
      /** Whether images or objects came, went or changed their shape since. */
      isOutdated: z.boolean(),
    })
    .nullable(),
  /** The job that lays it out now. */
  job: Job.nullable(),
});
export type MapState = z.infer<typeof MapState>;

/** Points one after the other, as columns: a map may have 100,000 of them. */
export const MapPoints = z.object({
  /** Which layout they are of: two pages of different layouts do not belong together. */
  laidOutAtMs: z.number(),
  /** Where the next page starts; null on the last one. Points whose object is gone are left out. */
  next: z.number().int().nullable(),
  /** Objects; 0 on a map of images. */
  maskIds: z.array(z.union([MaskId, z.literal(0)])),
  imageIds: z.array(ImageId),
  /** In -1..1. */
  x: z.array(z.number()),
  y: z.array(z.number()),
  /** Always null on a map of images. */
  conceptIds: z.array(ConceptId.nullable()),
  /** Of an image: pending while one of its objects is, rejected if all are. */
  reviews: z.array(ReviewState),
  /** Of an image: the best one. */
  scores: z.array(z.number()),
  /** In the newest dataset of the collection; null for what is in none. */
  splits: z.array(Split.nullable()),
});
export type MapPoints = z.infer<typeof MapPoints>;

const OfSegmentation = z.object({ id: SegmentationId });

/** Objects and images of a segmentation as points of a plane, near where they look alike. */
export const mapContract = {
  state: base.input(OfSegmentation).output(MapState),
  /** Queues the job that lays it out, or returns the one that is waiting or running. @throws WRONG_STATE before `similar.describe` */
  layOut: base.input(OfSegmentation).output(Job),
  /** @throws WRONG_STATE before `layOut` */
  points: base
    .input(
      OfSegmentation.extend({
        of: MapOf,
        from: z.number().int().min(0).default(0),
        limit: z.number().int().min(1).max(5_000).default(5_000),
      }),
    )
    .output(MapPoints),
  /** Some of the objects, in the order asked for; those that are gone are left out. */
  objects: base
    .input(OfSegmentation.extend({ ids: z.array(MaskId).max(500) }))
    .output(z.array(Mask.extend({ relPath: z.string() }))),
  /** Writes all points as a table (a name that ends in .csv) or as JSON (.json). @throws WRONG_STATE, BAD_INPUT for another name */
  write: base
    .input(OfSegmentation.extend(OutputRequest.shape).extend({ of: MapOf }))
    .output(z.object({ path: z.string(), pointCount: z.number().int() })),
};
