import type { Statement } from 'better-sqlite3';
import { z } from 'zod';
import {
  CollectionId,
  ImageId,
  type ContentHash,
  type DatasetVersionId,
  type JobId,
} from '../contract/ids.ts';
import type { LookAlikeGrade, LookAlikeGroup, LookAlikeState } from '../contract/look-alike.ts';
import type { SizedImage } from '../domain/scan.ts';
import type { WritableDb } from './connection.ts';
import { decodeCursor, toPage, type Page } from './cursor.ts';
import { fromHash, toHash, toImage, toSized, type ImageRow, type SizedRow } from './image-row.ts';

/** A fingerprint as it is stored. */
export type Print = { hash: Uint8Array; signature: Uint8Array; sharpness: number };
export type ImageToCompare = SizedImage & {
  sizeBytes: number;
  /** Null if it is not known, or of another content. */
  print: Print | null;
};
type CompareRow = SizedRow & {
  size_bytes: number;
  hash: Uint8Array | null;
  signature: Uint8Array | null;
  sharpness: number | null;
};
type ComparisonRow = {
  job_id: number | null;
  compared_count: number;
  skipped_count: number;
  same_count: number;
  similar_count: number;
  finished_at_ms: number | null;
};
type Of = { id: CollectionId; grade: LookAlikeGrade };
type MemberRow = { group_number: number; count: number };

/** Images listed of one group: a thousand frames of a film must not fill a page. */
const GROUP_IMAGES_SHOWN = 24;
const GroupPosition = z.tuple([z.number().int()]);

/** Exported so that a test can assert their plans. */
export const lookAlikeSql = {
  images: `
    SELECT i.id, i.rel_path, i.path_bytes, i.content_hash, i.width_px, i.height_px, i.size_bytes,
      p.hash, p.signature, p.sharpness
    FROM images i LEFT JOIN fingerprints p ON p.image_id = i.id AND p.content_hash = i.content_hash
    WHERE i.collection_id = @id AND i.id > @afterId AND i.status IN ('ok', 'changed') ORDER BY i.id LIMIT @limit`,
  groups: `
    SELECT group_number, count(*) AS count FROM look_alikes
    WHERE collection_id = @id AND grade = @grade AND group_number > @after
    GROUP BY group_number ORDER BY group_number LIMIT @limit`,
  members: `
    SELECT i.* FROM look_alikes l JOIN images i ON i.id = l.image_id
    WHERE l.collection_id = @id AND l.grade = @grade AND l.group_number = @group ORDER BY l.place LIMIT @limit`,
} as const;

/** What images look like, which of them look alike, and which are hidden. */
export class LookAlikeRepository {
  readonly #comparison: Statement<[number], ComparisonRow>;
  readonly #setJob: Statement<[{ id: number; jobId: number }]>;
  readonly #finish: Statement<[Record<string, number>]>;
  readonly #images: Statement<[Record<string, number>], CompareRow>;
  readonly #groups: Statement<[Record<string, unknown>], MemberRow>;
  readonly #members: Statement<[Record<string, unknown>], ImageRow & { hidden_by: number | null }>;
  readonly #hiddenCount: Statement<[number], { count: number }>;
  readonly #hiddenContents: Statement<[number], { count: number }>;
  readonly #keys: Statement<[number], { content_hash: Uint8Array; grade: string; group_number: number }>;
  readonly #collections: Statement<[number], { id: number }>;
  readonly #uncompared: Statement<[number], { count: number }>;
  readonly #newStep: Statement<[number]>;
  readonly #hide: Statement<[{ step: number; imageId: number }]>;
  readonly #show: Statement<[number]>;
  readonly #undo: Statement<[number]>;
  readonly #hideGroup: Statement<[Record<string, unknown>]>;
  readonly #transaction: <T>(work: () => T) => T;

  /** Saves fingerprints in place of those that the images had. */
  readonly savePrints: (prints: readonly (Print & { imageId: ImageId; contentHash: ContentHash })[]) => void;
  /** Adds groups; those whose first number is 0 replace all others. */
  readonly saveGroups: (part: {
    id: CollectionId;
    firstNumber: number;
    groups: readonly { grade: LookAlikeGrade; imageIds: readonly ImageId[] }[];
  }) => void;

