import type { Statement } from 'better-sqlite3';
import { CollectionId, ConceptId, ImageId, ImportId, MaskId, type SegmentationId } from '../contract/ids.ts';
import { MaskImportOptions, MaskImportResult, type MaskImport } from '../contract/mask-import.ts';
import type { ImportableImage, ImportedMask, MaskChange } from '../domain/mask-import-rows.ts';
import { ReviewState } from '../contract/mask.ts';
import type { WritableDb } from './connection.ts';
import { MaskWriter, type MaskPlace, type MeasuredMask } from './mask-writer.ts';

type Row = {
  id: number;
  options: string;
  result: string | null;
  created_at_ms: number;
  finished_at_ms: number | null;
};
type MaskRow = {
  id: number;
  class_name: string;
  area_px: number;
  review: string;
  grid_width: number;
  grid_height: number;
  rle: Uint8Array;
};
type Saved = MaskPlace & { changes: readonly MaskChange[] };

/** Imported masks are objects: finer levels are made only by the segmentation. */
const LEVEL = 0;
/** A person has seen to what is imported. */
const ADDED = { origin: 'imported', level: LEVEL, score: 1, review: 'accepted' } as const;
const NEW_COLOURS = ['#e6194b', '#3cb44b', '#4363d8', '#f58231', '#911eb4', '#46f0f0', '#f032e6', '#bcf60c'];

/** Imports of masks, and what they read and write of segmentations. */
export class MaskImportRepository {
  /** Saves the result for the masks of an image; durable when it returns. */
  readonly save: (saved: Saved) => void;

  readonly #insert: Statement<[number, string, number]>;
  readonly #get: Statement<[number], Row>;
  readonly #collectionOf: Statement<[number], number>;
  readonly #finish: Statement<[string, number, number]>;
  readonly #images: Statement<
    [{ segmentationId: number; afterId: number; limit: number }],
    { imageId: number; relPath: string; widthPx: number; heightPx: number }
  >;
  readonly #masks: Statement<[number, number], MaskRow>;

  constructor(db: WritableDb) {
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
    this.#images = db.prepare(`
      SELECT s.image_id AS imageId, s.rel_path AS relPath, i.width_px AS widthPx, i.height_px AS heightPx
      FROM segmented_images s JOIN images i ON i.id = s.image_id
      WHERE s.segmentation_id = @segmentationId AND s.image_id > @afterId AND i.content_hash = s.content_hash
      ORDER BY s.image_id LIMIT @limit`);
    this.#masks = db.prepare(`
      SELECT m.id, m.area_px, m.review, s.grid_width, s.grid_height, s.rle,
        ifnull(ifnull(t.name, 'concept-' || t.number), '') AS class_name
      FROM masks m JOIN mask_shapes s ON s.mask_id = m.id LEFT JOIN concepts c ON c.id = m.concept_id
        LEFT JOIN concepts t ON t.id = ifnull(c.merged_into, c.id)
      WHERE m.segmentation_id = ? AND m.image_id = ? AND m.level = ${LEVEL} ORDER BY m.id`);
    this.save = prepareSave(db);
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

  finish(id: ImportId, result: MaskImportResult, nowMs: number): void {
    this.#finish.run(JSON.stringify(result), nowMs, id);
  }

  /** Images of a segmentation whose file is still the one that was segmented, by id. */
  images(query: { segmentationId: SegmentationId; afterId: number; limit: number }): ImportableImage[] {
    return this.#images.all(query).map((row) => ({ ...row, imageId: ImageId.parse(row.imageId) }));
  }

  /** The objects of an image; the class of one without a concept is empty. */
  masksOf(segmentationId: SegmentationId, imageId: ImageId): ImportedMask[] {
    return this.#masks.all(segmentationId, imageId).map((row) => ({
      id: MaskId.parse(row.id),
      className: row.class_name,
      areaPx: row.area_px,
      review: ReviewState.parse(row.review),
      shape: { gridWidth: row.grid_width, gridHeight: row.grid_height, rle: row.rle },
    }));
  }
}

function prepareSave(db: WritableDb): MaskImportRepository['save'] {
  const masks = new MaskWriter(db);
  const conceptOf = prepareConcepts(db);
  const isOf = db
    .prepare<[number, number], number>('SELECT 1 FROM masks WHERE id = ? AND segmentation_id = ?')
    .pluck();
  const saveOne = (one: MaskChange, place: MaskPlace) => {
    if (one.kind === 'add') {
      const conceptId = one.className === null ? null : conceptOf(place.segmentationId, one.className);
      masks.insert(place, { ...measuredOf(one), conceptId, ...ADDED });
      return;
    }
    if (isOf.get(one.maskId, place.segmentationId) === undefined) return;
    switch (one.kind) {
      case 'keep':
        return;
      case 'reject':
        masks.setReview(one.maskId, 'rejected');
        masks.countRevision(one.maskId);
        return;
      case 'change':
        masks.reshape(one.maskId, measuredOf(one));
        if (one.className === null) return;
        masks.setConcept(one.maskId, conceptOf(place.segmentationId, one.className));
    }
  };
  return db.transaction((saved: Saved) => {
    for (const one of saved.changes) saveOne(one, saved);
  });
}

const measuredOf = ({ box, areaPx, shape }: MeasuredMask): MeasuredMask => ({ box, areaPx, shape });

/** Finds the concept of a class by its name or its number, or makes one. */
function prepareConcepts(db: WritableDb): (id: SegmentationId, className: string) => ConceptId {
  const find = db
    .prepare<[number, string, string], number>(
      `SELECT id FROM concepts WHERE segmentation_id = ? AND (name = ? OR name IS NULL AND 'concept-' || number = ?)
       ORDER BY number LIMIT 1`,
    )
    .pluck();
  const nextNumber = db
    .prepare<[number], number>('SELECT ifnull(max(number), -1) + 1 FROM concepts WHERE segmentation_id = ?')
    .pluck();
  const insert = db.prepare<[number, number, string, string]>(
    'INSERT INTO concepts (segmentation_id, number, name, colour) VALUES (?, ?, ?, ?)',
  );
  return (segmentationId, className) => {
    const existing = find.get(segmentationId, className, className);
    if (existing !== undefined) return ConceptId.parse(existing);
    const number = nextNumber.get(segmentationId) ?? 0;
    const colour = NEW_COLOURS[number % NEW_COLOURS.length] ?? '#808080';
    return ConceptId.parse(Number(insert.run(segmentationId, number, className, colour).lastInsertRowid));
  };
}
