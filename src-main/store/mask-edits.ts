import type { Statement } from 'better-sqlite3';
import { userError } from '../contract/errors.ts';
import { ImageId, SegmentationId, type MaskId } from '../contract/ids.ts';
import type { MaskEditKind, MaskHistory } from '../contract/mask-edit.ts';
import type { MaskStep } from '../contract/mask-steps.ts';
import type { WritableDb } from './connection.ts';
import { MaskStates, type ImageStep, type MaskSide, type StepResult } from './mask-states.ts';

type ImageKey = { segmentationId: number; imageId: number };
type EditRow = { id: number; kind: MaskEditKind; segmentation_id: number; image_id: number };

/** Steps of a batch with ids after `afterId`. */
export type BatchPart = { afterId: number; limit: number };
const WHOLE: BatchPart = { afterId: 0, limit: -1 };

export type TurnedSteps = {
  segmentationId: SegmentationId | null;
  /** Images on which the batch stays as it is. */
  kept: number;
  /** The last step of the part; null if it has none. */
  lastId: number | null;
};
type UndoneSteps = TurnedSteps & { undone: ImageId[] };
type RedoneSteps = TurnedSteps & { redone: ImageId[] };

/** Steps of an image that can be undone; older ones are dropped. */
const MAX_STEPS = 200;

/**
 * Changes of masks, each of them a step that can be undone.
 *
 * [Note: Undo] A step keeps its masks as they were before and after it. To undo is to put the former in place of the
 * latter, on condition that the masks still are as the step left them: otherwise something else has changed them
 * since, and that is never overwritten. A shape that comes back gets a new revision, so that a client
 * which saw the one in between cannot mistake it for that; all states of the same shape follow.
 */
export class MaskEditRepository {
  readonly #states: MaskStates;
  readonly #insert: Statement<[Record<string, unknown>]>;
  readonly #setBatch: Statement<[number, number]>;
  readonly #dropUndone: Statement<[ImageKey]>;
  readonly #forgetOld: Statement<[ImageKey]>;
  readonly #last: Statement<[ImageKey], EditRow>;
  readonly #next: Statement<[ImageKey], EditRow>;
  readonly #steps: Statement<[ImageKey], Omit<MaskStep, 'isUndone'> & { isUndone: number }>;
  readonly #ofBatch: Statement<[BatchPart & { batch: number; isUndone: number }], EditRow>;
  readonly #setUndone: Statement<[number, number]>;
  readonly #atOnce: <T>(work: () => T) => T;

