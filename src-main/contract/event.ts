import { z } from 'zod';
import { CollectionId, ModelId, RunId, SegmentationId } from './ids.ts';
import { Job } from './job.ts';
import { EncoderDownload } from './published-encoder.ts';
import { Settings } from './settings.ts';

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
  /** Its row, its concepts or its masks. */
  z.object({ type: z.literal('segmentation'), segmentationId: SegmentationId }),
  z.object({ type: z.literal('segmentation-removed'), segmentationId: SegmentationId }),
  /** A version was created or removed. */
  z.object({ type: z.literal('datasets') }),
  z.object({ type: z.literal('model'), modelId: ModelId }),
  z.object({ type: z.literal('model-removed'), modelId: ModelId }),
  z.object({ type: z.literal('download'), download: EncoderDownload }),
]);
export type ServiceEvent = z.infer<typeof ServiceEvent>;
