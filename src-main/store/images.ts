import type { Statement } from 'better-sqlite3';
import { z } from 'zod';
import { CollectionId, ContentHash, ImageId } from '../contract/ids.ts';
import {
  ImageStatus,
  ProblemCode,
  type DuplicateGroup,
  type Image,
  type ImageIdsRequest,
} from '../contract/image.ts';
import type { FileKey, ListedImage } from '../domain/scan.ts';
import { decodeCursor, toPage, type Page } from './cursor.ts';
import type { ReadableDb } from './connection.ts';
import { ImageIdList } from './image-ids.ts';
import { fromHash, toHash, toImage, toListed, type ImageRow } from './image-row.ts';

/** An image that can be opened, as jobs over a whole collection list them. */
export type UsableImage = ListedImage;

/** What is needed to open an image's file; `contentHash` is null if it is not a usable image. */
export type ImageLocation = FileKey & {
  collectionId: CollectionId;
  rootPath: string;
  contentHash: ContentHash | null;
};

type LocationRow = Pick<ImageRow, 'collection_id' | 'rel_path' | 'path_bytes' | 'content_hash'> & {
  root_path: string;
};
type UsableRow = Pick<ImageRow, 'id' | 'rel_path' | 'path_bytes'> & { content_hash: Uint8Array };
type PageParams = { collectionId: number; afterPath: string; afterId: number; limit: number };
type IdRow = Pick<ImageRow, 'id' | 'rel_path'>;
type DuplicateRow = { content_hash: Uint8Array; count: number };
type DuplicateParams = { collectionId: number; after: Uint8Array; limit: number };

/** Images listed of one group of duplicates: thousands of copies of one file must not fill a page. */
const GROUP_IMAGES_SHOWN = 20;

const PathPosition = z.tuple([z.string(), z.number().int()]);
const HashPosition = z.tuple([ContentHash]);

/** [Note: Plans of lists] Exported so that a test can assert how SQLite answers each. */
export const imageListSql = {
  page: `
    SELECT * FROM images
    WHERE collection_id = @collectionId AND (rel_path, id) > (@afterPath, @afterId)
    ORDER BY rel_path, id LIMIT @limit`,
  pageOfStatus: `
    SELECT * FROM images
    WHERE collection_id = @collectionId AND status = @status AND (rel_path, id) > (@afterPath, @afterId)
    ORDER BY rel_path, id LIMIT @limit`,
  duplicateHashes: `
    SELECT content_hash, count(*) AS count FROM images
    WHERE collection_id = @collectionId AND status IN ('ok', 'changed') AND content_hash > @after
    GROUP BY content_hash HAVING count(*) > 1
    ORDER BY content_hash LIMIT @limit`,
  ofHash: `
    SELECT * FROM images
    WHERE collection_id = ? AND content_hash = ? AND status IN ('ok', 'changed')
    ORDER BY rel_path, id LIMIT ?`,
  usable: `
    SELECT id, rel_path, path_bytes, content_hash FROM images
    WHERE collection_id = @collectionId AND id > @afterId AND status IN ('ok', 'changed') AND hidden_by IS NULL
    ORDER BY id LIMIT @limit`,
  problems: `
    SELECT problem_code AS code, count(*) AS count FROM images
    WHERE collection_id = ? AND problem_code IS NOT NULL
    GROUP BY problem_code ORDER BY count(*) DESC, problem_code`,
} as const;

/** The images of collections, as they are listed and opened. What scans write is in scans.ts. */
export class ImageRepository {
  readonly #db: ReadableDb;
  readonly #get: Statement<[number], ImageRow>;
  readonly #locate: Statement<[number], LocationRow>;
  readonly #page: Statement<[PageParams], ImageRow>;
  readonly #pageOfStatus: Statement<[PageParams & { status: string }], ImageRow>;
  readonly #idList: ImageIdList;
  readonly #duplicateHashes: Statement<[DuplicateParams], DuplicateRow>;
  readonly #ofHash: Statement<[number, Uint8Array, number], ImageRow>;
  readonly #usable: Statement<[{ collectionId: number; afterId: number; limit: number }], UsableRow>;
  readonly #problems: Statement<[number], { code: string; count: number }>;

