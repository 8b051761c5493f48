import type { Statement } from 'better-sqlite3';
import { z } from 'zod';
import { ImageId } from '../contract/ids.ts';
import type { ImageIdsRequest, ImageSort } from '../contract/image.ts';
import type { ReadableDb } from './connection.ts';
import { decodeCursor, toPage, type Page } from './cursor.ts';

type Shape = {
  sort: ImageSort;
  isDescending: boolean;
  hasProblem: boolean;
  isHidden: boolean | undefined;
  hasTag: boolean;
  /** Spellings that a path is searched for. */
  spellingCount: number;
};
type IdRow = { id: number; key: string | number };
type Values = Record<string, string | number | Uint8Array>;

const KEYS: Record<ImageSort, string> = {
  path: 'rel_path',
  changed: 'mtime_ms',
  size: 'size_bytes',
  // What is not measured has a place in the order too, or it would be in no list.
  brightness: 'ifnull(brightness, -1)',
};
/** In SQLite a blob comes after every text. */
const AFTER_ALL_TEXTS = new Uint8Array();
const FARTHEST = 1e300;

const PathPosition = z.tuple([z.string(), z.number().int()]);
const NumberPosition = z.tuple([z.number(), z.number().int()]);

/** [Note: Plans of lists] Exported so that a test can assert how SQLite answers it. */
export function imageIdSql({
  sort,
  isDescending,
  hasProblem,
  isHidden,
  hasTag,
  spellingCount,
}: Shape): string {
  const key = KEYS[sort];
  const direction = isDescending ? 'DESC' : 'ASC';
  const spellings = Array.from({ length: spellingCount }, (_, at) => `rel_path LIKE @like${at} ESCAPE '\\'`);
  const conditions = [
    'collection_id = @collectionId',
    'status = @status',
    `(${key}, id) ${isDescending ? '<' : '>'} (@afterKey, @afterId)`,
    ...(hasProblem ? ['problem_code = @problem'] : []),
    ...(isHidden === undefined ? [] : [`hidden_by IS ${isHidden ? 'NOT ' : ''}NULL`]),
    ...(hasTag ? ['id IN (SELECT image_id FROM image_tags WHERE tag = @tag)'] : []),
    ...(spellingCount > 0 ? [`(${spellings.join(' OR ')})`] : []),
  ];
  return `SELECT id, ${key} AS key FROM images WHERE ${conditions.join(' AND ')}
    ORDER BY ${key} ${direction}, id ${direction} LIMIT @limit`;
}

/** The ids of the images of collections: of those in some states whose path contains a text, in some order. */
export class ImageIdList {
  readonly #db: ReadableDb;
  readonly #statements = new Map<string, Statement<[Values], IdRow>>();

  constructor(db: ReadableDb) {
    this.#db = db;
  }

  /** @throws UserError BAD_INPUT for a cursor that is not of this list */
  page(query: ImageIdsRequest): Page<ImageId> {
    const { collectionId, statuses, problem, isHidden, tag, sort, cursor, limit } = query;
    // Paths start with the first letter; dates and sizes with what is newest or largest.
    const isDescending = (sort === 'path') === query.isReversed;
    const spellings = spellingsOf(query.search ?? '');
    const shape = {
      sort,
      isDescending,
      hasProblem: problem !== undefined,
      isHidden,
      hasTag: tag !== undefined,
    };
    const statement = this.#statement(imageIdSql({ ...shape, spellingCount: spellings.length }));
    const [afterKey, afterId] = cursor === null ? startOf(sort, isDescending) : positionOf(cursor, sort);
    const values = {
      collectionId,
      afterKey,
      afterId,
      limit: limit + 1,
      ...(problem !== undefined && { problem }),
      ...(tag !== undefined && { tag }),
      ...Object.fromEntries(spellings.map((text, at) => [`like${at}`, likePattern(text)])),
    };
    const lists = [...new Set(statuses)].map((status) => statement.all({ ...values, status }));
    return toPage(
      merge(lists, isDescending),
      limit,
      ({ id }) => ImageId.parse(id),
      ({ key, id }) => [key, id],
    );
  }

  #statement(sql: string): Statement<[Values], IdRow> {
    const statement = this.#statements.get(sql) ?? this.#db.prepare<[Values], IdRow>(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function positionOf(cursor: string, sort: ImageSort): [string | number, number] {
  return decodeCursor(cursor, sort === 'path' ? PathPosition : NumberPosition);
}

/** A position before all rows. */
function startOf(sort: ImageSort, isDescending: boolean): [string | number | Uint8Array, number] {
  if (sort !== 'path') return [isDescending ? FARTHEST : -FARTHEST, 0];
  return [isDescending ? AFTER_ALL_TEXTS : '', 0];
}

/**
 * What to search paths for: SQLite ignores the case of ASCII letters only, and file systems write accents in two ways.
 */
function spellingsOf(search: string): string[] {
  const text = search.trim();
  if (text === '') return [];
  const cases = [text.toLowerCase(), text.toUpperCase(), text];
  const forms = cases.flatMap((one) => [one.normalize('NFC'), one.normalize('NFD')]);
  // eslint-disable-next-line no-control-regex -- the range of ASCII
  return /^[\u0000-\u007f]*$/.test(text) ? [text] : [...new Set(forms)];
}

function likePattern(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}

/** Several lists, each in the same order, as one. Text is ordered by its bytes, as SQLite does. */
function merge(lists: IdRow[][], isDescending: boolean): IdRow[] {
  const filled = lists.filter(({ length }) => length > 0);
  const [only, ...others] = filled;
  if (others.length === 0) return only ?? [];
  const sign = isDescending ? -1 : 1;
  return filled.flat().sort((a, b) => sign * (compareKeys(a.key, b.key) || a.id - b.id));
}

function compareKeys(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
}
