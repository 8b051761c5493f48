import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import {
  JobId,
  type CollectionId,
  type ConceptId,
  type SegmentationId,
} from '../../src-main/contract/ids.ts';
import { GallerySort, type ReviewState } from '../../src-main/contract/mask.ts';
import { Store } from '../../src-main/store/database.ts';
import type { GalleryQuery } from '../../src-main/store/gallery.ts';
import type { NewMask } from '../../src-main/store/segmentations.ts';
import { asFound, asInspected, hashOf, maskOf, TestStore, type TestFile } from '../support/store.ts';
import { describeMachine, type BenchReport } from './bench-report.ts';

const DEFAULT_IMAGES = 100_000;
const MASKS_PER_IMAGE = 3;
const CONCEPTS = 20;
/** What one message of a scan carries. */
const SCAN_BATCH = 256;
const PAGE = 100;
const READS = 300;
const MAX_PAGE_MS = 10;
const MAX_WRITE_MS = 50;

type Row = Record<string, string | number>;
type Filter = { name: string } & Pick<GalleryQuery, 'conceptId' | 'review' | 'minScore'>;
type Gallery = {
  collectionId: CollectionId;
  segmentationId: SegmentationId;
  commonConcept: ConceptId;
  rareConcept: ConceptId;
};

/**
 * Times what the service does between two breaths of its event loop, on a collection of 100,000 images with
 * 300,000 masks: pages of every list, at their start and deep inside, and every step of writing.
 * @param args `--images N`
 */
