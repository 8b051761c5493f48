import { describe, expect, test } from 'vitest';
import type { Image, ImageSort, ImageStatus } from '../../../src-main/contract/image.ts';
import { type JobProgress } from '../../../src-main/contract/job.ts';
import { JobState } from '../../../src-main/contract/job-state.ts';
import type { CollectionId } from '../../../src-main/contract/ids.ts';
import { encodeCursor, type Page } from '../../../src-main/store/cursor.ts';
import { hashOf, scanFolder, TestStore, type TestFile } from '../../support/store.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { walkPages } from '../../support/walk-pages.ts';

const badInput = expect.objectContaining({ code: 'BAD_INPUT' }) as Error;
const BAD_CURSORS = [
  '',
  'nonsense',
  'e30',
  encodeCursor([]),
  encodeCursor([1.5, 'a']),
  encodeCursor(['a', 1, 2]),
];

/** Every item of a list, page by page; fails where a page has more items than asked for, or too few before the end. */
function walk<T>(pageAt: (cursor: string | null) => Page<T>, limit: number): T[] {
  const pages = walkPages(pageAt);
  for (const { items } of pages.slice(0, -1)) expect(items.length).toBe(limit);
  expect(pages.at(-1)?.items.length).toBeLessThanOrEqual(limit);
  if (pages.length > 1) expect(pages.at(-1)?.items).not.toEqual([]);
  return pages.flatMap(({ items }) => items);
}

