import type { Statement } from 'better-sqlite3';
import { ImageId, MaskId, type JobId, type SegmentationId } from '../contract/ids.ts';
import type { Description } from '../contract/similar.ts';
import type { ListedImage } from '../domain/scan.ts';
import type { MaskShape } from '../domain/mask-shape.ts';
import type { WritableDb } from './connection.ts';
import { toListed } from './image-row.ts';
import { toShape, type ShapeRow } from './mask-row.ts';

/** An image to describe, with its masks of the version that was segmented. */
export type ImageToDescribe = ListedImage & {
  masks: { id: MaskId; revision: number; level: number }[];
};
type ImageRow = { id: number; rel_path: string; path_bytes: Uint8Array | null; content_hash: Uint8Array };
type DescriptionRow = {
  job_id: number | null;
  mask_count: number;
  image_count: number;
  skipped_count: number;
  changed_count: number;
  finished_at_ms: number | null;
};

/** Whether segmentations have been described by vectors, and what is to be described. */
export class DescriptionRepository {
  readonly #get: Statement<[number], DescriptionRow>;
  readonly #setJob: Statement<[{ id: number; jobId: number }]>;
  readonly #outdate: Statement<[number]>;
  readonly #begin: Statement<[number]>;
  readonly #finish: Statement<[Record<string, number>]>;
  readonly #images: Statement<[Record<string, number>], ImageRow>;
  readonly #masks: Statement<[number, number], { id: number; revision: number; level: number }>;
  readonly #shapes: Statement<[number, number], ShapeRow & { mask_id: number }>;

  constructor(db: WritableDb) {
    this.#get = db.prepare('SELECT * FROM descriptions WHERE segmentation_id = ?');
    this.#setJob = db.prepare(`
      INSERT INTO descriptions (segmentation_id, job_id) VALUES (@id, @jobId)
      ON CONFLICT DO UPDATE SET job_id = excluded.job_id`);
    this.#outdate = db.prepare(
      'UPDATE descriptions SET changed_count = changed_count + 1 WHERE segmentation_id = ?',
    );
    this.#begin = db.prepare('UPDATE descriptions SET changed_count = 0 WHERE segmentation_id = ?');
    this.#finish = db.prepare(`
      UPDATE descriptions SET mask_count = @maskCount, image_count = @imageCount, skipped_count = @skippedCount,
        finished_at_ms = @finishedAtMs WHERE segmentation_id = @id`);
    this.#images = db.prepare(`
      SELECT i.id, i.rel_path, i.path_bytes, d.content_hash
      FROM segmented_images d JOIN images i ON i.id = d.image_id
      WHERE d.segmentation_id = @id AND d.image_id > @afterId ORDER BY d.image_id LIMIT @limit`);
    this.#masks = db.prepare(
      'SELECT id, revision, level FROM masks WHERE segmentation_id = ? AND image_id = ? ORDER BY level, id',
    );
    this.#shapes = db.prepare(`
      SELECT s.* FROM masks m JOIN mask_shapes s ON s.mask_id = m.id
      WHERE m.segmentation_id = ? AND m.image_id = ? ORDER BY m.level, m.id`);
  }

  /** @returns null for a segmentation that has never been described to the end */
  get(id: SegmentationId): Omit<Description, 'hasFeatures'> | null {
    const row = this.#get.get(id);
    if (row?.finished_at_ms == null) return null;
    return {
      maskCount: row.mask_count,
      imageCount: row.image_count,
      skippedCount: row.skipped_count,
      changedCount: row.changed_count,
      finishedAtMs: row.finished_at_ms,
    };
  }

  /** The job that described it last, or is to. */
  jobOf(id: SegmentationId): number | null {
    return this.#get.get(id)?.job_id ?? null;
  }

  setJob(id: SegmentationId, jobId: JobId): void {
    this.#setJob.run({ id, jobId });
  }

  /** Something that should have been described is missing. */
  outdate(id: SegmentationId): void {
    this.#outdate.run(id);
  }

  /** What changes from now on is not described yet. */
  begin(id: SegmentationId): void {
    this.#begin.run(id);
  }

  finish(
    id: SegmentationId,
    counts: { maskCount: number; imageCount: number; skippedCount: number },
    finishedAtMs: number,
  ): void {
    this.#finish.run({ id, ...counts, finishedAtMs });
  }

  /** Segmented images by id, from the one after `afterId`. */
  images(query: { id: SegmentationId; afterId: number; limit: number }): ImageToDescribe[] {
    return this.#images.all(query).map((row) => ({
      ...toListed(row),
      masks: this.#masks.all(query.id, row.id).map((mask) => ({ ...mask, id: MaskId.parse(mask.id) })),
    }));
  }

  /** The shapes of an image's masks. */
  shapes(id: SegmentationId, imageId: ImageId): { id: MaskId; shape: MaskShape }[] {
    return this.#shapes
      .all(id, imageId)
      .map((row) => ({ id: MaskId.parse(row.mask_id), shape: toShape(row) }));
  }
}
