import type { Statement } from 'better-sqlite3';
import { ImageId, type ConceptId, type SegmentationId } from '../contract/ids.ts';
import { ReviewState, type GalleryItem, type GalleryTile } from '../contract/mask.ts';
import { conceptGroupReader } from './concept-group.ts';
import { toPage, type Page } from './cursor.ts';
import type { ReadableDb } from './connection.ts';
import { SORTS, startOf, TOP } from './gallery-order.ts';
import type { GalleryIdsQuery, GalleryQuery, GalleryRow } from './gallery-query.ts';
import { toHash } from './image-row.ts';
import { MergedGallery } from './merged-gallery.ts';

type IdRow = { image_id: number; key: string | number; is_match: number };
type TileRow = GalleryRow & Record<`${ReviewState}_count` | 'revision' | 'finished_at_ms', number>;
type ListParams = { segmentationId: number; conceptId: number | null; minScore: number };
type Params = ListParams & { afterKey: string | number; afterId: number; limit: number };

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
    WHERE ${filter} AND t.best_score >= @minScore
      AND (t.${column}, t.image_id) ${isDescending ? '<' : '>'} (@afterKey, @afterId)
    ORDER BY t.${column} ${direction}, t.image_id ${direction}
    LIMIT @limit`;
}

/**
 * The query for the ids of a stretch of the list. Bounds on score and area do not choose rows here, they are told of
 * each row: so a stretch costs the same wherever it lies and however few of its images fit.
 */
export function galleryIdsSql(query: Listed & { isReversed: boolean; hasBounds: boolean }): string {
  const { column, isDescending: isNormallyDescending } = SORTS[query.sort];
  const isDescending = isNormallyDescending !== query.isReversed;
  const direction = isDescending ? 'DESC' : 'ASC';
  const { table, filter } = sourceOf(query);
  const isMatch = query.hasBounds
    ? 't.best_score BETWEEN @minScore AND @maxScore AND t.largest_px BETWEEN @minAreaPx AND @maxAreaPx'
    : '1';
  return `
    SELECT t.image_id, t.${column} AS key, ${isMatch} AS is_match
    FROM ${table}
    WHERE ${filter} AND (t.${column}, t.image_id) ${isDescending ? '<' : '>'} (@afterKey, @afterId)
    ORDER BY t.${column} ${direction}, t.image_id ${direction}
    LIMIT @limit`;
}

/** How many images a list has, counted no further than to one more than a few. */
export function galleryCountSql(query: Omit<Listed, 'sort'>): string {
  const { table, filter } = sourceOf({ ...query, sort: 'score' });
  return `SELECT count(*) FROM (SELECT 1 FROM ${table} WHERE ${filter} AND t.best_score >= @minScore LIMIT ${FEW_IMAGES + 1})`;
}

/** The table is read by the index named here: without statistics SQLite would have to guess. */
function sourceOf({ conceptId, review, sort }: Listed): { table: string; filter: string } {
  const index = `${review ? `${review}_` : ''}by_${sort}`;
  const isOfConcept = conceptId !== undefined;
  const conditions = [
    't.segmentation_id = @segmentationId',
    ...(isOfConcept ? ['t.concept_id = @conceptId'] : []),
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
  readonly #statements = new Map<string, Statement<[Params], GalleryRow>>();
  readonly #counts = new Map<string, Statement<[ListParams], number>>();
  readonly #ids = new Map<string, Statement<[Record<string, unknown>], IdRow>>();
  readonly #tile: Statement<[number, number], TileRow>;
  readonly #groupOf: (id: ConceptId) => ConceptId[];
  readonly #merged: MergedGallery;

  constructor(db: ReadableDb) {
    this.#db = db;
    this.#groupOf = conceptGroupReader(db);
    this.#merged = new MergedGallery(db);
    this.#tile = db.prepare('SELECT * FROM segmented_images WHERE segmentation_id = ? AND image_id = ?');
  }

  /**
   * The ids of the images that were found among the next `limit` of the list; see `galleryIds` of the contract.
   * @throws UserError BAD_INPUT for a cursor that is not of this list
   */
  ids(query: GalleryIdsQuery): Page<ImageId> {
    const members = this.#membersOf(query);
    if (members.length > 1) return this.#merged.ids({ ...query, members });
    const { minScore = 0, maxScore = 1, minAreaPx = 0, maxAreaPx = TOP, limit } = query;
    const hasBounds = minScore > 0 || maxScore < 1 || minAreaPx > 0 || maxAreaPx < TOP;
    const sql = galleryIdsSql({ ...query, hasBounds });
    const statement = prepareOnce(this.#ids, sql, () =>
      this.#db.prepare<[Record<string, unknown>], IdRow>(sql),
    );
    const rows = statement.all({
      segmentationId: query.segmentationId,
      conceptId: query.conceptId ?? null,
      minScore,
      maxScore,
      minAreaPx,
      maxAreaPx,
      limit: limit + 1,
      ...startOf(query, query.isReversed),
    });
    const stretch = toPage(
      rows,
      limit,
      (row) => row,
      (row) => [row.key, row.image_id],
    );
    return {
      items: stretch.items.filter((row) => row.is_match === 1).map((row) => ImageId.parse(row.image_id)),
      nextCursor: stretch.nextCursor,
    };
  }

  /** Tiles in the order of `imageIds`, without those that are not segmented. */
  tiles(segmentationId: SegmentationId, imageIds: readonly ImageId[]): GalleryTile[] {
    return this.#db.transaction(() =>
      imageIds.flatMap((imageId) => {
        const row = this.#tile.get(segmentationId, imageId);
        return row ? toTile(row) : [];
      }),
    )();
  }

  /**
   * A page of `limit` images; of a concept that others were merged into, perhaps fewer while there is more.
   * @throws UserError BAD_INPUT for a cursor that is not of this list
   */
  page(query: GalleryQuery): Page<GalleryItem> {
    const members = this.#membersOf(query);
    if (members.length > 1) {
      const { items, nextCursor } = this.#merged.page({ ...query, members });
      return { items: items.map(toItem), nextCursor };
    }
    const { column } = SORTS[query.sort];
    const list: ListParams = {
      segmentationId: query.segmentationId,
      conceptId: query.conceptId ?? null,
      minScore: query.minScore ?? 0,
    };
    const isGathered = list.minScore > 0 && query.sort !== 'score' && this.#isShort(query, list);
    const rows = this.#statement(gallerySql({ ...query, isGathered })).all({
      ...list,
      ...startOf(query, false),
      limit: query.limit + 1,
    });
    return toPage(rows, query.limit, toItem, (row) => [row[column], row.image_id]);
  }

  #membersOf({ conceptId }: GalleryQuery): ConceptId[] {
    return conceptId === undefined ? [] : this.#groupOf(conceptId);
  }

  #isShort(query: GalleryQuery, params: ListParams): boolean {
    const sql = galleryCountSql(query);
    const count = prepareOnce(this.#counts, sql, () => this.#db.prepare<[ListParams], number>(sql).pluck());
    return (count.get(params) ?? 0) <= FEW_IMAGES;
  }

  #statement(sql: string): Statement<[Params], GalleryRow> {
    return prepareOnce(this.#statements, sql, () => this.#db.prepare<[Params], GalleryRow>(sql));
  }
}

/** There are a few dozen ways to filter and sort; each is prepared when it is first used. */
function prepareOnce<T>(known: Map<string, T>, sql: string, prepare: () => T): T {
  const statement = known.get(sql) ?? prepare();
  known.set(sql, statement);
  return statement;
}

function toItem(row: GalleryRow): GalleryItem {
  return {
    imageId: ImageId.parse(row.image_id),
    relPath: row.rel_path,
    contentHash: toHash(row.content_hash),
    maskCount: row.mask_count,
    bestScore: row.best_score,
    largestPx: row.largest_px,
  };
}

function toTile(row: TileRow): GalleryTile {
  return {
    ...toItem(row),
    reviews: {
      pending: row.pending_count,
      accepted: row.accepted_count,
      rejected: row.rejected_count,
      edited: row.edited_count,
    },
    // Masks that were made anew begin to count again.
    version: `${row.finished_at_ms.toString(36)}.${row.revision}`,
  };
}
