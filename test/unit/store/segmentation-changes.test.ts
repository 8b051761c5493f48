import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ImageId, JobId, SegmentationId, type CollectionId } from '../../../src-main/contract/ids.ts';
import type { CollectionChanges } from '../../../src-main/contract/segmentation.ts';
import { openStore } from '../../../src-main/store/database.ts';
import { knownMigrations, migrate } from '../../../src-main/store/migrate.ts';
import { hashOf, maskOf, scanFolder, TestStore, type TestFile } from '../../support/store.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** The version that keeps the counts. */
const ADDED = 21;
const PATHS = ['a', 'b', 'c', 'd'];

/** What `changes` says, by comparing all images. */
function compared({ db }: TestStore, id: SegmentationId): CollectionChanges {
  // The columns are exactly the fields.
  return db
    .prepare(
      `SELECT ifnull(sum(i.status IN ('ok', 'changed') AND d.image_id IS NULL), 0) AS newCount,
         ifnull(sum(i.status IN ('ok', 'changed') AND d.content_hash <> i.content_hash), 0) AS changedCount,
         ifnull(sum(i.status NOT IN ('ok', 'changed') AND d.image_id IS NOT NULL), 0) AS missingCount
       FROM segmentations s JOIN images i ON i.collection_id = s.collection_id
         LEFT JOIN segmented_images d ON d.segmentation_id = s.id AND d.image_id = i.id
       WHERE s.id = ?`,
    )
    .get(id) as CollectionChanges;
}

function segmentation({ store }: TestStore, collectionId: CollectionId): SegmentationId {
  const made = { collectionId, name: 'objects', settings: {}, device: 'cpu', createdAtMs: 0 };
  return store.segmentations.insert(made);
}

/** Segments the images of which `isChosen` is true as they are now. */
function segment(test: TestStore, segmentationId: SegmentationId, isChosen: (path: string) => boolean): void {
  const rows = test.db
    .prepare<[number], { id: number; relPath: string; hash: Buffer }>(
      `SELECT i.id, rel_path AS relPath, content_hash AS hash FROM images i JOIN segmentations s USING (collection_id)
       WHERE s.id = ? AND status IN ('ok', 'changed')`,
    )
    .all(segmentationId);
  for (const { id, relPath, hash } of rows) {
    if (!isChosen(relPath)) continue;
    test.store.segmentations.saveImage({
      segmentationId,
      imageId: ImageId.parse(id),
      contentHash: hashOf(hash.readUInt8(31)),
      finishedAtMs: 0,
      masks: [maskOf()],
      isPreliminary: id % 2 === 0,
    });
  }
}

type Step =
  | { kind: 'scan'; files: TestFile[] }
  | { kind: 'segment'; which: number; chosen: string[] }
  | { kind: 'close'; which: number }
  | { kind: 'start-over'; which: number };

const content = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant('corrupt' as const));
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.dictionary(fc.constantFrom(...PATHS), content, { noNullPrototype: true }).map((found) => ({
    kind: 'scan' as const,
    files: Object.entries(found).map(([relPath, one]): TestFile => ({ relPath, content: one })),
  })),
  fc.record({ kind: fc.constant('segment' as const), which: fc.nat(1), chosen: fc.subarray(PATHS) }),
  fc.record({ kind: fc.constant('close' as const), which: fc.nat(1) }),
  fc.record({ kind: fc.constant('start-over' as const), which: fc.nat(1) }),
);

test('what a segmentation lacks is known without comparing, after any scans and cuts', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
      using test = new TestStore(tempFolder());
      const collectionId = test.collection();
      const ids = [segmentation(test, collectionId), segmentation(test, collectionId)] as const;
      for (const [index, one] of steps.entries()) {
        if (one.kind === 'scan')
          scanFolder(test.store, { collectionId, scanId: JobId.parse(index + 1), files: one.files });
        else if (one.kind === 'segment')
          segment(test, ids[one.which] ?? ids[0], (path) => one.chosen.includes(path));
        else if (one.kind === 'close') test.store.segmentations.closePreliminary(ids[one.which] ?? ids[0], 1);
        else test.db.prepare('DELETE FROM segmented_images WHERE segmentation_id = ?').run(ids[one.which]);
        for (const id of ids) expect(test.store.segmentations.changes(id)).toEqual(compared(test, id));
      }
      // Deleting an image takes what was made of it along.
      test.db.prepare('DELETE FROM images WHERE rel_path IN (?, ?)').run('a', 'b');
      for (const id of ids) expect(test.store.segmentations.changes(id)).toEqual(compared(test, id));
    }),
    { numRuns: 60 },
  );
});

test('what a segmentation of an older version lacks is compared once, when its database is opened', () => {
  const file = join(tempFolder(), 'studio.sqlite');
  const db = new Database(file);
  migrate(
    db,
    knownMigrations().filter(({ version }) => version < ADDED),
    () => 0,
  );
  db.exec(`
    INSERT INTO collections (name, root_path, created_at_ms) VALUES ('pets', '/pets', 0);
    INSERT INTO segmentations (collection_id, name, settings, device, created_at_ms) VALUES (1, 'objects', '{}', 'cpu', 0);
    INSERT INTO images (collection_id, rel_path, status, size_bytes, mtime_ms, seen_by_scan, content_hash, width_px)
      VALUES (1, 'same', 'ok', 1, 0, 1, zeroblob(32), 8), (1, 'other', 'changed', 1, 0, 1, randomblob(32), 8),
        (1, 'gone', 'missing', 1, 0, 1, zeroblob(32), 8), (1, 'new', 'ok', 1, 0, 1, zeroblob(32), 8);
    INSERT INTO segmented_images (segmentation_id, image_id, content_hash, rel_path, finished_at_ms)
      SELECT 1, id, zeroblob(32), rel_path, 0 FROM images WHERE rel_path <> 'new'`);
  db.close();
  using store = openStore(file, { nowMs: () => 0 });
  const changes = store.segmentations.changes(SegmentationId.parse(1));
  expect(changes).toEqual({ newCount: 1, changedCount: 1, missingCount: 1 });
});
