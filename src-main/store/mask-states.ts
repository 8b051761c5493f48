import type { Statement } from 'better-sqlite3';
import { UserError } from '../contract/errors.ts';
import { MaskId, type ConceptId, type ImageId, type SegmentationId } from '../contract/ids.ts';
import type { MaskEditKind } from '../contract/mask-edit.ts';
import type { Mask, ReviewState } from '../contract/mask.ts';
import type { MaskShape } from '../domain/mask-shape.ts';
import type { WritableDb } from './connection.ts';
import type { MaskRow } from './mask-row.ts';

/** A shape with what follows from it. */
type MeasuredMask = { shape: MaskShape; box: Mask['box']; areaPx: number };

/** One change of one mask. A `revision` is what its shape must still be. */
export type MaskWrite =
  | { kind: 'insert'; mask: NewMaskRow }
  | { kind: 'reshape'; id: MaskId; revision: number; mask: MeasuredMask; score?: number }
  | { kind: 'review'; id: MaskId; review: ReviewState }
  | { kind: 'concept'; id: MaskId; conceptId: ConceptId | null }
  | { kind: 'remove'; id: MaskId; revision?: number };
export type NewMaskRow = Pick<Mask, 'conceptId' | 'origin' | 'level' | 'score' | 'review'> & MeasuredMask;

export type ImageStep = {
  segmentationId: SegmentationId;
  imageId: ImageId;
  kind: MaskEditKind;
  writes: readonly MaskWrite[];
};
/** Masks that a step has made or changed, and those that it has removed. */
export type StepResult = { changed: MaskId[]; removed: MaskId[] };

export type MaskSide = 'before' | 'after';

type StateRow = Omit<MaskRow, 'id' | 'segmentation_id' | 'image_id'> & {
  id: number;
  mask_id: number;
  is_after: number;
  grid_width: number | null;
  grid_height: number | null;
  rle: Uint8Array | null;
};
type Values = Record<string, unknown>;
type EditKey = { id: number; segmentation_id: number; image_id: number };

const COLUMNS = 'concept_id, origin, level, x, y, width, height, area_px, score, review, revision';

/** Masks as steps found and left them; see [Note: Undo]. All methods run inside a transaction of the caller. */
export class MaskStates {
  readonly #get: Statement<[number], MaskRow>;
  readonly #insert: Statement<[Values]>;
  readonly #insertShape: Statement<[Values]>;
  readonly #remove: Statement<[number]>;
  readonly #reshape: Statement<[Values]>;
  readonly #setShape: Statement<[Values]>;
  readonly #setReview: Statement<[Values]>;
  readonly #setConcept: Statement<[Values]>;
  readonly #keep: Statement<[Values]>;
  readonly #kept: Statement<[number], StateRow>;
  readonly #newestRevision: Statement<[Values], number>;
  readonly #renumber: Statement<[Values]>;
  readonly #insertAgain: Statement<[Values]>;
  readonly #putBack: Statement<[Values]>;

