import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { JobId, type CollectionId } from '../../src-main/contract/ids.ts';
import type { ReviewState } from '../../src-main/contract/mask.ts';
import { Store } from '../../src-main/store/database.ts';
import type { NewMask } from '../../src-main/store/preliminary-masks.ts';
import {
  asFound,
  asInspected,
  hashOf,
  maskOf,
  TestStore,
  type TestFile,
  reviewMask,
} from '../support/store.ts';
import { describeMachine, type BenchReport } from './bench-report.ts';
import {
  galleryRows,
  listRows,
  mergedRows,
  PAGE,
  round,
  summary,
  type Gallery,
  type Row,
} from './gallery-reads.ts';
import { randomFrom } from './quick-random.ts';

const DEFAULT_IMAGES = 100_000;
const MASKS_PER_IMAGE = 3;
const CONCEPTS = 20;
/** What one message of a scan carries. */
const SCAN_BATCH = 256;
const MAX_PAGE_MS = 10;
const MAX_WRITE_MS = 50;

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
  const ids = [...galleryRows(store, gallery), ...mergedRows(store, gallery)];
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
        title: `Stretches of 5,000 ids, ${imageCount} images, ${imageCount * MASKS_PER_IMAGE} masks`,
        rows: ids,
      },
      { title: `Other lists, pages of ${PAGE}`, rows: lists },
      { title: 'Steps of writing, a transaction each', rows: writes },
    ],
    ratios: {
      worstIdStretchP99MsOver10Ms: round(worst(ids) / MAX_PAGE_MS),
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
    collectionId,
    name: 'objects',
    settings: {},
    device: 'cpu',
    createdAtMs: 0,
  });
  const concepts = Array.from({ length: CONCEPTS }, (_, number) =>
    store.segmentations.insertConcept({
      segmentationId,
      number,
      name: null,
      colour: '#808080',
      isBackground: false,
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
  const setReview = db.prepare<[ReviewState, number]>('UPDATE masks SET review = ? WHERE id = ?');
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
        contentHash: hashOf(index),
        finishedAtMs: 0,
        masks: masksOf(index),
      });
      for (const id of ids) {
        const review = reviewOf(id, random());
        if (review !== 'pending') setReview.run(review, id);
      }
    }
  })();
  return { collectionId, segmentationId, commonConcept, rareConcept, usualConcepts: others };
}

/** Most masks wait or are accepted; `edited` is rare. */
function reviewOf(maskId: number, chance: number): ReviewState {
  if (maskId % 5_000 === 1) return 'edited';
  if (chance < 0.55) return 'pending';
  return chance < 0.9 ? 'accepted' : 'rejected';
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
        segmentationId,
        imageId,
        contentHash: hashOf(1),
        finishedAtMs: 0,
        masks,
      }),
    );
    const [first] = ids;
    if (first) step('review a mask', () => reviewMask(store, first, 'accepted'));
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
