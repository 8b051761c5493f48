import type { ConceptId, SegmentationId } from '../contract/ids.ts';
import type { GallerySort, ReviewState, Trust } from '../contract/mask.ts';

/** A stretch of the images of a segmentation; see `GalleryFilter` of the contract. */
export type GalleryQuery = {
  segmentationId: SegmentationId;
  /** Only images with a mask of this concept, or of one that was merged into it. */
  conceptId?: ConceptId | undefined;
  /** Only images with a mask in this state; with `conceptId`, with a mask of that concept in this state. */
  review?: ReviewState | undefined;
  /** Bounds on the best score and the largest area. */
  minScore?: number | undefined;
  maxScore?: number | undefined;
  minAreaPx?: number | undefined;
  maxAreaPx?: number | undefined;
  /** Only images with such an object; with `conceptId`, of that concept. */
  trust?: Trust | undefined;
  /** Whether scores say how likely an object is right, see `hasCalibratedScores`; if left out, nothing is likely right. */
  isCalibrated?: boolean | undefined;
  /** `score` and `area` put the highest first. */
  sort: GallerySort;
  isReversed: boolean;
  cursor: string | null;
  limit: number;
};
