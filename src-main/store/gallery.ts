import type { Statement } from 'better-sqlite3';
import { z } from 'zod';
import { ImageId, type ConceptId, type SegmentationId } from '../contract/ids.ts';
import { ReviewState, type GalleryItem, type GallerySort } from '../contract/mask.ts';
import { decodeCursor, toPage, type Page } from './cursor.ts';
import type { ReadableDb } from './database.ts';
import { toHash } from './image-row.ts';

export type GalleryQuery = {
  segmentationId: SegmentationId;
  /** Only images with a mask of this concept. */
  conceptId?: ConceptId | undefined;
  /** Only images with a mask in this state. */
  review?: ReviewState | undefined;
  /** Only images whose best mask scores at least this. */
  minScore?: number | undefined;
  /** `score` and `area` put the highest first. */
  sort: GallerySort;
  cursor: string | null;
  limit: number;
};

type Row = {
  image_id: number;
  rel_path: string;
  content_hash: Uint8Array;
  mask_count: number;
  best_score: number;
  largest_px: number;
};
type Params = {
  segmentationId: number;
  conceptId: number | null;
  minScore: number;
  afterKey: string | number;
  afterId: number;
  limit: number;
};

const Position = z.tuple([z.union([z.string(), z.number()]), z.number().int()]);

const SORTS = {
  path: { column: 'rel_path', isDescending: false, start: '' },
  score: { column: 'best_score', isDescending: true, start: Number.MAX_SAFE_INTEGER },
  area: { column: 'largest_px', isDescending: true, start: Number.MAX_SAFE_INTEGER },
} as const satisfies Record<GallerySort, unknown>;

/**
 * The page query for one way of filtering and sorting. Exported so that a test can assert its plan.
 *
 * Every sort walks an index from the page's start, so a page costs the same at any depth. A concept or a
 * review state has indexes of its own; only the two together, or a minimum score beside another sort, skip
 * rows on the way.
 */
export function gallerySql(query: Pick<GalleryQuery, 'conceptId' | 'review' | 'sort'>): string {
  const { column, isDescending } = SORTS[query.sort];
  const direction = isDescending ? 'DESC' : 'ASC';
  const isOfConcept = query.conceptId !== undefined;
  const key = isOfConcept ? `c.${column}` : `s.${column}`;
  const id = isOfConcept ? 'c.image_id' : 's.image_id';
  return `
    SELECT s.image_id, s.rel_path, s.content_hash, ${
      isOfConcept ? 'c.mask_count, c.best_score, c.largest_px' : 's.mask_count, s.best_score, s.largest_px'
    }
    FROM ${isOfConcept ? 'concept_images c CROSS JOIN segmented_images s USING (segmentation_id, image_id)' : 'segmented_images s'}
    WHERE ${isOfConcept ? 'c.concept_id = @conceptId' : 's.segmentation_id = @segmentationId'}
      AND (${key}, ${id}) ${isDescending ? '<' : '>'} (@afterKey, @afterId)
      AND ${isOfConcept ? 'c' : 's'}.best_score >= @minScore
      ${query.review ? `AND s.${query.review}_count > 0` : ''}
    ORDER BY ${key} ${direction}, ${id} ${direction}
    LIMIT @limit`;
}

/** The grid of segmented images. */
export class GalleryRepository {
  readonly #db: ReadableDb;
  readonly #statements = new Map<string, Statement<[Params], Row>>();

  constructor(db: ReadableDb) {
    this.#db = db;
  }

  /** @throws UserError BAD_INPUT for a cursor that is not of this list */
  page(query: GalleryQuery): Page<GalleryItem> {
    const { column, isDescending, start } = SORTS[query.sort];
    const [afterKey, afterId] =
      query.cursor === null
        ? [start, isDescending ? Number.MAX_SAFE_INTEGER : 0]
        : decodeCursor(query.cursor, Position);
    const rows = this.#statement(gallerySql(query)).all({
      segmentationId: query.segmentationId,
      conceptId: query.conceptId ?? null,
      minScore: query.minScore ?? 0,
      afterKey,
      afterId,
      limit: query.limit + 1,
    });
    return toPage(rows, query.limit, toItem, (row) => [row[column], row.image_id]);
  }

  /** There are a few dozen ways to filter and sort; each is prepared when it is first used. */
  #statement(sql: string): Statement<[Params], Row> {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#db.prepare<[Params], Row>(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function toItem(row: Row): GalleryItem {
  return {
    imageId: ImageId.parse(row.image_id),
    relPath: row.rel_path,
    contentHash: toHash(row.content_hash),
    maskCount: row.mask_count,
    bestScore: row.best_score,
    largestPx: row.largest_px,
  };
}
