import type { Database, Statement } from 'better-sqlite3';
import { RecipeFacts, type RecipeImage } from '../domain/recipe.ts';
import type { ShardPlace } from '../contract/shard.ts';
import { fromHash, toHash } from './image-row.ts';
import { openPortableFile, writePortableFile, type PortableKind } from './portable-file.ts';

const RECIPE: PortableKind = {
  // 'R2OR'
  applicationId: 0x52324f52,
  version: 1,
  what: 'a-recipe',
  schema: `
    CREATE TABLE recipe (facts TEXT NOT NULL CHECK (json_valid(facts)), learned BLOB NOT NULL) STRICT;
    CREATE TABLE images (
      position INTEGER PRIMARY KEY,
      content_hash BLOB NOT NULL UNIQUE CHECK (length(content_hash) = 32),
      rel_path TEXT NOT NULL,
      path_bytes BLOB,
      size_bytes INTEGER NOT NULL,
      width_px INTEGER NOT NULL,
      height_px INTEGER NOT NULL
    ) STRICT;`,
};

/** A single shard has all images; see `shardOf`. */
const ALL: ShardPlace = { index: 0, count: 1 };
const ROWS_AT_ONCE = 500;

type ImageRow = {
  position: number;
  content_hash: Uint8Array;
  rel_path: string;
  path_bytes: Uint8Array | null;
  size_bytes: number;
  width_px: number;
  height_px: number;
};

/**
 * Writes a recipe, whole or not at all.
 * @param recipe.learned the file in which the segmentation keeps what it has learned
 * @returns its size in bytes
 * @throws as `writePortableFile`
 */
export function writeRecipeFile(
  path: string,
  { facts, learned, images }: { facts: RecipeFacts; learned: Uint8Array; images: readonly RecipeImage[] },
): Promise<number> {
  return writePortableFile(path, RECIPE, async (db) => {
    db.prepare('INSERT INTO recipe VALUES (?, ?)').run(JSON.stringify(facts), learned);
    const insert = db.prepare('INSERT INTO images VALUES (?, ?, ?, ?, ?, ?, ?)');
    for (const [position, image] of images.entries()) {
      const { contentHash, relPath, pathBytes, sizeBytes, widthPx, heightPx } = image;
      insert.run(position, fromHash(contentHash), relPath, pathBytes, sizeBytes, widthPx, heightPx);
      // A million takes half a minute, in which the event loop of the service has other things to do.
      if (position % ROWS_AT_ONCE === 0) await new Promise(setImmediate);
    }
  });
}

/** A recipe, open for reading. Disposing it closes the file. */
export class RecipeFile {
  readonly facts: RecipeFacts;
  readonly #db: Database;
  readonly #images: Statement<[number, number], ImageRow>;

  /** @throws UserError FILE_NOT_FOUND, or FILE_UNUSABLE for another file, or one of another version */
  constructor(path: string) {
    this.#db = openPortableFile(path, RECIPE);
    // Written by `writeRecipeFile`, which writes one row.
    const row = this.#db.prepare('SELECT facts FROM recipe').get() as { facts: string };
    this.facts = RecipeFacts.parse(JSON.parse(row.facts));
    this.#images = this.#db.prepare('SELECT * FROM images WHERE position % ? = ? ORDER BY position');
  }

  learned(): Uint8Array {
    // As above.
    return (this.#db.prepare('SELECT learned FROM recipe').get() as { learned: Uint8Array }).learned;
  }

  /** The images of a shard, or all, by position. */
  *images({ index, count }: ShardPlace = ALL): Generator<RecipeImage & { position: number }> {
    for (const row of this.#images.iterate(count, index)) {
      yield {
        position: row.position,
        contentHash: toHash(row.content_hash),
        relPath: row.rel_path,
        pathBytes: row.path_bytes,
        sizeBytes: row.size_bytes,
        widthPx: row.width_px,
        heightPx: row.height_px,
      };
    }
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}
