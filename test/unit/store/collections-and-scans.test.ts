import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JobId, type SegmentationId } from '../../../src-main/contract/ids.ts';
import type { ImageStatus } from '../../../src-main/contract/image.ts';
import {
  asFound,
  asInspected,
  factsOf,
  hashOf,
  maskOf,
  scanFolder,
  TestStore,
  type TestFile,
} from '../../support/store.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const a = { relPath: 'a.jpg', content: 1 };
const b = { relPath: 'b.jpg', content: 2 };
const NO_IMAGES = { total: 0, usable: 0, changed: 0, missing: 0, problems: 0, duplicates: 0 };

describe('collections', () => {
  test('are listed in the order they came, without images and without a scan at first', () => {
    using test = new TestStore(tempFolder());
    const [cats, dogs] = [test.collection('cats'), test.collection('dogs')];
    test.store.collections.rename(cats, 'Cats');
    expect(test.store.collections.list()).toEqual([
      {
        id: cats,
        name: 'Cats',
        rootPath: '/photos/cats',
        createdAtMs: 0,
        lastScanAtMs: null,
        counts: NO_IMAGES,
        brightness: { setting: { kind: 'automatic' }, measured: {} },
      },
      {
        id: dogs,
        name: 'dogs',
        rootPath: '/photos/dogs',
        createdAtMs: 0,
        lastScanAtMs: null,
        counts: NO_IMAGES,
        brightness: { setting: { kind: 'automatic' }, measured: {} },
      },
    ]);
    expect(test.store.collections.get(cats)).toEqual(test.store.collections.list()[0]);
  });

  test('count what their images do: inserts, updates and deletions, duplicates too', () => {
    using test = new TestStore(tempFolder());
    const [id, other] = [test.collection(), test.collection('other')];
    scanFolder(test.store, { collectionId: other, scanId: 1, files: [a] });
    const steps: [sql: string, counts: Partial<typeof NO_IMAGES>][] = [
      [`UPDATE images SET status = 'ok'`, { total: 4, usable: 4, duplicates: 2 }],
      [`UPDATE images SET content_hash = zeroblob(32) WHERE rel_path = 'b.jpg'`, { duplicates: 3 }],
      [
        `UPDATE images SET status = 'missing' WHERE rel_path = 'b.jpg'`,
        { usable: 3, missing: 1, duplicates: 2 },
      ],
      [`UPDATE images SET content_hash = zeroblob(32) WHERE rel_path = 'b.jpg'`, { duplicates: 2 }],
      [
        `UPDATE images SET status = 'changed' WHERE rel_path = 'b.jpg'`,
        { usable: 4, changed: 1, missing: 0, duplicates: 3 },
      ],
      [
        `UPDATE images SET content_hash = randomblob(32) WHERE rel_path = 'b.jpg'`,
        { usable: 4, duplicates: 2 },
      ],
      [`DELETE FROM images WHERE rel_path = 'c.jpg'`, { total: 3, duplicates: 1 }],
      [`DELETE FROM images WHERE rel_path IN ('a.jpg', 'd.jpg')`, { total: 1, usable: 1, duplicates: 0 }],
      [`DELETE FROM images`, NO_IMAGES],
    ];
    const copies = ['a.jpg', 'c.jpg', 'd.jpg'].map((relPath) => ({ relPath, content: 0 }));
    scanFolder(test.store, { collectionId: id, scanId: 1, files: [...copies, b] });
    for (const [sql, counts] of steps) {
      test.db.exec(sql);
      const counted = test.store.collections.get(id)?.counts;
      expect([sql, counted]).toEqual([sql, test.recount(id)]);
      expect([sql, counted]).toMatchObject([sql, counts]);
    }
  });

  test('go in chunks with everything made from them, and leave the others alone', () => {
    using test = new TestStore(tempFolder());
    const [id, other] = [test.collection(), test.collection('other')];
    const files = Array.from({ length: 128 }, (_, content) => ({ relPath: `${content}.jpg`, content }));
    scanFolder(test.store, { collectionId: other, scanId: 1, files: [a] });
    segmentAll(test, other);
    scanFolder(test.store, { collectionId: id, scanId: 1, files });
    segmentAll(test, id);
    let [images, steps] = [0, 0];
    for (let isComplete = false; !isComplete; steps++) {
      expect(test.store.collections.get(id)?.counts.total).toBe(128 - images);
      const removed = test.store.collections.removeChunk(id);
      images += removed.images;
      isComplete = removed.isComplete;
    }
    expect(images).toBe(128);
    expect(steps).toBeGreaterThan(1);
    expect(test.store.collections.list()).toMatchObject([{ id: other, counts: { total: 1 } }]);
    for (const table of [
      'images',
      'segmentations',
      'concepts',
      'segmented_images',
      'masks',
      'concept_images',
      'mask_shapes',
    ]) {
      expect([table, test.db.prepare(`SELECT count(*) FROM ${table}`).pluck().get()]).toEqual([table, 1]);
    }
    expect(test.db.pragma('foreign_key_check')).toEqual([]);
  });
});

