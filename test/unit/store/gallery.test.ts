import { describe, expect, test } from 'vitest';
import type { ImageId, MaskId } from '../../../src-main/contract/ids.ts';
import { GallerySort, ReviewState } from '../../../src-main/contract/mask.ts';
import { encodeCursor } from '../../../src-main/store/cursor.ts';
import { GalleryScene as Scene } from '../../support/gallery-scene.ts';
import { hashOf, reviewMask } from '../../support/store.ts';

describe('a segmentation', () => {
  test('is found again, the newest of a collection first', () => {
    using scene = new Scene(1);
    const { segmentations } = scene.store;
    const first = segmentations.get(scene.segmentationId);
    if (!first) throw new Error('no segmentation');
    expect(first).toMatchObject({
      modelId: null,
      jobId: null,
      state: null,
      imageCount: 0,
      settings: { mode: 'auto' },
      id: scene.segmentationId,
      collectionId: first.collectionId,
      name: 'objects',
      device: 'cpu',
      createdAtMs: 5,
      finishedAtMs: null,
    });
    const { collectionId } = first;
    const id = segmentations.insert({
      collectionId,
      name: 'again',
      settings: {},
      device: 'cpu',
      createdAtMs: 6,
    });
    expect(segmentations.ofCollection(collectionId).map((one) => one.id)).toEqual([id, scene.segmentationId]);
  });

  test('gives back masks and shapes as they were saved: objects first, each level by score', () => {
    using scene = new Scene(1);
    const [fine, low, high] = scene.save(0, [
      { level: 1, score: 1 },
      { score: 0.2 },
      { score: 0.8, conceptId: scene.cat, areaPx: 81 },
    ]);
    const [imageId] = scene.images;
    if (!imageId || !high) throw new Error('nothing saved');
    const masks = scene.store.segmentations.masksOf(scene.segmentationId, imageId);
    expect(masks.map(({ id }) => id)).toEqual([high, low, fine]);
    expect(masks[0]).toEqual({
      id: high,
      imageId,
      conceptId: scene.cat,
      origin: 'model',
      level: 0,
      areaPx: 81,
      score: 0.8,
      stackOrder: 0,
      box: { x: 0, y: 0, width: 9, height: 9 },
      review: 'pending',
      revision: 1,
      segmentationId: scene.segmentationId,
    });
    const shape = scene.store.segmentations.shapeOf(high);
    expect(shape).toMatchObject({ gridWidth: 640, gridHeight: 480 });
    expect([...(shape?.rle ?? [])]).toEqual(Array.from({ length: 300 }, () => 9));
  });

  test('replaces the masks of an image that is segmented again, and only those', () => {
    using scene = new Scene(2);
    const [old] = scene.save(0, [{ conceptId: scene.cat }, { conceptId: scene.dog }]);
    scene.save(1, [{ conceptId: scene.cat }]);
    scene.save(0, [{ conceptId: scene.dog, score: 0.9 }]);
    if (!old) throw new Error('nothing saved');
    expect(scene.store.segmentations.shapeOf(old)).toBeUndefined();
    expect(scene.tiles({ conceptId: scene.cat }).map(({ relPath }) => relPath)).toEqual(['01.jpg']);
    expect(scene.tiles({})).toMatchObject([{ maskCount: 1, bestScore: 0.9 }, { maskCount: 1 }]);
    expect(scene.summaries().kept).toEqual(scene.summaries().recounted);
  });

  test('saves an image whole or not at all', () => {
    using scene = new Scene(1);
    scene.save(0, [{ score: 0.5 }]);
    expect(() => scene.save(0, [{ score: 0.6 }, { score: 2 }])).toThrow('CHECK');
    expect(scene.tiles({})).toMatchObject([{ maskCount: 1, bestScore: 0.5 }]);
  });

  test('knows images without any mask as finished', () => {
    using scene = new Scene(1);
    scene.save(0, []);
    expect(scene.tiles({})).toMatchObject([
      {
        imageId: scene.images[0],
        relPath: '00.jpg',
        contentHash: hashOf(0),
        maskCount: 0,
        bestScore: 0,
        largestPx: 0,
      },
    ]);
  });

  test('reviews masks one by one, and tells when there is none', () => {
    using scene = new Scene(1);
    const [id] = scene.save(0, [{}]);
    if (!id) throw new Error('nothing saved');
    reviewMask(scene.store, id, 'rejected');
    expect(scene.tiles({ review: 'rejected' })).toHaveLength(1);
    expect(scene.tiles({ review: 'pending' })).toEqual([]);
    scene.save(0, []);
    const { segmentationId } = scene;
    const [imageId] = scene.images;
    if (!imageId) throw new Error('no image');
    const writes = [{ kind: 'review' as const, id, review: 'accepted' as const }];
    const again = () => scene.store.maskEdits.apply({ segmentationId, imageId, kind: 'review', writes }, 0);
    expect(again).toThrow(`There is no mask ${id}.`);
  });
});

