import type { Statement } from 'better-sqlite3';
import { MaskId, type SegmentationId } from '../contract/ids.ts';
import type { ReviewState } from '../contract/mask.ts';
import type { ReviewEstimate } from '../contract/review-queue.ts';
import type { WritableDb } from './connection.ts';

type QueueKind = 'gain' | 'audit' | 'spent';
export type QueueRow = {
  maskId: MaskId;
  revision: number;
  score: number;
  kind: QueueKind;
  chance: number;
};
/** A random draw with its verdict; null for one that is not decided, or whose image was segmented again since. */
export type Draw = { maskId: MaskId; score: number; kind: QueueKind; isAccepted: boolean | null };
/** An object of a segmentation, as the order of reviews needs it. */
export type ObjectRow = {
  id: number;
  image_id: number;
  concept_id: number | null;
  origin: string;
  review: ReviewState;
  revision: number;
  score: number;
  area_px: number;
  x: number;
  y: number;
  width: number;
  height: number;
};
type Row = { mask_id: number; revision: number; score: number; kind: QueueKind; chance: number };
type DrawRow = Row & { review: ReviewState | null; now: number | null; was_removed: number };
type EstimateRow = Omit<ReviewEstimate, 'round'> & { round: number };
type Values = Record<string, unknown>;

/** Images whose objects are read at once: a few milliseconds. */
const IMAGES_AT_ONCE = 500;

/** Exported so that a test can assert their plans. */
export const reviewQueueSql = {
  images: `
    SELECT max(image_id) FROM (
      SELECT image_id FROM segmented_images
      WHERE segmentation_id = @id AND image_id > @afterId ORDER BY image_id LIMIT @limit)`,
  objects: `
    SELECT id, image_id, concept_id, origin, review, revision, score, area_px, x, y, width, height
    FROM masks INDEXED BY masks_by_image
    WHERE segmentation_id = @id AND image_id > @afterId AND image_id <= @lastId AND level = 0`,
};

/** What a person is asked about next, and the estimates after each round. */
export class ReviewQueueRepository {
  readonly #lastImage: Statement<[Values], number | null>;
  readonly #objects: Statement<[Values], ObjectRow>;
  readonly #round: Statement<[number], number>;
  readonly #rows: Statement<[Values], Row>;
  readonly #draws: Statement<[number], DrawRow>;
  readonly #insert: Statement<[Values]>;
  readonly #spend: Statement<[Values]>;
  readonly #release: Statement<[Values]>;
  readonly #estimates: Statement<[number], EstimateRow>;
  readonly #insertEstimate: Statement<[Values]>;

  constructor(db: WritableDb) {
    this.#lastImage = db.prepare<[Values], number | null>(reviewQueueSql.images).pluck();
    this.#objects = db.prepare(reviewQueueSql.objects);
    this.#round = db
      .prepare<[number], number>('SELECT ifnull(max(round), 0) FROM review_queue WHERE segmentation_id = ?')
      .pluck();
    this.#rows = db.prepare(
      'SELECT * FROM review_queue WHERE segmentation_id = @id AND round = @round ORDER BY place',
    );
    this.#draws = db.prepare(`
      SELECT q.*, m.review, m.revision AS now,
        EXISTS (SELECT 1 FROM mask_edit_states s WHERE s.mask_id = q.mask_id) AS was_removed
      FROM review_queue q LEFT JOIN masks m ON m.id = q.mask_id
      WHERE q.segmentation_id = ? AND q.kind <> 'gain' ORDER BY q.round, q.place`);
    this.#insert = db.prepare(`
      INSERT INTO review_queue (segmentation_id, round, place, mask_id, revision, score, kind, chance)
      VALUES (@id, @round, @place, @maskId, @revision, @score, @kind, @chance)`);
    this.#spend = db.prepare(`
      UPDATE review_queue SET kind = 'spent'
      WHERE segmentation_id = @id AND mask_id = @maskId AND kind = 'audit'`);
    this.#release = db.prepare('DELETE FROM review_queue WHERE segmentation_id = @id AND mask_id = @maskId');
    this.#estimates = db.prepare(
      'SELECT * FROM review_estimates WHERE segmentation_id = ? ORDER BY round DESC LIMIT 100',
    );
    this.#insertEstimate = db.prepare(`
      INSERT INTO review_estimates (segmentation_id, round, pending, audits, share, low, high)
      VALUES (@id, @round, @pending, @audits, @share, @low, @high)
      ON CONFLICT DO UPDATE SET pending = excluded.pending, audits = excluded.audits, share = excluded.share,
        low = excluded.low, high = excluded.high`);
  }

  /**
   * The objects of the next images.
   * @returns `lastId`: the image after which the next ones come; null at the end
   */
  objects(id: SegmentationId, afterId: number): { objects: ObjectRow[]; lastId: number | null } {
    const lastId = this.#lastImage.get({ id, afterId, limit: IMAGES_AT_ONCE }) ?? null;
    return { lastId, objects: lastId === null ? [] : this.#objects.all({ id, afterId, lastId }) };
  }

  /** The number of the last round; 0 before the first. */
  round(id: SegmentationId): number {
    return this.#round.get(id) ?? 0;
  }

  rows(id: SegmentationId, round: number): QueueRow[] {
    return this.#rows.all({ id, round }).map(({ mask_id, revision, score, kind, chance }) => ({
      maskId: MaskId.parse(mask_id),
      revision,
      score,
      kind,
      chance,
    }));
  }

  /** All random draws so far. One that was corrected or deleted was not accepted as it was. */
  draws(id: SegmentationId): Draw[] {
    return this.#draws.all(id).map(({ mask_id, revision, score, kind, review, now, was_removed }) => {
      const isDecided = review === null ? was_removed === 1 : review !== 'pending';
      const isAccepted = review === 'accepted' && now === revision;
      return { maskId: MaskId.parse(mask_id), score, kind, isAccepted: isDecided ? isAccepted : null };
    });
  }

  /** Starts a round. @param change `released`: objects of earlier rounds that may be asked about again */
  add(
    id: SegmentationId,
    round: number,
    change: { rows: readonly QueueRow[]; spent: readonly number[]; released: readonly number[] },
  ): void {
    for (const maskId of change.released) this.#release.run({ id, maskId });
    for (const maskId of change.spent) this.#spend.run({ id, maskId });
    change.rows.forEach((row, place) => this.#insert.run({ id, round, place, ...row }));
  }

  /** The last ones first. */
  estimates(id: SegmentationId): ReviewEstimate[] {
    return this.#estimates.all(id).map(({ round, pending, audits, share, low, high }) => ({
      round,
      pending,
      audits,
      share,
      low,
      high,
    }));
  }

  saveEstimate(id: SegmentationId, estimate: ReviewEstimate): void {
    this.#insertEstimate.run({ id, ...estimate });
  }
}
