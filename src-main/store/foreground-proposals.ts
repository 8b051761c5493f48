import type { Statement } from 'better-sqlite3';
import { CorrectionCheck, type ForegroundProposal } from '../contract/foreground-proposal.ts';
import { ImageId, type JobId, type SegmentationId } from '../contract/ids.ts';
import type { ReviewState } from '../contract/mask.ts';
import type { SizedImage } from '../domain/scan.ts';
import type { MaskShape } from '../domain/mask-shape.ts';
import type { WritableDb } from './connection.ts';
import { toSized, type SizedRow } from './image-row.ts';
import { toShape, type ShapeRow } from './mask-row.ts';
import type { MaskPlace, MeasuredMask } from './mask-writer.ts';

/** A finished image, by what a person has done to its objects. */
export type ImageToCorrect = SizedImage & {
  /** Whether objects of it were accepted, redrawn or rejected, and whether none of them waits any more. */
  isCorrected: boolean;
  isSettled: boolean;
  /** Whether nobody has worked on it. */
  isOpen: boolean;
  /** Whether its present objects were compared with what would be found, for what was learned last. */
  isCompared: boolean;
};
/** An object as it would be; `concept` is the number of its concept. */
export type ProposedObject = MeasuredMask & { concept: number | null; score: number };
/** An image that was compared. `objects` are what is proposed for it; null where that is what is there. */
export type ComparedImage = MaskPlace & { likeness: number; objects: readonly ProposedObject[] | null };

type ImageKey = { segmentationId: number; imageId: number };
type ProposalRow = {
  job_id: number | null;
  verdict: string | null;
  cut_count: number;
  finished_at_ms: number | null;
  images: number;
};
type ImageRow = SizedRow & {
  is_corrected: number;
  is_settled: number;
  is_open: number;
  is_compared: number;
};
type ObjectRow = ShapeRow & {
  concept: number | null;
  x: number;
  y: number;
  width: number;
  height: number;
  area_px: number;
  score: number;
};

/** Nobody has changed, reviewed or filed anything of the image; what was applied from such a proposal does not count. */
const isOpenSql = `
  NOT EXISTS (SELECT 1 FROM mask_edits e
    WHERE e.segmentation_id = d.segmentation_id AND e.image_id = d.image_id AND e.is_undone = 0 AND e.kind <> 'recut')
  AND NOT EXISTS (SELECT 1 FROM masks m
    WHERE m.segmentation_id = d.segmentation_id AND m.image_id = d.image_id
      AND (m.origin <> 'model' OR m.review <> 'pending'))`;

/** The present objects of an image, by which a proposal knows whether it still fits. */
const presentSql = `
  (SELECT ifnull(group_concat(id || ':' || revision, ' ' ORDER BY id), '') FROM masks
   WHERE segmentation_id = d.segmentation_id AND image_id = d.image_id AND level = 0)`;

/** Foregrounds that a person's corrections suggest for other images, until they are applied or thrown away. */
export class ForegroundProposalRepository {
  readonly #get: Statement<[number], ProposalRow>;
  readonly #begin: Statement<[{ id: number; jobId: number }]>;
  readonly #clearProposed: Statement<[number]>;
  readonly #clearCompared: Statement<[number]>;
  readonly #learned: Statement<[Record<string, unknown>]>;
  readonly #finish: Statement<[Record<string, number>]>;
  readonly #remove: Statement<[number]>;
  readonly #images: Statement<[Record<string, number>], ImageRow>;
  readonly #shapes: Statement<[ImageKey], ShapeRow & { review: ReviewState }>;
  readonly #compared: Statement<[ImageKey]>;
  readonly #insertImage: Statement<[Record<string, unknown>]>;
  readonly #insertObject: Statement<[Record<string, unknown>]>;
  readonly #list: Statement<[Record<string, number>], { image_id: number; likeness: number }>;
  readonly #isCurrent: Statement<[ImageKey], number>;
  readonly #objects: Statement<[ImageKey], ObjectRow>;
  /** Keeps that an image was compared, and what is proposed for it; nothing of that if somebody has worked on it. */
  readonly save: (image: ComparedImage) => void;