describe('the list of images', () => {
  // In the order of their bytes, which is neither that of a dictionary nor that of UTF-16.
  const PATHS = ['A.jpg', 'Z/a b.jpg', 'a.jpg', 'a/1.jpg', 'b.jpg', 'é.jpg', '\u{ff5e}.jpg', '\u{1f408}.jpg'];
  const files: TestFile[] = PATHS.map((relPath, index) => ({ relPath, content: index }));

  function withImages(): { test: TestStore; collectionId: CollectionId } {
    const test = new TestStore(tempFolder());
    const collectionId = test.collection();
    scanFolder(test.store, { collectionId: test.collection('other'), scanId: 1, files: files.slice(0, 4) });
    scanFolder(test.store, { collectionId, scanId: 1, files: files.toReversed() });
    return { test, collectionId };
  }

  test.each([1, 2, 3, 7, 8, 9])('shows each image once, by path, in pages of %i', (limit) => {
    const { test, collectionId } = withImages();
    using _ = test;
    const images = walk((cursor) => test.store.images.page({ collectionId, cursor, limit }), limit);
    expect(images.map(({ relPath }) => relPath)).toEqual(PATHS);
  });

  test.each([1, 2, 3, 100])(
    'has ids by path, date and size, in either direction, in pages of %i',
    (limit) => {
      const { test, collectionId } = withImages();
      using _ = test;
      // Neither their order nor equal values may lose an image between pages.
      PATHS.forEach((path, at) => {
        const change = test.db.prepare('UPDATE images SET mtime_ms = ?, size_bytes = ? WHERE rel_path = ?');
        change.run([5, 3, 3, 1.5, 3, 0, -2, 9][at], [7, 7, 7, 1, 2, 3, 0, 8][at], path);
      });
      const listed = (sort: ImageSort, isReversed: boolean) =>
        walk(
          (cursor) =>
            test.store.images.ids({
              collectionId,
              statuses: ['ok', 'changed'],
              sort,
              isReversed,
              cursor,
              limit,
            }),
          limit,
        ).map((id) => test.store.images.get(id)?.relPath);
      expect(listed('path', false)).toEqual(PATHS);
      expect(listed('path', true)).toEqual(PATHS.toReversed());
      const byDate = listed('changed', false);
      expect(byDate[0]).toBe(PATHS[7]);
      expect(byDate.slice(-3)).toEqual([PATHS[3], PATHS[5], PATHS[6]]);
      expect(listed('changed', true)).toEqual(byDate.toReversed());
      const bySize = listed('size', false);
      expect(new Set(bySize.slice(1, 4))).toEqual(new Set(PATHS.slice(0, 3)));
      expect(listed('size', true)).toEqual(bySize.toReversed());
      const brightness = test.db.prepare('UPDATE images SET brightness = ? WHERE rel_path = ?');
      for (const [at, path] of PATHS.entries()) brightness.run(at / PATHS.length, path);
      brightness.run(null, PATHS[4]);
      const byBrightness = [...PATHS.filter((_, at) => at !== 4).toReversed(), PATHS[4]];
      expect(listed('brightness', false)).toEqual(byBrightness);
      expect(listed('brightness', true)).toEqual(byBrightness.toReversed());
    },
  );

  test('is searched for a part of a path, whatever the case and the spelling of accents', () => {
    const { test, collectionId } = withImages();
    using _ = test;
    const decomposed = 'Z/E\u0301tude 50%.jpg';
    scanFolder(test.store, {
      collectionId,
      scanId: 2,
      files: [...files, { relPath: decomposed, content: 50 }, { relPath: 'Z/x_y.jpg', content: 51 }],
    });
    const found = (search: string) =>
      test.store.images
        .ids({
          collectionId,
          statuses: ['ok'],
          search,
          sort: 'path',
          isReversed: false,
          cursor: null,
          limit: 100,
        })
        .items.map((id) => test.store.images.get(id)?.relPath);
    expect(found('z/A')).toEqual(['Z/a b.jpg']);
    expect(found('é')).toEqual([decomposed, 'é.jpg']);
    expect(found('50%')).toEqual([decomposed]);
    expect(found('x_y')).toEqual(['Z/x_y.jpg']);
    expect(found('%')).toEqual([decomposed]);
    expect(found(' ')).toHaveLength(PATHS.length + 2);
    expect(found('zebra')).toEqual([]);
  });

  test.each<{ statuses: ImageStatus[]; limit: number }>([
    { statuses: ['ok'], limit: 2 },
    { statuses: ['ok', 'changed'], limit: 1 },
    { statuses: ['changed', 'missing', 'problem'], limit: 2 },
    { statuses: ['problem', 'problem'], limit: 1 },
    { statuses: ['ok', 'changed', 'missing', 'problem'], limit: 3 },
  ])('shows each image of $statuses once, by path, in pages of $limit', ({ statuses, limit }) => {
    const { test, collectionId } = withImages();
    using _ = test;
    const later = files.slice(2).map((file, index): TestFile => {
      if (index % 3 === 0) return { ...file, content: 90 + index };
      return index % 3 === 1 ? { ...file, content: 'corrupt' } : file;
    });
    scanFolder(test.store, { collectionId, scanId: 2, files: later });
    const all = walk((cursor) => test.store.images.page({ collectionId, cursor, limit: 100 }), 100);
    const some = walk((cursor) => test.store.images.page({ collectionId, statuses, cursor, limit }), limit);
    const wanted = all.filter(({ status }: Image) => statuses.includes(status));
    expect(new Set(all.map(({ status }) => status)).size).toBe(4);
    expect(some).toEqual(wanted);
    expect(some.length).toBeGreaterThan(0);
  });

  test('of no collection is empty, and an unknown image is undefined', () => {
    using test = new TestStore(tempFolder());
    const collectionId = test.collection();
    expect(test.store.images.page({ collectionId, cursor: null, limit: 5 })).toEqual({
      items: [],
      nextCursor: null,
    });
    const { test: other } = withImages();
    using _ = other;
    const id = other.imageId('b.jpg');
    expect(test.store.images.get(id)).toBeUndefined();
    expect(test.store.images.locate(id)).toBeUndefined();
  });

  test.each(BAD_CURSORS)('refuses the cursor %j', (cursor) => {
    const { test, collectionId } = withImages();
    using _ = test;
    expect(() => test.store.images.page({ collectionId, cursor, limit: 5 })).toThrow(badInput);
    expect(() => test.store.images.duplicates({ collectionId, cursor, limit: 5 })).toThrow(badInput);
  });

  test('gathers files with the same bytes, first by path, and shows no more than twenty of a group', () => {
    using test = new TestStore(tempFolder());
    const collectionId = test.collection();
    const copies = (content: number, count: number): TestFile[] =>
      Array.from({ length: count }, (_, index) => ({
        relPath: `${content}-${String(index).padStart(2, '0')}.jpg`,
        content,
      }));
    scanFolder(test.store, { collectionId: test.collection('other'), scanId: 1, files: copies(1, 1) });
    const gone = { relPath: 'gone.jpg', content: 1 };
    scanFolder(test.store, { collectionId, scanId: 1, files: [gone] });
    const files = [...copies(1, 1), ...copies(5, 30), ...copies(3, 2), ...copies(9, 1), ...copies(8, 3)];
    scanFolder(test.store, { collectionId, scanId: 2, files });
    const groups = walk((cursor) => test.store.images.duplicates({ collectionId, cursor, limit: 2 }), 2);
    expect(groups.map(({ contentHash, count }) => [contentHash, count])).toEqual([
      [hashOf(3), 2],
      [hashOf(5), 30],
      [hashOf(8), 3],
    ]);
    expect(groups[1]?.images.map(({ relPath }) => relPath)).toEqual(
      copies(5, 20).map(({ relPath }) => relPath),
    );
    expect(test.store.collections.get(collectionId)?.counts.duplicates).toBe(1 + 29 + 2);
  });

  test('counts problems by their cause, the most frequent first', () => {
    using test = new TestStore(tempFolder());
    const collectionId = test.collection();
    const causes = ['truncated', 'corrupt', 'empty-file', 'corrupt'] as const;
    const broken = causes.map((content, index) => ({ relPath: `${index}.jpg`, content }));
    scanFolder(test.store, {
      collectionId,
      scanId: 1,
      files: [...broken, { relPath: 'fine.jpg', content: 1 }],
    });
    expect(test.store.images.problems(collectionId)).toEqual([
      { code: 'corrupt', count: 2 },
      { code: 'empty-file', count: 1 },
      { code: 'truncated', count: 1 },
    ]);
  });
});

