import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Split, type SplitRule } from '../../../src-main/contract/dataset.ts';
import { ImageSplitter, type SplitItem } from '../../../src-main/service/dataset-split.ts';
import { hashOf } from '../../support/store.ts';

const rule = (part: Partial<SplitRule> = {}): SplitRule => ({
  train: 0.7,
  val: 0.2,
  test: 0.1,
  seed: 1,
  by: 'image',
  ...part,
});

/** Images of folders `a` to `e`; a small number of contents makes duplicates, also across folders. */
const images = fc
  .array(
    fc.record({
      folder: fc.constantFrom('a', 'b', 'c', 'd', 'e/f'),
      content: fc.integer({ min: 0, max: 60 }),
    }),
    {
      minLength: 1,
      maxLength: 80,
    },
  )
  .map((all) =>
    all.map(({ folder, content }, index): SplitItem => ({
      id: index + 1,
      rootPath: '/photos',
      relPath: `${folder}/${index}.jpg`,
      contentHash: hashOf(content),
    })),
  );
const plain = (count: number, from = 0): SplitItem[] =>
  Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    rootPath: '/photos',
    relPath: `${index}.jpg`,
    contentHash: hashOf(from + index),
  }));

function splitImages(items: readonly SplitItem[], how: SplitRule): Map<number, Split> {
  const splitter = new ImageSplitter(how);
  for (const item of items) splitter.add(item);
  return new Map(Array.from(splitter.assign(), ({ id, split }) => [id, split]));
}

const countsOf = (splits: Map<number, Split>) =>
  Split.options.map((split) => [...splits.values()].filter((one) => one === split).length);

describe('a split', () => {
  test('never parts images with the same bytes, nor, by folder, those of a folder', () => {
    fc.assert(
      fc.property(
        images,
        fc.constantFrom('image' as const, 'folder' as const),
        fc.integer(),
        (items, by, seed) => {
          const splits = splitImages(items, rule({ by, seed }));
          expect(splits.size).toBe(items.length);
          const splitsBy = (key: (item: SplitItem) => string) =>
            [...Map.groupBy(items, key).values()].map(
              (some) => new Set(some.map(({ id }) => splits.get(id))).size,
            );
          expect(Math.max(...splitsBy(({ contentHash }) => contentHash))).toBe(1);
          if (by === 'folder')
            expect(Math.max(...splitsBy(({ relPath }) => relPath.split('/')[0] ?? ''))).toBe(1);
        },
      ),
    );
  });

  test('never parts images that look alike, and moves no other because of them', () => {
    const items = plain(60);
    const alike = new Map([
      [3, ['1 same 0']],
      [17, ['1 same 0', '1 similar 4']],
      [41, ['1 similar 4']],
    ]);
    const splits = [1, 2, 3, 4, 5].map((seed) => {
      const splitter = new ImageSplitter(rule({ seed }));
      for (const item of items) splitter.add(item, alike.get(item.id));
      return { seed, of: new Map(Array.from(splitter.assign(), ({ id, split }) => [id, split])) };
    });
    for (const { seed, of } of splits) {
      expect(new Set([3, 17, 41].map((id) => of.get(id))).size).toBe(1);
      const before = splitImages(items, rule({ seed }));
      const moved = items.filter(({ id }) => !alike.has(id) && before.get(id) !== of.get(id));
      // Only at the places where the line is cut.
      expect(moved.length).toBeLessThan(5);
    }
  });

  test('gives each class the shares, if it is to, and parts no images that belong together', () => {
    // Class 1 is common, class 2 is on every tenth image, class 3 on four; two of those look alike.
    const items = plain(100);
    const classesOf = (id: number) => [1, ...(id % 10 === 0 ? [2] : []), ...(id <= 4 ? [3] : [])];
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const shares = rule({ train: 0.5, val: 0.3, test: 0.2, seed, isStratified: true });
      const splitter = new ImageSplitter(shares);
      for (const item of items) splitter.add(item, item.id <= 2 ? ['1 same 0'] : [], classesOf(item.id));
      const splits = new Map(Array.from(splitter.assign(), ({ id, split }) => [id, split]));
      expect(splits.size).toBe(100);
      expect(countsOf(splits)).toEqual([50, 30, 20]);
      const ofClass = (one: number) =>
        countsOf(new Map([...splits].filter(([id]) => classesOf(id).includes(one))));
      expect(ofClass(2)).toEqual([5, 3, 2]);
      expect(ofClass(3)).toEqual([2, 1, 1]);
      expect(splits.get(1)).toBe(splits.get(2));
    }
  });

  test('leaves no split with a share empty, stratified or not', () => {
    const splitter = new ImageSplitter(rule({ train: 0.8, val: 0.1, test: 0.1, isStratified: true }));
    for (const item of plain(3)) splitter.add(item, [], [1]);
    expect(new Set(Array.from(splitter.assign(), ({ split }) => split)).size).toBe(3);
  });

  test('has the shares asked for, to the image', () => {
    expect(countsOf(splitImages(plain(100), rule()))).toEqual([70, 20, 10]);
    expect(countsOf(splitImages(plain(10), rule({ train: 0.8, val: 0.2, test: 0 })))).toEqual([8, 2, 0]);
  });

  test('puts a folder that the line is cut in where its middle is', () => {
    const folders = plain(12).map((item, index) => ({
      ...item,
      relPath: `${index % 3}/${item.relPath}`,
    }));
    const halves = rule({ train: 0.5, val: 0.5, test: 0, by: 'folder' });
    // The second of the three begins at a third, and its middle is where val begins.
    expect(countsOf(splitImages(folders, halves))).toEqual([4, 8, 0]);
  });

  test('gives every split with a share an image, as far as there are some', () => {
    expect(countsOf(splitImages(plain(3), rule({ train: 0.98, val: 0.01, test: 0.01 })))).toEqual([1, 1, 1]);
    expect(countsOf(splitImages(plain(1), rule()))).toEqual([1, 0, 0]);
    expect(countsOf(splitImages(plain(2), rule({ train: 0, val: 0, test: 1 })))).toEqual([0, 0, 2]);
  });

  test('is the same for the same seed, and another for another', () => {
    const [first, again, other] = [1, 1, 2].map((seed) => splitImages(plain(100), rule({ seed })));
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  test('moves few images when others are added', () => {
    const before = splitImages(plain(1_000), rule());
    const after = splitImages(plain(1_100), rule());
    const moved = [...before].filter(([id, split]) => after.get(id) !== split).length;
    expect(moved).toBeLessThan(50);
  });
});