export function run(args: string[]): Promise<BenchReport> {
  const imageCount = Number(args[args.indexOf('--images') + 1]) || DEFAULT_IMAGES;
  const folder = mkdtempSync(join(tmpdir(), 'r2o-bench-'));
  try {
    return Promise.resolve(benchmark(folder, imageCount));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function benchmark(folder: string, imageCount: number): BenchReport {
  using test = new TestStore(folder);
  const { store } = test;
  const scanSteps = new Map<string, number[]>();
  const other = store.collections.insert({ name: 'other', rootPath: '/other', createdAtMs: 0 });
  const gallery = buildGallery(test.file, imageCount);
  const pages = galleryRows(store, gallery);
  const lists = listRows(store, gallery.collectionId);
  timeScans(store, { collectionId: other, imageCount, times: scanSteps });
  timeMasks(store, gallery, scanSteps);
  timeRemoval(store, gallery.collectionId, scanSteps);
  const writes = [...scanSteps].map(([what, ms]) => ({ what, ...summary(ms) }));
  const worst = (rows: Row[]) => Math.max(...rows.map((row) => Number(row['p99 ms'])));
  return {
    benchmark: 'gallery',
    machine: describeMachine(),
    tables: [
      {
        title: `Gallery pages of ${PAGE}, ${imageCount} images, ${imageCount * MASKS_PER_IMAGE} masks`,
        rows: pages,
      },
      { title: `Other lists, pages of ${PAGE}`, rows: lists },
      { title: 'Steps of writing, a transaction each', rows: writes },
    ],
    ratios: {
      worstGalleryPageP99MsOver10Ms: round(worst(pages) / MAX_PAGE_MS),
      worstOtherListP99MsOver10Ms: round(worst(lists) / MAX_PAGE_MS),
      worstWriteStepP99MsOver50Ms: round(worst(writes) / MAX_WRITE_MS),
    },
  };
}

/** Fills a database through the repositories, in large transactions to be done sooner. */
function buildGallery(file: string, imageCount: number): Gallery {
  const db = new Database(file);
  db.pragma('foreign_keys = ON');
  db.pragma('synchronous = OFF');
  using store = new Store(db);
  const random = randomFrom(1);
  const collectionId = store.collections.insert({ name: 'pets', rootPath: '/pets', createdAtMs: 0 });
  const segmentationId = store.segmentations.insert({
    ...{ collectionId, name: 'objects', settings: {}, device: 'cpu', createdAtMs: 0 },
  });
  const concepts = Array.from({ length: CONCEPTS }, (_, number) =>
    store.segmentations.insertConcept({
      ...{ segmentationId, number, name: null, colour: '#808080', isBackground: false },
    }),
  );
  const [commonConcept, ...others] = concepts;
  const rareConcept = others.pop();
  if (commonConcept === undefined || rareConcept === undefined) throw new Error('too few concepts');

  const masksOf = (index: number): NewMask[] =>
    Array.from({ length: MASKS_PER_IMAGE }, (_, rank) => {
      const isRare = rank === 0 && index % 2_000 === 0;
      const common = random() < 0.4 ? commonConcept : (others[Math.floor(random() * others.length)] ?? null);
      return maskOf({
        conceptId: isRare ? rareConcept : common,
        score: random(),
        areaPx: 1 + Math.floor(random() * 50_000),
      });
    });
  db.transaction(() => {
    const scan = { collectionId, scanId: JobId.parse(1) };
    for (let from = 0; from < imageCount; from += SCAN_BATCH) {
      store.scans.saveInspected({ ...scan, files: filesOf(from, imageCount).map(asInspected) });
    }
    const imageIds = db.prepare<[number], number>('SELECT id FROM images WHERE collection_id = ?').pluck();
    for (const [index, imageId] of imageIds.all(collectionId).entries()) {
      const ids = store.segmentations.saveImage({
        segmentationId,
        // The row ids were read as numbers of images just above.
        imageId: imageId as Parameters<typeof store.segmentations.saveImage>[0]['imageId'],
        ...{ contentHash: hashOf(index), finishedAtMs: 0, masks: masksOf(index) },
      });
      for (const id of ids) {
        const review = reviewOf(id, random());
        if (review !== 'pending') store.segmentations.setReview(id, review);
      }
    }
  })();
  return { collectionId, segmentationId, commonConcept, rareConcept };
}

/** Most masks wait or are accepted; `edited` is rare. */
function reviewOf(maskId: number, chance: number): ReviewState {
  if (maskId % 5_000 === 1) return 'edited';
  if (chance < 0.55) return 'pending';
  return chance < 0.9 ? 'accepted' : 'rejected';
}

function galleryRows(store: Store, gallery: Gallery): Row[] {
  const { segmentationId, commonConcept, rareConcept } = gallery;
  const filters: Filter[] = [
    { name: 'none' },
    { name: 'common concept', conceptId: commonConcept },
    { name: 'rare concept', conceptId: rareConcept },
    { name: 'pending', review: 'pending' },
    { name: 'edited (rare)', review: 'edited' },
    { name: 'common concept, pending', conceptId: commonConcept, review: 'pending' },
    { name: 'common concept, edited', conceptId: commonConcept, review: 'edited' },
    { name: 'rare concept, pending', conceptId: rareConcept, review: 'pending' },
    { name: 'score >= 0.5', minScore: 0.5 },
    { name: 'score >= 0.9995 (rare)', minScore: 0.9995 },
    { name: 'score >= 1 (none)', minScore: 1 },
    { name: 'common concept, score >= 0.9995', conceptId: commonConcept, minScore: 0.9995 },
    { name: 'pending, score >= 0.9995', review: 'pending', minScore: 0.9995 },
    {
      name: 'common, pending, score >= 0.9995',
      conceptId: commonConcept,
      review: 'pending',
      minScore: 0.9995,
    },
  ];
  return filters.flatMap((filter) =>
    GallerySort.options.map((sort) => {
      const pageAt = (cursor: string | null) =>
        store.gallery.page({ segmentationId, ...filter, sort, cursor, limit: PAGE });
      const cursors = cursorsOf(pageAt);
      const start = summary(timeReads(() => pageAt(null)));
      const deep = summary(timeReads((index) => pageAt(cursors[index % cursors.length] ?? null)));
      return {
        ...{ filter: filter.name, sort, pages: cursors.length },
        ...{ 'start p50 ms': start['p50 ms'], 'start p99 ms': start['p99 ms'] },
        ...{ 'deep p50 ms': deep['p50 ms'], 'deep p99 ms': deep['p99 ms'] },
        'p99 ms': Math.max(start['p99 ms'], deep['p99 ms']),
        'max ms': Math.max(start['max ms'], deep['max ms']),
      };
    }),
  );
}

/** The cursors of all pages: a walk through the whole list. */
function cursorsOf(pageAt: (cursor: string | null) => { nextCursor: string | null }): (string | null)[] {
  const cursors: (string | null)[] = [null];
  for (;;) {
    const { nextCursor } = pageAt(cursors.at(-1) ?? null);
    if (nextCursor === null) return shuffled(cursors);
    cursors.push(nextCursor);
  }
}

function listRows(store: Store, collectionId: CollectionId): Row[] {
  const { images, collections } = store;
  const pageAt = (cursor: string | null) => images.page({ collectionId, cursor, limit: PAGE });
  const cursors = cursorsOf(pageAt);
  const statuses = ['ok', 'changed', 'missing'] as const;
  const lists: Record<string, (index: number) => unknown> = {
    'images, start': () => pageAt(null),
    'images, deep': (index) => pageAt(cursors[index % cursors.length] ?? null),
    'images of three statuses, deep': (index) =>
      images.page({ collectionId, statuses, cursor: cursors[index % cursors.length] ?? null, limit: PAGE }),
    'images with a problem (none)': () =>
      images.page({ collectionId, statuses: ['problem'], cursor: null, limit: PAGE }),
    'duplicates (1,000 pairs)': () => images.duplicates({ collectionId, cursor: null, limit: PAGE }),
    problems: () => images.problems(collectionId),
    collections: () => collections.list(),
  };
  return Object.entries(lists).map(([list, read]) => ({ list, ...summary(timeReads(read)) }));
}

type ScanTimes = { collectionId: CollectionId; imageCount: number; times: Map<string, number[]> };

function timeScans(store: Store, { collectionId, imageCount, times }: ScanTimes): void {
  const { scans } = store;
  const step = stepTimer(times);
  const inBatches = (
    scanId: JobId,
    work: (files: TestFile[], scan: { collectionId: CollectionId; scanId: JobId }) => void,
  ) => {
    for (let from = 0; from < imageCount; from += SCAN_BATCH)
      work(filesOf(from, imageCount), { collectionId, scanId });
  };
  const finish = (what: string, scanId: JobId) => {
    while (!step(what, () => scans.finishChunk({ collectionId, scanId, finishedAtMs: 0 })));
  };
  inBatches(JobId.parse(1), (files, scan) => {
    step('find 256 new files', () => scans.diffFound({ ...scan, files: files.map(asFound) }));
    step('save 256 new files', () => scans.saveInspected({ ...scan, files: files.map(asInspected) }));
  });
  finish('finish, all seen', JobId.parse(1));
  inBatches(JobId.parse(2), (files, scan) => {
    step('find 256 known files', () => scans.diffFound({ ...scan, files: files.map(asFound) }));
  });
  finish('finish, all seen', JobId.parse(2));
  inBatches(JobId.parse(3), (files, scan) => {
    const changed = files.map((file) => ({ ...asInspected(file), sizeBytes: 1 }));
    step('save 256 changed files', () => scans.saveInspected({ ...scan, files: changed }));
  });
  // Every file is gone: a drive was unplugged.
  finish('finish, a chunk of missing files', JobId.parse(4));
  for (let scan = 5; scan < 15; scan++) finish('finish, all missing before', JobId.parse(scan));
}

function timeMasks(
  store: Store,
  { collectionId, segmentationId, commonConcept }: Gallery,
  times: Map<string, number[]>,
): void {
  const step = stepTimer(times);
  const { items } = store.images.page({ collectionId, cursor: null, limit: 500 });
  for (const { id: imageId } of items) {
    const masks = Array.from({ length: 20 }, (_, rank) =>
      maskOf({ conceptId: commonConcept, score: rank / 20, areaPx: rank + 1 }),
    );
    const ids = step('save an image with 20 masks', () =>
      store.segmentations.saveImage({
        ...{ segmentationId, imageId, contentHash: hashOf(1), finishedAtMs: 0, masks },
      }),
    );
    const [first] = ids;
    if (first) step('review a mask', () => store.segmentations.setReview(first, 'accepted'));
  }
}

function timeRemoval(store: Store, collectionId: CollectionId, times: Map<string, number[]>): void {
  const step = stepTimer(times);
  while (
    !step('remove a chunk of images with masks', () => store.collections.removeChunk(collectionId)).isComplete
  );
}

/** Times one step of work under its name. */
function stepTimer(times: Map<string, number[]>): <T>(what: string, work: () => T) => T {
  return (what, work) => {
    const startMs = performance.now();
    const result = work();
    times.set(what, [...(times.get(what) ?? []), performance.now() - startMs]);
    return result;
  };
}

function timeReads(read: (index: number) => unknown): number[] {
  return Array.from({ length: READS }, (_, index) => {
    const startMs = performance.now();
    read(index);
    return performance.now() - startMs;
  });
}

/** Names whose order is not the order of the rows; one file in a hundred has the content of the one before. */
function filesOf(from: number, imageCount: number): TestFile[] {
  return Array.from({ length: Math.min(SCAN_BATCH, imageCount - from) }, (_, offset) => {
    const index = from + offset;
    const place = (index * 7_919) % imageCount;
    return {
      relPath: `set-${Math.floor(place / 1_000)}/photo-${String(place).padStart(6, '0')}.jpg`,
      content: index % 100 === 1 ? index - 1 : index,
    };
  });
}

function summary(times: readonly number[]) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { times: times.length, 'p50 ms': at(0.5), 'p99 ms': at(0.99), 'max ms': at(1) };
}

function shuffled<T>(items: readonly T[]): T[] {
  const random = randomFrom(2);
  return items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

/** Numbers in [0, 1), the same in every run. Source: Numerical Recipes, 3rd edition, §7.1 (quick LCG). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

const round = (value: number) => Number(value.toPrecision(3));
