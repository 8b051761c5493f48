import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { CollectionCounts } from '../../src-main/contract/collection.ts';
import { CollectionId, ContentHash, ImageId, JobId, type MaskId } from '../../src-main/contract/ids.ts';
import { ProblemCode, type ImageFacts } from '../../src-main/contract/image.ts';
import type { ReviewState } from '../../src-main/contract/mask.ts';
import type { FoundFile, InspectedFile } from '../../src-main/domain/scan.ts';
import { openStore, type Store, type StoreOptions } from '../../src-main/store/database.ts';
import { knownMigrations, type Migration } from '../../src-main/store/migrate.ts';
import type { NewMask } from '../../src-main/store/preliminary-masks.ts';
import { startFromNewestSchema } from './newest-schema.ts';

/** A store on a real file, and a second connection for looking behind it and for rows made by hand. */
export class TestStore {
  readonly file: string;
  readonly store: Store;
  readonly db: Database.Database;

  constructor(folder: string, options: Partial<StoreOptions> = {}) {
    this.file = join(folder, 'studio.sqlite');
    if (!options.migrations) startFromNewestSchema(this.file);
    this.store = openStore(this.file, { nowMs: () => 0, ...options });
    this.db = new Database(this.file);
    this.db.pragma('foreign_keys = ON');
  }

  /** An empty collection. */
  collection(name = 'pets'): CollectionId {
    return this.store.collections.insert({ name, rootPath: `/photos/${name}`, createdAtMs: 0 });
  }

  /** The id of an image, by its path. */
  imageId(relPath: string): ImageId {
    return ImageId.parse(this.db.prepare('SELECT id FROM images WHERE rel_path = ?').pluck().get(relPath));
  }

  /** Path and status of every image of a collection, by path. */
  statuses(collectionId: CollectionId): Record<string, string> {
    const { items } = this.store.images.page({ collectionId, cursor: null, limit: 500 });
    return Object.fromEntries(items.map(({ relPath, status }) => [relPath, status]));
  }

  /** What the triggers should have counted, counted from the images. */
  recount(collectionId: CollectionId): CollectionCounts {
    // The columns below are exactly the fields of CollectionCounts.
    return this.db
      .prepare(
        `SELECT count(*) AS total,
           count(*) FILTER (WHERE status IN ('ok', 'changed')) AS usable,
           count(*) FILTER (WHERE status = 'changed') AS changed,
           count(*) FILTER (WHERE status = 'missing') AS missing,
           count(*) FILTER (WHERE status = 'problem') AS problems,
           count(*) FILTER (WHERE status IN ('ok', 'changed'))
             - count(DISTINCT content_hash) FILTER (WHERE status IN ('ok', 'changed')) AS duplicates
         FROM images WHERE collection_id = ?`,
      )
      .get(collectionId) as CollectionCounts;
  }

  [Symbol.dispose](): void {
    this.db.close();
    this.store[Symbol.dispose]();
  }
}

/** Reviews a mask as a person does: in a step that can be undone. */
export function reviewMask({ segmentations, maskEdits }: Store, id: MaskId, review: ReviewState): void {
  const mask = segmentations.getMask(id);
  if (!mask) throw new Error(`no mask ${id}`);
  const { segmentationId, imageId } = mask;
  maskEdits.apply({ segmentationId, imageId, kind: 'review', writes: [{ kind: 'review', id, review }] }, 0);
}

/** A file of an imagined folder: a number stands for its content, a problem code for a file that cannot be used. */
export type TestFile = {
  relPath: string;
  pathBytes?: Uint8Array | null;
  content: number | ProblemCode;
  mtimeMs?: number;
  changeTimeMs?: number | null;
};

export type ScanOfFolder = { collectionId: CollectionId; scanId: number; files: readonly TestFile[] };

/**
 * A whole scan of an imagined folder, as the scan job does it.
 * @returns the paths of the files that had to be opened
 */
