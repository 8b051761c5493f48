import type { Statement } from 'better-sqlite3';
import { ImageId, type ConceptId, type SegmentationId } from '../contract/ids.ts';
import type { GalleryTile, ReviewState } from '../contract/mask.ts';
import { conceptGroupReader } from './concept-group.ts';
import { toPage, type Page } from './cursor.ts';
import type { ReadableDb } from './connection.ts';
import { SORTS, startOf, TOP } from './gallery-order.ts';
import type { GalleryQuery } from './gallery-query.ts';
import { toHash } from './image-row.ts';
import { hasTrustSql, LIKELY_RIGHT_COUNT } from './likely-right.ts';
import { MergedGallery } from './merged-gallery.ts';

type ImageRow = {
  image_id: number;
  rel_path: string;
  content_hash: Uint8Array;
  mask_count: number;
  best_score: number;
  largest_px: number;
};
type IdRow = { image_id: number; key: string | number; is_match: number };
type TileRow = ImageRow &
  Record<`${ReviewState}_count` | 'likely_right_count' | 'revision' | 'finished_at_ms', number>;

type Listed = Pick<GalleryQuery, 'conceptId' | 'review' | 'sort' | 'trust'>;

/**
 * The query for the ids of a stretch of the list. Bounds on score and area, and trust, do not select rows here; they are reported for
 * each row: so a stretch costs the same wherever it lies and however few of its images fit.
 */
export function galleryIdsSql(query: Listed & { isReversed: boolean; hasBounds: boolean }): string {
  const { column, isDescending: isNormallyDescending } = SORTS[query.sort];
  const isDescending = isNormallyDescending !== query.isReversed;
  const direction = isDescending ? 'DESC' : 'ASC';
  const { table, filter } = sourceOf(query);
  const { trust, conceptId } = query;
  const conditions = [
    ...(query.hasBounds
      ? ['t.best_score BETWEEN @minScore AND @maxScore AND t.largest_px BETWEEN @minAreaPx AND @maxAreaPx']
      : []),
    ...(trust
      ? [hasTrustSql(trust, 't.image_id', conceptId === undefined ? undefined : ['@conceptId'])]
      : []),
  ];
  const isMatch = conditions.length > 0 ? conditions.join(' AND ') : '1';
  return `
    SELECT t.image_id, t.${column} AS key, ${isMatch} AS is_match
    FROM ${table}
    WHERE ${filter} AND (t.${column}, t.image_id) ${isDescending ? '<' : '>'} (@afterKey, @afterId)
    ORDER BY t.${column} ${direction}, t.image_id ${direction}
    LIMIT @limit`;
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
  readonly #ids = new Map<string, Statement<[Record<string, unknown>], IdRow>>();
  readonly #tile: Statement<[number, number], TileRow>;
  readonly #groupOf: (id: ConceptId) => ConceptId[];
  readonly #merged: MergedGallery;

  constructor(db: ReadableDb) {
    this.#db = db;
    this.#groupOf = conceptGroupReader(db);
    this.#merged = new MergedGallery(db);
    this.#tile = db.prepare(`
      SELECT t.*, ${LIKELY_RIGHT_COUNT} AS likely_right_count
      FROM segmented_images t WHERE t.segmentation_id = ? AND t.image_id = ?`);
  }

  /**
   * The ids of the images that were found among the next `limit` of the list; see `galleryIds` of the contract.
   * @throws UserError BAD_INPUT for a cursor that is not of this list
   */
  ids(query: GalleryQuery): Page<ImageId> {
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
      isCalibrated: Number(query.isCalibrated ?? false),
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

  /**
   * Tiles in the order of `imageIds`, without those that are not segmented.
   * @param isCalibrated see `hasCalibratedScores`; otherwise nothing is likely right
   */
  tiles(segmentationId: SegmentationId, imageIds: readonly ImageId[], isCalibrated = false): GalleryTile[] {
    return this.#db.transaction(() =>
      imageIds.flatMap((imageId) => {
        const row = this.#tile.get(segmentationId, imageId);
        return row ? toTile(row, isCalibrated) : [];
      }),
    )();
  }

  #membersOf({ conceptId }: GalleryQuery): ConceptId[] {
    return conceptId === undefined ? [] : this.#groupOf(conceptId);
  }
}

/** There are a few dozen ways to filter and sort; each is prepared when it is first used. */
function prepareOnce<T>(prepared: Map<string, T>, sql: string, prepare: () => T): T {
  const statement = prepared.get(sql) ?? prepare();
  prepared.set(sql, statement);
  return statement;
}

function toTile(row: TileRow, isCalibrated: boolean): GalleryTile {
  return {
    imageId: ImageId.parse(row.image_id),
    relPath: row.rel_path,
    contentHash: toHash(row.content_hash),
    maskCount: row.mask_count,
    likelyRightCount: isCalibrated ? row.likely_right_count : 0,
    bestScore: row.best_score,
    largestPx: row.largest_px,
    reviews: {
      pending: row.pending_count,
      accepted: row.accepted_count,
      rejected: row.rejected_count,
      edited: row.edited_count,
    },
    // The counts of recreated masks start again.
    version: `${row.finished_at_ms.toString(36)}.${row.revision}`,
  };
}
