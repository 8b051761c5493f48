import type { Statement } from 'better-sqlite3';
import {
  ConceptId,
  ImageId,
  MaskId,
  SegmentationId,
  type CollectionId,
  type ContentHash,
  type JobId,
  type ModelId,
} from '../contract/ids.ts';
import type { MaskShape } from '../domain/mask-shape.ts';
import { toSegmentation, segmentationSql, type SegmentationRow } from './segmentation-row.ts';
import type { CollectionChanges, ForegroundNote, Segmentation } from '../contract/segmentation.ts';
import type { SizedImage } from '../domain/scan.ts';
import type { WritableDb } from './connection.ts';
import { fromHash, toHash, toSized, type SizedRow } from './image-row.ts';
import { MaskWriter } from './mask-writer.ts';
import { PreliminaryMasks, type SegmentedImage } from './preliminary-masks.ts';
import { UnreadImages } from './unread-images.ts';
import { toOwnedMask, toShape, type MaskRow, type OwnedMask, type ShapeRow } from './mask-row.ts';

/** An image to segment: whether this segmentation has final or preliminary masks of its present content. */
export type ImageToSegment = SizedImage & {
  sizeBytes: number;
  isDone: boolean;
  /** Whether it has none of any content. */
  isNew: boolean;
  isPreliminary: boolean;
};
type ToSegmentRow = SizedRow & {
  size_bytes: number;
  has_masks: number;
  /** Null if it has no masks of this content. */
  is_preliminary: number | null;
};
/** Images whose masks go in one step of a removal. */
const REMOVE_IMAGES = 20;

/** Exported so that a test can assert its plan. */
const toSegmentSql = `
  SELECT i.id, i.rel_path, i.path_bytes, i.content_hash, i.size_bytes, i.width_px, i.height_px,
    EXISTS (SELECT 1 FROM segmented_images d WHERE d.segmentation_id = s.id AND d.image_id = i.id) AS has_masks,
    (SELECT d.is_preliminary FROM segmented_images d WHERE d.segmentation_id = s.id AND d.image_id = i.id
      AND d.content_hash = i.content_hash) AS is_preliminary
  FROM segmentations s JOIN images i INDEXED BY images_by_collection ON i.collection_id = s.collection_id
  WHERE s.id = @segmentationId AND i.id > @afterId AND i.status IN ('ok', 'changed')
  ORDER BY i.id LIMIT @limit`;

const changesSql = `
  SELECT c.ok_count + c.changed_count - (s.finished_images + s.preliminary_images - s.missing_images) AS newCount,
    s.changed_images AS changedCount, s.missing_images AS missingCount
  FROM segmentations s JOIN collections c ON c.id = s.collection_id
  WHERE s.id = ?`;

/** Segmentations with their concepts and masks. */
export class SegmentationRepository {
  /** Saves one image's masks in place of those it had; durable when it returns. */
  readonly saveImage: (image: SegmentedImage) => MaskId[];
  readonly unread: UnreadImages;
  /** Settles preliminary masks whose image went away before its turn; see `PreliminaryMasks.close`. */
  readonly closePreliminary: (id: SegmentationId, finishedAtMs: number) => void;

  readonly #insert: Statement<[Record<string, unknown>]>;
  readonly #get: Statement<[number], SegmentationRow>;
  readonly #ofCollection: Statement<[number], SegmentationRow>;
  readonly #list: Statement<[], SegmentationRow>;
  readonly #insertConcept: Statement<[Record<string, unknown>]>;
  readonly #forgetImage: Statement<[number, number]>;
  readonly #insertImage: Statement<[Record<string, unknown>]>;
  readonly #masks: MaskWriter;
  readonly #preliminary: PreliminaryMasks;
  readonly #masksOf: Statement<[number, number], MaskRow>;
  readonly #shapeOf: Statement<[number], ShapeRow>;
  readonly #getMask: Statement<[number], MaskRow>;
  readonly #contentOf: Statement<[number, number], Uint8Array>;
  readonly #setJob: Statement<[{ id: number; jobId: number }]>;
  readonly #setForeground: Statement<[Record<string, unknown>]>;
  readonly #rename: Statement<[string, number]>;
  readonly #removeImages: Statement<[{ id: number; limit: number }]>;
  readonly #remove: Statement<[number]>;
  readonly #changes: Statement<[number], CollectionChanges>;
  readonly #toSegment: Statement<[Record<string, number>], ToSegmentRow>;

