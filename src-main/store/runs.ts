import type { Statement } from 'better-sqlite3';
import { CollectionId, ContentHash, ImageId, JobId, ModelId, RunId } from '../contract/ids.ts';
import { JobState } from '../contract/job-state.ts';
import { PresetName, PretrainConfig } from '../contract/pretrain.ts';
import { RunMetric, SkippedImage, type MetricCurve, type Run, type RunPreviews } from '../contract/run.ts';
import type { MetricPoint } from '../domain/metric-point.ts';
import type { WritableDb } from './connection.ts';
import { fromHash, toHash } from './image-row.ts';

export type NewRun = Pick<
  Run,
  | 'collectionId'
  | 'parentModelId'
  | 'name'
  | 'preset'
  | 'config'
  | 'device'
  | 'imageCount'
  | 'totalSteps'
  | 'createdAtMs'
>;

/** The file that a run resumes from, in the run's own folder. */
export type CheckpointFile = { file: string; sha256: Uint8Array; step: number };

export type NewPreview = {
  runId: RunId;
  step: number;
  images: readonly { imageId: ImageId; contentHash: ContentHash; png: Uint8Array }[];
};

type Row = {
  id: number;
  collection_id: number | null;
  job_id: number | null;
  job_state: string | null;
  parent_model_id: number | null;
  name: string;
  preset: string;
  config: string;
  device: string;
  image_count: number;
  total_steps: number;
  step: number;
  checkpoint_file: string | null;
  checkpoint_sha256: Uint8Array | null;
  checkpoint_step: number | null;
  best_step: number | null;
  best_stability: number | null;
  skipped: string;
  created_at_ms: number;
  finished_at_ms: number | null;
};

const SELECT = 'SELECT runs.*, jobs.state AS job_state FROM runs LEFT JOIN jobs ON jobs.id = runs.job_id';
/** Maximum number of skipped images listed by name: if a drive is disconnected, every image is one of them. */
const MAX_SKIPPED = 100;

/** Pretrainings with their curves and previews. */
export class RunRepository {
  /** Saves points of curves; an existing value is replaced. */
  readonly saveMetrics: (id: RunId, points: readonly MetricPoint[]) => void;
  /** Saves the region maps of a step in place of those it had. */
  readonly savePreview: (preview: NewPreview) => void;
  /** Records images that the run skipped, each once. */
  readonly addSkipped: (id: RunId, skipped: readonly SkippedImage[]) => void;

  readonly #insert: Statement<[Record<string, unknown>]>;
  readonly #get: Statement<[number], Row>;
  readonly #list: Statement<[], Row>;
  readonly #ofCollection: Statement<[number], Row>;
  readonly #setJob: Statement<[number | null, number]>;
  readonly #setDevice: Statement<[string, number]>;
  readonly #setPlan: Statement<[Record<string, unknown>]>;
  readonly #setImageCount: Statement<[Record<string, unknown>]>;
  readonly #setCheckpoint: Statement<[Record<string, unknown>]>;
  readonly #setBest: Statement<[number, number, number]>;
  readonly #finish: Statement<[number, number]>;
  readonly #rename: Statement<[string, number]>;
  readonly #remove: Statement<[number]>;
  readonly #names: Statement<[number], string>;
  readonly #curve: Statement<[Record<string, unknown>], { step: number; value: number }>;
  readonly #lastStep: Statement<[number, string], number | null>;
  readonly #previewSteps: Statement<[number], number>;
  readonly #previewImages: Statement<[number], { image_id: number; content_hash: Uint8Array }>;
  readonly #previewPng: Statement<[number, number, number], Uint8Array>;

