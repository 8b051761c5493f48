import { describe, expect, test } from 'vitest';
import { JobState } from '../../../src-main/contract/job-state.ts';
import { scanFolder, TestStore } from '../../support/store.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const HASH = Buffer.alloc(32, 7);
const NEVER_CHANGES = 'a frozen dataset version never changes';
const AS_A_WHOLE = 'deleted as a whole or not at all';

type Values = Record<string, unknown>;

/** Inserts one row; values are by column name. */
function insert({ db }: TestStore, table: string, values: Values): number {
  const columns = Object.keys(values);
  const sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((name) => `@${name}`).join(', ')})`;
  return Number(db.prepare(sql).run(values).lastInsertRowid);
}

describe('the schema refuses', () => {
  const image = {
    rel_path: 'a.jpg',
    status: 'ok',
    size_bytes: 1,
    mtime_ms: 1,
    seen_by_scan: 1,
    content_hash: HASH,
    width_px: 10,
    height_px: 10,
    orientation: 1,
    has_alpha: 0,
  };
  test.each<[string, Values]>([
    ['an unknown status', { status: 'fine' }],
    ['a negative size', { size_bytes: -1 }],
    ['a size that is text', { size_bytes: 'large' }],
    ['a size with a fraction', { size_bytes: 1.5 }],
    ['a hash that is text', { content_hash: 'x'.repeat(32) }],
    ['a hash that is too short', { content_hash: Buffer.alloc(20) }],
    ['a width of nothing', { width_px: 0 }],
    ['an orientation that Exif does not know', { orientation: 9 }],
    ['a truth value of 2', { has_alpha: 2 }],
    ['a problem without a reason', { status: 'problem' }],
    ['a code without a sentence', { status: 'problem', problem_code: 'corrupt' }],
    ['a reason without a problem', { problem_code: 'corrupt', problem_detail: 'It is.' }],
    ['a usable image without a hash', { content_hash: null }],
    ['a changed image without a size', { status: 'changed', width_px: null }],
    ['no path', { rel_path: null }],
    ['a collection that does not exist', { collection_id: 99 }],
  ])('an image with %s', (_, fault) => {
    using test = new TestStore(tempFolder());
    const row = { ...image, collection_id: test.collection() };
    expect(() => insert(test, 'images', { ...row, ...fault })).toThrow(/constraint|cannot store/);
    insert(test, 'images', row);
  });

  const mask = {
    origin: 'model',
    x: 0,
    y: 0,
    width: 10,
    height: 10,
    area_px: 100,
    score: 0.5,
    review: 'pending',
  };
  test.each<[string, Values]>([
    ['more pixels than its box', { area_px: 101 }],
    ['no pixels', { area_px: 0 }],
    ['a box of no width', { width: 0 }],
    ['a corner outside the image', { x: -1 }],
    ['a score above 1', { score: 1.01 }],
    ['an unknown review state', { review: 'maybe' }],
    ['an unknown origin', { origin: 'dream' }],
    ['an image that is not segmented', { image_id: 99 }],
    ['a concept that does not exist', { concept_id: 99 }],
  ])('a mask with %s', (_, fault) => {
    using test = new TestStore(tempFolder());
    const row = { ...mask, ...segmented(test) };
    expect(() => insert(test, 'masks', { ...row, ...fault })).toThrow(/constraint/);
    insert(test, 'masks', row);
  });

  test.each<[string, string, Values]>([
    [
      'a job in an unknown state',
      'jobs',
      { kind: 'scan', title: '', spec: '{}', state: 'asleep', created_at_ms: 0 },
    ],
    [
      'a job whose spec is no JSON',
      'jobs',
      { kind: 'scan', title: '', spec: '{', state: 'queued', created_at_ms: 0 },
    ],
    ['a setting that is no JSON', 'settings', { key: 'a', value: 'b' }],
    ['a collection without a name', 'collections', { name: '', root_path: '/a', created_at_ms: 0 }],
    [
      'weights without a checksum',
      'models',
      { name: 'm', origin: 'imported', architecture: 'r18', file: 'm.bin', created_at_ms: 0 },
    ],
    [
      'an untrained model with a file',
      'models',
      {
        name: 'm',
        origin: 'untrained',
        architecture: 'r18',
        file: 'm.bin',
        file_sha256: HASH,
        created_at_ms: 0,
      },
    ],
    ['a colour that is a name', 'concepts', { segmentation_id: 1, number: 7, colour: 'red' }],
    [
      'run lengths of nothing',
      'mask_shapes',
      { mask_id: 1, grid_width: 1, grid_height: 1, rle: Buffer.alloc(0) },
    ],
  ])('%s', (_, table, values) => {
    using test = new TestStore(tempFolder());
    insert(test, 'masks', { ...mask, ...segmented(test) });
    expect(() => insert(test, table, values)).toThrow(/constraint/);
  });

  test('no state that the state machine knows', () => {
    using test = new TestStore(tempFolder());
    for (const state of JobState.options) {
      insert(test, 'jobs', { kind: 'scan', title: '', spec: '{}', state, created_at_ms: 0 });
    }
    expect(test.db.prepare('SELECT count(*) FROM jobs').pluck().get()).toBe(JobState.options.length);
  });

  test('a concept that is merged into itself', () => {
    using test = new TestStore(tempFolder());
    const { segmentation_id } = segmented(test);
    const id = insert(test, 'concepts', { segmentation_id, number: 7, colour: '#00ff00' });
    expect(() => test.db.prepare('UPDATE concepts SET merged_into = id WHERE id = ?').run(id)).toThrow(
      'CHECK',
    );
  });
});

describe('a frozen dataset version', () => {
  test.each([
    ['a new class', `INSERT INTO dataset_classes VALUES (1, 2, 'dog', '#000000')`],
    ['another class name', `UPDATE dataset_classes SET name = 'dog' WHERE version_id = 1`],
    [
      'a class moved in',
      `UPDATE dataset_classes SET version_id = 1, number = 9, name = 'x' WHERE version_id = 2`,
    ],
    [
      'a class moved out',
      `UPDATE dataset_classes SET version_id = 2, number = 9, name = 'x' WHERE version_id = 1`,
    ],
    [
      'a new image',
      `INSERT INTO dataset_images SELECT 9, 1, root_path, rel_path, NULL, content_hash, 1, 1, 1, 1, 1, 'val', NULL FROM dataset_images WHERE id = 1`,
    ],
    ['another split', `UPDATE dataset_images SET split = 'test' WHERE id = 1`],
    ['an image moved in', `UPDATE dataset_images SET version_id = 1 WHERE id = 2`],
    ['an image moved out', `UPDATE dataset_images SET version_id = 2 WHERE id = 1`],
    [
      'a new mask',
      `INSERT INTO dataset_masks SELECT 9, 1, 1, NULL, x, y, width, height, area_px, score, review, rle, 0 FROM dataset_masks WHERE id = 1`,
    ],
    ['another score', `UPDATE dataset_masks SET score = 0 WHERE id = 1`],
    ['a mask moved in', `UPDATE dataset_masks SET image_id = 1 WHERE id = 2`],
    ['a mask moved out', `UPDATE dataset_masks SET image_id = 2 WHERE id = 1`],
    ['another recipe', `UPDATE dataset_versions SET recipe = '[]' WHERE id = 1`],
    ['thawing', `UPDATE dataset_versions SET state = 'building' WHERE id = 1`],
  ])('refuses %s', (_, sql) => {
    using test = withVersions();
    expect(() => test.db.exec(sql)).toThrow(NEVER_CHANGES);
  });

  test.each(['dataset_classes', 'dataset_images', 'dataset_masks'])('keeps each row of %s', (table) => {
    using test = withVersions();
    expect(() => test.db.exec(`DELETE FROM ${table}`)).toThrow(AS_A_WHOLE);
    expect(count(test, table)).toBe(2);
  });

  test('goes as a whole, with all its parts, and leaves the other versions', () => {
    using test = withVersions();
    test.db.exec('DELETE FROM dataset_versions WHERE id = 1');
    for (const table of ['dataset_versions', 'dataset_classes', 'dataset_images', 'dataset_masks']) {
      expect([table, count(test, table)]).toEqual([table, 1]);
    }
  });

  test('goes in small steps once it is marked, and the mark is for good', () => {
    using test = withVersions();
    test.db.exec(`UPDATE dataset_versions SET state = 'removing' WHERE id = 1`);
    test.db.exec('DELETE FROM dataset_images WHERE version_id = 1');
    expect(count(test, 'dataset_masks')).toBe(1);
    for (const state of ['frozen', 'building']) {
      expect(() => test.db.exec(`UPDATE dataset_versions SET state = '${state}' WHERE id = 1`)).toThrow(
        NEVER_CHANGES,
      );
    }
  });

  test('goes with its dataset', () => {
    using test = withVersions();
    test.db.exec('DELETE FROM datasets');
    expect(count(test, 'dataset_masks')).toBe(0);
  });

  test('that is still being built may change', () => {
    using test = withVersions();
    test.db.exec(`UPDATE dataset_masks SET score = 0 WHERE id = 2; DELETE FROM dataset_images WHERE id = 2`);
    expect(count(test, 'dataset_masks')).toBe(1);
  });

  test('stays when the collection that it was made from is removed', () => {
    using test = withVersions();
    const collectionId = test.collection();
    scanFolder(test.store, { collectionId, scanId: 1, files: [{ relPath: 'a.jpg', content: 7 }] });
    while (!test.store.collections.removeChunk(collectionId).isComplete);
    expect(count(test, 'dataset_masks')).toBe(2);
  });
});

const count = ({ db }: TestStore, table: string) => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get();

/** Keys of an image that a segmentation has finished. */
function segmented(test: TestStore): { segmentation_id: number; image_id: number } {
  const collectionId = test.collection('segmented');
  scanFolder(test.store, { collectionId, scanId: 1, files: [{ relPath: 'segmented.jpg', content: 1 }] });
  const segmentation_id = test.store.segmentations.insert({
    collectionId,
    name: 'objects',
    settings: {},
    device: 'cpu',
    createdAtMs: 0,
  });
  const image_id = test.imageId('segmented.jpg');
  insert(test, 'segmented_images', {
    segmentation_id,
    image_id,
    content_hash: HASH,
    rel_path: 'segmented.jpg',
    finished_at_ms: 0,
  });
  return { segmentation_id, image_id };
}

/** Two versions of one dataset, each with a class, an image and a mask: 1 is frozen, 2 is being built. */
function withVersions(): TestStore {
  const test = new TestStore(tempFolder());
  insert(test, 'datasets', { id: 1, name: 'pets', created_at_ms: 0 });
  for (const id of [1, 2]) {
    insert(test, 'dataset_versions', { id, dataset_id: 1, number: id, recipe: '{}', created_at_ms: 0 });
    insert(test, 'dataset_classes', { version_id: id, number: 1, name: 'cat', colour: '#ff0000' });
    insert(test, 'dataset_images', {
      id,
      version_id: id,
      root_path: '/pets',
      rel_path: 'a.jpg',
      content_hash: HASH,
      size_bytes: 1,
      mtime_ms: 1,
      width_px: 10,
      height_px: 10,
      orientation: 1,
      split: 'train',
    });
    insert(test, 'dataset_masks', {
      id,
      image_id: id,
      class_number: 1,
      x: 0,
      y: 0,
      width: 1,
      height: 1,
      area_px: 1,
      score: 1,
      review: 'accepted',
      rle: Buffer.from([1]),
    });
  }
  test.db.exec(`UPDATE dataset_versions SET state = 'frozen' WHERE id = 1`);
  return test;
}
