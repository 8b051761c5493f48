import type { Statement } from 'better-sqlite3';
import type { DatasetVersion } from '../contract/dataset.ts';
import { ExportOptions, ExportResult, type Export } from '../contract/export.ts';
import { DatasetVersionId, ExportId, JobId } from '../contract/ids.ts';
import type { WritableDb } from './connection.ts';

type Row = {
  id: number;
  version_id: number | null;
  job_id: number | null;
  dataset_name: string;
  version_number: number;
  options: string;
  result: string | null;
  created_at_ms: number;
  finished_at_ms: number | null;
};

/** Exports that were made or are under way. */
export class ExportRepository {
  readonly #insert: Statement<[Record<string, unknown>]>;
  readonly #get: Statement<[number], Row>;
  readonly #ofVersion: Statement<[number], Row>;
  readonly #frozenVersion: Statement<[number], number>;
  readonly #setJob: Statement<[number, number]>;
  readonly #finish: Statement<[string, number, number]>;

  constructor(db: WritableDb) {
    this.#insert = db.prepare(`
      INSERT INTO exports (version_id, dataset_name, version_number, format, options, out_path, created_at_ms)
      VALUES (@id, @datasetName, @number, @format, @options, @outPath, @nowMs)`);
    this.#get = db.prepare('SELECT * FROM exports WHERE id = ?');
    this.#ofVersion = db.prepare('SELECT * FROM exports WHERE version_id = ? ORDER BY id DESC LIMIT 100');
    this.#frozenVersion = db
      .prepare<[number], number>(
        `SELECT v.id FROM exports e JOIN dataset_versions v ON v.id = e.version_id
         WHERE e.id = ? AND v.state = 'frozen'`,
      )
      .pluck();
    this.#setJob = db.prepare('UPDATE exports SET job_id = ? WHERE id = ?');
    this.#finish = db.prepare('UPDATE exports SET result = ?, finished_at_ms = ? WHERE id = ?');
  }

  insert(version: DatasetVersion, options: ExportOptions, nowMs: number): ExportId {
    const { id, datasetName, number } = version;
    const { format, outPath } = options;
    const { lastInsertRowid } = this.#insert.run({
      id,
      datasetName,
      number,
      format,
      outPath,
      nowMs,
      options: JSON.stringify(options),
    });
    return ExportId.parse(Number(lastInsertRowid));
  }

  get(id: ExportId): Export | undefined {
    const row = this.#get.get(id);
    return row && toExport(row);
  }

  /** The newest hundred of a version. */
  ofVersion(id: DatasetVersionId): Export[] {
    return this.#ofVersion.all(id).map(toExport);
  }

  /** The exported version, while it exists. */
  frozenVersion(id: ExportId): DatasetVersionId | undefined {
    const found = this.#frozenVersion.get(id);
    return found === undefined ? undefined : DatasetVersionId.parse(found);
  }

  setJob(id: ExportId, jobId: JobId): void {
    this.#setJob.run(jobId, id);
  }

  finish(id: ExportId, result: ExportResult, nowMs: number): void {
    this.#finish.run(JSON.stringify(result), nowMs, id);
  }
}

function toExport(row: Row): Export {
  return {
    id: ExportId.parse(row.id),
    versionId: row.version_id === null ? null : DatasetVersionId.parse(row.version_id),
    jobId: row.job_id === null ? null : JobId.parse(row.job_id),
    datasetName: row.dataset_name,
    versionNumber: row.version_number,
    options: ExportOptions.parse(JSON.parse(row.options)),
    result: row.result === null ? null : ExportResult.parse(JSON.parse(row.result)),
    createdAtMs: row.created_at_ms,
    finishedAtMs: row.finished_at_ms,
  };
}
