import type { Statement } from 'better-sqlite3';
import type { Collection } from '../contract/collection.ts';
import { CollectionId } from '../contract/ids.ts';
import type { WritableDb } from './connection.ts';

type Row = {
  id: number;
  name: string;
  root_path: string;
  created_at_ms: number;
  last_scan_at_ms: number | null;
  ok_count: number;
  changed_count: number;
  missing_count: number;
  problem_count: number;
  duplicate_count: number;
};

/**
 * Images deleted in one step: each touches about thirty pages of the indexes, so that sixteen with three masks
 * take about twenty milliseconds.
 */
const CHUNK_ROWS = 16;

/** Collections, with counters that triggers keep (see the migration). */
export class CollectionRepository {
  readonly #list: Statement<[], Row>;
  readonly #get: Statement<[number], Row>;
  readonly #insert: Statement<[{ name: string; rootPath: string; createdAtMs: number }]>;
  readonly #rename: Statement<[string, number]>;
  readonly #removeChunk: (id: CollectionId) => { images: number; isComplete: boolean };

  constructor(db: WritableDb) {
    this.#list = db.prepare('SELECT * FROM collections ORDER BY id');
    this.#get = db.prepare('SELECT * FROM collections WHERE id = ?');
    this.#insert = db.prepare(
      'INSERT INTO collections (name, root_path, created_at_ms) VALUES (@name, @rootPath, @createdAtMs)',
    );
    this.#rename = db.prepare('UPDATE collections SET name = ? WHERE id = ?');
    const removeImages = db.prepare(
      'DELETE FROM images WHERE id IN (SELECT id FROM images WHERE collection_id = ? ORDER BY id LIMIT ?)',
    );
    const remove = db.prepare('DELETE FROM collections WHERE id = ?');
    this.#removeChunk = db.transaction((id: CollectionId) => {
      const images = removeImages.run(id, CHUNK_ROWS).changes;
      const isComplete = images < CHUNK_ROWS;
      if (isComplete) remove.run(id);
      return { images, isComplete };
    });
  }

  list(): Collection[] {
    return this.#list.all().map(toCollection);
  }

  get(id: CollectionId): Collection | undefined {
    const row = this.#get.get(id);
    return row && toCollection(row);
  }

  insert(collection: { name: string; rootPath: string; createdAtMs: number }): CollectionId {
    return CollectionId.parse(Number(this.#insert.run(collection).lastInsertRowid));
  }

  rename(id: CollectionId, name: string): void {
    this.#rename.run(name, id);
  }

  /**
   * Deletes some of a collection's images with all that was made from them, and the collection itself with
   * the last of them. Call it until `isComplete`, with a breath in between: 100,000 images take seconds.
   */
  removeChunk(id: CollectionId): { images: number; isComplete: boolean } {
    return this.#removeChunk(id);
  }
}

function toCollection(row: Row): Collection {
  const usable = row.ok_count + row.changed_count;
  return {
    id: CollectionId.parse(row.id),
    name: row.name,
    rootPath: row.root_path,
    createdAtMs: row.created_at_ms,
    lastScanAtMs: row.last_scan_at_ms,
    counts: {
      total: usable + row.missing_count + row.problem_count,
      usable,
      changed: row.changed_count,
      missing: row.missing_count,
      problems: row.problem_count,
      duplicates: row.duplicate_count,
    },
  };
}
