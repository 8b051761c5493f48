import type { CollectionId, ConceptId, SegmentationId } from '../../src-main/contract/ids.ts';
import { GallerySort } from '../../src-main/contract/mask.ts';
import type { Store } from '../../src-main/store/database.ts';
import type { GalleryQuery } from '../../src-main/store/gallery-query.ts';
import { walkPages } from '../support/walk-pages.ts';
import { randomFrom } from './quick-random.ts';

/** Images of one page of a list. */
export const PAGE = 100;
/** Ids that the page of the app asks for at once. */
const IDS_AT_ONCE = 5_000;
const READS = 300;

export type Row = Record<string, string | number>;
type Filter = { name: string } & Pick<GalleryQuery, 'conceptId' | 'review' | 'minScore'>;
export type Gallery = {
  collectionId: CollectionId;
  segmentationId: SegmentationId;
  commonConcept: ConceptId;
  rareConcept: ConceptId;
  /** Each on about every tenth image. */
  usualConcepts: ConceptId[];
};

/** Stretches of the gallery by filter and order. */
export function galleryRows(store: Store, gallery: Gallery): Row[] {
  const { commonConcept, rareConcept } = gallery;
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
  return idRows(store, gallery, filters);
}

/** The same of the common concept, once three others have been merged into it. From then on they count as one. */
export function mergedRows(store: Store, gallery: Gallery): Row[] {
  const { commonConcept: conceptId, usualConcepts } = gallery;
  for (const id of usualConcepts.slice(0, 3)) {
    const concept = store.concepts.get(id);
    if (concept) store.concepts.update({ ...concept, mergedInto: conceptId });
  }
  return idRows(store, gallery, [
    { name: 'four merged concepts', conceptId },
    { name: 'four merged, pending', conceptId, review: 'pending' },
    { name: 'four merged, edited', conceptId, review: 'edited' },
    { name: 'four merged, score >= 0.5', conceptId, minScore: 0.5 },
    { name: 'four merged, score >= 0.9995', conceptId, minScore: 0.9995 },
  ]);
}

/** Stretches of the ids that the grid of the app is scrolled by. */
function idRows(store: Store, { segmentationId }: Gallery, filters: readonly Filter[]): Row[] {
  return filters.flatMap(({ name, ...filter }) =>
    GallerySort.options.map((sort) => {
      const stretchAt = (cursor: string | null) =>
        store.gallery.ids({ segmentationId, ...filter, sort, isReversed: false, cursor, limit: IDS_AT_ONCE });
      const cursors = cursorsOf(stretchAt);
      const times = timeReads((index) => stretchAt(cursors[index % cursors.length] ?? null));
      return { filter: name, sort, stretches: cursors.length, ...summary(times) };
    }),
  );
}

/** The cursors of all pages: a walk through the whole list. */
function cursorsOf(pageAt: (cursor: string | null) => { nextCursor: string | null }): (string | null)[] {
  const pages = walkPages(pageAt);
  return shuffled([null, ...pages.slice(0, -1).map(({ nextCursor }) => nextCursor)]);
}

/** Pages of the other lists of a collection. */
export function listRows(store: Store, collectionId: CollectionId): Row[] {
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

function timeReads(read: (index: number) => unknown): number[] {
  return Array.from({ length: READS }, (_, index) => {
    const startMs = performance.now();
    read(index);
    return performance.now() - startMs;
  });
}

/** The middle and the tail of some times in milliseconds. */
export function summary(times: readonly number[]) {
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

/** To three digits. */
export const round = (value: number) => Number(value.toPrecision(3));
