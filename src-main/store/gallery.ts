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
  /** Only images with a mask in this state; with `conceptId`, with a mask of that concept in this state. */
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
type ListParams = { segmentationId: number; conceptId: number | null; minScore: number };
type Params = ListParams & { afterKey: string | number; afterId: number; limit: number };

const PathPosition = z.tuple([z.string(), z.number().int()]);
const NumberPosition = z.tuple([z.number(), z.number().int()]);

const TOP = Number.MAX_SAFE_INTEGER;
const SORTS = {
  path: { column: 'rel_path', isDescending: false, start: '', Position: PathPosition },
  score: { column: 'best_score', isDescending: true, start: TOP, Position: NumberPosition },
  area: { column: 'largest_px', isDescending: true, start: TOP, Position: NumberPosition },
} as const satisfies Record<GallerySort, unknown>;
/** Images that are few enough to be read and sorted for a page: two or three milliseconds. */
const FEW_IMAGES = 2_000;

type Listed = Pick<GalleryQuery, 'conceptId' | 'review' | 'sort'>;

/**
 * The page query for one way of filtering and sorting. Exported so that a test can assert its plan.
 *
 * Concepts, review states and both together have an index for every order, which is walked from the page's
 * start: a page costs the same at any depth. A minimum score beside another order skips rows on the way; where
 * it leaves only a few images, walking would skip nearly all, and those few are gathered and sorted instead.
 */
export function gallerySql(query: Listed & { isGathered?: boolean }): string {
  const { column, isDescending } = SORTS[query.sort];
  const direction = isDescending ? 'DESC' : 'ASC';
  const { table, filter } = sourceOf({ ...query, sort: query.isGathered ? 'score' : query.sort });
  const isOfConcept = query.conceptId !== undefined;
  return `
    SELECT t.image_id, t.rel_path, ${isOfConcept ? 's' : 't'}.content_hash,
      t.mask_count, t.best_score, t.largest_px
    FROM ${table} ${isOfConcept ? 'CROSS JOIN segmented_images s USING (segmentation_id, image_id)' : ''}
    WHERE ${filter} AND (t.${column}, t.image_id) ${isDescending ? '<' : '>'} (@afterKey, @afterId)
    ORDER BY t.${column} ${direction}, t.image_id ${direction}
    LIMIT @limit`;
}

/** How many images a list has, counted no further than to one more than a few. */
export function galleryCountSql(query: Omit<Listed, 'sort'>): string {
  const { table, filter } = sourceOf({ ...query, sort: 'score' });
  return `SELECT count(*) FROM (SELECT 1 FROM ${table} WHERE ${filter} LIMIT ${FEW_IMAGES + 1})`;
}

/** The table is read by the index named here: without statistics SQLite would have to guess. */
function sourceOf({ conceptId, review, sort }: Listed): { table: string; filter: string } {
  const index = `${review ? `${review}_` : ''}by_${sort}`;
  const isOfConcept = conceptId !== undefined;
  const conditions = [
    't.segmentation_id = @segmentationId',
    ...(isOfConcept ? ['t.concept_id = @conceptId'] : []),
    't.best_score >= @minScore',
    ...(review ? [`t.${review}_count > 0`] : []),
  ];
  return {
    table: isOfConcept
      ? `concept_images t INDEXED BY concept_images_${index}`
      : `segmented_images t INDEXED BY segmented_${index}`,
    filter: conditions.join(' AND '),
  };
}

/** The grid of segmented images. */
export class GalleryRepository {
  readonly #db: ReadableDb;
  readonly #statements = new Map<string, Statement<[Params], Row>>();
  readonly #counts = new Map<string, Statement<[ListParams], number>>();

  constructor(db: ReadableDb) {
    this.#db = db;
  }

  /** @throws UserError BAD_INPUT for a cursor that is not of this list */
  page(query: GalleryQuery): Page<GalleryItem> {
    const { column, isDescending, start, Position } = SORTS[query.sort];
    const [afterKey, afterId] =
      query.cursor === null
        ? [start, isDescending ? Number.MAX_SAFE_INTEGER : 0]
        : decodeCursor(query.cursor, Position);
    const list: ListParams = {
      segmentationId: query.segmentationId,
      conceptId: query.conceptId ?? null,
      minScore: query.minScore ?? 0,
    };
    const isGathered = list.minScore > 0 && query.sort !== 'score' && this.#isShort(query, list);
    const rows = this.#statement(gallerySql({ ...query, isGathered })).all({
      ...list,
      afterKey,
      afterId,
      limit: query.limit + 1,
    });
    return toPage(rows, query.limit, toItem, (row) => [row[column], row.image_id]);
  }

  #isShort(query: GalleryQuery, params: ListParams): boolean {
    const sql = galleryCountSql(query);
    const count = prepareOnce(this.#counts, sql, () => this.#db.prepare<[ListParams], number>(sql).pluck());
    return (count.get(params) ?? 0) <= FEW_IMAGES;
  }

  #statement(sql: string): Statement<[Params], Row> {
    return prepareOnce(this.#statements, sql, () => this.#db.prepare<[Params], Row>(sql));
  }
}

/** There are a few dozen ways to filter and sort; each is prepared when it is first used. */
function prepareOnce<T>(known: Map<string, T>, sql: string, prepare: () => T): T {
  const statement = known.get(sql) ?? prepare();
  known.set(sql, statement);
  return statement;
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
