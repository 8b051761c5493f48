import type { Statement } from 'better-sqlite3';
import { ConceptId, SegmentationId } from '../contract/ids.ts';
import type { Concept } from '../contract/segmentation.ts';
import type { Mask } from '../contract/mask.ts';
import { conceptGroupReader } from './concept-group.ts';
import { ConceptMaskRepository } from './concept-masks.ts';
import type { Page } from './cursor.ts';
import type { WritableDb } from './connection.ts';

type ConceptRow = {
  id: number;
  segmentation_id: number;
  number: number;
  name: string | null;
  colour: string;
  position: number | null;
  is_background: number;
  is_likely_background: number;
  merged_into: number | null;
  mask_count: number;
  image_count: number;
};

/** What people decide of a concept. */
type ConceptState = Pick<
  Concept,
  'id' | 'name' | 'colour' | 'isBackground' | 'isLikelyBackground' | 'mergedInto'
>;

/** Masks that lose their concept in one step of its removal. */
const REMOVE_MASKS = 200;
/** Masks that stand for a concept. */
const EXEMPLARS = 8;
/** Concepts of which objects take less than this of their regions' area are probably background. */
const BACKGROUND_SHARE = 0.2;

/** Counted with those that were merged into it; images that have several of them count once. */
const SELECT = `
  SELECT c.*,
    c.own_masks + (SELECT ifnull(sum(own_masks), 0) FROM concepts WHERE merged_into = c.id) AS mask_count,
    iif(EXISTS (SELECT 1 FROM concepts WHERE merged_into = c.id),
      (SELECT count(DISTINCT image_id) FROM concept_images
       WHERE concept_id IN (SELECT c.id UNION ALL SELECT id FROM concepts WHERE merged_into = c.id)),
      c.own_images) AS image_count
  FROM concepts c`;

/** The concepts of a segmentation: found by the worker, named and merged by people. */
export class ConceptRepository {
  /** Suggests what is background and closes the segmentation; in one transaction. */
  readonly finish: (id: SegmentationId, finishedAtMs: number) => void;

  /** Puts concepts in this order; the others of the segmentation come behind. */
  readonly order: (id: SegmentationId, conceptIds: readonly ConceptId[]) => void;

  readonly #of: Statement<[number], ConceptRow>;
  readonly #get: Statement<[number], ConceptRow>;
  readonly #numbers: Statement<[number], { id: number; number: number }>;
  readonly #groupOf: (id: ConceptId) => ConceptId[];
  readonly #masks: ConceptMaskRepository;
  readonly #moveMerged: Statement<[{ id: number; into: number }]>;
  readonly #colours: Statement<[number], { id: number; colour: string }>;
  readonly #update: Statement<[Record<string, unknown>]>;
  readonly #inOne: (concept: ConceptState) => void;
  readonly #freeMasks: Statement<[{ id: number; limit: number }]>;
  readonly #freeStates: Statement<[{ id: number; limit: number }]>;
  readonly #remove: Statement<[number]>;