/** One mask of one concept on every image. */
function segmentAll(
  { store }: TestStore,
  collectionId: Parameters<typeof scanFolder>[1]['collectionId'],
): SegmentationId {
  const segmentationId = store.segmentations.insert({
    collectionId,
    name: 'objects',
    settings: {},
    device: 'cpu',
    createdAtMs: 0,
  });
  const conceptId = store.segmentations.insertConcept({
    segmentationId,
    number: 1,
    name: 'cat',
    colour: '#ff0000',
    isBackground: false,
  });
  const { items } = store.images.page({ collectionId, cursor: null, limit: 500 });
  for (const { id: imageId } of items) {
    store.segmentations.saveImage({
      segmentationId,
      imageId,
      contentHash: hashOf(1),
      finishedAtMs: 0,
      masks: [maskOf({ conceptId })],
    });
  }
  return segmentationId;
}

describe('a scan', () => {
  test('opens every file of a new folder, and none of one that is as it was', () => {
    using test = new TestStore(tempFolder());
    const collectionId = test.collection();
    expect(scanFolder(test.store, { collectionId, scanId: 1, files: [a, b] })).toEqual(['a.jpg', 'b.jpg']);
    expect(scanFolder(test.store, { collectionId, scanId: 2, files: [a, b] })).toEqual([]);
    expect(test.statuses(collectionId)).toEqual({ 'a.jpg': 'ok', 'b.jpg': 'ok' });
    expect(test.store.collections.get(collectionId)?.lastScanAtMs).toBe(2_000);
  });

  test('tells other bytes from another time: the one is changed, the other is the same image', () => {
    using test = new TestStore(tempFolder());
    const collectionId = test.collection();
    scanFolder(test.store, { collectionId, scanId: 1, files: [a, b] });
    const files = [
      { ...a, content: 5 },
      { ...b, mtimeMs: 9.5 },
    ];
    expect(scanFolder(test.store, { collectionId, scanId: 2, files })).toEqual(['a.jpg', 'b.jpg']);
    expect(test.statuses(collectionId)).toEqual({ 'a.jpg': 'changed', 'b.jpg': 'ok' });
    expect(test.store.images.get(test.imageId('a.jpg'))?.facts).toEqual(factsOf(5));
    expect(test.store.images.get(test.imageId('b.jpg'))?.mtimeMs).toBe(9.5);
    expect(scanFolder(test.store, { collectionId, scanId: 3, files })).toEqual([]);
    expect(test.statuses(collectionId)).toEqual({ 'a.jpg': 'ok', 'b.jpg': 'ok' });
  });

  test('opens a file that was changed under the same size and time, and every file when it verifies', () => {
    using files = new TestStore(tempFolder());
    const collectionId = files.collection();
    const { scans } = files.store;
    const opened = (scanId: number, changeTimeMs: number | null, isVerifying = false) =>
      scans.diffFound({
        collectionId,
        scanId: JobId.parse(scanId),
        isVerifying,
        files: [asFound({ relPath: 'a.jpg', content: 1, changeTimeMs })],
      });
    const save = (scanId: number, changeTimeMs: number | null) =>
      scans.saveInspected({
        collectionId,
        scanId: JobId.parse(scanId),
        files: [asInspected({ relPath: 'a.jpg', content: 1, changeTimeMs })],
      });
    // A row of an older version.
    save(1, null);
    expect(opened(2, 5)).toEqual([]);
    expect(opened(3, 5)).toEqual([]);
    expect(opened(4, 6)).toEqual([0]);
    save(4, 6);
    expect(opened(4, 6)).toEqual([]);
    expect(opened(5, 6, true)).toEqual([0]);
    save(5, 6);
    // Resumed: what it has read is not read again.
    expect(opened(5, 6, true)).toEqual([]);
  });

  test('opens an image whose brightness is not measured once, which leaves it the same image', () => {
    using test = new TestStore(tempFolder());
    const collectionId = test.collection();
    const files = [a, b, { relPath: 'c.jpg', content: 'crash' as const }];
    scanFolder(test.store, { collectionId, scanId: 1, files });
    test.db.exec(`UPDATE images SET brightness = NULL WHERE rel_path = 'b.jpg'`);
    expect(test.store.images.get(test.imageId('b.jpg'))?.facts?.brightness).toBeNull();
    expect(scanFolder(test.store, { collectionId, scanId: 2, files })).toEqual(['b.jpg']);
    expect(test.store.images.get(test.imageId('b.jpg'))?.facts?.brightness).toBe(0.5);
    expect(test.statuses(collectionId)).toEqual({ 'a.jpg': 'ok', 'b.jpg': 'ok', 'c.jpg': 'problem' });
    expect(scanFolder(test.store, { collectionId, scanId: 3, files })).toEqual([]);
  });

  test('marks what is gone as missing, keeps its facts, and takes it back unopened', () => {
    using test = new TestStore(tempFolder());
    const collectionId = test.collection();
    scanFolder(test.store, { collectionId, scanId: 1, files: [a, b] });
    scanFolder(test.store, { collectionId, scanId: 2, files: [b] });
    expect(test.store.images.get(test.imageId('a.jpg'))).toMatchObject({
      status: 'missing',
      facts: factsOf(1),
    });
    expect(scanFolder(test.store, { collectionId, scanId: 3, files: [a, b] })).toEqual([]);
    expect(test.statuses(collectionId)).toEqual({ 'a.jpg': 'ok', 'b.jpg': 'ok' });
  });

  test('opens a problem anew each time, and compares it with the content it had before', () => {
    using test = new TestStore(tempFolder());
    const collectionId = test.collection();
    const broken = { ...a, content: 'permission-denied' } as const;
    scanFolder(test.store, { collectionId, scanId: 1, files: [a] });
    scanFolder(test.store, { collectionId, scanId: 2, files: [broken] });
    const id = test.imageId('a.jpg');
    expect(test.store.images.get(id)).toMatchObject({
      status: 'problem',
      facts: null,
      problem: { code: 'permission-denied', detail: 'It is permission-denied.' },
    });
    expect(test.store.images.locate(id)).toMatchObject({ contentHash: null });
    expect(scanFolder(test.store, { collectionId, scanId: 3, files: [broken] })).toEqual(['a.jpg']);
    scanFolder(test.store, { collectionId, scanId: 4, files: [a] });
    expect(test.store.images.get(id)).toMatchObject({ status: 'ok', problem: null, facts: factsOf(1) });
    scanFolder(test.store, { collectionId, scanId: 5, files: [broken] });
    scanFolder(test.store, { collectionId, scanId: 6, files: [{ ...a, content: 3 }] });
    expect(test.store.images.get(id)).toMatchObject({ status: 'changed', facts: factsOf(3) });
  });

  test('keeps a vanished problem as missing where it once was an image, and forgets it where it never was', () => {
    using test = new TestStore(tempFolder());
    const collectionId = test.collection();
    const [once, never] = [
      { ...a, content: 'truncated' },
      { ...b, content: 'not-an-image' },
    ] as const;
    scanFolder(test.store, { collectionId, scanId: 1, files: [a, never] });
    scanFolder(test.store, { collectionId, scanId: 2, files: [once, never] });
    scanFolder(test.store, { collectionId, scanId: 3, files: [] });
    expect(test.statuses(collectionId)).toEqual({ 'a.jpg': 'missing' });
    expect(test.store.images.get(test.imageId('a.jpg'))?.problem).toBeNull();
    // It may come back as broken as it went, with the same size and time: only opening tells.
    expect(scanFolder(test.store, { collectionId, scanId: 4, files: [once] })).toEqual(['a.jpg']);
    expect(test.statuses(collectionId)).toEqual({ 'a.jpg': 'problem' });
  });

  test('saves what could not even be listed without opening it', () => {
    using test = new TestStore(tempFolder());
    const collectionId = test.collection();
    const problem = { code: 'folder-unreadable', detail: 'It may not be listed.' } as const;
    const scan = { collectionId, scanId: JobId.parse(1) };
    const files = [{ ...asFound(a), problem }, asFound(b)];
    expect(test.store.scans.diffFound({ ...scan, files })).toEqual([1]);
    expect(test.store.images.get(test.imageId('a.jpg'))).toMatchObject({ status: 'problem', problem });
  });

  test('knows files whose names are no text by their bytes, though they look alike', () => {
    using test = new TestStore(tempFolder());
    const collectionId = test.collection();
    const shown = { relPath: '\ufffd.jpg', content: 1 };
    const files = [
      { ...shown, pathBytes: Uint8Array.of(0xff, 0x2e) },
      { ...shown, content: 2, pathBytes: Uint8Array.of(0xfe, 0x2e) },
      { ...shown, content: 3 },
    ];
    expect(scanFolder(test.store, { collectionId, scanId: 1, files })).toHaveLength(3);
    expect(scanFolder(test.store, { collectionId, scanId: 2, files })).toHaveLength(0);
    scanFolder(test.store, { collectionId, scanId: 3, files: files.slice(1) });
    const { items } = test.store.images.page({ collectionId, cursor: null, limit: 10 });
    expect(items.map(({ status }) => status)).toEqual(['missing', 'ok', 'ok']);
    const bytes = items.map(({ id }) => test.store.images.locate(id)?.pathBytes?.[0] ?? null);
    expect(bytes).toEqual([0xff, 0xfe, null]);
  });

  test('keeps an image whose file was renamed or moved, with its masks and tags, under its new path', () => {
    using test = new TestStore(tempFolder());
    const { images, tags, gallery, segmentations } = test.store;
    const collectionId = test.collection();
    const c = { relPath: 'c.jpg', content: 3 };
    scanFolder(test.store, { collectionId, scanId: 1, files: [a, b, c] });
    const id = test.imageId('a.jpg');
    const segmentationId = segmentAll(test, collectionId);
    tags.change([id], ['best'], []);
    const moved = { relPath: 'sub/z.jpg', content: 1, mtimeMs: 9 };
    const scanned = scanFolder(test.store, { collectionId, scanId: 2, files: [b, c, moved] });
    expect(scanned).toEqual(['sub/z.jpg']);
    expect(images.get(id)).toMatchObject({ relPath: 'sub/z.jpg', status: 'ok', mtimeMs: 9 });
    expect(test.statuses(collectionId)).toEqual({ 'b.jpg': 'ok', 'c.jpg': 'ok', 'sub/z.jpg': 'ok' });
    expect(segmentations.masksOf(segmentationId, id)).toHaveLength(1);
    expect(tags.ofImages([id])).toEqual([{ tag: 'best', images: 1 }]);
    const ofConcept = test.db.prepare('SELECT rel_path FROM concept_images WHERE image_id = ?').pluck();
    expect(gallery.tiles(segmentationId, [id])).toMatchObject([{ relPath: 'sub/z.jpg' }]);
    expect(ofConcept.all(id)).toEqual(['sub/z.jpg']);
    expect(test.store.collections.get(collectionId)?.counts).toEqual(test.recount(collectionId));
    // Known from now on, and found again when it moves back, also after a while.
    expect(scanFolder(test.store, { collectionId, scanId: 3, files: [b, c, moved] })).toEqual([]);
    scanFolder(test.store, { collectionId, scanId: 4, files: [b] });
    expect(images.get(id)).toMatchObject({ status: 'missing' });
    scanFolder(test.store, { collectionId, scanId: 5, files: [a, b] });
    expect(images.get(id)).toMatchObject({ relPath: 'a.jpg', status: 'ok' });
    expect(test.statuses(collectionId)).toEqual({ 'a.jpg': 'ok', 'b.jpg': 'ok', 'c.jpg': 'missing' });
  });

  test('tells moved copies of one file apart by their names, and takes no place that is in use', () => {
    using test = new TestStore(tempFolder());
    const collectionId = test.collection();
    const copies = ['1.jpg', '2.jpg', '3.jpg'].map((name) => ({ relPath: `old/${name}`, content: 1 }));
    const kept = { relPath: 'kept.jpg', content: 1 };
    scanFolder(test.store, { collectionId, scanId: 1, files: [kept, ...copies] });
    segmentAll(test, collectionId);
    const ids = copies.map(({ relPath }) => test.imageId(relPath));
    const files = [kept, { relPath: 'new/2.jpg', content: 1 }, { relPath: 'new/9.jpg', content: 1 }];
    scanFolder(test.store, { collectionId, scanId: 2, files });
    expect(ids.map((id) => test.store.images.get(id))).toMatchObject([
      { relPath: 'new/9.jpg', status: 'ok' },
      { relPath: 'new/2.jpg', status: 'ok' },
      { relPath: 'old/3.jpg', status: 'missing' },
    ]);
    expect(test.statuses(collectionId)).toMatchObject({ 'kept.jpg': 'ok' });
  });

  describe('of files that took the names of others', () => {
    const named = (names: Record<string, number>, mtimeMs = 1) =>
      Object.entries(names).map(([name, content]) => ({ relPath: `${name}.jpg`, content, mtimeMs }));
    const CASES: Record<
      string,
      { before: Record<string, number>; after: Record<string, number>; gone?: number[] }
    > = {
      'two that swapped them': { before: { a: 1, b: 2 }, after: { a: 2, b: 1 } },
      'three in a ring': { before: { a: 1, b: 2, c: 3 }, after: { a: 3, b: 1, c: 2 } },
      'four in two pairs': { before: { a: 1, b: 2, c: 3, d: 4 }, after: { a: 2, b: 1, c: 4, d: 3 } },
      'one that pushed another on': { before: { a: 1, b: 2 }, after: { b: 1, c: 2 } },
      'a whole row that was pushed on': {
        before: { a: 1, b: 2, c: 3, d: 4 },
        after: { b: 1, c: 2, d: 3, e: 4 },
      },
      'one that took that of a removed file': { before: { a: 1, b: 2 }, after: { b: 1 }, gone: [2] },
      'names that differ in case': { before: { img: 1, IMG: 2 }, after: { img: 2, IMG: 1 } },
      'two that swapped, next to copies of them': {
        before: { a: 1, b: 2, copy: 1 },
        after: { a: 2, b: 1, copy: 1 },
      },
    };

    test.each(Object.entries(CASES))('follows %s', (_, { before, after, gone = [] }) => {
      using test = new TestStore(tempFolder());
      const { images, segmentations, tags } = test.store;
      const collectionId = test.collection();
      scanFolder(test.store, { collectionId, scanId: 1, files: named(before) });
      const segmentationId = segmentAll(test, collectionId);
      const ids = new Map(Object.keys(before).map((name) => [name, test.imageId(`${name}.jpg`)]));
      for (const [name, id] of ids) tags.change([id], [`was-${name}`], []);
      const scan = { collectionId, scanId: 2, files: named(after, 9) };
      scanFolder(test.store, scan);
      // A scan that was killed is repeated.
      scanFolder(test.store, scan);
      for (const [name, id] of ids) {
        const content = before[name] ?? expect.fail('unknown');
        const image = images.get(id);
        if (gone.includes(content)) {
          expect(image).toMatchObject({ status: 'missing' });
          continue;
        }
        expect(image).toMatchObject({ status: 'ok', facts: { contentHash: hashOf(content) } });
        expect(after[image?.relPath.replace('.jpg', '') ?? '']).toBe(content);
        expect(segmentations.masksOf(segmentationId, id)).toHaveLength(1);
        expect(test.store.gallery.tiles(segmentationId, [id])).toMatchObject([{ relPath: image?.relPath }]);
        expect(tags.ofImages([id])).toEqual([{ tag: `was-${name}`, images: 1 }]);
      }
      expect(Object.keys(test.statuses(collectionId))).toHaveLength(Object.keys(after).length + gone.length);
      expect(test.store.collections.get(collectionId)?.counts).toEqual(test.recount(collectionId));
      // Known from now on, and found again when all is as it was.
      expect(scanFolder(test.store, { collectionId, scanId: 3, files: named(after, 9) })).toEqual([]);
      scanFolder(test.store, { collectionId, scanId: 4, files: named(before, 1) });
      expect(new Map(Object.keys(before).map((name) => [name, test.imageId(`${name}.jpg`)]))).toEqual(ids);
      for (const [name, id] of ids)
        expect(images.get(id)).toMatchObject({
          status: 'ok',
          facts: { contentHash: hashOf(before[name] ?? -1) },
        });
      expect(test.db.pragma('foreign_key_check')).toEqual([]);
    });

    test('does not follow a copy of what was there before the file was edited', () => {
      using test = new TestStore(tempFolder());
      const collectionId = test.collection();
      scanFolder(test.store, { collectionId, scanId: 1, files: named({ a: 1, b: 2 }) });
      segmentAll(test, collectionId);
      const id = test.imageId('a.jpg');
      scanFolder(test.store, { collectionId, scanId: 2, files: named({ a: 5, b: 2, original: 1 }, 9) });
      expect(test.store.images.get(id)).toMatchObject({ relPath: 'a.jpg', status: 'changed' });
      // Nor where another file is overwritten by a copy of it.
      scanFolder(test.store, { collectionId, scanId: 3, files: named({ a: 5, b: 5, original: 1 }, 12) });
      expect(test.store.images.get(id)).toMatchObject({ relPath: 'a.jpg' });
      expect(test.statuses(collectionId)).toMatchObject({ 'b.jpg': 'changed' });
    });
  });

  test('settles thousands of vanished files in several steps, each short', () => {
    using test = new TestStore(tempFolder());
    const collectionId = test.collection();
    const files = Array.from({ length: 1_000 }, (_, content) => ({ relPath: `${content}.jpg`, content }));
    scanFolder(test.store, { collectionId, scanId: 1, files });
    const finish = () =>
      test.store.scans.finishChunk({ collectionId, scanId: JobId.parse(2), finishedAtMs: 7 });
    expect(finish()).toBe(false);
    const { missing } = test.recount(collectionId);
    expect(missing).toBeGreaterThan(0);
    expect(missing).toBeLessThan(1_000);
    expect(test.store.collections.get(collectionId)?.lastScanAtMs).toBe(1_000);
    while (!finish());
    expect(test.store.collections.get(collectionId)).toMatchObject({
      lastScanAtMs: 7,
      counts: { missing: 1_000 },
    });
  });

  test('that is resumed after a younger one settles what the younger one saw', () => {
    using test = new TestStore(tempFolder());
    const collectionId = test.collection();
    scanFolder(test.store, { collectionId, scanId: 9, files: [a, b] });
    scanFolder(test.store, { collectionId, scanId: 3, files: [b] });
    expect(test.statuses(collectionId)).toEqual({ 'a.jpg': 'missing', 'b.jpg': 'ok' });
  });

  test('that is killed and repeated still tells a changed image from one that stayed', () => {
    using test = new TestStore(tempFolder());
    const collectionId = test.collection();
    scanFolder(test.store, { collectionId, scanId: 1, files: [a, b] });
    const files = [{ ...a, content: 5 }, b];
    scanFolder(test.store, { collectionId, scanId: 2, files });
    expect(scanFolder(test.store, { collectionId, scanId: 2, files })).toEqual([]);
    test.store.scans.saveInspected({ collectionId, scanId: JobId.parse(2), files: files.map(asInspected) });
    expect(test.statuses(collectionId)).toEqual({ 'a.jpg': 'changed', 'b.jpg': 'ok' });
  });
});