  constructor(db: WritableDb) {
    this.#masks = new MaskWriter(db);
    this.unread = new UnreadImages(db);
    this.#preliminary = new PreliminaryMasks(db);
    this.#insert = db.prepare(`
      INSERT INTO segmentations (collection_id, model_id, has_model, name, settings, device, created_at_ms)
      VALUES (@collectionId, @modelId, @modelId IS NOT NULL, @name, @settings, @device, @createdAtMs)`);
    this.#get = db.prepare(`${segmentationSql} WHERE s.id = ?`);
    this.#ofCollection = db.prepare(`${segmentationSql} WHERE s.collection_id = ? ORDER BY s.id DESC`);
    this.#list = db.prepare(`${segmentationSql} ORDER BY s.id DESC`);
    this.#setJob = db.prepare('UPDATE segmentations SET job_id = @jobId WHERE id = @id');
    this.#setForeground = db.prepare('UPDATE segmentations SET foreground = @foreground WHERE id = @id');
    this.#rename = db.prepare('UPDATE segmentations SET name = ? WHERE id = ?');
    this.#removeImages = db.prepare(`
      DELETE FROM segmented_images WHERE segmentation_id = @id AND image_id IN (
        SELECT image_id FROM segmented_images WHERE segmentation_id = @id LIMIT @limit)`);
    this.#remove = db.prepare('DELETE FROM segmentations WHERE id = ?');
    this.#toSegment = db.prepare(toSegmentSql);
    this.#changes = db.prepare(changesSql);
    this.#getMask = db.prepare('SELECT * FROM masks WHERE id = ?');
    this.#insertConcept = db.prepare(`
      INSERT INTO concepts (segmentation_id, number, name, colour, is_background)
      VALUES (@segmentationId, @number, @name, @colour, @isBackground)`);
    this.#forgetImage = db.prepare('DELETE FROM segmented_images WHERE segmentation_id = ? AND image_id = ?');
    this.#insertImage = db.prepare(`
      INSERT INTO segmented_images (segmentation_id, image_id, content_hash, rel_path, finished_at_ms, is_preliminary)
      SELECT @segmentationId, id, @contentHash, rel_path, @finishedAtMs, @isPreliminary
      FROM images WHERE id = @imageId`);
    this.#masksOf = db.prepare(`
      SELECT * FROM masks WHERE segmentation_id = ? AND image_id = ? ORDER BY level, score DESC, id`);
    this.#shapeOf = db.prepare('SELECT * FROM mask_shapes WHERE mask_id = ?');
    this.#contentOf = db
      .prepare<[number, number], Uint8Array>(
        'SELECT content_hash FROM segmented_images WHERE segmentation_id = ? AND image_id = ?',
      )
      .pluck();
    this.closePreliminary = db.transaction((id: SegmentationId, finishedAtMs: number) =>
      this.#preliminary.close(id, finishedAtMs),
    );
    this.saveImage = db.transaction((image: SegmentedImage) => this.#replaceImage(image));
  }

  insert(segmentation: {
    collectionId: CollectionId;
    modelId?: ModelId | null;
    name: string;
    settings: unknown;
    device: string;
    createdAtMs: number;
  }): SegmentationId {
    const { lastInsertRowid } = this.#insert.run({
      modelId: null,
      ...segmentation,
      settings: JSON.stringify(segmentation.settings),
    });
    return SegmentationId.parse(Number(lastInsertRowid));
  }

  get(id: SegmentationId): Segmentation | undefined {
    const row = this.#get.get(id);
    return row && this.#toSegmentation(row);
  }

  /** Newest first. */
  ofCollection(id: CollectionId): Segmentation[] {
    return this.#ofCollection.all(id).map((row) => this.#toSegmentation(row));
  }

  /** All of them, newest first. */
  list(): Segmentation[] {
    return this.#list.all().map((row) => this.#toSegmentation(row));
  }

  setJob(id: SegmentationId, jobId: JobId): void {
    this.#setJob.run({ id, jobId });
  }

  /** Keeps how foregrounds are found. */
  setForeground(id: SegmentationId, foreground: ForegroundNote): void {
    this.#setForeground.run({ id, foreground: JSON.stringify(foreground) });
  }

  rename(id: SegmentationId, name: string): void {
    this.#rename.run(name, id);
  }

  /**
   * Deletes part of a segmentation, and finally all of it. One step takes a few milliseconds.
   * @returns whether nothing is left of it
   */
  removeChunk(id: SegmentationId): boolean {
    if (this.#removeImages.run({ id, limit: REMOVE_IMAGES }).changes > 0) return false;
    this.#remove.run(id);
    return true;
  }

  /** Usable images of the segmentation's collection by id, from the one after `afterId`. */
  toSegment(query: { segmentationId: SegmentationId; afterId: number; limit: number }): ImageToSegment[] {
    return this.#toSegment.all(query).map((row) => ({
      ...toSized(row),
      sizeBytes: row.size_bytes,
      isDone: row.is_preliminary === 0,
      isNew: row.has_masks === 0,
      isPreliminary: row.is_preliminary === 1,
    }));
  }

  /** How the collection differs from what was segmented of it. */
  changes(id: SegmentationId): CollectionChanges {
    return this.#changes.get(id) ?? { newCount: 0, changedCount: 0, missingCount: 0 };
  }

  insertConcept(concept: {
    segmentationId: SegmentationId;
    number: number;
    name: string | null;
    /** `#rrggbb`, lower case */
    colour: string;
    isBackground: boolean;
  }): ConceptId {
    const { lastInsertRowid } = this.#insertConcept.run({
      ...concept,
      isBackground: Number(concept.isBackground),
    });
    return ConceptId.parse(Number(lastInsertRowid));
  }

  /** Objects first, each level by score. */
  masksOf(segmentationId: SegmentationId, imageId: ImageId): OwnedMask[] {
    return this.#masksOf.all(segmentationId, imageId).map(toOwnedMask);
  }

  getMask(id: MaskId): OwnedMask | undefined {
    const row = this.#getMask.get(id);
    return row && toOwnedMask(row);
  }

  /** The version of an image's file that was segmented. */
  contentOf(segmentationId: SegmentationId, imageId: ImageId): ContentHash | undefined {
    const hash = this.#contentOf.get(segmentationId, imageId);
    return hash && toHash(hash);
  }

  shapeOf(id: MaskId): MaskShape | undefined {
    const row = this.#shapeOf.get(id);
    return row && toShape(row);
  }

  #toSegmentation(row: SegmentationRow): Segmentation {
    return toSegmentation(row, row.unread_count > 0 ? this.unread.of(SegmentationId.parse(row.id)) : []);
  }

  #replaceImage(image: SegmentedImage): MaskId[] {
    const { segmentationId, imageId, finishedAtMs, isPreliminary = false } = image;
    if (!isPreliminary) this.unread.forget(segmentationId, imageId);
    const settled = isPreliminary ? undefined : this.#preliminary.settle(image);
    if (settled) return settled;
    this.#forgetImage.run(segmentationId, imageId);
    this.#insertImage.run({
      segmentationId,
      imageId,
      contentHash: fromHash(image.contentHash),
      finishedAtMs,
      isPreliminary: Number(isPreliminary),
    });
    return image.masks.map((mask) => this.#masks.insert(image, { ...mask, review: 'pending' }));
  }
}
