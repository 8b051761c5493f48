import type { ContentHash, ImageId, SegmentationId } from '../contract/ids.ts';
import type { NewMask } from '../store/preliminary-masks.ts';
import type { JobEnvironment } from './job-kind.ts';

/** Where masks are saved. */
type MaskKeeper = Pick<JobEnvironment, 'store' | 'nowMs'>;

/** An image's masks with the numbers of their concepts, from 1; null if it is not known yet. */
export type NumberedMasks = {
  imageId: ImageId;
  contentHash: ContentHash;
  isPreliminary: boolean;
  masks: readonly (Omit<NewMask, 'conceptId' | 'origin'> & { concept: number | null })[];
};

/** Saves an image's masks, found here or on another machine, in place of those it had. */
export function saveSegmentedImage(
  { store, nowMs }: MaskKeeper,
  segmentationId: SegmentationId,
  image: NumberedMasks,
): void {
  const concepts = store.concepts.idsOf(segmentationId);
  store.segmentations.saveImage({
    segmentationId,
    imageId: image.imageId,
    contentHash: image.contentHash,
    finishedAtMs: nowMs(),
    isPreliminary: image.isPreliminary,
    masks: image.masks.map(({ concept, ...mask }) => ({
      ...mask,
      origin: 'model' as const,
      conceptId: concept === null ? null : (concepts.get(concept) ?? null),
    })),
  });
}

/** Closes a segmentation of which all images have had their turn. */
export function finishSegmentation({ store, nowMs }: MaskKeeper, segmentationId: SegmentationId): void {
  store.segmentations.closePreliminary(segmentationId, nowMs());
  store.concepts.finish(segmentationId, nowMs());
}
