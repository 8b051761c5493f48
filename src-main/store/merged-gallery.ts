import type { Statement } from 'better-sqlite3';
import { ImageId, type ConceptId } from '../contract/ids.ts';
import type { GallerySort, ReviewState, Trust } from '../contract/mask.ts';
import { encodeCursor, type Page } from './cursor.ts';
import type { ReadableDb } from './connection.ts';
import { SORTS, startOf, TOP } from './gallery-order.ts';
import type { GalleryQuery } from './gallery-query.ts';
import { hasTrustSql } from './likely-right.ts';

type WalkedRow = { image_id: number; key: string | number; is_match: number };
type Values = Record<string, unknown>;
type Walk = Omit<GalleryQuery, 'conceptId'> & { members: readonly ConceptId[] };

/** Rows that are read for a page or a stretch, at most: a few milliseconds. */
const MAX_WALKED = 1_000;

/**
 * A stretch of the images of several concepts that count as one. Exported so that a test can assert its plan.
 *
 * It walks the lists of all concepts at once, each along its index, and takes the next row of any. An image that
 * several of them know comes several times; only the row that has its place in the list (the best score, the largest
 * area) may match. Whether an image matches is reported for each row and selects none: so a stretch costs the same wherever
 * it lies and however few of its images fit.
 */
export function mergedWalkSql(query: {
  sort: GallerySort;
  isReversed: boolean;
  review?: ReviewState | undefined;
  trust?: Trust | undefined;
  memberCount: number;
}): string {
  const { column, isDescending: isNormallyDescending } = SORTS[query.sort];
  const direction = isNormallyDescending === query.isReversed ? 'ASC' : 'DESC';
  const members = Array.from({ length: query.memberCount }, (_, index) => `@member${index}`);
  const lists = members.map(
    (member) => `
      SELECT image_id, ${column} AS key, concept_id
      FROM concept_images INDEXED BY concept_images_by_${query.sort}
      WHERE concept_id = ${member} AND (${column}, image_id) ${direction === 'ASC' ? '>' : '<'} (@afterKey, @afterId)`,
  );
  const hasTrust = query.trust ? `AND ${hasTrustSql(query.trust, 'w.image_id', members)}` : '';
  const hasReview = query.review ? `AND sum(g.${query.review}_count) > 0` : '';
  return `
    SELECT w.image_id, w.key, (
      SELECT max((g.${column}, -g.concept_id) > (w.key, -w.concept_id)) = 0
        AND max(g.best_score) BETWEEN @minScore AND @maxScore
        AND max(g.largest_px) BETWEEN @minAreaPx AND @maxAreaPx ${hasReview} ${hasTrust}
      FROM concept_images g
      WHERE g.image_id = w.image_id AND g.concept_id IN (${members.join()})
    ) AS is_match
    FROM (
      ${lists.join(' UNION ALL ')}
      ORDER BY 2 ${direction}, 1 ${direction}, 3
      LIMIT @limit
    ) w`;
}

/** The grid of images of a concept that others were merged into. */
export class MergedGallery {
  readonly #db: ReadableDb;
  readonly #statements = new Map<string, Statement<[Values]>>();

  constructor(db: ReadableDb) {
    this.#db = db;
  }

  /** The ids that were found among the next `limit` rows, or among fewer. */
  ids(walk: Walk): Page<ImageId> {
    const walked = Math.min(walk.limit, MAX_WALKED);
    const { rows, nextCursor } = this.#walk(walk, walked);
    return { items: rows.map(({ image_id }) => ImageId.parse(image_id)), nextCursor };
  }

  /** The rows that match among the next `most`. */
  #walk(walk: Walk, most: number): { rows: WalkedRow[]; nextCursor: string | null } {
    const sql = mergedWalkSql({ ...walk, memberCount: walk.members.length });
    const { segmentationId, minScore = 0, maxScore = 1, minAreaPx = 0, maxAreaPx = TOP } = walk;
    const values = {
      segmentationId,
      isCalibrated: Number(walk.isCalibrated ?? false),
      minScore,
      maxScore,
      minAreaPx,
      maxAreaPx,
      limit: most + 1,
      ...named(walk.members),
      ...startOf(walk, walk.isReversed),
    };
    const rows: WalkedRow[] = [];
    let [walked, last] = [0, undefined as WalkedRow | undefined];
    for (const row of this.#prepare<WalkedRow>(sql).iterate(values)) {
      if (last && walked === most) {
        return { rows, nextCursor: encodeCursor([last.key, last.image_id]) };
      }
      if (row.is_match === 1) rows.push(row);
      [walked, last] = [walked + 1, row];
    }
    return { rows, nextCursor: null };
  }

  /** Each way to sort and filter is prepared when it is first used. */
  #prepare<Row>(sql: string): Statement<[Values], Row> {
    const statement = this.#statements.get(sql) ?? this.#db.prepare<[Values], Row>(sql);
    this.#statements.set(sql, statement);
    // The text of the query says which columns its rows have.
    return statement as Statement<[Values], Row>;
  }
}

function named(members: readonly ConceptId[]): Record<string, ConceptId> {
  return Object.fromEntries(members.map((member, index) => [`member${index}`, member]));
}
