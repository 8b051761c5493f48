import type { Statement } from 'better-sqlite3';
import {
  DatasetCounts,
  DatasetRecipe,
  type Dataset,
  type DatasetClass,
  type DatasetVersion,
  type DatasetVersionDetail,
} from '../contract/dataset.ts';
import { DatasetId, DatasetVersionId } from '../contract/ids.ts';
import type { WritableDb } from './connection.ts';

type DatasetRow = { id: number; name: string; created_at_ms: number };
type VersionRow = {
  id: number;
  dataset_id: number;
  name: string;
  number: number;
  recipe: string;
  counts: string;
  created_at_ms: number;
};

/** Images deleted in one step, with their few masks each: some milliseconds. */
const CHUNK_ROWS = 64;

const VERSION_SQL = `
  SELECT v.*, d.name FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id WHERE v.state = 'frozen'`;

/** Datasets and their versions. The images and masks of versions are in dataset-rows.ts. */
export class DatasetRepository {
  /** A version under construction: nobody sees it before it is frozen. */
  readonly begin: (version: { name: string; recipe: DatasetRecipe; nowMs: number }) => DatasetVersionId;
  readonly addClasses: (id: DatasetVersionId, classes: readonly DatasetClass[]) => void;
  /** Hides a version, and its dataset if that has no other, until `removeChunk` has removed them. */
  readonly markRemoved: (id: DatasetVersionId) => void;

  readonly #all: Statement<[], DatasetRow>;
  readonly #versionsOf: Statement<[number], VersionRow>;
  readonly #version: Statement<[number], VersionRow>;
  readonly #classesOf: Statement<[number], DatasetClass>;
  readonly #freeze: Statement<[string, number]>;
  readonly #markStale: Statement<[]>;
  readonly #removeChunk: () => boolean;

  constructor(db: WritableDb) {
    this.#all = db.prepare('SELECT * FROM datasets ORDER BY id');
    this.#versionsOf = db.prepare(`${VERSION_SQL} AND v.dataset_id = ? ORDER BY v.number DESC`);
    this.#version = db.prepare(`${VERSION_SQL} AND v.id = ?`);
    this.#classesOf = db.prepare(
      'SELECT number, name, colour FROM dataset_classes WHERE version_id = ? ORDER BY number',
    );
    this.#freeze = db.prepare(`UPDATE dataset_versions SET state = 'frozen', counts = ? WHERE id = ?`);
    this.#markStale = db.prepare(`UPDATE dataset_versions SET state = 'removing' WHERE state = 'building'`);
    this.begin = prepareBegin(db);
    const insertClass = db.prepare<[number, number, string, string]>(
      'INSERT INTO dataset_classes (version_id, number, name, colour) VALUES (?, ?, ?, ?)',
    );
    this.addClasses = db.transaction((id: DatasetVersionId, classes: readonly DatasetClass[]) => {
      for (const { number, name, colour } of classes) insertClass.run(id, number, name, colour);
    });
    const mark = db.prepare<[number]>(`UPDATE dataset_versions SET state = 'removing' WHERE id = ?`);
    this.markRemoved = (id) => void mark.run(id);
    this.#removeChunk = prepareRemoveChunk(db);
  }

  /** Those that have a frozen version, oldest first. */
  list(): Dataset[] {
    return this.#all.all().flatMap((row) => {
      const id = DatasetId.parse(row.id);
      const versions = this.#versionsOf.all(id).map(toVersion);
      return versions.length === 0 ? [] : [{ id, name: row.name, createdAtMs: row.created_at_ms, versions }];
    });
  }

  /** A frozen version with its recipe and its classes. */
  version(id: DatasetVersionId): DatasetVersionDetail | undefined {
    const row = this.#version.get(id);
    if (!row) return undefined;
    const recipe = DatasetRecipe.parse(JSON.parse(row.recipe));
    return { ...toVersion(row), recipe, classes: this.#classesOf.all(id) };
  }

  freeze(id: DatasetVersionId, counts: DatasetCounts): void {
    this.#freeze.run(JSON.stringify(counts), id);
  }

  /** Marks versions for removal that a process left half built. */
  markUnfinished(): void {
    this.#markStale.run();
  }

  /** Removes some rows of marked versions. Call it until it returns true, with a breath in between. */
  removeChunk(): boolean {
    return this.#removeChunk();
  }
}

function prepareBegin(db: WritableDb): DatasetRepository['begin'] {
  const find = db.prepare<[string], number>('SELECT id FROM datasets WHERE name = ?').pluck();
  const insert = db.prepare<[string, number]>('INSERT INTO datasets (name, created_at_ms) VALUES (?, ?)');
  const nextNumber = db
    // A number that an export carries is never given again, even where its version has been deleted since.
    .prepare<[number, string], number>(
      `SELECT 1 + max(
         ifnull((SELECT max(number) FROM dataset_versions WHERE dataset_id = ?), 0),
         ifnull((SELECT max(version_number) FROM exports WHERE dataset_name = ?), 0))`,
    )
    .pluck();
  const insertVersion = db.prepare<[number, number, string, number]>(
    'INSERT INTO dataset_versions (dataset_id, number, recipe, created_at_ms) VALUES (?, ?, ?, ?)',
  );
  return db.transaction(({ name, recipe, nowMs }: Parameters<DatasetRepository['begin']>[0]) => {
    const datasetId = find.get(name) ?? Number(insert.run(name, nowMs).lastInsertRowid);
    const number = nextNumber.get(datasetId, name) ?? 1;
    const { lastInsertRowid } = insertVersion.run(datasetId, number, JSON.stringify(recipe), nowMs);
    return DatasetVersionId.parse(Number(lastInsertRowid));
  });
}

function prepareRemoveChunk(db: WritableDb): () => boolean {
  const marked = db
    .prepare<[], number>(`SELECT id FROM dataset_versions WHERE state = 'removing' ORDER BY id LIMIT 1`)
    .pluck();
  const removeImages = db.prepare<[number, number]>(
    'DELETE FROM dataset_images WHERE id IN (SELECT id FROM dataset_images WHERE version_id = ? LIMIT ?)',
  );
  const removeVersion = db.prepare<[number]>('DELETE FROM dataset_versions WHERE id = ?');
  const removeEmpty = db.prepare(
    'DELETE FROM datasets WHERE id NOT IN (SELECT dataset_id FROM dataset_versions)',
  );
  return db.transaction(() => {
    const id = marked.get();
    if (id === undefined) return true;
    if (removeImages.run(id, CHUNK_ROWS).changes < CHUNK_ROWS) {
      removeVersion.run(id);
      removeEmpty.run();
    }
    return false;
  });
}

function toVersion(row: VersionRow): DatasetVersion {
  return {
    id: DatasetVersionId.parse(row.id),
    datasetId: DatasetId.parse(row.dataset_id),
    datasetName: row.name,
    number: row.number,
    counts: DatasetCounts.parse(JSON.parse(row.counts)),
    createdAtMs: row.created_at_ms,
  };
}