  constructor(db: WritableDb) {
    this.#of = db.prepare(`
      ${SELECT} WHERE c.segmentation_id = ?
        -- One that an import made goes with its masks, and comes back with them.
        AND (c.is_imported = 0 OR c.own_images > 0)
      ORDER BY c.position IS NULL, c.position, c.number`);
    this.#get = db.prepare(`${SELECT} WHERE c.id = ?`);
    this.#numbers = db.prepare('SELECT id, number FROM concepts WHERE segmentation_id = ?');
    this.#groupOf = conceptGroupReader(db);
    this.#masks = new ConceptMaskRepository(db);
    this.#moveMerged = db.prepare('UPDATE concepts SET merged_into = @into WHERE merged_into = @id');
    this.#colours = db.prepare(`
      SELECT c.id, ifnull(t.colour, c.colour) AS colour FROM concepts c LEFT JOIN concepts t ON t.id = c.merged_into
      WHERE c.segmentation_id = ?`);
    this.#update = db.prepare(`
      UPDATE concepts SET name = @name, colour = @colour, is_background = @isBackground, is_likely_background = @isLikelyBackground,
        merged_into = @mergedInto
      WHERE id = @id`);
    const suggestBackground = db.prepare(`
      UPDATE concepts SET is_likely_background = (
        SELECT ifnull(sum(m.area_px) FILTER (WHERE m.level = 0), 0)
          < ${BACKGROUND_SHARE} * max(ifnull(sum(m.area_px) FILTER (WHERE m.level = 1), 0), 1)
        FROM masks m WHERE m.concept_id = concepts.id)
      WHERE segmentation_id = ?
        -- Once finished, what is background is the user's decision: images that are added later suggest nothing new.
        AND (SELECT finished_at_ms FROM segmentations s WHERE s.id = segmentation_id) IS NULL`);
    this.#inOne = db.transaction((concept: ConceptState) => {
      const { id, mergedInto } = concept;
      if (mergedInto !== null) this.#moveMerged.run({ id, into: mergedInto });
      this.#update.run({
        ...concept,
        isBackground: Number(concept.isBackground),
        isLikelyBackground: Number(concept.isLikelyBackground),
      });
    });
    const clearOrder = db.prepare('UPDATE concepts SET position = NULL WHERE segmentation_id = ?');
    const setPosition = db.prepare(
      'UPDATE concepts SET position = @position WHERE id = @id AND segmentation_id = @segmentationId',
    );
    this.order = db.transaction((segmentationId: SegmentationId, conceptIds: readonly ConceptId[]) => {
      clearOrder.run(segmentationId);
      for (const [position, id] of conceptIds.entries()) setPosition.run({ position, id, segmentationId });
    });
    this.#freeMasks = db.prepare(`
      UPDATE masks SET concept_id = NULL WHERE id IN (SELECT id FROM masks WHERE concept_id = @id LIMIT @limit)`);
    this.#freeStates = db.prepare(`
      UPDATE mask_edit_states SET concept_id = NULL WHERE id IN (
        SELECT id FROM mask_edit_states WHERE concept_id = @id LIMIT @limit)`);
    this.#remove = db.prepare('DELETE FROM concepts WHERE id = ?');
    const close = db.prepare('UPDATE segmentations SET finished_at_ms = ? WHERE id = ?');
    this.finish = db.transaction((id: SegmentationId, finishedAtMs: number) => {
      suggestBackground.run(id);
      close.run(finishedAtMs, id);
    });
  }

  /** By position, then by number. */
  of(id: SegmentationId): Concept[] {
    return this.#of.all(id).map((row) => this.#toConcept(row));
  }

  get(id: ConceptId): Concept | undefined {
    const row = this.#get.get(id);
    return row && this.#toConcept(row);
  }

  /** The concept and those that were merged into it. */
  groupOf(id: ConceptId): ConceptId[] {
    return this.#groupOf(id);
  }

  /** Ids by the numbers that the worker knows. */
  idsOf(id: SegmentationId): Map<number, ConceptId> {
    return new Map(this.#numbers.all(id).map((row) => [row.number, ConceptId.parse(row.id)]));
  }

  /** The colour that each concept is drawn in: that of the one it counts as. Unlike `of`, it counts nothing. */
  coloursOf(id: SegmentationId): Map<ConceptId, string> {
    return new Map(this.#colours.all(id).map((row) => [ConceptId.parse(row.id), row.colour]));
  }

  /** What was merged into a concept goes with it when that is merged itself: merges stay one step deep. */
  update(concept: ConceptState): void {
    this.#inOne(concept);
  }

  /**
   * Deletes part of a concept, and finally all of it: its masks stay without one. One step takes a few milliseconds.
   * @returns whether nothing is left of it
   */
  removeChunk(id: ConceptId): boolean {
    const limit = REMOVE_MASKS;
    if (this.#freeMasks.run({ id, limit }).changes > 0) return false;
    if (this.#freeStates.run({ id, limit }).changes > 0) return false;
    this.#remove.run(id);
    return true;
  }

  /** First a concept's own objects, then those of the ones merged into it; see `ConceptMaskRepository.page`. */
  masks(id: ConceptId, cursor: string | null, limit: number): Page<Mask> {
    return this.#masks.page(id, cursor, limit);
  }

  #toConcept(row: ConceptRow): Concept {
    return {
      id: ConceptId.parse(row.id),
      segmentationId: SegmentationId.parse(row.segmentation_id),
      number: row.number,
      name: row.name,
      colour: row.colour,
      position: row.position,
      isBackground: row.is_background === 1,
      isLikelyBackground: row.is_likely_background === 1,
      mergedInto: row.merged_into === null ? null : ConceptId.parse(row.merged_into),
      maskCount: row.mask_count,
      imageCount: row.image_count,
      exemplars: this.#masks.exemplars(ConceptId.parse(row.id), EXEMPLARS),
    };
  }
}
