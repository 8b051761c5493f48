import type { Statement } from 'better-sqlite3';
import { z } from 'zod';
import { MaskId, type ConceptId } from '../contract/ids.ts';
import type { Mask } from '../contract/mask.ts';
import type { Exemplar } from '../contract/segmentation.ts';
import { conceptGroupReader } from './concept-group.ts';
import { decodeCursor, encodeCursor, type Page } from './cursor.ts';
import type { ReadableDb } from './connection.ts';
import { toOwnedMask, type MaskRow } from './mask-row.ts';

type Row = MaskRow & { best_score: number };
type Position = { conceptId: number; bestScore: number; imageId: number; maskId: number };
type ExemplarRow = { id: number; revision: number };

const PositionSchema = z.tuple([z.number().int(), z.number(), z.number().int(), z.number().int()]);
const TOP = Number.MAX_SAFE_INTEGER;

/**
 * The objects of one concept from a position on: image by image, those with the highest score first. It walks two
 * indexes and sorts no more than the masks of one image. Exported so that a test can assert its plan.
 */
export const conceptMasksSql = `
  SELECT m.*, t.best_score
  FROM concept_images t INDEXED BY concept_images_by_score
    CROSS JOIN masks m INDEXED BY masks_by_concept ON m.concept_id = t.concept_id AND m.image_id = t.image_id
  WHERE t.concept_id = @conceptId AND (t.best_score, t.image_id) <= (@bestScore, @imageId) AND m.level = 0
    AND NOT (t.best_score = @bestScore AND t.image_id = @imageId AND m.id >= @maskId)
  ORDER BY t.best_score DESC, t.image_id DESC, m.id DESC
  LIMIT @limit`;

/** The best objects of a concept that nobody has rejected, one an image. Exported as the other. */
export const exemplarsSql = `
  SELECT m.id, m.revision, max(m.score) AS score
  FROM (
    SELECT concept_id, image_id FROM concept_images INDEXED BY concept_images_by_score
    WHERE concept_id = @conceptId AND rejected_count < mask_count
    ORDER BY best_score DESC, image_id DESC LIMIT @limit
  ) t CROSS JOIN masks m INDEXED BY masks_by_concept ON m.concept_id = t.concept_id AND m.image_id = t.image_id
  WHERE m.level = 0 AND m.review <> 'rejected'
  GROUP BY m.image_id ORDER BY score DESC, m.id`;

/** The objects of concepts, those that were merged into one included. */
export class ConceptMaskRepository {
  readonly #groupOf: (id: ConceptId) => ConceptId[];
  readonly #masks: Statement<[Record<string, number>], Row>;
  readonly #exemplars: Statement<[Record<string, number>], ExemplarRow & { score: number }>;

  constructor(db: ReadableDb) {
    this.#groupOf = conceptGroupReader(db);
    this.#masks = db.prepare(conceptMasksSql);
    this.#exemplars = db.prepare(exemplarsSql);
  }

  /**
   * First the concept's own objects, then those of each one that counts as it; of all, the best images first.
   * @throws UserError BAD_INPUT for a cursor that is not of this list
   */
  page(id: ConceptId, cursor: string | null, limit: number): Page<Mask> {
    const group: number[] = this.#groupOf(id);
    const after = cursor === null ? undefined : toPosition(decodeCursor(cursor, PositionSchema));
    const rows: Row[] = [];
    for (const conceptId of group.slice(after ? Math.max(group.indexOf(after.conceptId), 0) : 0)) {
      const start =
        conceptId === after?.conceptId ? after : { conceptId, bestScore: TOP, imageId: TOP, maskId: TOP };
      rows.push(...this.#masks.all({ ...start, limit: limit + 1 - rows.length }));
      if (rows.length > limit) break;
    }
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    const nextCursor =
      rows.length > limit && last
        ? encodeCursor([last.concept_id ?? 0, last.best_score, last.image_id, last.id])
        : null;
    return { items: shown.map(toOwnedMask), nextCursor };
  }

  /** The best objects, of different images where one concept has several. */
  exemplars(id: ConceptId, limit: number): Exemplar[] {
    return this.#groupOf(id)
      .flatMap((conceptId) => this.#exemplars.all({ conceptId, limit }))
      .sort((a, b) => b.score - a.score || a.id - b.id)
      .slice(0, limit)
      .map(({ id: maskId, revision }) => ({ id: MaskId.parse(maskId), revision }));
  }
}

function toPosition([conceptId, bestScore, imageId, maskId]: z.infer<typeof PositionSchema>): Position {
  return { conceptId, bestScore, imageId, maskId };
}