  constructor(db: WritableDb) {
    this.#transaction = <T>(work: () => T) => db.transaction(work)();
    this.#comparison = db.prepare('SELECT * FROM comparisons WHERE collection_id = ?');
    this.#setJob = db.prepare(`
      INSERT INTO comparisons (collection_id, job_id) VALUES (@id, @jobId)
      ON CONFLICT DO UPDATE SET job_id = excluded.job_id`);
    this.#finish = db.prepare(`
      UPDATE comparisons SET compared_count = @comparedCount, skipped_count = @skippedCount,
        same_count = @sameCount, similar_count = @similarCount,
        -- Later than the scan that it followed, also if the clock was set back in between.
        finished_at_ms = max(@finishedAtMs, ifnull((SELECT last_scan_at_ms FROM collections WHERE id = @id), 0))
      WHERE collection_id = @id`);
    this.#images = db.prepare(lookAlikeSql.images);
    this.#groups = db.prepare(lookAlikeSql.groups);
    this.#members = db.prepare(lookAlikeSql.members);
    this.#hiddenCount = db.prepare(
      'SELECT count(*) AS count FROM images WHERE collection_id = ? AND hidden_by IS NOT NULL',
    );
    this.#hiddenContents = db.prepare(`
      SELECT count(DISTINCT h.content_hash) AS count FROM images h
      WHERE h.collection_id = ? AND h.hidden_by IS NOT NULL AND h.status IN ('ok', 'changed')
        AND NOT EXISTS (SELECT 1 FROM images v WHERE v.collection_id = h.collection_id
          AND v.content_hash = h.content_hash AND v.status IN ('ok', 'changed') AND v.hidden_by IS NULL)`);
    this.#keys = db.prepare(`
      SELECT p.content_hash, l.grade, l.group_number FROM look_alikes l JOIN fingerprints p ON p.image_id = l.image_id
      WHERE l.collection_id = ?`);
    this.#collections = db.prepare(`
      SELECT id FROM collections WHERE root_path IN (SELECT DISTINCT root_path FROM dataset_images WHERE version_id = ?)`);
    this.#uncompared = db.prepare(`
      SELECT count(*) AS count FROM dataset_images d
      WHERE d.version_id = ? AND NOT EXISTS (
        SELECT 1 FROM collections c JOIN images i ON i.collection_id = c.id AND i.content_hash = d.content_hash
            AND i.status IN ('ok', 'changed')
          JOIN fingerprints p ON p.image_id = i.id AND p.content_hash = d.content_hash
        WHERE c.root_path = d.root_path)`);
    this.#newStep = db.prepare('INSERT INTO hide_steps (created_at_ms) VALUES (?)');
    this.#hide = db.prepare('UPDATE images SET hidden_by = @step WHERE id = @imageId AND hidden_by IS NULL');
    this.#show = db.prepare('UPDATE images SET hidden_by = NULL WHERE id = ? AND hidden_by IS NOT NULL');
    this.#undo = db.prepare('UPDATE images SET hidden_by = NULL WHERE hidden_by = ?');
    // Where the best one has been hidden by hand, another one takes its place.
    this.#hideGroup = db.prepare(`
      UPDATE images SET hidden_by = @step WHERE hidden_by IS NULL AND id IN (
        SELECT l.image_id FROM look_alikes l JOIN images i ON i.id = l.image_id
        WHERE l.collection_id = @id AND l.grade = @grade AND (@group IS NULL OR l.group_number = @group)
          AND i.hidden_by IS NULL AND i.status IN ('ok', 'changed')
          AND EXISTS (
            SELECT 1 FROM look_alikes b JOIN images bi ON bi.id = b.image_id
            WHERE b.collection_id = l.collection_id AND b.grade = l.grade AND b.group_number = l.group_number
              AND b.place < l.place AND bi.hidden_by IS NULL AND bi.status IN ('ok', 'changed')))`);
    this.savePrints = prepareSavePrints(db);
    this.saveGroups = prepareSaveGroups(db);
  }

  /** When the images of a collection were last compared; null until then. */
  comparison(id: CollectionId): Omit<NonNullable<LookAlikeState['comparison']>, 'isOutdated'> | null {
    const row = this.#comparison.get(id);
    if (row?.finished_at_ms == null) return null;
    return {
      comparedCount: row.compared_count,
      skippedCount: row.skipped_count,
      groups: { same: row.same_count, similar: row.similar_count },
      finishedAtMs: row.finished_at_ms,
    };
  }

  jobOf(id: CollectionId): number | null {
    return this.#comparison.get(id)?.job_id ?? null;
  }

  setJob(id: CollectionId, jobId: JobId): void {
    this.#setJob.run({ id, jobId });
  }

  finish(
    id: CollectionId,
    counts: { comparedCount: number; skippedCount: number; sameCount: number; similarCount: number },
    finishedAtMs: number,
  ): void {
    this.#finish.run({ id, ...counts, finishedAtMs });
  }

  /** Usable images by id, from the one after `afterId`. */
  images(query: { id: CollectionId; afterId: number; limit: number }): ImageToCompare[] {
    return this.#images.all(query).map((row) => ({
      ...toSized(row),
      sizeBytes: row.size_bytes,
      print:
        row.hash && row.signature
          ? { hash: row.hash, signature: row.signature, sharpness: row.sharpness ?? 0 }
          : null,
    }));
  }

  /** @throws UserError BAD_INPUT for a cursor that is not of this list */
  groups({ id, grade, cursor, limit }: Of & { cursor: string | null; limit: number }): Page<LookAlikeGroup> {
    const [after] = cursor === null ? [-1] : decodeCursor(cursor, GroupPosition);
    const rows = this.#groups.all({ id, grade, after, limit: limit + 1 });
    const toGroup = ({ group_number: number, count }: MemberRow): LookAlikeGroup => ({
      number,
      grade,
      count,
      images: this.#members
        .all({ id, grade, group: number, limit: GROUP_IMAGES_SHOWN })
        .map((row) => ({ ...toImage(row), isHidden: row.hidden_by !== null })),
    });
    return toPage(rows, limit, toGroup, (row) => [row.group_number]);
  }

  hiddenCount(id: CollectionId): number {
    return this.#hiddenCount.get(id)?.count ?? 0;
  }

  /** Contents of which every copy is hidden. */
  hiddenContents(id: CollectionId): number {
    return this.#hiddenContents.get(id)?.count ?? 0;
  }

  /** Hides images that are not hidden. @returns how many, and the step that undoes it */
  hide(imageIds: readonly ImageId[], nowMs: number): { changed: number; step: number | null } {
    return this.#inStep(nowMs, (step) => {
      let changed = 0;
      for (const imageId of imageIds) changed += this.#hide.run({ step, imageId }).changes;
      return changed;
    });
  }

  /** Shows images again. */
  show(imageIds: readonly ImageId[]): number {
    return this.#transaction(() => imageIds.reduce((sum, id) => sum + this.#show.run(id).changes, 0));
  }

  /** Hides all but the best of each group, or of one. */
  keepBest({ id, grade, group }: Of & { group?: number | undefined }, nowMs: number) {
    return this.#inStep(
      nowMs,
      (step) => this.#hideGroup.run({ id, grade, group: group ?? null, step }).changes,
    );
  }

  /** Shows what a step has hidden and is still hidden. */
  undo(step: number): number {
    return this.#undo.run(step).changes;
  }

  /** For each content of a collection that looks like others, the names of its groups. */
  groupsByContent(id: CollectionId): Map<ContentHash, string[]> {
    const groups = new Map<ContentHash, string[]>();
    for (const { content_hash, grade, group_number } of this.#keys.all(id)) {
      const hash = toHash(content_hash);
      groups.set(hash, [...(groups.get(hash) ?? []), `${id} ${grade} ${group_number}`]);
    }
    return groups;
  }

  /** The collections that the images of a version are from, as far as they still exist. */
  collectionsOf(versionId: DatasetVersionId): CollectionId[] {
    return this.#collections.all(versionId).map(({ id }) => CollectionId.parse(id));
  }

  /** Images of a version of whose content no fingerprint is known. */
  uncompared(versionId: DatasetVersionId): number {
    return this.#uncompared.get(versionId)?.count ?? 0;
  }

  #inStep(nowMs: number, work: (step: number) => number): { changed: number; step: number | null } {
    return this.#transaction(() => {
      const step = Number(this.#newStep.run(nowMs).lastInsertRowid);
      const changed = work(step);
      return { changed, step: changed > 0 ? step : null };
    });
  }
}

function prepareSavePrints(db: WritableDb): LookAlikeRepository['savePrints'] {
  const save = db.prepare<[Record<string, unknown>]>(`
    INSERT INTO fingerprints (image_id, content_hash, hash, signature, sharpness)
    SELECT @imageId, @contentHash, @hash, @signature, @sharpness WHERE EXISTS (SELECT 1 FROM images WHERE id = @imageId)
    ON CONFLICT DO UPDATE SET content_hash = excluded.content_hash, hash = excluded.hash,
      signature = excluded.signature, sharpness = excluded.sharpness`);
  return db.transaction((prints: Parameters<LookAlikeRepository['savePrints']>[0]) => {
    for (const print of prints) save.run({ ...print, contentHash: fromHash(print.contentHash) });
  });
}

function prepareSaveGroups(db: WritableDb): LookAlikeRepository['saveGroups'] {
  const clear = db.prepare<[number]>('DELETE FROM look_alikes WHERE collection_id = ?');
  const add = db.prepare<[Record<string, unknown>]>(`
    INSERT INTO look_alikes (collection_id, grade, group_number, place, image_id)
    SELECT @id, @grade, @number, @place, @imageId WHERE EXISTS (SELECT 1 FROM images WHERE id = @imageId)`);
  return db.transaction(({ id, firstNumber, groups }: Parameters<LookAlikeRepository['saveGroups']>[0]) => {
    if (firstNumber === 0) clear.run(id);
    groups.forEach(({ grade, imageIds }, at) =>
      imageIds.forEach((imageId, place) => add.run({ id, grade, number: firstNumber + at, place, imageId })),
    );
  });
}
