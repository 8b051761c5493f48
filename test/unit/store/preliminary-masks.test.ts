import { describe, expect, test } from 'vitest';
import type { MaskId } from '../../../src-main/contract/ids.ts';
import { GalleryScene } from '../../support/gallery-scene.ts';
import { hashOf, maskOf, reviewMask } from '../../support/store.ts';

type Shown = Parameters<typeof maskOf>[0];

/** One image that is cut before and after its collection is learned. */
class LearnedScene extends GalleryScene {
  constructor() {
    super(1);
  }

  get image() {
    const [imageId] = this.images;
    if (imageId === undefined) throw new Error('no image');
    return imageId;
  }

  cut(masks: Shown[], isPreliminary: boolean, content = 0): MaskId[] {
    return this.store.segmentations.saveImage({
      segmentationId: this.segmentationId,
      imageId: this.image,
      contentHash: hashOf(content),
      finishedAtMs: 7,
      masks: masks.map(maskOf),
      isPreliminary,
    });
  }

  first(...masks: Shown[]): MaskId {
    const [id] = this.cut(masks, true);
    if (id === undefined) throw new Error('no mask');
    return id;
  }

  masks() {
    const { segmentations } = this.store;
    return segmentations
      .masksOf(this.segmentationId, this.image)
      .map(({ id, areaPx, conceptId, review, level }) => ({ id, areaPx, conceptId, review, level }));
  }

  state() {
    const { segmentationId } = this;
    return this.store.segmentations.toSegment({ segmentationId, afterId: 0, limit: 1 })[0];
  }

  drawing() {
    return this.tiles({})[0]?.version;
  }
}