describe('any history of a folder', () => {
  /** What a row has to say, by the rules of the contract alone. */
  type Known = { status: ImageStatus; content: number | null };

  const content = fc.oneof(
    fc.integer({ min: 0, max: 3 }),
    fc.constantFrom('corrupt' as const, 'truncated' as const),
  );
  const folder = fc
    .dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), content, { noNullPrototype: true })
    .map((files) => Object.entries(files).map(([relPath, content]): TestFile => ({ relPath, content })));
  const scan = fc.record({
    files: folder,
    /** How many files each run of the scan saves before it is killed; the last run is not. */
    kills: fc.array(fc.nat({ max: 5 }), { maxLength: 2 }),
    /** Whether each of them is killed only after it has also settled the rest. */
    isLate: fc.boolean(),
  });

  test('ends with the statuses that the rules say, and with counters that equal a recount', () => {
    fc.assert(
      fc.property(fc.array(scan, { minLength: 1, maxLength: 6 }), (scans) => {
        using test = new TestStore(tempFolder());
        const collectionId = test.collection();
        const known = new Map<string, Known>();
        for (const [index, { files, kills, isLate }] of scans.entries()) {
          const scanId = JobId.parse(index + 1);
          for (const saved of kills) {
            killedScan(test, { collectionId, scanId, files, saved });
            expect(test.store.collections.get(collectionId)?.counts).toEqual(test.recount(collectionId));
            if (isLate) scanFolder(test.store, { collectionId, scanId, files });
          }
          scanFolder(test.store, { collectionId, scanId, files });
          if (doExchange(known, files)) {
            // Which image has which file is the tests' above; what is said of each file is the rules' all the same.
            replaceBy(known, rowsOf(test));
            checkFiles(known, files);
          } else {
            applyRules(known, files);
            const expected = Object.fromEntries([...known].map(([relPath, { status }]) => [relPath, status]));
            expect(test.statuses(collectionId)).toEqual(expected);
          }
          expect(test.store.collections.get(collectionId)?.counts).toEqual(test.recount(collectionId));
        }
      }),
      { numRuns: 60 },
    );
  });

  type KilledScan = Parameters<typeof scanFolder>[1] & { scanId: JobId; saved: number };

  function killedScan({ store }: TestStore, { collectionId, scanId, files, saved }: KilledScan): void {
    const toOpen = store.scans.diffFound({ collectionId, scanId, files: files.map(asFound) });
    const opened = toOpen.slice(0, saved).flatMap((index) => files[index] ?? []);
    store.scans.saveInspected({ collectionId, scanId, files: opened.map(asInspected) });
  }

  /** Whether a changed file has the content that another one had before. */
  function doExchange(known: Map<string, Known>, files: readonly TestFile[]): boolean {
    const there = new Map(files.map((file) => [file.relPath, file.content]));
    const hasLeft = [...known].filter(
      ([relPath, { content }]) => content !== null && there.get(relPath) !== content,
    );
    return hasLeft.some(([relPath]) =>
      hasLeft.some(([other, { content }]) => other !== relPath && there.get(relPath) === content),
    );
  }

  function rowsOf({ db }: TestStore): [string, Known][] {
    const rows = db.prepare<[], { rel_path: string; status: ImageStatus; hash: string | null }>(
      'SELECT rel_path, status, lower(hex(content_hash)) AS hash FROM images',
    );
    const contents = new Map([0, 1, 2, 3].map((content) => [hashOf(content) as string, content]));
    return rows
      .all()
      .map(({ rel_path, status, hash }) => [rel_path, { status, content: contents.get(hash ?? '') ?? null }]);
  }

  function replaceBy(known: Map<string, Known>, rows: readonly [string, Known][]): void {
    known.clear();
    for (const [relPath, row] of rows) known.set(relPath, row);
  }

  /** Each file has a row that says what it is, and the others are of files that are not there. */
  function checkFiles(known: Map<string, Known>, files: readonly TestFile[]): void {
    const there = new Map(files.map((file) => [file.relPath, file.content]));
    for (const [relPath, { status, content }] of known) {
      const now = there.get(relPath);
      if (now === undefined) expect([status, content]).toEqual(['missing', expect.any(Number)]);
      else if (typeof now !== 'number') expect(status).toBe('problem');
      else expect([['ok', 'changed'].includes(status), content]).toEqual([true, now]);
    }
    expect([...known.keys()]).toEqual(expect.arrayContaining([...there.keys()]));
  }

  function applyRules(known: Map<string, Known>, files: readonly TestFile[]): void {
    const there = new Map(files.map((file) => [file.relPath, file.content]));
    for (const [relPath, before] of known) {
      if (there.has(relPath)) continue;
      const isMoved = [...there.values()].includes(before.content ?? NaN);
      if (before.content === null || isMoved) known.delete(relPath);
      else known.set(relPath, { ...before, status: 'missing' });
    }
    for (const [relPath, now] of there) {
      const before = known.get(relPath)?.content ?? null;
      if (typeof now !== 'number') known.set(relPath, { status: 'problem', content: before });
      else known.set(relPath, { status: before === null || before === now ? 'ok' : 'changed', content: now });
    }
  }
});
