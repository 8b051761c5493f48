import type { Statement } from 'better-sqlite3';
import type { ImageId, SegmentationId } from '../contract/ids.ts';
import type { SkippedImage } from '../contract/run.ts';
import type { WritableDb } from './connection.ts';

/** Names that are given with a segmentation; the others are only counted. */
const NAMED = 20;

/** The images that a segmentation could not read: they are named until they have been segmented. */
export class UnreadImages {
  readonly #add: Statement<[{ segmentationId: number; imageId: number; detail: string }]>;
  readonly #forget: Statement<[number, number]>;
  readonly #clear: Statement<[number]>;
  readonly #of: Statement<[number], SkippedImage>;

  constructor(db: WritableDb) {
    this.#add = db.prepare(`
      INSERT INTO unread_images (segmentation_id, image_id, detail) VALUES (@segmentationId, @imageId, @detail)
      ON CONFLICT DO UPDATE SET detail = excluded.detail`);
    this.#forget = db.prepare('DELETE FROM unread_images WHERE segmentation_id = ? AND image_id = ?');
    this.#of = db.prepare(`
      SELECT i.rel_path AS relPath, u.detail FROM unread_images u JOIN images i ON i.id = u.image_id
      WHERE u.segmentation_id = ? ORDER BY u.image_id LIMIT ${NAMED}`);
    this.#clear = db.prepare('DELETE FROM unread_images WHERE segmentation_id = ?');
  }

  /** Some of them, by id. */
  of(segmentationId: SegmentationId): SkippedImage[] {
    return this.#of.all(segmentationId);
  }

  /** @param image.detail the reason, as a sentence */
  add(image: { segmentationId: SegmentationId; imageId: ImageId; detail: string }): void {
    this.#add.run(image);
  }

  /** For an image that has been segmented after all. */
  forget(segmentationId: SegmentationId, imageId: ImageId): void {
    this.#forget.run(segmentationId, imageId);
  }

  /** For a job that tries them all again. */
  clear(segmentationId: SegmentationId): void {
    this.#clear.run(segmentationId);
  }
}
