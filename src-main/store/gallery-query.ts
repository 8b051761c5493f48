import type { ConceptId, SegmentationId } from '../contract/ids.ts';
import type { GallerySort, ReviewState } from '../contract/mask.ts';

/** What images of a segmentation a page of the grid shows, and in which order. */
export type GalleryQuery = {
  segmentationId: SegmentationId;
  /** Only images with a mask of this concept, or of one that was merged into it. */
  conceptId?: ConceptId | undefined;
  /** Only images with a mask in this state; with `conceptId`, with a mask of that concept in this state. */
  review?: ReviewState | undefined;
  /** Only images whose best mask scores at least this. */
  minScore?: number | undefined;
  /** `score` and `area` put the highest first. */
  sort: GallerySort;
  cursor: string | null;
  limit: number;
};

/** As `GalleryQuery`, with bounds on the best score and the largest area; see `GalleryFilter`. */
export type GalleryIdsQuery = GalleryQuery & {
  maxScore?: number | undefined;
  minAreaPx?: number | undefined;
  maxAreaPx?: number | undefined;
  isReversed: boolean;
};

/** An image with what a list says of its masks. */
export type GalleryRow = {
  image_id: number;
  rel_path: string;
  content_hash: Uint8Array;
  mask_count: number;
  best_score: number;
  largest_px: number;
};