  constructor(db: WritableDb) {
    this.#insert = db.prepare(`
      INSERT INTO runs (collection_id, parent_model_id, name, preset, config, device, seed, image_count,
        total_steps, created_at_ms)
      VALUES (@collectionId, @parentModelId, @name, @preset, @config, @device, @seed, @imageCount,
        @totalSteps, @createdAtMs)`);
    this.#get = db.prepare(`${SELECT} WHERE runs.id = ?`);
    this.#list = db.prepare(`${SELECT} ORDER BY runs.id DESC`);
    this.#ofCollection = db.prepare(`${SELECT} WHERE collection_id = ? ORDER BY runs.id DESC`);
    this.#setJob = db.prepare('UPDATE runs SET job_id = ? WHERE id = ?');
    this.#setDevice = db.prepare('UPDATE runs SET device = ? WHERE id = ?');
    this.#setPlan = db.prepare(`
      UPDATE runs SET config = @config, total_steps = @totalSteps, finished_at_ms = NULL WHERE id = @id`);
    this.#setImageCount = db.prepare(
      'UPDATE runs SET image_count = @imageCount, total_steps = @totalSteps WHERE id = @id',
    );
    this.#setCheckpoint = db.prepare(`
      UPDATE runs SET checkpoint_file = @file, checkpoint_sha256 = @sha256, checkpoint_step = @step, step = @step
      WHERE id = @id`);
    this.#setBest = db.prepare('UPDATE runs SET best_step = ?, best_stability = ? WHERE id = ?');
    this.#finish = db.prepare('UPDATE runs SET finished_at_ms = ? WHERE id = ?');
    this.#rename = db.prepare('UPDATE runs SET name = ? WHERE id = ?');
    this.#remove = db.prepare('DELETE FROM runs WHERE id = ?');
    this.#names = db
      .prepare<[number], string>('SELECT DISTINCT name FROM run_metrics WHERE run_id = ?')
      .pluck();
    this.#curve = db.prepare(`
      SELECT max(step) AS step, avg(value) AS value FROM run_metrics
      WHERE run_id = @id AND name = @name GROUP BY step / CAST(@width AS INTEGER) ORDER BY step`);
    this.#lastStep = db
      .prepare<[number, string], number | null>(
        'SELECT max(step) FROM run_metrics WHERE run_id = ? AND name = ?',
      )
      .pluck();
    this.#previewSteps = db
      .prepare<[number], number>('SELECT DISTINCT step FROM run_previews WHERE run_id = ? ORDER BY step')
      .pluck();
    this.#previewImages = db.prepare(
      'SELECT DISTINCT image_id, content_hash FROM run_previews WHERE run_id = ? ORDER BY image_id',
    );
    this.#previewPng = db
      .prepare<[number, number, number], Uint8Array>(
        'SELECT png FROM run_previews WHERE run_id = ? AND image_id = ? AND step = ?',
      )
      .pluck();

    const saveMetric = db.prepare<[Record<string, unknown>]>(`
      INSERT INTO run_metrics (run_id, name, step, value) VALUES (@id, @name, @step, @value)
      ON CONFLICT (run_id, name, step) DO UPDATE SET value = excluded.value`);
    this.saveMetrics = db.transaction((id: RunId, points: readonly MetricPoint[]) => {
      for (const point of points) saveMetric.run({ id, ...point });
    });
    const saveImage = db.prepare<[Record<string, unknown>]>(`
      INSERT INTO run_previews (run_id, step, image_id, content_hash, png)
      VALUES (@runId, @step, @imageId, @hash, @png)
      ON CONFLICT (run_id, image_id, step) DO UPDATE SET png = excluded.png, content_hash = excluded.content_hash`);
    this.savePreview = db.transaction(({ runId, step, images }: NewPreview) => {
      for (const { imageId, contentHash, png } of images) {
        saveImage.run({ runId, step, imageId, hash: fromHash(contentHash), png });
      }
    });
    const setSkipped = db.prepare<[string, number]>('UPDATE runs SET skipped = ? WHERE id = ?');
    this.addSkipped = db.transaction((id: RunId, skipped: readonly SkippedImage[]) => {
      const saved = this.get(id)?.skippedImages ?? [];
      const all = new Map([...saved, ...skipped].map((image) => [image.relPath, image]));
      if (all.size > saved.length)
        setSkipped.run(JSON.stringify([...all.values()].slice(0, MAX_SKIPPED)), id);
    });
  }

  insert(run: NewRun): RunId {
    const { lastInsertRowid } = this.#insert.run({
      ...run,
      config: JSON.stringify(run.config),
      seed: run.config.seed,
    });
    return RunId.parse(Number(lastInsertRowid));
  }

  get(id: RunId): Run | undefined {
    const row = this.#get.get(id);
    return row && toRun(row);
  }

  /** Newest first; of one collection, or of all. */
  list(collectionId?: CollectionId): Run[] {
    const rows = collectionId === undefined ? this.#list.all() : this.#ofCollection.all(collectionId);
    return rows.map(toRun);
  }

  /** Where the run resumes from; undefined before its first checkpoint. */
  checkpoint(id: RunId): CheckpointFile | undefined {
    const row = this.#get.get(id);
    if (!row?.checkpoint_file || !row.checkpoint_sha256) return undefined;
    return { file: row.checkpoint_file, sha256: row.checkpoint_sha256, step: row.checkpoint_step ?? 0 };
  }

  setJob(id: RunId, jobId: JobId | null): void {
    this.#setJob.run(jobId, id);
  }

  setDevice(id: RunId, device: string): void {
    this.#setDevice.run(device, id);
  }

  /** Gives a run another configuration to continue with. */
  setPlan(id: RunId, { config, totalSteps }: Pick<Run, 'config' | 'totalSteps'>): void {
    this.#setPlan.run({ id, config: JSON.stringify(config), totalSteps });
  }

  /** The images that a run really found when it started. */
  setImageCount(id: RunId, { imageCount, totalSteps }: Pick<Run, 'imageCount' | 'totalSteps'>): void {
    this.#setImageCount.run({ id, imageCount, totalSteps });
  }

  setCheckpoint(id: RunId, checkpoint: CheckpointFile): void {
    this.#setCheckpoint.run({ id, ...checkpoint });
  }

  setBest(id: RunId, { step, stability }: { step: number; stability: number }): void {
    this.#setBest.run(step, stability, id);
  }

  finish(id: RunId, finishedAtMs: number): void {
    this.#finish.run(finishedAtMs, id);
  }

  rename(id: RunId, name: string): void {
    this.#rename.run(name, id);
  }

  /** Deletes a run with its curves and previews; its models stay. Its folder is the caller's to delete. */
  remove(id: RunId): void {
    this.#remove.run(id);
  }

  /** Curves by name, all of them by default, each thinned to at most `maxPoints` means. */
  curves(
    id: RunId,
    { names, maxPoints }: { names?: readonly RunMetric[] | undefined; maxPoints: number },
  ): MetricCurve[] {
    const present = this.#names.all(id).map((name) => RunMetric.parse(name));
    const wanted = names ? present.filter((name) => names.includes(name)) : present;
    return wanted.map((name) => {
      const width = Math.ceil(((this.#lastStep.get(id, name) ?? 0) + 1) / maxPoints);
      const rows = this.#curve.all({ id, name, width });
      return { name, points: rows.map(({ step, value }) => [step, value]) };
    });
  }

  previews(id: RunId): RunPreviews {
    return {
      steps: this.#previewSteps.all(id),
      images: this.#previewImages.all(id).map(({ image_id, content_hash }) => ({
        imageId: ImageId.parse(image_id),
        contentHash: toHash(content_hash),
      })),
    };
  }

  /** The region map of one image at one step, as PNG. */
  previewPng(id: RunId, step: number, imageId: ImageId): Uint8Array | undefined {
    return this.#previewPng.get(id, imageId, step);
  }
}

function toRun(row: Row): Run {
  return {
    id: RunId.parse(row.id),
    collectionId: row.collection_id === null ? null : CollectionId.parse(row.collection_id),
    jobId: row.job_id === null ? null : JobId.parse(row.job_id),
    state: row.job_state === null ? null : JobState.parse(row.job_state),
    parentModelId: row.parent_model_id === null ? null : ModelId.parse(row.parent_model_id),
    name: row.name,
    preset: PresetName.parse(row.preset),
    config: configOf(row.config),
    device: row.device,
    imageCount: row.image_count,
    totalSteps: row.total_steps,
    step: row.step,
    checkpointStep: row.checkpoint_step,
    best:
      row.best_step === null || row.best_stability === null
        ? null
        : { step: row.best_step, stability: row.best_stability },
    skippedImages: SkippedImage.array().parse(JSON.parse(row.skipped)),
    createdAtMs: row.created_at_ms,
    finishedAtMs: row.finished_at_ms,
  };
}

/** Runs from before `epochImages` saw all images in every epoch. */
function configOf(json: string): PretrainConfig {
  const stored: unknown = JSON.parse(json);
  return PretrainConfig.parse({ epochImages: null, ...Object(stored) });
}
