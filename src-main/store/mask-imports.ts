import type { Statement } from 'better-sqlite3';
import { z } from 'zod';
import { CollectionId, ImageId, ImportId, MaskId, type SegmentationId } from '../contract/ids.ts';
import {
  MaskImportOptions,
  MaskImportResult,
  type ImportCounts,
  type ImportedImage,
  type MaskImport,
} from '../contract/mask-import.ts';
import { ReviewState } from '../contract/mask.ts';
import type { ImageChanges, ImportableImage, ImportedMask, MaskChange } from '../domain/mask-import-rows.ts';
import type { WritableDb } from './connection.ts';
import { decodeCursor, toPage, type Page } from './cursor.ts';
import { ExportedMaskReader, type VersionsOf } from './exported-masks.ts';
import { toHash } from './image-row.ts';
import { importedConceptWriter } from './imported-concepts.ts';
import type { MaskEditRepository } from './mask-edits.ts';
import type { MaskWrite } from './mask-states.ts';

type Row = {
  id: number;
  options: string;
  result: string | null;
  batch: number | null;
  created_at_ms: number;
  finished_at_ms: number | null;
};
type MaskRow = {
  id: number;
  revision: number;
  class_name: string;
  area_px: number;
  stack_order: number;
  score: number;
  review: string;
  grid_width: number;
  grid_height: number;
  rle: Uint8Array;
};
type ImageRow = {
  imageId: number;
  relPath: string;
  contentHash: Uint8Array;
  widthPx: number;
  heightPx: number;
  isDone: number;
};
type Totals = ImportCounts & { images: number };
/** What of a result is not the sum of its images. */
type Findings = Pick<MaskImportResult, 'skipped' | 'problems' | 'notes' | 'noteCount'>;

/** Imported masks are objects: finer levels are made only by the segmentation. */
const LEVEL = 0;
/** A person has seen to what is imported. */
const ADDED = { origin: 'imported', level: LEVEL, score: 1, review: 'accepted' } as const;
const Cursor = z.tuple([z.number()]);

/** Imports of masks, and what they read and write of segmentations. */
export class MaskImportRepository {
  /** What dataset versions have of the masks. */
  readonly exported: ExportedMaskReader;
  /**
   * Saves what an import makes of an image as a step that can be undone, or, in a preview, only what it would make.
   * @returns false, with nothing saved, if the masks have changed since they were read
   */
  readonly save: (id: ImportId, image: ImageChanges, nowMs: number) => boolean;

  readonly #insert: Statement<[number, string, number]>;
  readonly #get: Statement<[number], Row>;
  readonly #collectionOf: Statement<[number], number>;
  readonly #finish: Statement<[string, number, number]>;
  readonly #totals: Statement<[number], Totals>;
  readonly #images: Statement<
    [{ importId: number | null; segmentationId: number; afterId: number; limit: number }],
    ImageRow
  >;
  readonly #imagesOf: Statement<
    [{ importId: number; onlyDifferent: number; afterId: number; limit: number }],
    ImportedImage
  >;
  readonly #masks: Statement<[number, number], MaskRow>;

