import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  CollectionId,
  ConceptId,
  DatasetVersionId,
  ImageId,
  ImportId,
  JobId,
  MaskId,
  RunId,
  SegmentationId,
} from '../../../src-main/contract/ids.ts';
import { ImageSort } from '../../../src-main/contract/image.ts';
import { GallerySort, ReviewState } from '../../../src-main/contract/mask.ts';
import { Store } from '../../../src-main/store/database.ts';
import { galleryIdsSql } from '../../../src-main/store/gallery.ts';
import { mergedWalkSql } from '../../../src-main/store/merged-gallery.ts';
import { lookAlikeSql } from '../../../src-main/store/look-alikes.ts';
import { imageIdSql } from '../../../src-main/store/image-ids.ts';
import { reviewQueueSql } from '../../../src-main/store/review-queue.ts';
import { imageListSql } from '../../../src-main/store/images.ts';
import { movedSql, renameSql } from '../../../src-main/store/moved-images.ts';
import { unseenSql } from '../../../src-main/store/scans.ts';
import { hashOf, TestStore } from '../../support/store.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** A plan that neither reads a whole table nor sorts. */
const IS_DIRECT = /^(?!.*(SCAN|TEMP B-TREE))/s;

function planOf({ db }: TestStore, sql: string): string {
  const parameters = new Set([...sql.matchAll(/@(\w+)/g)].map(([, name]) => String(name)));
  const positional = Array.from(sql.matchAll(/\?/g), () => 1);
  const named = Object.fromEntries([...parameters].map((name) => [name, 1]));
  return db
    .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
    .all(...positional, named)
    .map(({ detail }) => detail)
    .join('\n');
}

/** What SQLite runs for a call of a repository. */
function statementsOf(file: string, call: (store: Store) => void): string[] {
  const statements: string[] = [];
  const db = new Database(file, { verbose: (sql) => statements.push(String(sql)) });
  onTestFinished(() => void db.close());
  call(new Store(db));
  return statements;
}

const conceptId = ConceptId.parse(1);
const versionId = DatasetVersionId.parse(1);
const importId = ImportId.parse(1);
const datasetImage = {
  id: 1,
  rootPath: '/pets',
  relPath: 'a.jpg',
  pathBytes: null,
  contentHash: hashOf(1),
  sizeBytes: 1,
  mtimeMs: 1,
  widthPx: 1,
  heightPx: 1,
  orientation: 1,
  split: 'train' as const,
};
const filter = {
  level: 0,
  reviews: ['pending' as const],
  minScore: 0,
  minAreaPx: 1,
  maxAreaPx: null,
};
const filters = [undefined, conceptId].flatMap((concept) =>
  [undefined, ...ReviewState.options].map((review) => ({ conceptId: concept, review })),
);

