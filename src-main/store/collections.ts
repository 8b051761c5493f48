import type { Statement } from 'better-sqlite3';
import type { BrightnessSetting, LevelRange } from '../contract/brightness.ts';
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
  brightness: BrightnessSetting['kind'];
  brightness_from: number | null;
  brightness_to: number | null;
};

type RangeRow = { kind: string; level_from: number; level_to: number };

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
  readonly #ranges: Statement<[number], RangeRow>;
  readonly #deleteBrightness: (id: CollectionId, afterId: number) => number | null;
  readonly #setBrightness: (id: CollectionId, setting: BrightnessSetting) => void;
  readonly #addRanges: (id: CollectionId, ranges: Readonly<Record<string, LevelRange>>) => void;
  readonly #moveChunk: (id: CollectionId, rootPath: string) => boolean;
  readonly #removeChunk: (id: CollectionId) => { images: number; isComplete: boolean };

  constructor(db: WritableDb) {
    this.#list = db.prepare('SELECT * FROM collections ORDER BY id');
    this.#get = db.prepare('SELECT * FROM collections WHERE id = ?');
    this.#insert = db.prepare(
      'INSERT INTO collections (name, root_path, created_at_ms) VALUES (@name, @rootPath, @createdAtMs)',
    );
    this.#rename = db.prepare('UPDATE collections SET name = ? WHERE id = ?');
    this.#ranges = db.prepare(
      'SELECT kind, level_from, level_to FROM brightness_ranges WHERE collection_id = ?',
    );
    const setBrightness = db.prepare(
      'UPDATE collections SET brightness = ?, brightness_from = ?, brightness_to = ? WHERE id = ?',
    );
    const deleteRanges = db.prepare('DELETE FROM brightness_ranges WHERE collection_id = ?');
    const addRange = db.prepare('INSERT OR IGNORE INTO brightness_ranges VALUES (?, ?, ?, ?)');
    this.#setBrightness = db.transaction((id: CollectionId, setting: BrightnessSetting) => {
      const range = setting.kind === 'range' ? setting.range : null;
      setBrightness.run(setting.kind, range?.from ?? null, range?.to ?? null, id);
      deleteRanges.run(id);
    });
    const imageIds = db
      .prepare<[number, number, number], number>(
        'SELECT id FROM images WHERE collection_id = ? AND id > ? ORDER BY id LIMIT ?',
      )
      .pluck();
    const deleteBrightness = db.prepare<[number, number, number]>(`
      UPDATE images SET brightness = NULL
      WHERE collection_id = ? AND id > ? AND id <= ? AND bit_depth > 8 AND brightness IS NOT NULL`);
    this.#deleteBrightness = db.transaction((id: CollectionId, afterId: number) => {
      const last = imageIds.all(id, afterId, CHUNK_ROWS).at(-1);
      if (last === undefined) return null;
      deleteBrightness.run(id, afterId, last);
      return last;
    });
    this.#addRanges = db.transaction((id: CollectionId, ranges: Readonly<Record<string, LevelRange>>) => {
      for (const [kind, { from, to }] of Object.entries(ranges)) addRange.run(id, kind, from, to);
    });
    const moveFrozen = db.prepare<[Record<string, unknown>]>(`
      UPDATE dataset_images SET root_path = @rootPath WHERE id IN (
        SELECT d.id FROM collections c CROSS JOIN dataset_versions v
          JOIN dataset_images d ON d.version_id = v.id AND d.root_path = c.root_path
        WHERE c.id = @id AND c.root_path <> @rootPath LIMIT @limit)`);
    const move = db.prepare('UPDATE collections SET root_path = ? WHERE id = ?');
    this.#moveChunk = db.transaction((id: CollectionId, rootPath: string) => {
      const isComplete = moveFrozen.run({ id, rootPath, limit: CHUNK_ROWS }).changes < CHUNK_ROWS;
      if (isComplete) move.run(rootPath, id);
      return isComplete;
    });
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
    return this.#list.all().map((row) => this.#toCollection(row));
  }

  get(id: CollectionId): Collection | undefined {
    const row = this.#get.get(id);
    return row && this.#toCollection(row);
  }

  insert(collection: { name: string; rootPath: string; createdAtMs: number }): CollectionId {
    return CollectionId.parse(Number(this.#insert.run(collection).lastInsertRowid));
  }

  rename(id: CollectionId, name: string): void {
    this.#rename.run(name, id);
  }

  /**
   * Deletes the brightness of some images with more than 8 bits per sample, because other pictures are made of them from now
   * on. Call it with what it returned until that is null; one step takes a few milliseconds.
   */
  deleteBrightness(id: CollectionId, afterId: number): number | null {
    return this.#deleteBrightness(id, afterId);
  }

  /** Changes the rule and deletes the measured ranges. */
  setBrightness(id: CollectionId, setting: BrightnessSetting): void {
    this.#setBrightness(id, setting);
  }

  /** Keeps measured ranges, of kinds that have none yet. */
  addBrightnessRanges(id: CollectionId, ranges: Readonly<Record<string, LevelRange>>): void {
    this.#addRanges(id, ranges);
  }

  #toCollection(row: Row): Collection {
    const ranges = this.#ranges.all(row.id);
    const measured = Object.fromEntries(
      ranges.map(({ kind, level_from: from, level_to: to }) => [kind, { from, to }]),
    );
    return { ...toCollection(row), brightness: { setting: settingOf(row), measured } };
  }

  /**
   * Moves part of what was frozen from a collection to its new folder, and finally the collection. One step takes a few
   * milliseconds; after a kill, the rest is moved by beginning again.
   * @returns whether all of it has moved
   */
  moveChunk(id: CollectionId, rootPath: string): boolean {
    return this.#moveChunk(id, rootPath);
  }

  /**
   * Deletes some of a collection's images with all that was made from them, and the collection itself with
   * the last of them. Call it until `isComplete`, with a breath in between: 100,000 images take seconds.
   */
  removeChunk(id: CollectionId): { images: number; isComplete: boolean } {
    return this.#removeChunk(id);
  }
}

function settingOf({ brightness, brightness_from: from, brightness_to: to }: Row): BrightnessSetting {
  // A range is complete: the table checks it.
  return brightness === 'range'
    ? { kind: 'range', range: { from: from ?? 0, to: to ?? 1 } }
    : { kind: brightness };
}

function toCollection(row: Row): Omit<Collection, 'brightness'> {
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
