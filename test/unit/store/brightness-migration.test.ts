import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openStore } from '../../../src-main/store/database.ts';
import { knownMigrations, migrate } from '../../../src-main/store/migrate.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const nowMs = () => 0;
/** The version before brightness ranges. */
const BEFORE = 10;

test('collections that had images with more than 8 bits keep their full range, and others are measured', () => {
  const file = join(tempFolder(), 'studio.sqlite');
  const db = new Database(file);
  const old = knownMigrations().filter(({ version }) => version <= BEFORE);
  migrate(db, old, nowMs);
  const collection = db.prepare('INSERT INTO collections (name, root_path, created_at_ms) VALUES (?, ?, 0)');
  const image = db.prepare(`
    INSERT INTO images (collection_id, rel_path, status, size_bytes, mtime_ms, seen_by_scan, content_hash, format,
      width_px, height_px, orientation, colour_space, bit_depth, has_alpha, frame_count)
    VALUES (?, ?, 'ok', 1, 0, 1, zeroblob(32), 'tiff', 8, 6, 1, 'b-w', ?, 0, 1)`);
  const depths = { photos: [8, 8], cells: [8, 16], empty: [] };
  for (const [name, bits] of Object.entries(depths)) {
    const { lastInsertRowid } = collection.run(name, `/${name}`);
    for (const [index, depth] of bits.entries()) image.run(lastInsertRowid, `${index}.tif`, depth);
  }
  db.close();
  using store = openStore(file, { nowMs });
  const settings = store.collections.list().map(({ name, brightness }) => [name, brightness]);
  expect(Object.fromEntries(settings)).toEqual({
    photos: { setting: { kind: 'automatic' }, measured: {} },
    cells: { setting: { kind: 'full' }, measured: {} },
    empty: { setting: { kind: 'automatic' }, measured: {} },
  });
});
