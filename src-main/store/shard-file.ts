import type { Database, Statement } from 'better-sqlite3';
import { ShardFacts, type ShardImage, type ShardMask } from '../domain/recipe.ts';
import { fromHash, toHash } from './image-row.ts';
import { openPortableFile, writePortableFile, type PortableKind } from './portable-file.ts';

const SHARD: PortableKind = {
  // 'R2OH'
  applicationId: 0x52324f48,
  version: 1,
  what: 'a-shard',
  schema: `
    CREATE TABLE shard (facts TEXT NOT NULL CHECK (json_valid(facts))) STRICT;
    CREATE TABLE images (
      id INTEGER PRIMARY KEY,
      content_hash BLOB NOT NULL UNIQUE CHECK (length(content_hash) = 32),
      rel_path TEXT NOT NULL,
      problem TEXT
    ) STRICT;
    CREATE TABLE masks (
      id INTEGER PRIMARY KEY,
      image_id INTEGER NOT NULL REFERENCES images (id),
      level INTEGER NOT NULL,
      score REAL NOT NULL,
      concept INTEGER,
      x INTEGER NOT NULL,
      y INTEGER NOT NULL,
      width INTEGER NOT NULL,
      height INTEGER NOT NULL,
      area_px INTEGER NOT NULL,
      grid_width INTEGER NOT NULL,
      grid_height INTEGER NOT NULL,
      rle BLOB NOT NULL
    ) STRICT;
    CREATE INDEX masks_by_image ON masks (image_id, id);`,
};

type ImageRow = { id: number; content_hash: Uint8Array; rel_path: string; problem: string | null };
type MaskRow = {
  level: number;
  score: number;
  concept: number | null;
  x: number;
  y: number;
  width: number;
  height: number;
  area_px: number;
  grid_width: number;
  grid_height: number;
  rle: Uint8Array;
};

/**
 * Writes a shard, whole or not at all.
 * @returns its size in bytes, and the number of its masks
 * @throws as `writePortableFile`; what `images` throws
 */
export async function writeShardFile(
  path: string,
  { facts, images }: { facts: ShardFacts; images: AsyncIterable<ShardImage> },
): Promise<{ sizeBytes: number; maskCount: number }> {
  let maskCount = 0;
  const sizeBytes = await writePortableFile(path, SHARD, async (db) => {
    db.prepare('INSERT INTO shard VALUES (?)').run(JSON.stringify(facts));
    const insertImage = db.prepare('INSERT INTO images (content_hash, rel_path, problem) VALUES (?, ?, ?)');
    const insertMask = db.prepare(`
      INSERT INTO masks (image_id, level, score, concept, x, y, width, height, area_px, grid_width, grid_height, rle)
      VALUES (@imageId, @level, @score, @concept, @x, @y, @width, @height, @areaPx, @gridWidth, @gridHeight, @rle)`);
    for await (const { contentHash, relPath, problem, masks } of images) {
      const { lastInsertRowid: imageId } = insertImage.run(fromHash(contentHash), relPath, problem);
      for (const { box, shape, ...mask } of masks) {
        insertMask.run({ imageId, ...mask, ...box, ...shape });
        maskCount++;
      }
    }
  });
  return { sizeBytes, maskCount };
}

/** A shard, open for reading. Disposing it closes the file. */
export class ShardFile {
  readonly facts: ShardFacts;
  readonly #db: Database;
  readonly #images: Statement<[], ImageRow>;
  readonly #masks: Statement<[number], MaskRow>;

  /** @throws UserError FILE_NOT_FOUND, or FILE_UNUSABLE for another file, or one of another version */
  constructor(path: string) {
    this.#db = openPortableFile(path, SHARD);
    // Written by `writeShardFile`, which writes one row.
    const row = this.#db.prepare('SELECT facts FROM shard').get() as { facts: string };
    this.facts = ShardFacts.parse(JSON.parse(row.facts));
    this.#images = this.#db.prepare('SELECT * FROM images ORDER BY id');
    this.#masks = this.#db.prepare('SELECT * FROM masks WHERE image_id = ? ORDER BY id');
  }

  *images(): Generator<ShardImage> {
    for (const { id, content_hash, rel_path, problem } of this.#images.all()) {
      const masks = this.#masks.all(id).map(toMask);
      yield { contentHash: toHash(content_hash), relPath: rel_path, problem, masks };
    }
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}

function toMask(row: MaskRow): ShardMask {
  const { level, score, concept, x, y, width, height } = row;
  return {
    level,
    score,
    concept,
    box: { x, y, width, height },
    areaPx: row.area_px,
    shape: { gridWidth: row.grid_width, gridHeight: row.grid_height, rle: row.rle },
  };
}
