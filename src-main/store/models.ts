import type { Statement } from 'better-sqlite3';
import { ModelId, RunId } from '../contract/ids.ts';
import { ModelCard, ModelOrigin, type Model } from '../contract/model.ts';
import type { WritableDb } from './connection.ts';
import { fromHash, toHash } from './image-row.ts';

type Row = {
  id: number;
  name: string;
  origin: string;
  architecture: string;
  file: string | null;
  file_sha256: Uint8Array | null;
  run_id: number | null;
  card: string;
  created_at_ms: number;
};

/** Encoders: rows here, weights in files below the data folder. */
export class ModelRepository {
  readonly #insert: Statement<[Record<string, unknown>]>;
  readonly #list: Statement<[], Row>;
  readonly #get: Statement<[number], Row>;
  readonly #ofRun: Statement<[number], Row>;
  readonly #rename: Statement<[string, number]>;
  readonly #remove: Statement<[number]>;

  constructor(db: WritableDb) {
    this.#insert = db.prepare(`
      INSERT INTO models (name, origin, architecture, file, file_sha256, run_id, card, created_at_ms)
      VALUES (@name, @origin, @architecture, @file, @sha256, @runId, @card, @createdAtMs)`);
    this.#list = db.prepare('SELECT * FROM models ORDER BY id DESC');
    this.#get = db.prepare('SELECT * FROM models WHERE id = ?');
    this.#ofRun = db.prepare('SELECT * FROM models WHERE run_id = ? ORDER BY id DESC');
    this.#rename = db.prepare('UPDATE models SET name = ? WHERE id = ?');
    this.#remove = db.prepare('DELETE FROM models WHERE id = ?');
  }

  /** A file must be on the disk before its model is inserted. */
  insert(model: Omit<Model, 'id'>): ModelId {
    const { lastInsertRowid } = this.#insert.run({
      ...model,
      sha256: model.sha256 && fromHash(model.sha256),
      card: JSON.stringify(model.card),
    });
    return ModelId.parse(Number(lastInsertRowid));
  }

  /** Newest first. */
  list(): Model[] {
    return this.#list.all().map(toModel);
  }

  get(id: ModelId): Model | undefined {
    const row = this.#get.get(id);
    return row && toModel(row);
  }

  /** What a pretraining has made, newest first. */
  ofRun(id: RunId): Model[] {
    return this.#ofRun.all(id).map(toModel);
  }

  rename(id: ModelId, name: string): void {
    this.#rename.run(name, id);
  }

  /** Deletes the model's row; the caller deletes its file. What was made with it stays. */
  remove(id: ModelId): void {
    this.#remove.run(id);
  }
}

function toModel(row: Row): Model {
  return {
    id: ModelId.parse(row.id),
    name: row.name,
    origin: ModelOrigin.parse(row.origin),
    architecture: row.architecture,
    file: row.file,
    sha256: row.file_sha256 && toHash(row.file_sha256),
    runId: row.run_id === null ? null : RunId.parse(row.run_id),
    card: ModelCard.parse(JSON.parse(row.card)),
    createdAtMs: row.created_at_ms,
  };
}
