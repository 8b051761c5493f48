import { basename } from 'node:path/posix';
import type { CollectionId } from '../contract/ids.ts';
import type { WritableDb } from './connection.ts';
import type { ImageRow } from './image-row.ts';

type MissingRow = Pick<ImageRow, 'id' | 'rel_path' | 'content_hash'>;
type MissingPosition = { afterPath: string; afterId: number };
type FoundRow = Pick<
  ImageRow,
  | 'id'
  | 'rel_path'
  | 'path_bytes'
  | 'status'
  | 'size_bytes'
  | 'mtime_ms'
  | 'change_time_ms'
  | 'seen_by_scan'
  | 'note'
>;

/** Where a walk over missing images is; null at its start and at its end. */
export type MovedCursor = { pass: 'name' | 'content' } & MissingPosition;

/** Missing images that one call looks at: a few milliseconds. */
const CHUNK_ROWS = 256;
/** Copies of one file that are considered: thousands of them must not make a scan quadratic. */
const MAX_COPIES = 64;

/** [Note: Plans of lists] Exported so that a test can assert how SQLite answers each. */
export const movedSql = {
  missing: `
    SELECT id, rel_path, content_hash FROM images
    WHERE collection_id = @collectionId AND status = 'missing' AND (rel_path, id) > (@afterPath, @afterId)
    ORDER BY rel_path, id LIMIT ${CHUNK_ROWS}`,
  unused: `
    SELECT id, rel_path, path_bytes, status, size_bytes, mtime_ms, change_time_ms, seen_by_scan, note FROM images i
    WHERE collection_id = ? AND content_hash = ? AND status IN ('ok', 'changed') AND hidden_by IS NULL
      AND NOT EXISTS (SELECT 1 FROM segmented_images WHERE image_id = i.id)
      AND NOT EXISTS (SELECT 1 FROM image_tags WHERE image_id = i.id)
    ORDER BY rel_path, id LIMIT ${MAX_COPIES}`,
} as const;

/** The lists of segmentations keep the path of each image next to its id. */
export const renameSql = {
  segmented: 'UPDATE segmented_images SET rel_path = @rel_path WHERE image_id = @id',
  ofConcepts: `
    UPDATE concept_images SET rel_path = @rel_path WHERE (segmentation_id, image_id) IN
      (SELECT segmentation_id, image_id FROM segmented_images WHERE image_id = @id)`,
} as const;

/**
 * Images whose files were renamed or moved within their collection. A scan sees such a file as one that is missing and
 * another that is new; as both have the same bytes, the missing image takes the place of the new one, and what a person has
 * made of it (masks, reviews, tags) stays with it.
 */
export class MovedImageRepository {
  /**
   * Looks at some of the missing images, in one transaction. Call it with what it returned until that is null; it may be
   * repeated from the start at any time. First come those whose file has kept its name, then the others. A file that
   * itself has masks or tags, or is hidden, is never replaced.
   */
  readonly rejoinChunk: (collectionId: CollectionId, from: MovedCursor | null) => MovedCursor | null;

  constructor(db: WritableDb) {
    const missing = db.prepare<[{ collectionId: number } & MissingPosition], MissingRow>(movedSql.missing);
    const unused = db.prepare<[number, Uint8Array], FoundRow>(movedSql.unused);
    const remove = db.prepare<[number]>('DELETE FROM images WHERE id = ?');
    const move = db.prepare<[Omit<FoundRow, 'id'> & { id: number }]>(`
      UPDATE images SET rel_path = @rel_path, path_bytes = @path_bytes, status = @status, size_bytes = @size_bytes,
        mtime_ms = @mtime_ms, change_time_ms = @change_time_ms, seen_by_scan = @seen_by_scan, note = @note
      WHERE id = @id`);
    const renames = Object.values(renameSql).map((sql) =>
      db.prepare<[{ id: number; rel_path: string }]>(sql),
    );

    this.rejoinChunk = db.transaction(
      (collectionId: CollectionId, from: MovedCursor | null): MovedCursor | null => {
        const { pass, ...after }: MovedCursor = from ?? { pass: 'name', afterPath: '', afterId: 0 };
        const rows = missing.all({ collectionId, ...after });
        for (const { id, rel_path, content_hash } of rows) {
          if (content_hash === null) continue;
          const found = unused.all(collectionId, content_hash);
          const isNamesake = (file: FoundRow) => basename(file.rel_path) === basename(rel_path);
          const place = pass === 'name' ? found.find(isNamesake) : newestOf(found);
          if (!place) continue;
          remove.run(place.id);
          move.run({ ...place, id });
          for (const rename of renames) rename.run({ id, rel_path: place.rel_path });
        }
        const last = rows.at(-1);
        if (last) return { pass, afterPath: last.rel_path, afterId: last.id };
        return pass === 'name' ? { pass: 'content', afterPath: '', afterId: 0 } : null;
      },
    );
  }
}

/** A file that was there before is rather a copy than the one that has moved. */
function newestOf(files: readonly FoundRow[]): FoundRow | undefined {
  return files.toSorted((one, other) => other.id - one.id)[0];
}
