import type { Statement } from 'better-sqlite3';
import type { Split } from '../contract/dataset.ts';
import type { CollectionId, SegmentationId } from '../contract/ids.ts';
import type { ReviewState } from '../contract/mask.ts';
import type { ReadableDb } from './connection.ts';

/** What a point of a map says of its object or image; see `MapPoints`. */
export type PointFacts = {
  id: number;
  relPath: string;
  conceptId: number | null;
  review: ReviewState;
  score: number;
  split: Split | null;
};
type Row = Omit<PointFacts, 'relPath' | 'conceptId'> & { rel_path: string; concept_id: number | null };
type Wanted = { id: SegmentationId; ids: readonly number[]; version: number | null };

/** The split of an image in a version, by the path of its file: the version has a copy of the image's row. */
const SPLIT = `(SELECT d.split FROM dataset_images d WHERE d.version_id = @version AND d.root_path = c.root_path
    AND ifnull(d.path_bytes, d.rel_path) = ifnull(i.path_bytes, i.rel_path))`;

/** What the points of a map are coloured by. */
export class MapPointRepository {
  readonly #objects: Statement<[Record<string, unknown>], Row>;
  readonly #images: Statement<[Record<string, unknown>], Row>;
  readonly #version: Statement<[number], { id: number }>;

  constructor(db: ReadableDb) {
    this.#objects = db.prepare(`
      SELECT m.id, i.rel_path, m.concept_id, m.review, m.score, ${SPLIT} AS split
      FROM json_each(@ids) w CROSS JOIN masks m ON m.id = w.value
        CROSS JOIN images i ON i.id = m.image_id CROSS JOIN collections c ON c.id = i.collection_id
      WHERE m.segmentation_id = @id`);
    this.#images = db.prepare(`
      SELECT s.image_id AS id, i.rel_path, NULL AS concept_id, s.best_score AS score, ${SPLIT} AS split,
        CASE WHEN s.pending_count > 0 THEN 'pending' WHEN s.edited_count > 0 THEN 'edited'
          WHEN s.accepted_count > 0 THEN 'accepted' WHEN s.rejected_count > 0 THEN 'rejected' ELSE 'pending' END AS review
      FROM json_each(@ids) w CROSS JOIN segmented_images s ON s.segmentation_id = @id AND s.image_id = w.value
        CROSS JOIN images i ON i.id = s.image_id CROSS JOIN collections c ON c.id = i.collection_id`);
    this.#version = db.prepare(`
      SELECT v.id FROM dataset_versions v, collections c
      WHERE c.id = ? AND v.state = 'frozen'
        AND EXISTS (SELECT 1 FROM dataset_images d WHERE d.version_id = v.id AND d.root_path = c.root_path)
      ORDER BY v.id DESC LIMIT 1`);
  }

  /** The newest dataset version with images of a collection; null if there is none. */
  versionOf(collectionId: CollectionId): number | null {
    return this.#version.get(collectionId)?.id ?? null;
  }

  /** Of masks, by their ids; those that are gone are left out. */
  objects(wanted: Wanted): Map<number, PointFacts> {
    return byId(this.#objects.all(parameters(wanted)));
  }

  /** Of segmented images, by their ids. */
  images(wanted: Wanted): Map<number, PointFacts> {
    return byId(this.#images.all(parameters(wanted)));
  }
}

const parameters = ({ id, ids, version }: Wanted) => ({ id, version, ids: JSON.stringify(ids) });

function byId(rows: readonly Row[]): Map<number, PointFacts> {
  return new Map(
    rows.map(({ rel_path: relPath, concept_id: conceptId, ...row }) => [
      row.id,
      { ...row, relPath, conceptId },
    ]),
  );
}