describe('jobs', () => {
  function withJobs(count: number) {
    const test = new TestStore(tempFolder());
    const { jobs } = test.store;
    const collectionId = test.collection();
    const ids = Array.from({ length: count }, (_, index) =>
      jobs.insert({ spec: { kind: 'scan', collectionId }, title: `Scan ${index}`, createdAtMs: index }),
    );
    return { test, jobs, ids, collectionId };
  }

  test('wait in the order they came', () => {
    const { test, jobs, ids, collectionId } = withJobs(2);
    using _ = test;
    const [first, second] = ids;
    if (!first || !second) throw new Error('too few jobs');
    expect(jobs.nextQueued()).toEqual({
      id: first,
      spec: { kind: 'scan', collectionId },
      title: 'Scan 0',
      state: 'queued',
      progress: null,
      error: null,
      isResumable: false,
      createdAtMs: 0,
      startedAtMs: null,
      finishedAtMs: null,
    });
    jobs.transition({ id: first, from: ['queued'], to: 'running', error: null, nowMs: 5 });
    expect(jobs.nextQueued()?.id).toBe(second);
    expect(jobs.get(first)).toMatchObject({ state: 'running', startedAtMs: 5, finishedAtMs: null });
    jobs.transition({ id: first, from: ['running'], to: 'done', error: null, nowMs: 8 });
    expect(jobs.get(first)).toMatchObject({ state: 'done', startedAtMs: 5, finishedAtMs: 8 });
  });

  test('move only from the states that were named', () => {
    const { test, jobs, ids } = withJobs(1);
    using _ = test;
    const [id] = ids;
    if (!id) throw new Error('no job');
    expect(jobs.transition({ id, from: ['running', 'pausing'], to: 'done', error: null, nowMs: 9 })).toBe(
      false,
    );
    expect(jobs.get(id)).toMatchObject({ state: 'queued', finishedAtMs: null });
    const error = { code: 'DISK_FULL', message: 'The disk is full.', hint: null } as const;
    expect(jobs.transition({ id, from: ['running', 'queued'], to: 'failed', error, nowMs: 9 })).toBe(true);
    expect(jobs.get(id)).toMatchObject({ state: 'failed', error, isResumable: true, finishedAtMs: 9 });
    jobs.transition({ id, from: ['failed'], to: 'queued', error: null, nowMs: 10 });
    expect(jobs.get(id)).toMatchObject({ state: 'queued', error: null, finishedAtMs: null });
  });

  test('keep their progress as it was told', () => {
    const { test, jobs, ids } = withJobs(1);
    using _ = test;
    const [id] = ids;
    if (!id) throw new Error('no job');
    const progress: JobProgress = {
      phase: 'reading-images',
      done: 3,
      total: null,
      unit: 'files',
      ratePerS: 1.5,
      etaMs: null,
      jobShare: null,
    };
    jobs.setProgress(id, progress);
    expect(jobs.get(id)?.progress).toEqual(progress);
  });

  test('that a dead process worked on are interrupted, and no others', () => {
    const { test, jobs, ids } = withJobs(JobState.options.length);
    using _ = test;
    for (const [index, to] of JobState.options.entries()) {
      const id = ids[index];
      if (id) jobs.transition({ id, from: ['queued'], to, error: null, nowMs: 1 });
    }
    jobs.interruptActive();
    const states = ids.map((id) => jobs.get(id)?.state);
    const isActive = (state: JobState) => ['running', 'pausing', 'cancelling'].includes(state);
    expect(states).toEqual(JobState.options.map((state) => (isActive(state) ? 'interrupted' : state)));
    const { items } = jobs.page({ states: ['interrupted'], cursor: null, limit: 9 });
    const causes = items.toReversed().map(({ error }) => error?.code);
    expect(causes).toEqual(['WORKER_FAILED', 'WORKER_FAILED', 'WORKER_FAILED', undefined]);
  });

  test.each<{ states: JobState[] | undefined; limit: number }>([
    { states: undefined, limit: 3 },
    { states: ['queued'], limit: 2 },
    { states: ['queued', 'running'], limit: 1 },
    { states: ['done', 'running', 'done'], limit: 2 },
  ])('of $states are shown once each, the newest first, in pages of $limit', ({ states, limit }) => {
    const { test, jobs, ids } = withJobs(10);
    using _ = test;
    for (const [index, id] of ids.entries()) {
      const to = (['queued', 'running', 'done'] as const)[index % 3] ?? 'done';
      jobs.transition({ id, from: ['queued'], to, error: null, nowMs: 1 });
    }
    const shown = walk((cursor) => jobs.page({ states, cursor, limit }), limit);
    const wanted = ids.filter((id) => !states || states.includes(jobs.get(id)?.state ?? 'failed'));
    expect(shown.map(({ id }) => id)).toEqual(wanted.toReversed());
  });

  test.each(BAD_CURSORS)('are not listed by the cursor %j', (cursor) => {
    const { test, jobs } = withJobs(1);
    using _ = test;
    expect(() => jobs.page({ cursor, limit: 5 })).toThrow(badInput);
  });
});

describe('settings', () => {
  test('keep any JSON value, one a key, and leave undefined ones as they are', () => {
    using test = new TestStore(tempFolder());
    const { settings } = test.store;
    expect(settings.all()).toEqual({});
    settings.setAll({ maxPixels: 5, theme: { isDark: true }, none: null });
    settings.setAll({ maxPixels: 6, theme: undefined });
    expect(settings.all()).toEqual({ maxPixels: 6, theme: { isDark: true }, none: null });
  });

  test('change together or not at all', () => {
    using test = new TestStore(tempFolder());
    const { settings } = test.store;
    expect(() => settings.setAll({ maxPixels: 5, huge: 5n })).toThrow(TypeError);
    expect(settings.all()).toEqual({});
  });
});
