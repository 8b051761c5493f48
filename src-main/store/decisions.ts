import type { Statement } from 'better-sqlite3';
import { ConceptId, MaskId, type SegmentationId } from '../contract/ids.ts';
import type { ReadableDb } from './connection.ts';

/** What a person has decided of objects. */
export type Decisions = {
  /** Objects that a person gave a concept, or whose named concept was accepted with them. */
  concepts: { maskId: MaskId; conceptId: ConceptId }[];
  reviews: { maskId: MaskId; isAccepted: boolean }[];
};

/** The decisions on the objects of a segmentation, as far as something can be learned from them. */
export class DecisionRepository {
  readonly #reviewed: Statement<
    [number],
    { id: number; concept_id: number | null; review: string; is_named: number }
  >;
  readonly #moved: Statement<[number], { id: number; concept_id: number }>;

  constructor(db: ReadableDb) {
    this.#reviewed = db.prepare(`
      SELECT m.id, m.concept_id, m.review, c.name IS NOT NULL AS is_named
      FROM masks m LEFT JOIN concepts c ON c.id = m.concept_id
      WHERE m.segmentation_id = ? AND m.level = 0 AND m.review <> 'pending' ORDER BY m.id`);
    this.#moved = db.prepare(`
      SELECT DISTINCT m.id, m.concept_id FROM mask_edits e
        JOIN mask_edit_states s ON s.edit_id = e.id AND s.is_after = 1
        JOIN masks m ON m.id = s.mask_id
      WHERE e.segmentation_id = ? AND e.kind = 'concept' AND e.is_undone = 0
        AND m.level = 0 AND m.concept_id IS NOT NULL ORDER BY m.id`);
  }

  of(segmentationId: SegmentationId): Decisions {
    const reviewed = this.#reviewed.all(segmentationId);
    const concepts = new Map<number, number>();
    for (const { id, concept_id, review, is_named } of reviewed)
      if (concept_id !== null && is_named === 1 && review !== 'rejected') concepts.set(id, concept_id);
    for (const { id, concept_id } of this.#moved.all(segmentationId)) concepts.set(id, concept_id);
    return {
      concepts: [...concepts].map(([maskId, conceptId]) => ({
        maskId: MaskId.parse(maskId),
        conceptId: ConceptId.parse(conceptId),
      })),
      reviews: reviewed.map(({ id, review }) => ({
        maskId: MaskId.parse(id),
        isAccepted: review !== 'rejected',
      })),
    };
  }
}
