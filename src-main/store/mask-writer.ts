import type { Statement } from 'better-sqlite3';
import { MaskId, type ConceptId, type ImageId, type SegmentationId } from '../contract/ids.ts';
import type { Mask, ReviewState } from '../contract/mask.ts';
import type { MaskShape } from '../domain/mask-shape.ts';
import type { WritableDb } from './connection.ts';
import type { MaskRow } from './mask-row.ts';

/** A shape with the values derived from it. */
export type MeasuredMask = { shape: MaskShape; box: Mask['box']; areaPx: number };
export type NewMaskRow = Pick<Mask, 'conceptId' | 'origin' | 'level' | 'score' | 'review'> &
  MeasuredMask & {
    /** 0 by default. */
    stackOrder?: number;
  };
/** The image of a segmentation that a mask is of. */
export type MaskPlace = { segmentationId: SegmentationId; imageId: ImageId };
/** A mask as it once was; its shape is null where that is still the same. */
export type FormerMask = Omit<MaskRow, 'id'> & { mask_id: number; shape: MaskShape | null };

type Values = Record<string, unknown>;

/** Columns of a mask except its id and its place. */
export const MASK_COLUMNS =
  'concept_id, origin, level, x, y, width, height, area_px, score, stack_order, review, revision' as const;

/**
 * Writes masks and their shapes: all statements that do are here. The methods take part in a transaction of the
 * caller; one that names a mask which is gone changes nothing.
 */
export class MaskWriter {
  readonly #insert: Statement<[Values]>;
  readonly #insertShape: Statement<[Values]>;
  readonly #reshape: Statement<[Values]>;
  readonly #setShape: Statement<[Values]>;
  readonly #setReview: Statement<[Values]>;
  readonly #setConcept: Statement<[Values]>;
  readonly #setStackOrder: Statement<[Values]>;
  readonly #remove: Statement<[number]>;
  readonly #insertAgain: Statement<[Values]>;
  readonly #putBack: Statement<[Values]>;

  constructor(db: WritableDb) {
    this.#insert = db.prepare(`
      INSERT INTO masks (segmentation_id, image_id, concept_id, origin, level, x, y, width, height, area_px, score,
        stack_order, review)
      VALUES (@segmentationId, @imageId, @conceptId, @origin, @level, @x, @y, @width, @height, @areaPx, @score,
        @stackOrder, @review)`);
    this.#insertShape = db.prepare(`
      INSERT INTO mask_shapes (mask_id, grid_width, grid_height, rle) VALUES (@maskId, @gridWidth, @gridHeight, @rle)`);
    this.#reshape = db.prepare(`
      UPDATE masks SET x = @x, y = @y, width = @width, height = @height, area_px = @areaPx,
        score = ifnull(@score, score), review = 'edited', revision = revision + 1
      WHERE id = @id`);
    this.#setShape = db.prepare(`
      UPDATE mask_shapes SET grid_width = @gridWidth, grid_height = @gridHeight, rle = @rle WHERE mask_id = @maskId`);
    this.#setReview = db.prepare('UPDATE masks SET review = @review WHERE id = @id');
    this.#setConcept = db.prepare('UPDATE masks SET concept_id = @conceptId WHERE id = @id');
    this.#setStackOrder = db.prepare('UPDATE masks SET stack_order = @stackOrder WHERE id = @id');
    this.#remove = db.prepare('DELETE FROM masks WHERE id = ?');
    this.#insertAgain = db.prepare(`
      INSERT INTO masks (id, segmentation_id, image_id, ${MASK_COLUMNS})
      VALUES (@mask_id, @segmentation_id, @image_id, @concept_id, @origin, @level, @x, @y, @width, @height, @area_px,
        @score, @stack_order, @review, @revision)`);
    this.#putBack = db.prepare(`
      UPDATE masks SET concept_id = @concept_id, origin = @origin, level = @level, x = @x, y = @y, width = @width,
        height = @height, area_px = @area_px, score = @score, stack_order = @stack_order,
        review = @review, revision = @revision
      WHERE id = @mask_id`);
  }

  insert(
    { segmentationId, imageId }: MaskPlace,
    { box, shape, stackOrder = 0, ...mask }: NewMaskRow,
  ): MaskId {
    const values = { segmentationId, imageId, stackOrder, ...mask, ...box };
    const { lastInsertRowid } = this.#insert.run(values);
    const maskId = MaskId.parse(Number(lastInsertRowid));
    this.#insertShape.run({ maskId, ...shape });
    return maskId;
  }

  /** Gives a mask another shape: it counts as edited, and as another revision. Its score stays where none is given. */
  reshape(id: MaskId, { box, areaPx, shape, score }: MeasuredMask & { score?: number | undefined }): void {
    this.#reshape.run({ id, ...box, areaPx, score: score ?? null });
    this.#setShape.run({ maskId: id, ...shape });
  }

  setReview(id: MaskId, review: ReviewState): void {
    this.#setReview.run({ id, review });
  }

  setConcept(id: MaskId, conceptId: ConceptId | null): void {
    this.#setConcept.run({ id, conceptId });
  }

  setStackOrder(id: MaskId, stackOrder: number): void {
    this.#setStackOrder.run({ id, stackOrder });
  }

  remove(id: MaskId): void {
    this.#remove.run(id);
  }

  /** Brings back a mask that is gone, under its former id. */
  insertAgain({ shape, ...row }: FormerMask): void {
    this.#insertAgain.run(row);
    this.#insertShape.run({ maskId: row.mask_id, ...shape });
  }

  /** Puts a mask back as it was. */
  putBack({ shape, ...row }: FormerMask): void {
    this.#putBack.run(row);
    if (shape) this.#setShape.run({ maskId: row.mask_id, ...shape });
  }
}
