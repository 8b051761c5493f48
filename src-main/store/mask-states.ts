import type { Statement } from 'better-sqlite3';
import { userError } from '../contract/errors.ts';
import { MaskId, type ConceptId } from '../contract/ids.ts';
import type { MaskEditKind } from '../contract/mask-edit.ts';
import type { ReviewState } from '../contract/mask.ts';
import type { WritableDb } from './connection.ts';
import { toShape, type MaskRow, type ShapeRow } from './mask-row.ts';
import {
  MASK_COLUMNS,
  MaskWriter,
  type MaskPlace,
  type MeasuredMask,
  type NewMaskRow,
} from './mask-writer.ts';

/** One change of one mask. A `revision` is what its shape must still be. */
export type MaskWrite =
  | { kind: 'insert'; mask: NewMaskRow }
  | {
      kind: 'reshape';
      id: MaskId;
      revision: number;
      mask: MeasuredMask;
      score?: number;
      /** Another concept along with the shape. */
      conceptId?: ConceptId;
    }
  | {
      kind: 'review';
      id: MaskId;
      review: ReviewState;
      revision?: number;
      /** Another concept along with the review. */
      conceptId?: ConceptId | null;
    }
  | { kind: 'concept'; id: MaskId; conceptId: ConceptId | null }
  | { kind: 'stack-order'; id: MaskId; stackOrder: number }
  | { kind: 'remove'; id: MaskId; revision?: number };

/** Changes that leave the shape as it is. */
const KEEPS_SHAPE: ReadonlySet<MaskWrite['kind']> = new Set(['review', 'concept', 'stack-order']);

export type ImageStep = MaskPlace & {
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
} & (ShapeRow | { [K in keyof ShapeRow]: null });
type Values = Record<string, unknown>;
type EditKey = { id: number; segmentation_id: number; image_id: number };

/** Masks as steps found and left them; see [Note: Undo]. All methods run inside a transaction of the caller. */
export class MaskStates {
  readonly #masks: MaskWriter;
  readonly #get: Statement<[number], MaskRow>;
  readonly #keep: Statement<[Values]>;
  readonly #kept: Statement<[number], StateRow>;
  readonly #newestRevision: Statement<[Values], number>;
  readonly #renumber: Statement<[Values]>;

  constructor(db: WritableDb) {
    this.#masks = new MaskWriter(db);
    this.#get = db.prepare('SELECT * FROM masks WHERE id = ?');
    this.#keep = db.prepare(`
      INSERT INTO mask_edit_states (edit_id, mask_id, is_after, ${MASK_COLUMNS}, grid_width, grid_height, rle)
      SELECT @editId, m.id, @isAfter, m.concept_id, m.origin, m.level, m.x, m.y, m.width, m.height, m.area_px,
        m.score, m.stack_order, m.review, m.revision, s.grid_width, s.grid_height, s.rle
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
  }

  /**
   * Carries out one change and keeps the mask as it was and as it is.
   * @throws UserError NOT_FOUND, WRONG_STATE
   */
  write(editId: number, step: Pick<ImageStep, 'segmentationId' | 'imageId'>, write: MaskWrite): MaskId {
    const hasShape = Number(!KEEPS_SHAPE.has(write.kind));
    if (write.kind === 'insert') {
      const id = this.#masks.insert(step, write.mask);
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
      const { revision, review, concept_id, stack_order } = wanted;
      return (
        mask.revision === revision &&
        mask.review === review &&
        mask.concept_id === concept_id &&
        mask.stack_order === stack_order
      );
    });
  }

  /** Puts the masks of a step back as they were on one side of it. */
  restore(edit: EditKey, side: MaskSide): StepResult {
    const result: StepResult = { changed: [], removed: [] };
    for (const { maskId, wanted } of this.#pairs(edit.id, side)) {
      const id = MaskId.parse(maskId);
      if (!wanted) {
        this.#masks.remove(id);
        result.removed.push(id);
        continue;
      }
      this.#restoreOne(edit, wanted);
      result.changed.push(id);
    }
    return result;
  }

  #restoreOne({ segmentation_id, image_id }: EditKey, wanted: StateRow): void {
    const mask = {
      ...wanted,
      segmentation_id,
      image_id,
      revision: wanted.rle === null ? wanted.revision : this.#freshRevision(wanted),
      shape: wanted.rle === null ? null : toShape(wanted),
    };
    if (this.#get.get(wanted.mask_id)) this.#masks.putBack(mask);
    else this.#masks.insertAgain(mask);
  }

  /** A number that no shape of the mask has had, for a shape that comes back. */
  #freshRevision({ mask_id, revision }: StateRow): number {
    const to = (this.#newestRevision.get({ id: mask_id }) ?? 0) + 1;
    this.#renumber.run({ id: mask_id, from: revision, to });
    return to;
  }

  /** The masks of a step, each with its state on one side; those that do not exist on that side have none. */
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

  #change(write: Exclude<MaskWrite, { kind: 'insert' }>): void {
    switch (write.kind) {
      case 'reshape':
        this.#masks.reshape(write.id, { ...write.mask, score: write.score });
        if (write.conceptId !== undefined) this.#masks.setConcept(write.id, write.conceptId);
        return;
      case 'review':
        this.#masks.setReview(write.id, write.review);
        if (write.conceptId !== undefined) this.#masks.setConcept(write.id, write.conceptId);
        return;
      case 'concept':
        this.#masks.setConcept(write.id, write.conceptId);
        return;
      case 'stack-order':
        this.#masks.setStackOrder(write.id, write.stackOrder);
        return;
      case 'remove':
        this.#masks.remove(write.id);
    }
  }

  #require(
    write: Exclude<MaskWrite, { kind: 'insert' }>,
    step: Pick<ImageStep, 'segmentationId' | 'imageId'>,
  ): void {
    const mask = this.#get.get(write.id);
    if (mask?.segmentation_id !== step.segmentationId || mask.image_id !== step.imageId) {
      throw userError('no-mask', { id: write.id });
    }
    const wanted = 'revision' in write ? write.revision : undefined;
    const isAsKnown = wanted === undefined || wanted === mask.revision;
    if (isAsKnown) return;
    throw userError('mask-changed', { id: write.id });
  }
}