  constructor(db: WritableDb) {
    this.#get = db.prepare(`
      SELECT *, (SELECT count(*) FROM proposed_foregrounds f WHERE f.segmentation_id = p.segmentation_id) AS images
      FROM foreground_proposals p WHERE segmentation_id = ?`);
    this.#begin = db.prepare(`
      INSERT INTO foreground_proposals (segmentation_id, job_id) VALUES (@id, @jobId)
      ON CONFLICT DO UPDATE SET job_id = excluded.job_id`);
    this.#clearProposed = db.prepare('DELETE FROM proposed_foregrounds WHERE segmentation_id = ?');
    this.#clearCompared = db.prepare('DELETE FROM compared_foregrounds WHERE segmentation_id = ?');
    this.#learned = db.prepare(`
      UPDATE foreground_proposals SET verdict = @verdict, cut_count = 0, finished_at_ms = NULL
      WHERE segmentation_id = @id`);
    this.#finish = db.prepare(`
      UPDATE foreground_proposals SET cut_count = @cutCount, finished_at_ms = @nowMs WHERE segmentation_id = @id`);
    this.#remove = db.prepare('DELETE FROM foreground_proposals WHERE segmentation_id = ?');
    this.#images = db.prepare(`
      SELECT i.id, i.rel_path, i.path_bytes, i.content_hash, i.width_px, i.height_px,
        d.accepted_count + d.edited_count + d.rejected_count > 0 AS is_corrected,
        d.pending_count = 0 AND d.accepted_count + d.edited_count > 0 AS is_settled,
        ${isOpenSql} AS is_open,
        EXISTS (SELECT 1 FROM compared_foregrounds c
          WHERE c.segmentation_id = d.segmentation_id AND c.image_id = d.image_id
            AND c.present = ${presentSql}) AS is_compared
      FROM segmented_images d JOIN images i ON i.id = d.image_id
      WHERE d.segmentation_id = @id AND d.image_id > @afterId AND d.is_preliminary = 0
        AND i.status IN ('ok', 'changed') AND i.content_hash = d.content_hash
      ORDER BY d.image_id LIMIT @limit`);
    this.#shapes = db.prepare(`
      SELECT m.review, s.* FROM masks m JOIN mask_shapes s ON s.mask_id = m.id
      WHERE m.segmentation_id = @segmentationId AND m.image_id = @imageId AND m.level = 0 ORDER BY m.id`);
    this.#compared = db.prepare(`
      INSERT OR REPLACE INTO compared_foregrounds (segmentation_id, image_id, present)
      SELECT d.segmentation_id, d.image_id, ${presentSql} FROM segmented_images d
      WHERE d.segmentation_id = @segmentationId AND d.image_id = @imageId`);
    this.#insertImage = db.prepare(`
      INSERT INTO proposed_foregrounds (segmentation_id, image_id, likeness, present)
      SELECT d.segmentation_id, d.image_id, @likeness, ${presentSql} FROM segmented_images d
      WHERE d.segmentation_id = @segmentationId AND d.image_id = @imageId AND ${isOpenSql}
      ON CONFLICT DO NOTHING`);
    this.#insertObject = db.prepare(`
      INSERT INTO proposed_objects (segmentation_id, image_id, concept, x, y, width, height, area_px, score,
        grid_width, grid_height, rle)
      VALUES (@segmentationId, @imageId, @concept, @x, @y, @width, @height, @areaPx, @score,
        @gridWidth, @gridHeight, @rle)`);
    this.#list = db.prepare(`
      SELECT image_id, likeness FROM proposed_foregrounds
      WHERE segmentation_id = @id ORDER BY likeness, image_id LIMIT @limit`);
    this.#isCurrent = db
      .prepare<[ImageKey], number>(
        `SELECT 1 FROM proposed_foregrounds f JOIN segmented_images d USING (segmentation_id, image_id)
         WHERE d.segmentation_id = @segmentationId AND d.image_id = @imageId AND f.present = ${presentSql}
           AND ${isOpenSql}`,
      )
      .pluck();
    this.#objects = db.prepare(`
      SELECT * FROM proposed_objects WHERE segmentation_id = @segmentationId AND image_id = @imageId ORDER BY id`);
    this.save = db.transaction(({ segmentationId, imageId, likeness, objects }: ComparedImage) => {
      const key = { segmentationId, imageId };
      this.#compared.run(key);
      if (!objects) return;
      if (this.#insertImage.run({ ...key, likeness }).changes === 0) return;
      for (const { shape, box, ...object } of objects)
        this.#insertObject.run({ ...key, ...object, ...box, ...shape });
    });
  }

  /** Null where none has been made to the end. */
  get(id: SegmentationId): ForegroundProposal | null {
    const row = this.#get.get(id);
    if (row?.verdict == null || row.finished_at_ms === null) return null;
    const check = CorrectionCheck.parse(JSON.parse(row.verdict));
    return { check, imageCount: row.images, cutCount: row.cut_count };
  }

  /** The job that makes it, or made it. */
  jobOf(id: SegmentationId): number | null {
    return this.#get.get(id)?.job_id ?? null;
  }

  begin(id: SegmentationId, jobId: JobId): void {
    this.#begin.run({ id, jobId });
  }

  /**
   * Takes the place of what was proposed before, unless the same was learned for a proposal that is not finished.
   * @returns whether that one is continued
   */
  learned(id: SegmentationId, check: CorrectionCheck): boolean {
    const verdict = JSON.stringify(check);
    const row = this.#get.get(id);
    if (row?.finished_at_ms === null && row.verdict === verdict) return true;
    this.#clear(id);
    this.#learned.run({ id, verdict });
    return false;
  }

  finish(id: SegmentationId, cutCount: number, nowMs: number): void {
    this.#finish.run({ id, cutCount, nowMs });
  }

  remove(id: SegmentationId): void {
    this.#clear(id);
    this.#remove.run(id);
  }

  /** Finished images whose files are as they were segmented, by id, from the one after `afterId`. */
  images(query: { id: SegmentationId; afterId: number; limit: number }): ImageToCorrect[] {
    return this.#images.all(query).map((row) => ({
      ...toSized(row),
      isCorrected: row.is_corrected === 1,
      isSettled: row.is_settled === 1,
      isOpen: row.is_open === 1,
      isCompared: row.is_compared === 1,
    }));
  }

  /** The present objects of an image. */
  shapes(place: MaskPlace): { review: ReviewState; shape: MaskShape }[] {
    return this.#shapes.all(place).map((row) => ({ review: row.review, shape: toShape(row) }));
  }

  /** The images that are proposed to change most come first. @param limit -1 for all */
  list(id: SegmentationId, limit = -1): { imageId: ImageId; likeness: number }[] {
    return this.#list
      .all({ id, limit })
      .map(({ image_id, likeness }) => ({ imageId: ImageId.parse(image_id), likeness }));
  }

  /** Whether the objects of an image are still those that it was proposed to replace, and nobody has worked on them. */
  isCurrent(place: MaskPlace): boolean {
    return this.#isCurrent.get(place) === 1;
  }

  objects(place: MaskPlace): ProposedObject[] {
    return this.#objects.all(place).map((row) => ({
      concept: row.concept,
      box: { x: row.x, y: row.y, width: row.width, height: row.height },
      areaPx: row.area_px,
      score: row.score,
      shape: toShape(row),
    }));
  }

  #clear(id: SegmentationId): void {
    this.#clearProposed.run(id);
    this.#clearCompared.run(id);
  }
}
