import { basename } from 'node:path/posix';
import type { CollectionId } from '../contract/ids.ts';
import type { WritableDb } from './connection.ts';
import { IMAGE_COLUMNS, NEVER_MS, type ImageRow, type ImageRowValues } from './image-row.ts';

type MissingRow = Pick<ImageRow, 'id' | 'rel_path' | 'content_hash'>;
type ChangedRow = { id: number; content_hash: Uint8Array; former_hash: Uint8Array };
/** A row with all that it says of its file. */
type FileRow = { id: number; former_hash: Uint8Array | null } & ImageRowValues;

/** Where a walk over images without their files is; null at its start and at its end. */
export type MovedCursor =
  | { pass: 'exchange'; afterHash: Uint8Array; afterId: number }
  | { pass: 'name' | 'content'; afterPath: string; afterId: number };

/** Images that one call looks at: a few milliseconds. */
const CHUNK_ROWS = 256;
/** Copies of one file that are considered: thousands of them must not make a scan quadratic. */
const MAX_COPIES = 64;

const fileColumns = IMAGE_COLUMNS.filter((column) => column !== 'collection_id');
const FILE_ROW = ['id', 'former_hash', ...IMAGE_COLUMNS].join(', ');

/** [Note: Plans of lists] Exported so that a test can assert how SQLite answers each. */
export const movedSql = {
  missing: `
    SELECT id, rel_path, content_hash FROM images
    WHERE collection_id = @collectionId AND status = 'missing' AND (rel_path, id) > (@afterPath, @afterId)
    ORDER BY rel_path, id LIMIT ${CHUNK_ROWS}`,
  unused: `
    SELECT ${FILE_ROW} FROM images i
    WHERE collection_id = ? AND content_hash = ? AND status IN ('ok', 'changed') AND hidden_by IS NULL
      AND NOT EXISTS (SELECT 1 FROM segmented_images WHERE image_id = i.id)
      AND NOT EXISTS (SELECT 1 FROM image_tags WHERE image_id = i.id)
    ORDER BY rel_path, id LIMIT ${MAX_COPIES}`,
  changed: `
    SELECT id, content_hash, former_hash FROM images
    WHERE collection_id = @collectionId AND former_hash IS NOT NULL AND (former_hash, id) > (@afterHash, @afterId)
    ORDER BY former_hash, id LIMIT ${CHUNK_ROWS}`,
  exchanged: `
    SELECT ${FILE_ROW} FROM images
    WHERE collection_id = @collectionId AND content_hash = @hash AND status IN ('ok', 'changed')
      AND former_hash IS NOT NULL AND id <> @id
    ORDER BY rel_path, id LIMIT 1`,
  former:
    'SELECT 1 FROM images WHERE collection_id = @collectionId AND former_hash = @hash AND id <> @id LIMIT 1',
  gone: `
    SELECT ${FILE_ROW} FROM images
    WHERE collection_id = @collectionId AND content_hash = @hash AND status = 'missing' ORDER BY id DESC LIMIT 1`,
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
 * another that is new, or, where files took the names of others, as several with other contents. The same bytes are the same
 * image: it follows them to their new path, and what a person has made of it (masks, reviews, tags) stays with it.
 */
export class MovedImageRepository {
  /**
   * Looks at some of the images, in one transaction. Call it with what it returned until that is null; it may be
   * repeated from the start at any time. First come changed files whose new content was that of another image: they have
   * exchanged their names, in pairs or in rings, or pushed each other on. Then come missing images, first those whose file
   * has kept its name, then the others. A file that itself has masks or tags, or is hidden, is never replaced.
   */
  readonly rejoinChunk: (collectionId: CollectionId, from: MovedCursor | null) => MovedCursor | null;

  constructor(db: WritableDb) {
    const exchangeChunk = prepareExchange(db);
    const missing = db.prepare<[{ collectionId: number; afterPath: string; afterId: number }], MissingRow>(
      movedSql.missing,
    );
    const unused = db.prepare<[number, Uint8Array], FileRow>(movedSql.unused);
    const remove = db.prepare<[number]>('DELETE FROM images WHERE id = ?');
    const place = preparePlace(db);

    this.rejoinChunk = db.transaction(
      (collectionId: CollectionId, from: MovedCursor | null): MovedCursor | null => {
        const at: MovedCursor = from ?? { pass: 'exchange', afterHash: new Uint8Array(), afterId: 0 };
        if (at.pass === 'exchange') {
          return exchangeChunk(collectionId, at) ?? { pass: 'name', afterPath: '', afterId: 0 };
        }
        const { pass, ...after } = at;
        const rows = missing.all({ collectionId, ...after });
        for (const { id, rel_path, content_hash } of rows) {
          if (content_hash === null) continue;
          const found = unused.all(collectionId, content_hash);
          const isNamesake = (file: FileRow) => basename(file.rel_path) === basename(rel_path);
          const file = pass === 'name' ? found.find(isNamesake) : newestOf(found);
          if (!file) continue;
          remove.run(file.id);
          place(id, file);
        }
        const last = rows.at(-1);
        if (last) return { pass, afterPath: last.rel_path, afterId: last.id };
        return pass === 'name' ? { pass: 'content', afterPath: '', afterId: 0 } : null;
      },
    );
  }
}

type ExchangeCursor = Extract<MovedCursor, { pass: 'exchange' }>;

/** Some of the changed images; null at the end. Each that was pushed from its path goes to where its content is now. */
function prepareExchange(
  db: WritableDb,
): (collectionId: CollectionId, at: ExchangeCursor) => ExchangeCursor | null {
  type Sought = { collectionId: number; hash: Uint8Array; id: number };
  const changed = db.prepare<[{ collectionId: number; afterHash: Uint8Array; afterId: number }], ChangedRow>(
    movedSql.changed,
  );
  const rowOf = db.prepare<[number], FileRow>(`SELECT ${FILE_ROW} FROM images WHERE id = ?`);
  const exchanged = db.prepare<[Sought], FileRow>(movedSql.exchanged);
  const unused = db.prepare<[number, Uint8Array], FileRow>(movedSql.unused);
  const former = db.prepare<[Sought]>(movedSql.former);
  const gone = db.prepare<[Sought], FileRow>(movedSql.gone);
  const stepAside = db.prepare<[{ id: number; name: string }]>(
    'UPDATE images SET rel_path = @name, path_bytes = NULL WHERE id = @id',
  );
  const place = preparePlace(db);

  /** Gives each of two images the file of the other. */
  const swap = (image: FileRow, other: FileRow): void => {
    // No file has such a name: two images never have the same path.
    stepAside.run({ id: image.id, name: `\0${image.id}` });
    place(other.id, settled(image, other.former_hash));
    place(image.id, settled(other, image.former_hash));
  };
  return (collectionId, { afterHash, afterId }) => {
    const rows = changed.all({ collectionId, afterHash, afterId });
    for (const { id } of rows) {
      const image = rowOf.get(id);
      // An exchange before has settled it.
      if (!image?.former_hash || !image.content_hash) continue;
      const now = { collectionId, hash: image.content_hash, id };
      const lost = gone.get(now);
      if (!lost && !former.get(now)) continue;
      const before = { collectionId, hash: image.former_hash, id };
      const other =
        exchanged.get(before) ??
        newestOf(unused.all(collectionId, before.hash).filter((one) => one.id !== id));
      if (other) swap(image, other);
      // Its own content is nowhere: it is missing, and what took its path is the image that was missing. What is known of its
      // content but the hash is gone until a file with it is opened.
      else if (lost) swap(image, { ...lost, content_hash: image.former_hash, mtime_ms: NEVER_MS });
    }
    const last = rows.at(-1);
    return last ? { pass: 'exchange', afterHash: last.former_hash, afterId: last.id } : null;
  };
}

/** A file for an image that had some content before: the same image where it has that now. */
function settled(file: FileRow, formerHash: Uint8Array | null): FileRow {
  const isSame = !formerHash || (file.content_hash && Buffer.compare(file.content_hash, formerHash) === 0);
  if (file.status === 'missing') return { ...file, former_hash: null };
  return isSame
    ? { ...file, status: 'ok', former_hash: null }
    : { ...file, status: 'changed', former_hash: formerHash };
}

/** Makes a file that of an image, also in the lists of segmentations. */
function preparePlace(db: WritableDb): (id: number, file: FileRow) => void {
  const move = db.prepare<[FileRow]>(`
    UPDATE images SET ${['former_hash', ...fileColumns].map((column) => `${column} = @${column}`).join(', ')}
    WHERE id = @id`);
  const renames = Object.values(renameSql).map((sql) => db.prepare<[{ id: number; rel_path: string }]>(sql));
  return (id, file) => {
    move.run({ ...file, id });
    for (const rename of renames) rename.run({ id, rel_path: file.rel_path });
  };
}

/** A file that was there before is rather a copy than the one that has moved. */
function newestOf(files: readonly FileRow[]): FileRow | undefined {
  return files.toSorted((one, other) => other.id - one.id)[0];
}
