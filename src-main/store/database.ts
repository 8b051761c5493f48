import type { ReadableDb, WritableDb } from './connection.ts';
import Database from 'better-sqlite3';
import { CollectionRepository } from './collections.ts';
import { ConceptRepository } from './concepts.ts';
import { DatasetRowRepository } from './dataset-rows.ts';
import { DatasetRepository } from './datasets.ts';
import { DecisionRepository } from './decisions.ts';
import { DescriptionRepository } from './descriptions.ts';
import { ExportRepository } from './exports.ts';
import { ForegroundProposalRepository } from './foreground-proposals.ts';
import { GalleryRepository } from './gallery.ts';
import { LikelyRightRepository } from './likely-right.ts';
import { LookAlikeRepository } from './look-alikes.ts';
import { ImageRepository } from './images.ts';
import { JobRepository } from './jobs.ts';
import { MapPointRepository } from './map-points.ts';
import { MaskMeasures } from './mask-measures.ts';
import { MaskEditRepository } from './mask-edits.ts';
import { MaskImportRepository } from './mask-imports.ts';
import { knownMigrations, migrate, refuseForeign, type Migration } from './migrate.ts';
import { ModelRepository } from './models.ts';
import { MovedImageRepository } from './moved-images.ts';
import { makePrivate } from './private-folder.ts';
import { ReviewQueueRepository } from './review-queue.ts';
import { RunRepository } from './runs.ts';
import { ScanRepository } from './scans.ts';
import { SegmentationRepository } from './segmentations.ts';
import { SettingsRepository } from './settings.ts';
import { ShardRepository } from './shards.ts';
import { checkNowAndThen, wasLeftOpen } from './soundness.ts';
import { TagRepository } from './tags.ts';
import { translateSqliteError, withTranslatedErrors } from './sqlite-errors.ts';
import { VersionContents } from './version-contents.ts';

export type StoreOptions = {
  nowMs: () => number;
  /** For tests of migrating; the app uses those it was built with. */
  migrations?: readonly Migration[];
};

/**
 * Opens the database of a data folder for reading and writing, and brings its schema up to date.
 * @throws UserError DATABASE_TOO_NEW, DATABASE_DAMAGED, DATA_FOLDER_BUSY, DATA_FOLDER_UNUSABLE, DISK_FULL
 */
export function openStore(file: string, options: StoreOptions): Store {
  let db: Database.Database | undefined;
  try {
    const wasClosed = !wasLeftOpen(file);
    // SQLite gives its log the rights of the database.
    for (const path of [file, `${file}-wal`, `${file}-shm`]) makePrivate(path);
    db = new Database(file);
    const migrations = options.migrations ?? knownMigrations();
    refuseForeign(db, migrations);
    makePrivate(file);
    configure(db);
    if (hasTables(db)) checkNowAndThen(db, { wasClosed, nowMs: options.nowMs() });
    migrate(db, migrations, options.nowMs);
    return new Store(db);
  } catch (error) {
    db?.close();
    throw translateSqliteError(error, file);
  }
}

function hasTables(db: Database.Database): boolean {
  return db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'settings'`).get() !== undefined;
}

function configure(db: Database.Database): void {
  // Readers are not blocked while the service writes.
  db.pragma('journal_mode = WAL');
  // With WAL, NORMAL cannot damage the file; a power cut may undo the last transactions, which a job redoes.
  db.pragma('synchronous = NORMAL');
  db.pragma('foreign_keys = ON');
  db.pragma('busy_timeout = 5000');
  db.pragma('cache_size = -65536');
}

/** The open database, one repository a concern. Disposing it closes the file. */
export class Store {
  readonly collections: CollectionRepository;
  readonly images: ImageRepository;
  readonly scans: ScanRepository;
  readonly movedImages: MovedImageRepository;
  readonly jobs: JobRepository;
  readonly runs: RunRepository;
  readonly settings: SettingsRepository;
  readonly segmentations: SegmentationRepository;
  readonly concepts: ConceptRepository;
  readonly gallery: GalleryRepository;
  readonly likelyRight: LikelyRightRepository;
  readonly models: ModelRepository;
  readonly datasets: DatasetRepository;
  readonly datasetRows: DatasetRowRepository;
  readonly versionContents: VersionContents;
  readonly descriptions: DescriptionRepository;
  readonly decisions: DecisionRepository;
  readonly reviewQueue: ReviewQueueRepository;
  readonly foregroundProposals: ForegroundProposalRepository;
  readonly lookAlikes: LookAlikeRepository;
  readonly mapPoints: MapPointRepository;
  readonly exports: ExportRepository;
  readonly maskMeasures: MaskMeasures;
  readonly maskEdits: MaskEditRepository;
  readonly maskImports: MaskImportRepository;
  readonly shards: ShardRepository;
  readonly tags: TagRepository;
  readonly #db: Database.Database;
  readonly #transaction: (work: () => void) => void;

  constructor(db: Database.Database) {
    this.#db = db;
    // The brands exist only in the types; this connection was opened for writing.
    const writable = withTranslatedErrors(db) as unknown as WritableDb;
    const readable = writable as unknown as ReadableDb;
    this.#transaction = writable.transaction((work: () => void) => work());
    this.collections = new CollectionRepository(writable);
    this.images = new ImageRepository(readable);
    this.scans = new ScanRepository(writable);
    this.movedImages = new MovedImageRepository(writable);
    this.jobs = new JobRepository(writable);
    this.runs = new RunRepository(writable);
    this.settings = new SettingsRepository(writable);
    this.tags = new TagRepository(writable);
    this.maskMeasures = new MaskMeasures(readable);
    this.segmentations = new SegmentationRepository(writable);
    this.concepts = new ConceptRepository(writable);
    this.gallery = new GalleryRepository(readable);
    this.likelyRight = new LikelyRightRepository(readable);
    this.datasets = new DatasetRepository(writable);
    this.datasetRows = new DatasetRowRepository(writable);
    this.versionContents = new VersionContents(writable);
    this.decisions = new DecisionRepository(readable);
    this.reviewQueue = new ReviewQueueRepository(writable);
    this.foregroundProposals = new ForegroundProposalRepository(writable);
    this.descriptions = new DescriptionRepository(writable);
    this.lookAlikes = new LookAlikeRepository(writable);
    this.mapPoints = new MapPointRepository(readable);
    this.exports = new ExportRepository(writable);
    this.maskEdits = new MaskEditRepository(writable);
    this.maskImports = new MaskImportRepository(writable, this.maskEdits);
    this.models = new ModelRepository(writable);
    this.shards = new ShardRepository(writable);
  }

  /**
   * Writes several rows that mean nothing without each other, such as a run and its job: all of them, or none.
   * @throws what `work` throws, with nothing written
   */
  together<T>(work: () => T): T {
    const results: T[] = [];
    this.#transaction(() => void results.push(work()));
    // The transaction has called it once, or has thrown.
    return results[0] as T;
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}