describe('the plan of', () => {
  test.each<[keyof typeof imageListSql, string]>([
    ['page', 'INDEX images_by_name (collection_id=? AND rel_path>?)'],
    ['pageOfStatus', 'INDEX images_by_status (collection_id=? AND status=? AND rel_path>?)'],
    ['duplicateHashes', 'INDEX images_by_hash (collection_id=? AND content_hash>?)'],
    ['ofHash', 'INDEX images_by_hash (collection_id=? AND content_hash=?)'],
  ])('the image list %s is one walk along its index', (name, index) => {
    using test = new TestStore(tempFolder());
    const plan = planOf(test, imageListSql[name]);
    expect(plan).toContain(index);
    expect(plan).toMatch(IS_DIRECT);
  });

  test.each(
    ImageSort.options.flatMap((sort) =>
      [true, false].flatMap((isDescending) =>
        [0, 1].map((spellingCount) => ({ sort, isDescending, spellingCount })),
      ),
    ),
  )('the ids of images by $sort (descending: $isDescending) are one walk along their index', (shape) => {
    using test = new TestStore(tempFolder());
    const plan = planOf(test, imageIdSql({ ...shape, hasProblem: true, isHidden: false, hasTag: false }));
    const index = {
      path: 'images_by_status',
      changed: 'images_by_time',
      size: 'images_by_size',
      brightness: 'images_by_brightness',
    }[shape.sort];
    expect(plan).toContain(`INDEX ${index} (collection_id=? AND status=?`);
    expect(plan).toMatch(IS_DIRECT);
  });

  test.each<[keyof typeof lookAlikeSql, string]>([
    ['images', 'INDEX images_by_collection (collection_id=? AND id>?)'],
    ['groups', 'PRIMARY KEY (collection_id=? AND grade=? AND group_number>?)'],
    ['members', 'PRIMARY KEY (collection_id=? AND grade=? AND group_number=?)'],
  ])('the list of %s that look alike is one walk', (name, index) => {
    using test = new TestStore(tempFolder());
    const plan = planOf(test, lookAlikeSql[name]);
    expect(plan).toContain(index);
    expect(plan).toMatch(IS_DIRECT);
  });

  test.each<[keyof typeof reviewQueueSql, string]>([
    ['images', '(segmentation_id=? AND image_id>?)'],
    ['objects', 'INDEX masks_by_image (segmentation_id=? AND image_id>? AND image_id<?)'],
  ])('the %s of which some are reviewed next are one walk', (name, index) => {
    using test = new TestStore(tempFolder());
    const plan = planOf(test, reviewQueueSql[name]);
    expect(plan).toContain(index);
    expect(plan).not.toContain('TEMP B-TREE');
  });

  test('the count of problems walks its index; the few causes are sorted by their number', () => {
    using test = new TestStore(tempFolder());
    const plan = planOf(test, imageListSql.problems);
    expect(plan).toContain('COVERING INDEX images_by_problem');
    expect(plan).not.toContain('SCAN');
  });

  test.each(
    GallerySort.options.flatMap((sort) =>
      [true, false].flatMap((isReversed) =>
        filters.map((filter) => ({ sort, isReversed, hasBounds: isReversed, ...filter })),
      ),
    ),
  )(
    'the ids of the gallery by $sort (reversed: $isReversed) of concept $conceptId and review $review is one walk',
    (query) => {
      using test = new TestStore(tempFolder());
      const plan = planOf(test, galleryIdsSql(query));
      const table = query.conceptId ? 'concept_images' : 'segmented';
      const column = { path: 'rel_path', score: 'best_score', area: 'largest_px' }[query.sort];
      const index = `${table}_${query.review ? `${query.review}_` : ''}by_${query.sort} (`;
      expect(plan).toContain(`INDEX ${index}`);
      expect(plan).toMatch(new RegExp(`\\(${column},image_id\\)[<>]\\(\\?,\\?\\)`));
      expect(plan).toMatch(IS_DIRECT);
    },
  );

  test.each([undefined, 1] as const)(
    'how sure objects are is read from the index of an image (concept %s)',
    (conceptId) => {
      using test = new TestStore(tempFolder());
      const query = { sort: 'score', isReversed: true, hasBounds: true, trust: 'to-check' } as const;
      const walk = galleryIdsSql({ ...query, ...(conceptId && { conceptId: ConceptId.parse(conceptId) }) });
      const merged = mergedWalkSql({ ...query, memberCount: 2 });
      for (const sql of [walk, merged]) {
        const plan = planOf(test, sql);
        expect(plan).toContain('m USING INDEX masks_by_image (segmentation_id=? AND image_id=? AND level=?');
        expect(plan).toMatch(
          conceptId || sql === merged ? /INDEX concept_images_by_score/ : /INDEX segmented_by_score/,
        );
      }
    },
  );

  test.each(
    GallerySort.options.flatMap((sort) =>
      [true, false].flatMap((isReversed) =>
        ([undefined, 'edited'] as const).map((review) => ({ sort, isReversed, review })),
      ),
    ),
  )(
    'the gallery by $sort (reversed: $isReversed) of a concept with others merged into it walks the index of each',
    (query) => {
      using test = new TestStore(tempFolder());
      const plan = planOf(test, mergedWalkSql({ ...query, memberCount: 5 }));
      const column = { path: 'rel_path', score: 'best_score', area: 'largest_px' }[query.sort];
      const walks = plan.match(
        new RegExp(
          `INDEX concept_images_by_${query.sort} \\(concept_id=\\? AND \\(${column},image_id\\)[<>]\\(\\?,\\?\\)`,
          'g',
        ),
      );
      expect(walks).toHaveLength(5);
      expect(plan).toContain('SEARCH g USING PRIMARY KEY (concept_id=? AND image_id=?)');
      expect(plan).toContain('MERGE (UNION ALL)');
      // The merged rows are read as they come.
      expect(plan.replace('SCAN w', '')).toMatch(IS_DIRECT);
    },
  );

  test('the rows that a scan has not settled reads them alone', () => {
    using test = new TestStore(tempFolder());
    const plan = planOf(test, unseenSql);
    expect(plan).toContain('INDEX images_by_scan (collection_id=? AND seen_by_scan<?)');
    expect(plan).toContain('INDEX images_by_scan (collection_id=? AND seen_by_scan>?)');
    expect(plan).toMatch(IS_DIRECT);
  });

  test('images that were moved are found by their hash, and renamed in their lists alone', () => {
    using test = new TestStore(tempFolder());
    expect(planOf(test, movedSql.missing)).toContain(
      'images_by_status (collection_id=? AND status=? AND rel_path>?)',
    );
    expect(planOf(test, movedSql.unused)).toContain('images_by_hash (collection_id=? AND content_hash=?)');
    for (const sql of [movedSql.changed, movedSql.former])
      expect(planOf(test, sql)).toContain('images_by_former_hash (collection_id=?');
    expect(planOf(test, movedSql.exchanged)).toContain('images_by_hash (collection_id=? AND content_hash=?)');
    expect(planOf(test, movedSql.gone)).toContain(
      'images_missing_by_hash (collection_id=? AND content_hash=?)',
    );
    for (const sql of Object.values({ ...movedSql, ...renameSql }))
      expect(planOf(test, sql)).not.toMatch(/SCAN|TEMP B-TREE/);
  });

  test('the count of what a dataset would be made of reads the index of masks alone', () => {
    using test = new TestStore(tempFolder());
    const query = { segmentationId: SegmentationId.parse(1), afterId: 5, lastId: 9, filter };
    const [sql = ''] = statementsOf(test.file, ({ datasetRows }) => datasetRows.sourceCounts(query));
    expect(planOf(test, sql)).toContain(
      'SEARCH m USING COVERING INDEX masks_by_image (segmentation_id=? AND image_id>? AND image_id<?)',
    );
  });

  const [collectionId, segmentationId, imageId] = [
    CollectionId.parse(1),
    SegmentationId.parse(1),
    ImageId.parse(1),
  ];
  test.each<[string, (store: Store) => unknown, RegExp]>([
    [
      'all jobs',
      ({ jobs }) => jobs.page({ cursor: null, limit: 9 }),
      /SEARCH jobs USING INTEGER PRIMARY KEY/,
    ],
    [
      'jobs by state',
      ({ jobs }) => jobs.page({ states: ['done', 'failed'], cursor: null, limit: 9 }),
      /INDEX jobs_by_state \(state=\? AND id<\?\)/,
    ],
    ['the next job', ({ jobs }) => jobs.nextQueued(), /INDEX jobs_by_state \(state=\? AND id>\?\)/],
    ['models of a run', ({ models }) => models.ofRun(RunId.parse(1)), /INDEX models_by_run \(run_id=\?\)/],
    ['jobs that were interrupted', ({ jobs }) => jobs.interruptActive(), /INDEX jobs_by_state \(state=\?\)/],
    [
      'segmentations of a collection',
      ({ segmentations }) => segmentations.ofCollection(collectionId),
      /INDEX segmentations_by_collection/,
    ],
    [
      'the shape of a mask',
      ({ segmentations }) => segmentations.shapeOf(MaskId.parse(1)),
      /INTEGER PRIMARY KEY/,
    ],
    [
      'files met by a scan',
      ({ scans }) =>
        scans.diffFound({
          collectionId,
          scanId: JobId.parse(1),
          files: [
            { relPath: 'a', pathBytes: null, sizeBytes: 1, mtimeMs: 1, changeTimeMs: null, problem: null },
          ],
        }),
      /INDEX images_by_path \(collection_id=\? AND <expr>=\?\)/,
    ],
    [
      'images of a dataset version',
      ({ datasetRows }) => datasetRows.page({ versionId, afterId: 5, limit: 9 }),
      /INDEX dataset_images_by_version \(version_id=\? AND id>\?\)/,
    ],
    [
      'the same image in another version',
      ({ datasetRows }) => datasetRows.findSame(versionId, datasetImage),
      /INDEX dataset_images_by_path \(version_id=\? AND root_path=\? AND <expr>=\?\)/,
    ],
    [
      'the folders of a version',
      ({ datasetRows }) => datasetRows.roots(versionId),
      /INDEX dataset_images_by_path \(version_id=\?\)/,
    ],
    [
      'masks of a dataset image',
      ({ datasetRows }) => datasetRows.masksOf(1),
      /INDEX dataset_masks_by_image \(image_id=\?\)/,
    ],
    [
      'what a dataset is made of',
      ({ datasetRows }) => datasetRows.sources({ segmentationId, afterId: 5, limit: 9 }),
      /SEARCH s USING PRIMARY KEY \(segmentation_id=\? AND image_id>\?\)/,
    ],
    [
      'images that masks can be imported for',
      ({ maskImports }) => maskImports.images({ importId, segmentationId, afterId: 5, limit: 9 }),
      /SEARCH s USING PRIMARY KEY \(segmentation_id=\? AND image_id>\?\)/,
    ],
    [
      'images of an import',
      ({ maskImports }) => maskImports.imagesOf(importId, { onlyDifferent: true, cursor: null, limit: 9 }),
      /SEARCH m USING PRIMARY KEY \(import_id=\? AND image_id>\?\)/,
    ],
    [
      'paths of a version',
      ({ datasetRows }) => datasetRows.names(versionId, { rootPath: null, afterId: 5, limit: 9 }),
      /INDEX dataset_images_by_version \(version_id=\? AND id>\?\)/,
    ],
    [
      'paths of a collection',
      ({ datasetRows }) => datasetRows.names(versionId, { rootPath: '/photos', afterId: 5, limit: 9 }),
      /INDEX images_by_collection \(collection_id=\? AND id>\?\)/,
    ],
    [
      'the tiles of images',
      ({ gallery }) => gallery.tiles(segmentationId, [imageId]),
      /SEARCH t USING PRIMARY KEY[\s\S]*SEARCH m USING INDEX masks_by_image/,
    ],
    [
      'what can be undone',
      ({ maskEdits }) => maskEdits.history(segmentationId, imageId),
      /INDEX mask_edits_by_image \(segmentation_id=\? AND image_id=\? AND is_undone=\?\)/,
    ],
    [
      'the steps of a batch',
      ({ maskEdits }) => maskEdits.undoBatch(1),
      /INDEX mask_edits_by_batch \(batch=\? AND id>\?\)/,
    ],
    ['exports of a version', ({ exports }) => exports.ofVersion(versionId), /INDEX exports_by_version/],
  ])('%s is direct', (_, call, index) => {
    using test = new TestStore(tempFolder());
    const statements = statementsOf(test.file, call).filter((sql) => /^\s*(SELECT|UPDATE)/.test(sql));
    expect(statements.length).toBeGreaterThan(0);
    for (const sql of statements) {
      const plan = planOf(test, sql);
      expect(plan).toMatch(index);
      expect(plan).toMatch(IS_DIRECT);
    }
  });

  test('the masks of an image reads those alone; the few of them are sorted by level and score', () => {
    using test = new TestStore(tempFolder());
    const [sql] = statementsOf(test.file, ({ segmentations }) =>
      segmentations.masksOf(segmentationId, imageId),
    );
    const plan = planOf(test, String(sql));
    expect(plan).toContain('INDEX masks_by_image (segmentation_id=? AND image_id=?)');
    expect(plan).not.toContain('SCAN');
  });

  test('the list of models reads all of them, in the order of their ids', () => {
    using test = new TestStore(tempFolder());
    const [sql] = statementsOf(test.file, ({ models }) => models.list());
    expect(planOf(test, String(sql))).toBe('SCAN models');
  });

  test('the list of collections reads all of them, in the order of their ids', () => {
    using test = new TestStore(tempFolder());
    const [sql] = statementsOf(test.file, ({ collections }) => collections.list());
    expect(planOf(test, String(sql))).toBe('SCAN collections');
  });
});