describe('preliminary masks', () => {
  test('make way for the final ones, and the drawing changes its address', () => {
    using scene = new LearnedScene();
    expect(scene.state()).toMatchObject({ isDone: false, isPreliminary: false });
    scene.first({ areaPx: 100 });
    expect(scene.state()).toMatchObject({ isDone: false, isPreliminary: true });
    expect(scene.masks()).toMatchObject([{ areaPx: 100, conceptId: null }]);
    const before = scene.drawing();
    const [id] = scene.cut([{ areaPx: 400, conceptId: scene.cat }], false);
    expect(scene.state()).toMatchObject({ isDone: true, isPreliminary: false });
    expect(scene.masks()).toEqual([{ id, areaPx: 400, conceptId: scene.cat, review: 'pending', level: 0 }]);
    expect(scene.drawing()).not.toBe(before);
    expect(scene.summaries().kept).toEqual(scene.summaries().recounted);
  });

  test('that the final ones are equal to stay the same rows, and only get their concepts and regions', () => {
    using scene = new LearnedScene();
    const id = scene.first({ areaPx: 100 });
    scene.cut([{ conceptId: scene.cat }, { areaPx: 900, level: 1, conceptId: scene.dog }], false);
    expect(scene.masks()).toMatchObject([
      { id, conceptId: scene.cat, level: 0 },
      { areaPx: 900, conceptId: scene.dog, level: 1 },
    ]);
    expect(scene.state()).toMatchObject({ isDone: true });
  });

  test('that the user has reviewed stay, get their concepts, and the review can still be undone', () => {
    using scene = new LearnedScene();
    const id = scene.first({ areaPx: 100 });
    reviewMask(scene.store, id, 'accepted');
    // 10 x 10 pixels in 12 x 12: the same thing, found a little larger.
    scene.cut([{ areaPx: 144, conceptId: scene.cat }], false);
    expect(scene.masks()).toMatchObject([{ id, areaPx: 100, conceptId: scene.cat, review: 'accepted' }]);
    expect(scene.state()).toMatchObject({ isDone: true });
    scene.store.maskEdits.undo(scene.segmentationId, scene.image);
    expect(scene.masks()).toMatchObject([{ id, conceptId: scene.cat, review: 'pending' }]);
    scene.store.maskEdits.redo(scene.segmentationId, scene.image);
    expect(scene.masks()).toMatchObject([{ id, conceptId: scene.cat, review: 'accepted' }]);
    expect(scene.summaries().kept).toEqual(scene.summaries().recounted);
  });

  test('that the user has removed do not come back', () => {
    using scene = new LearnedScene();
    const id = scene.first({ areaPx: 100 });
    const { segmentationId, image: imageId } = scene;
    scene.store.maskEdits.apply(
      { segmentationId, imageId, kind: 'remove', writes: [{ kind: 'remove', id }] },
      1,
    );
    scene.cut([{ areaPx: 400, conceptId: scene.cat }], false);
    expect(scene.masks()).toEqual([]);
    expect(scene.state()).toMatchObject({ isDone: true });
    scene.store.maskEdits.undo(segmentationId, imageId);
    expect(scene.masks()).toMatchObject([{ id }]);
  });

  test('keep a concept that the user chose, and get none from an object elsewhere', () => {
    using scene = new LearnedScene();
    const [named, other] = scene.cut([{ areaPx: 100 }, { areaPx: 90_000 }], true);
    if (named === undefined || other === undefined) throw new Error('no masks');
    const { segmentationId, image: imageId, dog } = scene;
    const writes = [{ kind: 'concept', id: named, conceptId: dog } as const];
    scene.store.maskEdits.apply({ segmentationId, imageId, kind: 'concept', writes }, 1);
    scene.cut([{ areaPx: 144, conceptId: scene.cat }], false);
    const concepts = new Map(scene.masks().map(({ id, conceptId }) => [id, conceptId]));
    expect(concepts).toEqual(
      new Map([
        [named, dog],
        [other, null],
      ]),
    );
  });

  test('of another version of the file are replaced, whatever was done to them', () => {
    using scene = new LearnedScene();
    reviewMask(scene.store, scene.first({ areaPx: 100 }), 'accepted');
    scene.cut([{ areaPx: 400, conceptId: scene.cat }], false, 5);
    expect(scene.masks()).toMatchObject([{ areaPx: 400, review: 'pending' }]);
  });

  test('of an image that goes away before its turn are dropped, unless the user has worked on them', () => {
    for (const isReviewed of [false, true]) {
      using scene = new LearnedScene();
      const id = scene.first({ areaPx: 100 });
      if (isReviewed) reviewMask(scene.store, id, 'accepted');
      scene.db.prepare(`UPDATE images SET status = 'missing'`).run();
      scene.store.segmentations.closePreliminary(scene.segmentationId, 9);
      expect(scene.masks()).toHaveLength(isReviewed ? 1 : 0);
      scene.db.prepare(`UPDATE images SET status = 'ok'`).run();
      expect(scene.state()).toMatchObject({ isDone: isReviewed, isPreliminary: false, isNew: !isReviewed });
    }
  });

  test('are counted apart from final ones, and not frozen in a dataset', () => {
    using scene = new LearnedScene();
    const counts = () => scene.store.segmentations.get(scene.segmentationId);
    scene.first({ areaPx: 100 });
    expect(counts()).toMatchObject({ imageCount: 0, preliminaryCount: 1 });
    const { segmentationId } = scene;
    const frozen = () =>
      scene.store.datasetRows
        .sources({ segmentationId, afterId: 0, limit: 10 })
        .map(({ imageId }) => imageId);
    expect(frozen()).toEqual([]);
    scene.cut([{ areaPx: 50 }], false);
    expect(counts()).toMatchObject({ imageCount: 1, preliminaryCount: 0 });
    expect(frozen()).toEqual([scene.image]);
  });
});

describe('unread images', () => {
  test('are counted and named until they have final masks, or all are tried again', () => {
    using scene = new LearnedScene();
    const { segmentations } = scene.store;
    const { segmentationId, image: imageId } = scene;
    const state = () => segmentations.get(segmentationId);
    segmentations.unread.add({ segmentationId, imageId, detail: 'It is gone.' });
    segmentations.unread.add({ segmentationId, imageId, detail: 'It may not be read.' });
    expect(state()).toMatchObject({ unreadCount: 1, unreadImages: [{ detail: 'It may not be read.' }] });
    scene.cut([], true);
    expect(state()?.unreadCount).toBe(1);
    scene.cut([], false);
    expect(state()).toMatchObject({ unreadCount: 0, unreadImages: [], imageCount: 1 });
    segmentations.unread.add({ segmentationId, imageId, detail: 'It is gone.' });
    segmentations.unread.clear(segmentationId);
    expect(state()?.unreadCount).toBe(0);
  });
});