  constructor(db: WritableDb) {
    this.#get = db.prepare('SELECT * FROM masks WHERE id = ?');
    this.#insert = db.prepare(`
      INSERT INTO masks (segmentation_id, image_id, concept_id, origin, level, x, y, width, height, area_px, score, review)
      VALUES (@segmentationId, @imageId, @conceptId, @origin, @level, @x, @y, @width, @height, @areaPx, @score, @review)`);
    this.#insertShape = db.prepare(`
      INSERT INTO mask_shapes (mask_id, grid_width, grid_height, rle) VALUES (@maskId, @gridWidth, @gridHeight, @rle)`);
    this.#remove = db.prepare('DELETE FROM masks WHERE id = ?');
    this.#reshape = db.prepare(`
      UPDATE masks SET x = @x, y = @y, width = @width, height = @height, area_px = @areaPx,
        score = ifnull(@score, score), review = 'edited', revision = revision + 1
      WHERE id = @id`);
    this.#setShape = db.prepare(`
      UPDATE mask_shapes SET grid_width = @gridWidth, grid_height = @gridHeight, rle = @rle WHERE mask_id = @maskId`);
    this.#setReview = db.prepare('UPDATE masks SET review = @review WHERE id = @id');
    this.#setConcept = db.prepare('UPDATE masks SET concept_id = @conceptId WHERE id = @id');
    this.#keep = db.prepare(`
      INSERT INTO mask_edit_states (edit_id, mask_id, is_after, ${COLUMNS}, grid_width, grid_height, rle)
      SELECT @editId, m.id, @isAfter, m.concept_id, m.origin, m.level, m.x, m.y, m.width, m.height, m.area_px,
        m.score, m.review, m.revision, s.grid_width, s.grid_height, s.rle
      FROM masks m LEFT JOIN mask_shapes s ON @hasShape AND s.mask_id = m.id
      WHERE m.id = @id`);
    this.#kept = db.prepare('SELECT * FROM mask_edit_states WHERE edit_id = ? ORDER BY id');
    this.#newestRevision = db
      .prepare<[Values], number>(
        `SELECT max(ifnull((SELECT max(revision) FROM mask_edit_states WHERE mask_id = @id), 0),
           ifnull((SELECT revision FROM masks WHERE id = @id), 0))`,
      )
      .pluck();
    this.#renumber = db.prepare(
      'UPDATE mask_edit_states SET revision = @to WHERE mask_id = @id AND revision = @from',
    );
    this.#insertAgain = db.prepare(`
      INSERT INTO masks (id, segmentation_id, image_id, ${COLUMNS})
      VALUES (@mask_id, @segmentation_id, @image_id, @concept_id, @origin, @level, @x, @y, @width, @height, @area_px,
        @score, @review, @revision)`);
    this.#putBack = db.prepare(`
      UPDATE masks SET concept_id = @concept_id, origin = @origin, level = @level, x = @x, y = @y, width = @width,
        height = @height, area_px = @area_px, score = @score, review = @review, revision = @revision
      WHERE id = @mask_id`);
  }

  /**
   * Carries out one change and keeps the mask as it was and as it is.
   * @throws UserError NOT_FOUND, WRONG_STATE
   */
  write(editId: number, step: Pick<ImageStep, 'segmentationId' | 'imageId'>, write: MaskWrite): MaskId {
    const hasShape = Number(write.kind !== 'review' && write.kind !== 'concept');
    if (write.kind === 'insert') {
      const id = this.#insertNew(step, write.mask);
      this.#keep.run({ editId, id, isAfter: 1, hasShape });
      return id;
    }
    this.#require(write, step);
    const { id } = write;
    this.#keep.run({ editId, id, isAfter: 0, hasShape });
    this.#change(write);
    if (write.kind !== 'remove') this.#keep.run({ editId, id, isAfter: 1, hasShape });
    return id;
  }

  /** Whether all masks of a step are as it found or left them. */
  isInPlace(editId: number, side: MaskSide): boolean {
    return this.#pairs(editId, side).every(({ maskId, wanted }) => {
      const mask = this.#get.get(maskId);
      if (!mask || !wanted) return mask === wanted;
      const { revision, review, concept_id } = wanted;
      return mask.revision === revision && mask.review === review && mask.concept_id === concept_id;
    });
  }

  /** Puts the masks of a step back as they were on one side of it. */
  restore(edit: EditKey, side: MaskSide): StepResult {
    const result: StepResult = { changed: [], removed: [] };
    for (const { maskId, wanted } of this.#pairs(edit.id, side)) {
      const id = MaskId.parse(maskId);
      if (!wanted) {
        this.#remove.run(maskId);
        result.removed.push(id);
        continue;
      }
      this.#restoreOne(edit, wanted);
      result.changed.push(id);
    }
    return result;
  }

  #restoreOne({ segmentation_id, image_id }: EditKey, wanted: StateRow): void {
    const { mask_id, grid_width, grid_height, rle } = wanted;
    const isThere = this.#get.get(mask_id) !== undefined;
    const shape = { maskId: mask_id, gridWidth: grid_width, gridHeight: grid_height, rle };
    const revision = rle === null ? wanted.revision : this.#freshRevision(wanted);
    if (isThere) {
      this.#putBack.run({ ...wanted, revision });
      if (rle !== null) this.#setShape.run(shape);
      return;
    }
    this.#insertAgain.run({ ...wanted, segmentation_id, image_id, revision });
    this.#insertShape.run(shape);
  }

  /** A number that no shape of the mask has had, for a shape that comes back. */
  #freshRevision({ mask_id, revision }: StateRow): number {
    const to = (this.#newestRevision.get({ id: mask_id }) ?? 0) + 1;
    this.#renumber.run({ id: mask_id, from: revision, to });
    return to;
  }

  /** The masks of a step, each with its state on one side; those that are not there on that side have none. */
  #pairs(editId: number, side: MaskSide): { maskId: number; wanted: StateRow | undefined }[] {
    const states = this.#kept.all(editId);
    const wanted = new Map(
      states
        .filter((state) => (state.is_after === 1) === (side === 'after'))
        .map((row) => [row.mask_id, row]),
    );
    const maskIds = [...new Set(states.map(({ mask_id }) => mask_id))];
    return maskIds.map((maskId) => ({ maskId, wanted: wanted.get(maskId) }));
  }

  #insertNew(
    { segmentationId, imageId }: Pick<ImageStep, 'segmentationId' | 'imageId'>,
    mask: NewMaskRow,
  ): MaskId {
    const { box, shape, ...values } = mask;
    const { lastInsertRowid } = this.#insert.run({ segmentationId, imageId, ...values, ...box });
    const maskId = MaskId.parse(Number(lastInsertRowid));
    this.#insertShape.run({ maskId, ...shape });
    return maskId;
  }

  #change(write: Exclude<MaskWrite, { kind: 'insert' }>): void {
    switch (write.kind) {
      case 'reshape': {
        const { box, areaPx, shape } = write.mask;
        this.#reshape.run({ id: write.id, ...box, areaPx, score: write.score ?? null });
        this.#setShape.run({ maskId: write.id, ...shape });
        return;
      }
      case 'review':
        this.#setReview.run({ id: write.id, review: write.review });
        return;
      case 'concept':
        this.#setConcept.run({ id: write.id, conceptId: write.conceptId });
        return;
      case 'remove':
        this.#remove.run(write.id);
    }
  }

  #require(
    write: Exclude<MaskWrite, { kind: 'insert' }>,
    step: Pick<ImageStep, 'segmentationId' | 'imageId'>,
  ): void {
    const mask = this.#get.get(write.id);
    if (mask?.segmentation_id !== step.segmentationId || mask.image_id !== step.imageId) {
      throw new UserError('NOT_FOUND', `There is no mask ${write.id}.`, {
        hint: 'It was removed, or its image has been segmented again.',
      });
    }
    const wanted = 'revision' in write ? write.revision : undefined;
    const isAsKnown = wanted === undefined || wanted === mask.revision;
    if (isAsKnown) return;
    throw new UserError('WRONG_STATE', `Mask ${write.id} has been changed since it was opened.`, {
      hint: 'Open it again and repeat your change.',
    });
  }
}