describe('the summaries of masks', () => {
  test.each<[string, string]>([
    ['a review', `UPDATE masks SET review = 'accepted' WHERE id = 1`],
    ['a lower best score', `UPDATE masks SET score = 0 WHERE id = 3`],
    ['a smaller largest area', `UPDATE masks SET area_px = 1 WHERE id = 3`],
    ['another concept', `UPDATE masks SET concept_id = 2 WHERE id = 1`],
    ['the last mask of a concept that moves on', `UPDATE masks SET concept_id = 1 WHERE id = 2`],
    ['a mask that loses its concept', `UPDATE masks SET concept_id = NULL WHERE id = 3`],
    ['a mask that gets its first concept', `UPDATE masks SET concept_id = 2 WHERE id = 4`],
    ['all masks at once', `UPDATE masks SET review = 'edited', concept_id = 2, score = 0.3`],
    ['a deleted mask', `DELETE FROM masks WHERE id = 3`],
    ['the deletion of all', `DELETE FROM masks`],
    ['a deleted concept', `DELETE FROM concepts WHERE id = 1`],
    ['a deleted image', `DELETE FROM images WHERE rel_path = '00.jpg'`],
    ['a deleted segmentation', `DELETE FROM segmentations`],
  ])('follow %s', (_, sql) => {
    using scene = new Scene(2);
    scene.save(0, [
      { conceptId: scene.cat, score: 0.2, areaPx: 10 },
      { conceptId: scene.dog, score: 0.4, areaPx: 20 },
      { conceptId: scene.cat, score: 0.6, areaPx: 30 },
      { score: 0.1, areaPx: 5 },
    ]);
    scene.save(1, [{ conceptId: scene.cat, score: 0.9, areaPx: 90 }]);
    reviewMask(scene.store, scene.save(1, [{ conceptId: scene.cat }])[0] ?? (0 as MaskId), 'accepted');
    expect(scene.summaries().kept).toEqual(scene.summaries().recounted);
    const before = JSON.stringify(scene.summaries().kept);
    scene.db.exec(sql);
    expect(scene.summaries().kept).toEqual(scene.summaries().recounted);
    expect(JSON.stringify(scene.summaries().kept)).not.toBe(before);
    expect(scene.db.pragma('foreign_key_check')).toEqual([]);
  });
});

