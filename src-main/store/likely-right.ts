import type { Statement } from 'better-sqlite3';
import { LIKELY_RIGHT_SCORE } from '../contract/likely-right.ts';
import type { SegmentationId } from '../contract/ids.ts';
import type { ReviewState, Trust } from '../contract/mask.ts';
import type { ReadableDb } from './connection.ts';
import { toOwnedMask, type MaskRow, type OwnedMask } from './mask-row.ts';

/** `isLikelyRight` for the rows `m` of a segmentation whose scores are calibrated. */
const IS_LIKELY_RIGHT = `m.level = 0 AND m.origin = 'model' AND m.score >= ${LIKELY_RIGHT_SCORE}`;

const CONDITIONS: Record<Trust, string> = {
  'likely-right': `@isCalibrated AND ${IS_LIKELY_RIGHT}`,
  'to-check': `m.review = 'pending' AND NOT (@isCalibrated AND ${IS_LIKELY_RIGHT})`,
};

/**
 * Whether an image has an object of that trust: a condition of a query with @segmentationId and @isCalibrated.
 * @param imageId the expression of the image's id
 * @param concepts the expressions of the concepts whose objects count; all objects where left out
 */
export function hasTrustSql(trust: Trust, imageId: string, concepts?: readonly string[]): string {
  const isOfConcept = concepts ? `AND m.concept_id IN (${concepts.join()})` : '';
  return `EXISTS (
    SELECT 1 FROM masks m INDEXED BY masks_by_image
    WHERE m.segmentation_id = @segmentationId AND m.image_id = ${imageId} AND m.level = 0 ${isOfConcept}
      AND ${CONDITIONS[trust]})`;
}

/** How many objects of an image `t` of a segmentation with calibrated scores are likely right. */
export const LIKELY_RIGHT_COUNT = `(
  SELECT count(*) FROM masks m INDEXED BY masks_by_image
  WHERE m.segmentation_id = t.segmentation_id AND m.image_id = t.image_id AND ${IS_LIKELY_RIGHT})`;

/** From the images whose best object is that good, of those with something to review. */
const PENDING = `
  FROM segmented_images t INDEXED BY segmented_pending_by_score
    JOIN masks m INDEXED BY masks_by_image ON m.segmentation_id = t.segmentation_id AND m.image_id = t.image_id
  WHERE t.segmentation_id = ? AND t.best_score >= ${LIKELY_RIGHT_SCORE} AND t.pending_count > 0
    AND m.review = 'pending' AND ${IS_LIKELY_RIGHT}`;

/** Objects by how far they have been reviewed, and what is likely right among those that have not. */
export class LikelyRightRepository {
  readonly #counts: Statement<[number], Record<ReviewState, number>>;
  readonly #pending: Statement<[number], MaskRow>;
  readonly #pendingCounts: Statement<[number], { maskCount: number; imageCount: number }>;

  constructor(db: ReadableDb) {
    this.#counts = db.prepare(`
      SELECT pending_masks AS pending, accepted_masks AS accepted, rejected_masks AS rejected, edited_masks AS edited
      FROM segmentations WHERE id = ?`);
    this.#pending = db.prepare(`SELECT m.* ${PENDING} ORDER BY m.image_id, m.id`);
    this.#pendingCounts = db.prepare(
      `SELECT count(*) AS maskCount, count(DISTINCT m.image_id) AS imageCount ${PENDING}`,
    );
  }

  /** Objects of a segmentation in each state. */
  counts(segmentationId: SegmentationId): Record<ReviewState, number> {
    return this.#counts.get(segmentationId) ?? { pending: 0, accepted: 0, rejected: 0, edited: 0 };
  }

  /** How many objects are likely right and not reviewed yet, and on how many images; see `pending`. */
  pendingCounts(segmentationId: SegmentationId): { maskCount: number; imageCount: number } {
    return this.#pendingCounts.get(segmentationId) ?? { maskCount: 0, imageCount: 0 };
  }

  /** The objects of a segmentation with calibrated scores that are likely right and not reviewed yet, by image. */
  pending(segmentationId: SegmentationId): OwnedMask[] {
    return this.#pending.all(segmentationId).map(toOwnedMask);
  }
}
