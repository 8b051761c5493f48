import { z } from 'zod';
import { CorrectionCheck } from '../../contract/foreground-proposal.ts';
import { ImageId } from '../../contract/ids.ts';
import { ReviewState } from '../../contract/mask.ts';
import { SegmentSettings } from '../../contract/segmentation.ts';
import { MaskShape } from '../../domain/mask-shape.ts';
import { ModelWeights } from '../../domain/model-weights.ts';
import { SizedImage } from '../../domain/scan.ts';
import { CacheBounds, ImageLimits } from './image-access.ts';
import { SegmentedMask } from './segmented-mask.ts';

/** The messages of the job that proposes new foregrounds; see job-kinds.ts. */
export const recut = {
  job: z.object({
    rootPath: z.string(),
    limits: ImageLimits,
    cache: CacheBounds,
    readingFolder: z.string(),
    settings: SegmentSettings,
    device: z.string(),
    model: ModelWeights,
    /** What was learned when the collection was segmented. */
    modelFile: z.string(),
  }),
  asks: {
    /** The next finished images, by id, with what a person has done to their objects. */
    'recut/images': {
      ask: z.object({ afterId: z.number().int(), limit: z.number().int() }),
      answer: z.object({
        images: z.array(
          SizedImage.extend({
            isCorrected: z.boolean(),
            isSettled: z.boolean(),
            isOpen: z.boolean(),
            isCompared: z.boolean(),
          }),
        ),
      }),
    },
    /** The objects of an image as they are now. */
    'recut/objects': {
      ask: z.object({ imageId: ImageId }),
      answer: z.object({ objects: z.array(z.object({ review: ReviewState, shape: MaskShape })) }),
    },
    /**
     * What the corrections teach. A proposal that had not been finished is continued if they teach the same as then; what else was
     * proposed before is thrown away.
     */
    'recut/learned': {
      ask: z.object({ check: CorrectionCheck }),
      answer: z.object({ isContinued: z.boolean() }),
    },
    /** An image was compared: propose these objects for it, or, without any, leave it as it is. */
    'recut/save': {
      ask: z.object({ imageId: ImageId, likeness: z.number(), masks: z.array(SegmentedMask).nullable() }),
      answer: z.null(),
    },
    'recut/finish': { ask: z.object({ cutCount: z.number().int() }), answer: z.null() },
  },
};