describe('the gallery', () => {
  /** Forty images whose masks have, by index, every mix of concept, review, score and area; many are equal. */
  function mixedScene() {
    const scene = new Scene(40);
    const rows = scene.images.map((_, index) => {
      const masks = Array.from({ length: index % 4 }, (_unused, rank) => ({
        conceptId: [scene.cat, scene.dog, null][(index + rank) % 3] ?? null,
        score: ((index * 7 + rank * 3) % 10) / 10,
        areaPx: 1 + ((index * 5 + rank) % 6),
        review: ReviewState.options[(index >> 1) % 4] ?? 'pending',
      }));
      const ids = scene.save(
        index,
        masks.map(({ review: _review, ...mask }) => mask),
      );
      for (const [rank, id] of ids.entries()) reviewMask(scene.store, id, masks[rank]?.review ?? 'pending');
      return { imageId: scene.images[index] ?? (0 as ImageId), index, masks };
    });
    return { scene, rows };
  }

  type Mixed = ReturnType<typeof mixedScene>;
  type Mask = Mixed['rows'][number]['masks'][number];
  type Choice = { sort: GallerySort; concept?: 'cat' | 'dog' | undefined; review?: ReviewState | undefined };
  type Bounds = Partial<Record<'minScore' | 'maxScore' | 'minAreaPx' | 'maxAreaPx', number>>;

  const choices: Choice[] = GallerySort.options.flatMap((sort) =>
    ([undefined, 'cat', 'dog'] as const).flatMap((concept) =>
      [undefined, ...ReviewState.options].map((review) => ({ sort, concept, review })),
    ),
  );
  const bounds: Bounds[] = [
    {},
    { minScore: 0.5 },
    { minScore: 0.85 },
    { minScore: 0.3, maxScore: 0.7 },
    { minAreaPx: 3, maxAreaPx: 4 },
    { minScore: 0.99, minAreaPx: 6 },
    { maxScore: 0.1 },
  ];

  /** The images of a list by a plain reading of the masks. */
  function readPlainly({ scene, rows }: Mixed, choice: Choice, bound: Bounds, isMerged: boolean): ImageId[] {
    const { sort, concept, review } = choice;
    const { minScore = 0, maxScore = 1, minAreaPx = 0, maxAreaPx = Infinity } = bound;
    const group = concept === 'cat' && isMerged ? [scene.cat, scene.dog] : concept ? [scene[concept]] : null;
    return rows
      .map(({ imageId, index, masks }) => {
        const counted = group
          ? masks.filter(({ conceptId }) => conceptId && group.includes(conceptId))
          : masks;
        return { imageId, index, masks: counted, ...summaryOf(counted) };
      })
      .filter(({ masks }) => !group || masks.length > 0)
      .filter(({ masks }) => !review || masks.some((mask) => mask.review === review))
      .filter(({ bestScore }) => bestScore >= minScore && bestScore <= maxScore)
      .filter(({ largestPx }) => largestPx >= minAreaPx && largestPx <= maxAreaPx)
      .sort((one, two) => {
        if (sort === 'path') return one.index - two.index;
        const [key1, key2] =
          sort === 'score' ? [one.bestScore, two.bestScore] : [one.largestPx, two.largestPx];
        return key2 - key1 || two.imageId - one.imageId;
      })
      .map(({ imageId }) => imageId);
  }

  const summaryOf = (masks: Mask[]) => ({
    bestScore: Math.max(0, ...masks.map(({ score }) => score)),
    largestPx: Math.max(0, ...masks.map(({ areaPx }) => areaPx)),
  });

  test.each([
    ['concepts that stand for themselves', false],
    ['a concept that another one was merged into', true],
  ])(
    'filters and sorts as a plain reading of the masks does, either way round and in stretches of any length, for %s',
    (_name, isMerged) => {
      const mixed = mixedScene();
      using scene = mixed.scene;
      if (isMerged) scene.mergeDogIntoCat();
      let shown = 0;
      for (const choice of choices) {
        const { sort, concept, review } = choice;
        const conceptId = concept && scene[concept];
        for (const bound of bounds) {
          const expected = readPlainly(mixed, choice, bound, isMerged);
          for (const [isReversed, limit] of [
            [false, 1],
            [false, 100],
            [true, 7],
          ] as const) {
            const query = { sort, conceptId, review, ...bound, isReversed };
            const found = scene.ids(query, limit);
            expect({ ...query, limit, found }).toEqual({
              ...query,
              limit,
              found: isReversed ? expected.toReversed() : expected,
            });
            shown += found.length;
          }
        }
      }
      expect(shown).toBeGreaterThan(1_000);
    },
  );

  test('sums up the masks of each image as a plain reading does', () => {
    const { scene, rows } = mixedScene();
    using _ = scene;
    const found = scene.tiles({}).map(({ imageId, maskCount, bestScore, largestPx }) => ({
      imageId,
      maskCount,
      bestScore,
      largestPx,
    }));
    expect(found).toEqual(
      rows.map(({ imageId, masks }) => ({ imageId, maskCount: masks.length, ...summaryOf(masks) })),
    );
  });

  test('gives the tiles of some images in the order asked for, with what was said of their objects', () => {
    using scene = new Scene(3);
    const [accepted] = scene.save(0, [{ score: 0.7, areaPx: 9 }, { conceptId: scene.cat }, { level: 1 }]);
    scene.save(2, []);
    if (!accepted) throw new Error('nothing saved');
    reviewMask(scene.store, accepted, 'accepted');
    const tiles = scene.store.gallery.tiles(scene.segmentationId, scene.images.toReversed());
    expect(tiles.map(({ relPath }) => relPath)).toEqual(['02.jpg', '00.jpg']);
    expect(tiles[1]).toMatchObject({
      maskCount: 2,
      bestScore: 0.7,
      largestPx: 100,
      reviews: { pending: 1, accepted: 1, rejected: 0, edited: 0 },
    });
  });

  test('tells by a version whether the objects of an image look as before', () => {
    using scene = new Scene(2);
    const [imageId] = scene.images;
    const version = () =>
      scene.store.gallery.tiles(scene.segmentationId, imageId ? [imageId] : [])[0]?.version;
    const [mask] = scene.save(0, [{}]);
    const versions = [version()];
    if (!mask) throw new Error('nothing saved');
    for (const change of [
      () => reviewMask(scene.store, mask, 'rejected'),
      () => scene.db.prepare('UPDATE masks SET concept_id = ?').run(scene.cat),
      () => scene.db.prepare('UPDATE masks SET revision = revision + 1').run(),
      () => scene.db.prepare('DELETE FROM masks').run(),
    ]) {
      change();
      versions.push(version());
    }
    expect(new Set(versions).size).toBe(5);
    const last = version();
    scene.save(1, [{}]);
    expect(version()).toBe(last);
  });

  test('tells which review belongs to which concept', () => {
    using scene = new Scene(1);
    const [cat] = scene.save(0, [{ conceptId: scene.cat }, { conceptId: scene.dog }]);
    if (!cat) throw new Error('nothing saved');
    reviewMask(scene.store, cat, 'accepted');
    expect(scene.tiles({ conceptId: scene.cat, review: 'accepted' })).toHaveLength(1);
    expect(scene.tiles({ conceptId: scene.dog, review: 'accepted' })).toEqual([]);
    expect(scene.tiles({ conceptId: scene.cat, review: 'pending' })).toEqual([]);
  });

  test('shows the images of its own segmentation only', () => {
    using scene = new Scene(2);
    const { collectionId } = scene.store.segmentations.get(scene.segmentationId) ?? {};
    if (!collectionId) throw new Error('no segmentation');
    const other = scene.store.segmentations.insert({
      collectionId,
      name: 'other',
      settings: {},
      device: 'cpu',
      createdAtMs: 0,
    });
    scene.save(0, [{ conceptId: scene.cat }]);
    scene.save(1, [{}], other);
    expect(scene.tiles({}).map(({ relPath }) => relPath)).toEqual(['00.jpg']);
    expect(scene.tiles({ segmentationId: other }).map(({ relPath }) => relPath)).toEqual(['01.jpg']);
    expect(scene.tiles({ segmentationId: other, conceptId: scene.cat })).toEqual([]);
  });

  test.each<[string, GallerySort, string]>([
    ['nonsense', 'path', 'nonsense'],
    ['a place by path in a list by score', 'score', encodeCursor(['00.jpg', 1])],
    ['a place by path in a list by area', 'area', encodeCursor(['00.jpg', 1])],
    ['a place by score in a list by path', 'path', encodeCursor([0.5, 1])],
  ])('refuses a cursor that is %s', (_, sort, cursor) => {
    using scene = new Scene(1);
    expect(() =>
      scene.store.gallery.ids({
        segmentationId: scene.segmentationId,
        sort,
        isReversed: false,
        cursor,
        limit: 1,
      }),
    ).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }) as Error);
  });
});
