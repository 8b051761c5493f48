import { z } from 'zod';
import { CollectionId, ImageId, ModelId, RunId, SegmentationId } from './ids.ts';
import { Job } from './job.ts';
import { EncoderDownload } from './published-encoder.ts';
import { Settings } from './settings.ts';

/** More images than this are not named: a client reads all of them then. */
export const MAX_NAMED_IMAGES = 200;

/** A segmentation changed: all of it, its row and concepts too, or only masks. */
export const SegmentationEvent = z.object({
  type: z.literal('segmentation'),
  segmentationId: SegmentationId,
  what: z.enum(['all', 'masks']),
  /** The images whose masks changed; null if these may be any. */
  imageIds: z.array(ImageId).max(MAX_NAMED_IMAGES).nullable(),
});
export type SegmentationEvent = z.infer<typeof SegmentationEvent>;

/** That anything of a segmentation may have changed. */
export function wholeSegmentation(segmentationId: SegmentationId): SegmentationEvent {
  return { type: 'segmentation', segmentationId, what: 'all', imageIds: null };
}

/** That masks of these images have changed; all may have if there are too many to name. */
export function changedMasks(segmentationId: SegmentationId, images: Iterable<ImageId>): SegmentationEvent {
  const imageIds = [...new Set(images)];
  const isNamed = imageIds.length <= MAX_NAMED_IMAGES;
  return { type: 'segmentation', segmentationId, what: 'masks', imageIds: isNamed ? imageIds : null };
}

/**
 * A hint that something changed. Events may be dropped or missed; their content can always be reread
 * by a method (`jobs.get`, `collections.get`, ...), so a client that reconnects reads once and then listens.
 */
export const ServiceEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('job'), job: Job }),
  z.object({ type: z.literal('collection'), collectionId: CollectionId }),
  z.object({ type: z.literal('collection-removed'), collectionId: CollectionId }),
  z.object({ type: z.literal('settings'), settings: Settings }),
  /** Its row, its curves or its previews. */
  z.object({ type: z.literal('run'), runId: RunId }),
  z.object({ type: z.literal('run-removed'), runId: RunId }),
  SegmentationEvent,
  z.object({ type: z.literal('segmentation-removed'), segmentationId: SegmentationId }),
  /** A version was created or removed. */
  z.object({ type: z.literal('datasets') }),
  z.object({ type: z.literal('model'), modelId: ModelId }),
  z.object({ type: z.literal('model-removed'), modelId: ModelId }),
  z.object({ type: z.literal('download'), download: EncoderDownload }),
]);
export type ServiceEvent = z.infer<typeof ServiceEvent>;