export function scanFolder(store: Store, { collectionId, scanId, files }: ScanOfFolder): string[] {
  const scan = { collectionId, scanId: JobId.parse(scanId) };
  const toOpen = store.scans.diffFound({ ...scan, files: files.map(asFound) });
  const opened = files.filter((_, index) => toOpen.includes(index));
  store.scans.saveInspected({ ...scan, files: opened.map(asInspected) });
  while (!store.scans.finishChunk({ ...scan, finishedAtMs: scanId * 1_000 }));
  let at = store.movedImages.rejoinChunk(collectionId, null);
  while (at) at = store.movedImages.rejoinChunk(collectionId, at);
  return opened.map(({ relPath }) => relPath);
}

export function asFound(file: TestFile): FoundFile {
  const { relPath, pathBytes = null, content, mtimeMs = 1, changeTimeMs = null } = file;
  return { relPath, pathBytes, sizeBytes: sizeOf(content), mtimeMs, changeTimeMs, problem: null };
}

export function asInspected(file: TestFile): InspectedFile {
  const { relPath, pathBytes = null, content, mtimeMs = 1, changeTimeMs = null } = file;
  const isUsable = typeof content === 'number';
  return {
    relPath,
    pathBytes,
    mtimeMs,
    changeTimeMs,
    sizeBytes: sizeOf(content),
    note: null,
    facts: isUsable ? factsOf(content) : null,
    problem: isUsable ? null : { code: content, detail: `It is ${content}.` },
  };
}

/** Every content has its own size, so that a change of content shows without a change of time. */
function sizeOf(content: number | ProblemCode): number {
  return typeof content === 'number' ? 1_000 + content : ProblemCode.options.indexOf(content);
}

export function factsOf(content: number): ImageFacts {
  return {
    contentHash: hashOf(content),
    format: 'jpeg',
    widthPx: 640,
    heightPx: 480,
    orientation: 1,
    colourSpace: 'srgb',
    bitDepth: 8,
    hasAlpha: false,
    frameCount: 1,
    brightness: 0.5,
  };
}

/** A hash that shows which content it stands for. */
export function hashOf(content: number): ContentHash {
  return ContentHash.parse(content.toString(16).padStart(64, '0'));
}

/** A square mask; its run lengths are `areaPx` bytes of one value at most 300 long. */
export function maskOf(
  mask: Partial<Pick<NewMask, 'conceptId' | 'score' | 'areaPx' | 'level'>> = {},
): NewMask {
  const side = Math.ceil(Math.sqrt(mask.areaPx ?? 100));
  return {
    conceptId: null,
    origin: 'model',
    level: 0,
    areaPx: 100,
    score: 0.5,
    ...mask,
    box: { x: 0, y: 0, width: side, height: side },
    shape: { gridWidth: 640, gridHeight: 480, rle: new Uint8Array(300).fill(side % 256) },
  };
}

/**
 * Migrations up to an old version, and those that follow. Columns and tables that were added later and that
 * today's statements name are there from the start, because a store of that version is filled through them.
 */
export function migrationsAround(version: number): { old: Migration[]; all: Migration[] } {
  // Not those that make a table again to change it.
  const adds = /^(ALTER TABLE \w+ ADD COLUMN|CREATE TABLE (?!\w+_kept))/m;
  const added = knownMigrations().filter((migration) => adds.test(migration.sql));
  const isEarly = (migration: Migration) =>
    migration.version > version && added.some((one) => one.version === migration.version);
  // A column that came with a table that was made again.
  const remade =
    version < 20 ? ['ALTER TABLE mask_edit_states ADD COLUMN stack_order INTEGER NOT NULL DEFAULT 0;'] : [];
  const early = [...added.filter(isEarly).map(({ sql }) => sql), ...remade];
  const all = knownMigrations().map((migration) => {
    if (migration.version === version) return { ...migration, sql: [migration.sql, ...early].join('\n') };
    return isEarly(migration) ? { ...migration, sql: 'SELECT 1' } : migration;
  });
  return { old: all.filter((migration) => migration.version <= version), all };
}