  constructor(db: WritableDb) {
    this.#states = new MaskStates(db);
    this.#insert = db.prepare(`
      INSERT INTO mask_edits (segmentation_id, image_id, kind, batch, created_at_ms)
      VALUES (@segmentationId, @imageId, @kind, @batch, @nowMs)`);
    this.#setBatch = db.prepare('UPDATE mask_edits SET batch = ? WHERE id = ?');
    const ofImage = 'segmentation_id = @segmentationId AND image_id = @imageId';
    this.#dropUndone = db.prepare(`DELETE FROM mask_edits WHERE ${ofImage} AND is_undone = 1`);
    this.#forgetOld = db.prepare(`
      DELETE FROM mask_edits WHERE id IN (
        SELECT id FROM mask_edits WHERE ${ofImage} AND is_undone = 0 ORDER BY id DESC LIMIT -1 OFFSET ${MAX_STEPS})`);
    this.#last = db.prepare(`
      SELECT * FROM mask_edits WHERE ${ofImage} AND is_undone = 0 ORDER BY id DESC LIMIT 1`);
    this.#next = db.prepare(`
      SELECT * FROM mask_edits WHERE ${ofImage} AND is_undone = 1 ORDER BY id LIMIT 1`);
    this.#steps = db.prepare(`
      SELECT id, kind, is_undone AS isUndone, created_at_ms AS createdAtMs,
        (SELECT count(DISTINCT mask_id) FROM mask_edit_states WHERE edit_id = mask_edits.id) AS masks
      FROM mask_edits WHERE ${ofImage} ORDER BY id DESC`);
    this.#ofBatch = db.prepare(`
      SELECT * FROM mask_edits WHERE batch = @batch AND is_undone = @isUndone AND id > @afterId
      ORDER BY id LIMIT @limit`);
    this.#setUndone = db.prepare('UPDATE mask_edits SET is_undone = ? WHERE id = ?');
    const transaction = db.transaction((work: () => unknown) => work());
    // What the transaction returns is what `work` does.
    this.#atOnce = <T>(work: () => T) => transaction(work) as T;
  }

  /**
   * Changes masks of one image, wholly or not at all.
   * @throws UserError NOT_FOUND for a mask that is gone, WRONG_STATE for one whose shape has changed since
   */
  apply(step: ImageStep, nowMs: number): StepResult {
    return this.#atOnce(() => this.#apply(step, nowMs, null).result);
  }

  /**
   * Changes masks of several images at once. `batch` continues an earlier one.
   * @returns the batch, by which all of it can be undone; null if there was nothing to do
   */
  applyAll(steps: readonly ImageStep[], nowMs: number, batch: number | null = null): number | null {
    return this.#atOnce(() => {
      let current = batch;
      for (const step of steps) {
        if (step.writes.length > 0) current = this.#apply(step, nowMs, current).batch;
      }
      return current;
    });
  }

  history(segmentationId: SegmentationId, imageId: ImageId): MaskHistory {
    const key = { segmentationId, imageId };
    return { undo: this.#last.get(key)?.kind ?? null, redo: this.#next.get(key)?.kind ?? null };
  }

  /** All steps of an image, the newest first. */
  steps(segmentationId: SegmentationId, imageId: ImageId): MaskStep[] {
    return this.#steps
      .all({ segmentationId, imageId })
      .map(({ isUndone, ...step }) => ({ ...step, isUndone: isUndone === 1 }));
  }

  /**
   * Undoes or redoes until no later step is in force, and all steps up to this one are; null undoes all.
   * @returns what is different in the end
   * @throws UserError WRONG_STATE where the masks of a step were changed since by something else: nothing is done then
   */
  goToStep(segmentationId: SegmentationId, imageId: ImageId, stepId: number | null): StepResult {
    const key = { segmentationId, imageId };
    return this.#atOnce(() => {
      const exists = new Map<MaskId, boolean>();
      const turn = (edit: EditRow, to: MaskSide) => {
        const { changed, removed } = this.#turn(edit, to);
        for (const id of changed) exists.set(id, true);
        for (const id of removed) exists.set(id, false);
      };
      for (let last = this.#last.get(key); last && last.id > (stepId ?? 0); last = this.#last.get(key))
        turn(last, 'before');
      for (let next = this.#next.get(key); next && next.id <= (stepId ?? 0); next = this.#next.get(key))
        turn(next, 'after');
      const ids = [...exists.keys()];
      return {
        changed: ids.filter((id) => exists.get(id)),
        removed: ids.filter((id) => !exists.get(id)),
      };
    });
  }

  /** @throws UserError WRONG_STATE where there is no step, or its masks were changed since by something else */
  undo(segmentationId: SegmentationId, imageId: ImageId): StepResult {
    return this.#atOnce(() => this.#turn(this.#last.get({ segmentationId, imageId }), 'before'));
  }

  /** @throws UserError as `undo` does */
  redo(segmentationId: SegmentationId, imageId: ImageId): StepResult {
    return this.#atOnce(() => this.#turn(this.#next.get({ segmentationId, imageId }), 'after'));
  }

  /**
   * Undoes a batch, separately on each of its images: where another step came after it, it stays.
   * @param part some of its steps, for a caller that pauses in between
   * @returns the images where it was undone, and the number of those where it was kept
   */
  undoBatch(batch: number, part: BatchPart = WHOLE): UndoneSteps {
    const { turned, ...rest } = this.#turnBatch(this.#ofBatch.all({ batch, isUndone: 0, ...part }), 'before');
    return { undone: turned, ...rest };
  }

  /** Does a batch again, on the images where it is the next step; as `undoBatch`. */
  redoBatch(batch: number, part: BatchPart = WHOLE): RedoneSteps {
    const { turned, ...rest } = this.#turnBatch(this.#ofBatch.all({ batch, isUndone: 1, ...part }), 'after');
    return { redone: turned, ...rest };
  }

  #turnBatch(edits: readonly EditRow[], to: MaskSide) {
    return this.#atOnce(() => {
      const [nearest, from] =
        to === 'before' ? [this.#last, 'after' as const] : [this.#next, 'before' as const];
      const turned = edits.filter((edit) => {
        const key = { segmentationId: edit.segmentation_id, imageId: edit.image_id };
        if (nearest.get(key)?.id !== edit.id || !this.#states.isInPlace(edit.id, from)) return false;
        this.#turn(edit, to);
        return true;
      });
      const [first] = edits;
      return {
        turned: turned.map((edit) => ImageId.parse(edit.image_id)),
        segmentationId: first ? SegmentationId.parse(first.segmentation_id) : null,
        kept: edits.length - turned.length,
        lastId: edits.at(-1)?.id ?? null,
      };
    });
  }

  #apply(step: ImageStep, nowMs: number, batch: number | null): { result: StepResult; batch: number } {
    const { segmentationId, imageId, kind, writes } = step;
    this.#dropUndone.run({ segmentationId, imageId });
    const inserted = this.#insert.run({ segmentationId, imageId, kind, batch: batch ?? 0, nowMs });
    const editId = Number(inserted.lastInsertRowid);
    if (batch === null) this.#setBatch.run(editId, editId);
    const result: StepResult = { changed: [], removed: [] };
    for (const write of writes) {
      const id = this.#states.write(editId, step, write);
      (write.kind === 'remove' ? result.removed : result.changed).push(id);
    }
    this.#forgetOld.run({ segmentationId, imageId });
    return { result, batch: batch ?? editId };
  }

  #turn(edit: EditRow | undefined, to: MaskSide): StepResult {
    if (!edit) {
      throw userError(to === 'before' ? 'nothing-to-undo' : 'nothing-to-redo');
    }
    if (!this.#states.isInPlace(edit.id, to === 'before' ? 'after' : 'before')) {
      throw userError('undo-overtaken');
    }
    this.#setUndone.run(Number(to === 'before'), edit.id);
    return this.#states.restore(edit, to);
  }
}