  constructor(db: ReadableDb) {
    this.#db = db;
    this.#get = db.prepare('SELECT * FROM images WHERE id = ?');
    this.#locate = db.prepare(`
      SELECT i.collection_id, c.root_path, i.rel_path, i.path_bytes, iif(i.status = 'problem', NULL, i.content_hash) AS content_hash
      FROM images i JOIN collections c ON c.id = i.collection_id WHERE i.id = ?`);
    this.#page = db.prepare(imageListSql.page);
    this.#pageOfStatus = db.prepare(imageListSql.pageOfStatus);
    this.#idList = new ImageIdList(db);
    this.#duplicateHashes = db.prepare(imageListSql.duplicateHashes);
    this.#ofHash = db.prepare(imageListSql.ofHash);
    this.#usable = db.prepare(imageListSql.usable);
    this.#problems = db.prepare(imageListSql.problems);
  }

  get(id: ImageId): Image | undefined {
    const row = this.#get.get(id);
    return row && toImage(row);
  }

  /** In the order of `ids`, without those that do not exist. */
  many(ids: readonly ImageId[]): Image[] {
    return this.#db.transaction(() => ids.flatMap((id) => this.get(id) ?? []))();
  }

  locate(id: ImageId): ImageLocation | undefined {
    const row = this.#locate.get(id);
    return (
      row && {
        collectionId: CollectionId.parse(row.collection_id),
        rootPath: row.root_path,
        relPath: row.rel_path,
        pathBytes: row.path_bytes,
        contentHash: row.content_hash && toHash(row.content_hash),
      }
    );
  }

  /** Ordered by path. @throws UserError BAD_INPUT for a cursor that is not of this list */
  page(query: {
    collectionId: CollectionId;
    statuses?: readonly ImageStatus[] | undefined;
    cursor: string | null;
    limit: number;
  }): Page<Image> {
    const { collectionId, statuses, cursor, limit } = query;
    const [afterPath, afterId] = cursor === null ? ['', 0] : decodeCursor(cursor, PathPosition);
    const params = { collectionId, afterPath, afterId, limit: limit + 1 };
    const rows = statuses
      ? mergeByPath([...new Set(statuses)].map((status) => this.#pageOfStatus.all({ ...params, status })))
      : this.#page.all(params);
    return toPage(rows, limit, toImage, (row) => [row.rel_path, row.id]);
  }

  /** Ids only, filtered and in some order. @throws UserError BAD_INPUT as `page` */
  ids(query: ImageIdsRequest): Page<ImageId> {
    return this.#idList.page(query);
  }

  /** Groups of usable images with the same bytes, ordered by hash. @throws UserError BAD_INPUT */
  duplicates(query: {
    collectionId: CollectionId;
    cursor: string | null;
    limit: number;
  }): Page<DuplicateGroup> {
    const { collectionId, cursor, limit } = query;
    const [after] = cursor === null ? [undefined] : decodeCursor(cursor, HashPosition);
    const toGroup = ({ content_hash, count }: DuplicateRow): DuplicateGroup => ({
      contentHash: toHash(content_hash),
      count,
      images: this.#ofHash.all(collectionId, content_hash, GROUP_IMAGES_SHOWN).map(toImage),
    });
    return this.#db.transaction(() => {
      const rows = this.#duplicateHashes.all({
        collectionId,
        after: after ? fromHash(after) : new Uint8Array(),
        limit: limit + 1,
      });
      return toPage(rows, limit, toGroup, (row) => [toHash(row.content_hash)]);
    })();
  }

  /** Usable images that are not hidden, in the order of their ids, from the one after `afterId`. */
  usable(query: { collectionId: CollectionId; afterId: number; limit: number }): UsableImage[] {
    return this.#usable.all(query).map(toListed);
  }

  /** How many files have which problem, the most frequent first. */
  problems(collectionId: CollectionId): { code: ProblemCode; count: number }[] {
    return this.#problems
      .all(collectionId)
      .map(({ code, count }) => ({ code: ProblemCode.parse(code), count }));
  }
}

/** Several lists, each ordered by (rel_path, id) as SQLite orders text (by bytes), as one. */
function mergeByPath<Row extends IdRow>(lists: Row[][]): Row[] {
  const filled = lists.filter(({ length }) => length > 0);
  const [only, ...others] = filled;
  if (others.length === 0) return only ?? [];
  return filled
    .flat()
    .sort((a, b) => Buffer.compare(Buffer.from(a.rel_path), Buffer.from(b.rel_path)) || a.id - b.id);
}
