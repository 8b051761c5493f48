import type { Statement } from 'better-sqlite3';
import {
  CollectionId,
  ConceptId,
  ImageId,
  MaskId,
  SegmentationId,
  type ContentHash,
} from '../contract/ids.ts';
import { MaskOrigin, ReviewState, type Mask, type MaskShape, type Segmentation } from '../contract/mask.ts';
import type { WritableDb } from './database.ts';
import { fromHash } from './image-row.ts';

export type NewMask = Pick<Mask, 'conceptId' | 'origin' | 'level' | 'box' | 'areaPx' | 'score'> & {
  shape: MaskShape;
};
export type SegmentedImage = {
  segmentationId: SegmentationId;
  imageId: ImageId;
  contentHash: ContentHash;
  finishedAtMs: number;
  masks: readonly NewMask[];
};

type SegmentationRow = {
  id: number;
  collection_id: number;
  name: string;
  device: string;
  created_at_ms: number;
  finished_at_ms: number | null;
};
type MaskRow = {
  id: number;
  image_id: number;
  concept_id: number | null;
  origin: string;
  level: number;
  x: number;
  y: number;
  width: number;
  height: number;
  area_px: number;
  score: number;
  review: string;
  revision: number;
};
type ShapeRow = { grid_width: number; grid_height: number; rle: Uint8Array };

/** Segmentations with their concepts and masks. */
export class SegmentationRepository {
  /** Saves one image's masks in place of those it had; durable when it returns. */
  readonly saveImage: (image: SegmentedImage) => MaskId[];

  readonly #insert: Statement<[Record<string, unknown>]>;
  readonly #get: Statement<[number], SegmentationRow>;
  readonly #ofCollection: Statement<[number], SegmentationRow>;
  readonly #insertConcept: Statement<[Record<string, unknown>]>;
  readonly #forgetImage: Statement<[number, number]>;
  readonly #insertImage: Statement<[Record<string, unknown>]>;
  readonly #insertMask: Statement<[Record<string, unknown>]>;
  readonly #insertShape: Statement<[Record<string, unknown>]>;
  readonly #masksOf: Statement<[number, number], MaskRow>;
  readonly #shapeOf: Statement<[number], ShapeRow>;
  readonly #setReview: Statement<[{ id: number; review: ReviewState }]>;

  constructor(db: WritableDb) {
    this.#insert = db.prepare(`
      INSERT INTO segmentations (collection_id, name, settings, device, created_at_ms)
      VALUES (@collectionId, @name, @settings, @device, @createdAtMs)`);
    this.#get = db.prepare('SELECT * FROM segmentations WHERE id = ?');
    this.#ofCollection = db.prepare('SELECT * FROM segmentations WHERE collection_id = ? ORDER BY id DESC');
    this.#insertConcept = db.prepare(`
      INSERT INTO concepts (segmentation_id, number, name, colour, is_background)
      VALUES (@segmentationId, @number, @name, @colour, @isBackground)`);
    this.#forgetImage = db.prepare('DELETE FROM segmented_images WHERE segmentation_id = ? AND image_id = ?');
    this.#insertImage = db.prepare(`
      INSERT INTO segmented_images (segmentation_id, image_id, content_hash, rel_path, finished_at_ms)
      SELECT @segmentationId, id, @contentHash, rel_path, @finishedAtMs FROM images WHERE id = @imageId`);
    this.#insertMask = db.prepare(`
      INSERT INTO masks (segmentation_id, image_id, concept_id, origin, level, x, y, width, height, area_px, score)
      VALUES (@segmentationId, @imageId, @conceptId, @origin, @level, @x, @y, @width, @height, @areaPx, @score)`);
    this.#insertShape = db.prepare(`
      INSERT INTO mask_shapes (mask_id, grid_width, grid_height, rle)
      VALUES (@maskId, @gridWidth, @gridHeight, @rle)`);
    this.#masksOf = db.prepare(`
      SELECT * FROM masks WHERE segmentation_id = ? AND image_id = ? ORDER BY level, score DESC, id`);
    this.#shapeOf = db.prepare('SELECT * FROM mask_shapes WHERE mask_id = ?');
    this.#setReview = db.prepare('UPDATE masks SET review = @review WHERE id = @id');
    this.saveImage = db.transaction((image: SegmentedImage) => this.#replaceImage(image));
  }

  insert(segmentation: {
    collectionId: CollectionId;
    name: string;
    settings: unknown;
    device: string;
    createdAtMs: number;
  }): SegmentationId {
    const { lastInsertRowid } = this.#insert.run({
      ...segmentation,
      settings: JSON.stringify(segmentation.settings),
    });
    return SegmentationId.parse(Number(lastInsertRowid));
  }

  get(id: SegmentationId): Segmentation | undefined {
    const row = this.#get.get(id);
    return row && toSegmentation(row);
  }

  /** Newest first. */
  ofCollection(id: CollectionId): Segmentation[] {
    return this.#ofCollection.all(id).map(toSegmentation);
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
  masksOf(segmentationId: SegmentationId, imageId: ImageId): Mask[] {
    return this.#masksOf.all(segmentationId, imageId).map(toMask);
  }

  shapeOf(id: MaskId): MaskShape | undefined {
    const row = this.#shapeOf.get(id);
    return row && { gridWidth: row.grid_width, gridHeight: row.grid_height, rle: row.rle };
  }

  /** @returns whether the mask exists */
  setReview(id: MaskId, review: ReviewState): boolean {
    return this.#setReview.run({ id, review }).changes > 0;
  }

  #replaceImage(image: SegmentedImage): MaskId[] {
    const { segmentationId, imageId, finishedAtMs } = image;
    this.#forgetImage.run(segmentationId, imageId);
    this.#insertImage.run({
      segmentationId,
      imageId,
      contentHash: fromHash(image.contentHash),
      finishedAtMs,
    });
    return image.masks.map(({ shape, box, ...mask }) => {
      const { lastInsertRowid } = this.#insertMask.run({ segmentationId, imageId, ...mask, ...box });
      const maskId = MaskId.parse(Number(lastInsertRowid));
      this.#insertShape.run({ maskId, ...shape });
      return maskId;
    });
  }
}

function toSegmentation(row: SegmentationRow): Segmentation {
  return {
    id: SegmentationId.parse(row.id),
    collectionId: CollectionId.parse(row.collection_id),
    name: row.name,
    device: row.device,
    createdAtMs: row.created_at_ms,
    finishedAtMs: row.finished_at_ms,
  };
}

function toMask(row: MaskRow): Mask {
  const { x, y, width, height } = row;
  return {
    id: MaskId.parse(row.id),
    imageId: ImageId.parse(row.image_id),
    conceptId: row.concept_id === null ? null : ConceptId.parse(row.concept_id),
    origin: MaskOrigin.parse(row.origin),
    level: row.level,
    box: { x, y, width, height },
    areaPx: row.area_px,
    score: row.score,
    review: ReviewState.parse(row.review),
    revision: row.revision,
  };
}
