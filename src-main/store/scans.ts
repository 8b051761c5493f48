import type { Statement } from 'better-sqlite3';
import type { CollectionId, JobId } from '../contract/ids.ts';
import type { ImageStatus, ProblemCode } from '../contract/image.ts';
import type { FileKey, FoundFile, InspectedFile } from '../domain/scan.ts';
import type { WritableDb } from './connection.ts';
import {
  fromHash,
  IMAGE_COLUMNS,
  NEVER_MS,
  toRowValues,
  type ImageRow,
  type ImageRowValues,
} from './image-row.ts';

export type ScanBatch<T> = { collectionId: CollectionId; scanId: JobId; files: readonly T[] };

/** `isVerifying`: every file is opened, whatever its size and times say; false by default. */
type FoundBatch = ScanBatch<FoundFile> & { isVerifying?: boolean };

type FinishedScan = { collectionId: CollectionId; scanId: JobId; finishedAtMs: number };
type StoredRow = Pick<
  ImageRow,
  | 'id'
  | 'status'
  | 'size_bytes'
  | 'mtime_ms'
  | 'change_time_ms'
  | 'seen_by_scan'
  | 'content_hash'
  | 'brightness'
  | 'problem_code'
> & { former_hash: Uint8Array | null };

/** Columns that a problem leaves as they were when the file could last be read. */
const FACT_COLUMNS: ReadonlySet<keyof ImageRowValues> = new Set([
  'content_hash',
  'format',
  'width_px',
  'height_px',
  'orientation',
  'colour_space',
  'bit_depth',
  'has_alpha',
  'frame_count',
  'brightness',
]);
/** Rows that `finishChunk` settles at once: about ten milliseconds. */
const CHUNK_ROWS = 256;
/** What is neither seen by this scan nor settled yet; see [Note: Plans of lists]. */
export const unseenSql = `
  SELECT id FROM images
  WHERE collection_id = @collectionId AND status <> 'missing' AND seen_by_scan < @scanId
  UNION ALL
  SELECT id FROM images
  WHERE collection_id = @collectionId AND status <> 'missing' AND seen_by_scan > @scanId
  LIMIT ${CHUNK_ROWS}`;

/**
 * What a scan writes. Every method is one transaction and may be repeated with the same scan's id: a scan
 * that was killed runs again from the start and must end with the same rows.
 */
export class ScanRepository {
  /**
   * Which of the found files have to be opened, as indices: the unknown, those with another size or time (a program
   * can set back the time of modification, but not that of the last change), and those that had a problem (its cause
   * may be gone; but not one that crashes the decoder), and those whose brightness is not measured. The others are marked as seen; entries that could
   * not even be listed are saved as problems.
   */
  readonly diffFound: (batch: FoundBatch) => number[];
  /** Saves opened files: `changed` when the bytes differ from those stored before, else `ok` or `problem`. */
  readonly saveInspected: (batch: ScanBatch<InspectedFile>) => void;
  /**
   * Settles some of the rows that this scan has not seen: images become `missing`, files that never were
   * usable are deleted. Call it until it returns true, with a pause in between: when a drive is unplugged,
   * that is every row of a collection. The last call notes the time of the scan.
   */
  readonly finishChunk: (scan: {
    collectionId: CollectionId;
    scanId: JobId;
    finishedAtMs: number;
  }) => boolean;

  readonly #stored: Statement<[number, string | Uint8Array], StoredRow>;
  readonly #touch: Statement<
    [{ id: number; scanId: number; status: ImageStatus; changeTimeMs: number | null }]
  >;
  readonly #upsert: Statement<[ImageRowValues & { formerHash: Uint8Array | null }]>;