  constructor(db: WritableDb, edits: MaskEditRepository) {
    this.exported = new ExportedMaskReader(db);
    this.#insert = db.prepare(
      'INSERT INTO mask_imports (segmentation_id, options, created_at_ms) VALUES (?, ?, ?)',
    );
    this.#get = db.prepare('SELECT * FROM mask_imports WHERE id = ?');
    this.#collectionOf = db
      .prepare<[number], number>(
        `SELECT s.collection_id FROM mask_imports m JOIN segmentations s ON s.id = m.segmentation_id
         WHERE m.id = ?`,
      )
      .pluck();
    this.#finish = db.prepare('UPDATE mask_imports SET result = ?, finished_at_ms = ? WHERE id = ?');
    this.#totals = db.prepare(`
      SELECT count(*) AS images, ifnull(sum(kept), 0) AS kept, ifnull(sum(changed), 0) AS changed,
        ifnull(sum(added), 0) AS added, ifnull(sum(rejected), 0) AS rejected, ifnull(sum(skipped), 0) AS skipped
      FROM mask_import_images WHERE import_id = ?`);
    this.#images = db.prepare(`
      SELECT s.image_id AS imageId, s.rel_path AS relPath, s.content_hash AS contentHash, i.width_px AS widthPx,
        i.height_px AS heightPx,
        EXISTS (
          SELECT 1 FROM mask_import_images r JOIN mask_imports o ON o.id = r.import_id
          WHERE r.import_id = @importId AND r.image_id = s.image_id AND (
            r.changed + r.added + r.rejected = 0 OR o.batch IS NULL OR EXISTS (
              SELECT 1 FROM mask_edits WHERE segmentation_id = s.segmentation_id AND image_id = s.image_id
                AND is_undone = 0 AND +batch = o.batch))) AS isDone
      FROM segmented_images s JOIN images i ON i.id = s.image_id
      WHERE s.segmentation_id = @segmentationId AND s.image_id > @afterId AND i.content_hash = s.content_hash
      ORDER BY s.image_id LIMIT @limit`);
    this.#imagesOf = db.prepare(`
      SELECT m.image_id AS imageId, i.rel_path AS relPath, m.kept, m.changed, m.added, m.rejected, m.skipped
      FROM mask_import_images m JOIN images i ON i.id = m.image_id
      WHERE m.import_id = @importId AND m.image_id > @afterId
        AND (@onlyDifferent = 0 OR m.changed + m.added + m.rejected + m.skipped > 0)
      ORDER BY m.image_id LIMIT @limit`);
    this.#masks = db.prepare(`
      SELECT m.id, m.revision, m.area_px, m.score, m.stack_order, m.review, s.grid_width, s.grid_height, s.rle,
        ifnull(ifnull(t.name, 'concept-' || t.number), '') AS class_name
      FROM masks m JOIN mask_shapes s ON s.mask_id = m.id LEFT JOIN concepts c ON c.id = m.concept_id
        LEFT JOIN concepts t ON t.id = ifnull(c.merged_into, c.id)
      WHERE m.segmentation_id = ? AND m.image_id = ? AND m.level = ${LEVEL} ORDER BY m.id`);
    this.save = prepareSave(db, edits, (id) => this.get(id));
  }

  insert(options: MaskImportOptions, nowMs: number): ImportId {
    const { lastInsertRowid } = this.#insert.run(options.segmentationId, JSON.stringify(options), nowMs);
    return ImportId.parse(Number(lastInsertRowid));
  }

  get(id: ImportId): MaskImport | undefined {
    const row = this.#get.get(id);
    return (
      row && {
        id,
        options: MaskImportOptions.parse(JSON.parse(row.options)),
        result: row.result === null ? null : MaskImportResult.parse(JSON.parse(row.result)),
        batch: row.batch,
        createdAtMs: row.created_at_ms,
        finishedAtMs: row.finished_at_ms,
      }
    );
  }

  /** The collection whose segmentation an import writes to. */
  collectionOf(id: ImportId): CollectionId | undefined {
    const collection = this.#collectionOf.get(id);
    return collection === undefined ? undefined : CollectionId.parse(collection);
  }

  /** Ends an import: its counts are the sums over its images, also of those that an interrupted job saved. */
  finish(id: ImportId, findings: Findings, nowMs: number): void {
    const totals = this.#totals.get(id);
    if (!totals) throw new Error('a sum has no row');
    this.#finish.run(JSON.stringify({ ...totals, ...findings } satisfies MaskImportResult), nowMs, id);
  }

  /**
   * Images of a segmentation whose file is still the one that was segmented, by id.
   * @param query with the import that `isDone` is about, if there is one; an image where it was undone is not done
   */
  images(query: {
    importId: ImportId | null;
    segmentationId: SegmentationId;
    afterId: number;
    limit: number;
  }): ImportableImage[] {
    return this.#images.all(query).map((row) => ({
      ...row,
      imageId: ImageId.parse(row.imageId),
      contentHash: toHash(row.contentHash),
      isDone: row.isDone === 1,
    }));
  }

  /** What an import makes of its images, by id. */
  imagesOf(
    id: ImportId,
    { onlyDifferent, cursor, limit }: { onlyDifferent: boolean; cursor: string | null; limit: number },
  ): Page<ImportedImage> {
    const [afterId] = cursor === null ? [0] : decodeCursor(cursor, Cursor);
    const query = { importId: id, onlyDifferent: Number(onlyDifferent), afterId, limit: limit + 1 };
    const toItem = (row: ImportedImage) => ({ ...row, imageId: ImageId.parse(row.imageId) });
    return toPage(this.#imagesOf.all(query), limit, toItem, ({ imageId }) => [imageId]);
  }

  /** The objects of an image, with what dataset versions have of each; `isExported` if one has the image. */
  masksOf(imageId: ImageId, versions: VersionsOf): { masks: ImportedMask[]; isExported: boolean } {
    const exported = this.exported.masksOf(imageId, versions);
    const masks = this.#masks.all(versions.segmentationId, imageId).map((row) => ({
      id: MaskId.parse(row.id),
      revision: row.revision,
      className: row.class_name,
      areaPx: row.area_px,
      score: row.score,
      stackOrder: row.stack_order,
      review: ReviewState.parse(row.review),
      shape: { gridWidth: row.grid_width, gridHeight: row.grid_height, rle: row.rle },
      exported: exported?.get(row.id) ?? null,
    }));
    return { masks, isExported: exported !== null };
  }
}

function prepareSave(
  db: WritableDb,
  edits: MaskEditRepository,
  get: (id: ImportId) => MaskImport | undefined,
): MaskImportRepository['save'] {
  const conceptOf = importedConceptWriter(db);
  const revisionOf = db
    .prepare<[number, number, number], number>(
      'SELECT revision FROM masks WHERE id = ? AND segmentation_id = ? AND image_id = ?',
    )
    .pluck();
  const setBatch = db.prepare<[number | null, number]>('UPDATE mask_imports SET batch = ? WHERE id = ?');
  const insertImage = db.prepare<[ImportCounts & { importId: number; imageId: number }]>(`
    INSERT OR REPLACE INTO mask_import_images (import_id, image_id, kept, changed, added, rejected, skipped)
    VALUES (@importId, @imageId, @kept, @changed, @added, @rejected, @skipped)`);
  const writeOf = (change: MaskChange, segmentationId: SegmentationId): MaskWrite => {
    if (change.kind === 'reject') {
      return { kind: 'review', id: change.maskId, revision: change.revision, review: 'rejected' };
    }
    const { shape, box, areaPx, className } = change;
    const mask = { shape, box, areaPx };
    const conceptId = className === null ? null : conceptOf(segmentationId, className);
    if (change.kind === 'add') return { kind: 'insert', mask: { ...mask, conceptId, ...ADDED } };
    const { maskId: id, revision } = change;
    return { kind: 'reshape', id, revision, mask, ...(conceptId !== null && { conceptId }) };
  };
  return db.transaction((id: ImportId, { imageId, changes, counts }: ImageChanges, nowMs: number) => {
    const made = get(id);
    if (!made) throw new Error(`there is no import ${id}`);
    const { segmentationId, isDryRun } = made.options;
    const isAsRead = changes.every(
      (change) =>
        change.kind === 'add' || revisionOf.get(change.maskId, segmentationId, imageId) === change.revision,
    );
    if (!isAsRead) return false;
    if (!isDryRun) {
      const writes = changes.map((change) => writeOf(change, segmentationId));
      setBatch.run(
        edits.applyAll([{ segmentationId, imageId, kind: 'import', writes }], nowMs, made.batch),
        id,
      );
    }
    insertImage.run({ importId: id, imageId, ...counts });
    return true;
  });
}
