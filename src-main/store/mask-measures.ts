import type { Statement } from 'better-sqlite3';
import { ImageId, MaskId, type DatasetVersionId, type SegmentationId } from '../contract/ids.ts';
import type { MeasuredMask } from '../contract/mask-measure.ts';
import type { ReadableDb } from './connection.ts';
import { boundFilter, PASSES, type MaskFilter } from './dataset-rows.ts';

/** A mask of a segmentation that passes a filter. */
export type CandidateMask = MeasuredMask & {
  id: MaskId;
  revision: number;
  conceptId: number | null;
  imageId: ImageId;
  relPath: string;
};
type CandidateRow = Omit<CandidateMask, 'id' | 'imageId'> & { id: number; imageId: number };

const MEASURES = `m.score, m.area_px AS areaPx, m.x, m.y, m.width, m.height,
  i.width_px AS imageWidth, i.height_px AS imageHeight`;
/**
 * The brightness of an image `i` of a version: as it was frozen or, if it was not measured then, that of the collection's
 * image with the same content.
 */
export const FROZEN_BRIGHTNESS = `ifnull(i.brightness, (
  SELECT live.brightness FROM collections c JOIN images live ON live.collection_id = c.id
  WHERE c.root_path = i.root_path AND live.content_hash = i.content_hash AND live.status IN ('ok', 'changed')
  ORDER BY live.brightness DESC LIMIT 1)) AS brightness`;

/** What masks are compared by before and after they are in a dataset. */
export class MaskMeasures {
  readonly #candidates: Statement<[Record<string, unknown>], CandidateRow>;
  readonly #frozen: Statement<
    [{ versionId: number; afterId: number; limit: number }],
    MeasuredMask & { id: number }
  >;

  constructor(db: ReadableDb) {
    this.#candidates = db.prepare(`
      SELECT m.id, m.revision, m.concept_id AS conceptId, m.image_id AS imageId, i.rel_path AS relPath, i.brightness,
        ${MEASURES}
      FROM masks m JOIN images i ON i.id = m.image_id
      WHERE m.segmentation_id = @segmentationId AND m.image_id > @afterId AND m.image_id <= @lastId AND ${PASSES}
      ORDER BY m.image_id, m.score DESC, m.id`);
    this.#frozen = db.prepare(`
      SELECT i.id, ${FROZEN_BRIGHTNESS}, ${MEASURES}
      FROM (SELECT * FROM dataset_images WHERE version_id = @versionId AND id > @afterId ORDER BY id LIMIT @limit) i
      JOIN dataset_masks m ON m.image_id = i.id ORDER BY i.id`);
  }

  /** Masks of a segmentation's images from behind `afterId` up to `lastId` that pass a filter, by image. */
  candidates(query: {
    segmentationId: SegmentationId;
    afterId: number;
    lastId: number;
    filter: MaskFilter;
  }): CandidateMask[] {
    const { segmentationId, afterId, lastId, filter } = query;
    return this.#candidates
      .all({ segmentationId, afterId, lastId, ...boundFilter(filter) })
      .map((row) => ({ ...row, id: MaskId.parse(row.id), imageId: ImageId.parse(row.imageId) }));
  }

  /** Masks of `limit` images of a version; `id` is that of the image. */
  frozen(versionId: DatasetVersionId, afterId: number, limit: number): (MeasuredMask & { id: number })[] {
    return this.#frozen.all({ versionId, afterId, limit });
  }
}