  constructor(db: WritableDb) {
    this.#stored = db.prepare(`
      SELECT id, status, size_bytes, mtime_ms, change_time_ms, seen_by_scan, content_hash, former_hash, brightness,
        problem_code
      FROM images
      WHERE collection_id = ? AND ifnull(path_bytes, rel_path) = ?`);
    this.#touch = db.prepare(`
      UPDATE images SET seen_by_scan = @scanId, status = @status, change_time_ms = @changeTimeMs, former_hash = NULL
      WHERE id = @id`);
    this.#upsert = db.prepare(`
      INSERT INTO images (${IMAGE_COLUMNS.join(', ')}, former_hash)
      VALUES (${IMAGE_COLUMNS.map((column) => `@${column}`).join(', ')}, @formerHash)
      ON CONFLICT (collection_id, ifnull(path_bytes, rel_path)) DO UPDATE SET
        ${IMAGE_COLUMNS.map((column) => `${column} = ${newValueOf(column)}`).join(', ')},
        former_hash = excluded.former_hash`);
    const unseen = db.prepare<[{ collectionId: number; scanId: number }], number>(unseenSql).pluck();
    const forget = db.prepare<[number]>('DELETE FROM images WHERE id = ? AND content_hash IS NULL');
    const markMissing = db.prepare<[number]>(`
      UPDATE images SET status = 'missing', problem_code = NULL, problem_detail = NULL, former_hash = NULL,
        mtime_ms = iif(status = 'problem', ${NEVER_MS}, mtime_ms)
      WHERE id = ?`);
    const finishCollection = db.prepare(
      'UPDATE collections SET last_scan_at_ms = @finishedAtMs WHERE id = @collectionId',
    );
    // A clock that was set back does not make a comparison newer than the scan that came after it.
    const outdateComparison = db.prepare(
      `UPDATE comparisons SET finished_at_ms = @finishedAtMs - 1
       WHERE collection_id = @collectionId AND finished_at_ms >= @finishedAtMs`,
    );

    this.diffFound = db.transaction((batch: FoundBatch) =>
      batch.files.flatMap((file, index) => (this.#settleUnchanged(file, batch) ? [] : [index])),
    );
    this.saveInspected = db.transaction((batch: ScanBatch<InspectedFile>) => {
      for (const file of batch.files) this.#save(file, batch);
    });
    this.finishChunk = db.transaction(({ collectionId, scanId, finishedAtMs }: FinishedScan) => {
      const ids = unseen.all({ collectionId, scanId });
      for (const id of ids) if (forget.run(id).changes === 0) markMissing.run(id);
      if (ids.length > 0) return false;
      finishCollection.run({ collectionId, finishedAtMs });
      outdateComparison.run({ collectionId, finishedAtMs });
      return true;
    });
  }

  /** Whether the file needs no further inspection. */
  #settleUnchanged(file: FoundFile, { collectionId, scanId, isVerifying = false }: FoundBatch): boolean {
    if (file.problem) {
      this.#save({ ...file, facts: null, note: null }, { collectionId, scanId });
      return true;
    }
    const stored = this.#find(collectionId, file);
    if (!stored) return false;
    if (stored.size_bytes !== file.sizeBytes || stored.mtime_ms !== file.mtimeMs) return false;
    if (stored.seen_by_scan === scanId) return true;
    const isCrash = stored.problem_code === ('crash' satisfies ProblemCode);
    if (isVerifying || (stored.status === 'problem' && !isCrash)) return false;
    const { changeTimeMs } = file;
    // Rows of older versions have none.
    if (stored.change_time_ms !== null && stored.change_time_ms !== changeTimeMs) return false;
    if (!isCrash && stored.brightness === null) return false;
    const status = isCrash ? 'problem' : 'ok';
    this.#touch.run({ id: stored.id, scanId, status, changeTimeMs });
    return true;
  }

  #save(file: InspectedFile, { collectionId, scanId }: Omit<ScanBatch<InspectedFile>, 'files'>): void {
    const stored = this.#find(collectionId, file);
    const formerHash = file.facts && formerOf(fromHash(file.facts.contentHash), stored, scanId);
    const status = !file.facts ? 'problem' : formerHash ? 'changed' : 'ok';
    this.#upsert.run({ ...toRowValues(file, { collectionId, scanId, status }), formerHash });
  }

  #find(collectionId: CollectionId, { relPath, pathBytes }: FileKey): StoredRow | undefined {
    return this.#stored.get(collectionId, pathBytes ?? relPath);
  }
}

/** The content that a file had before; null where it has not changed. */
function formerOf(hash: Uint8Array, stored: StoredRow | undefined, scanId: JobId): Uint8Array | null {
  if (!stored?.content_hash) return null;
  if (Buffer.compare(stored.content_hash, hash) !== 0) return stored.content_hash;
  // Saved twice by the same scan: the first result still applies.
  return stored.seen_by_scan === scanId ? stored.former_hash : null;
}

function newValueOf(column: keyof ImageRowValues): string {
  const isKept = FACT_COLUMNS.has(column);
  return isKept ? `iif(excluded.status = 'problem', ${column}, excluded.${column})` : `excluded.${column}`;
}
