import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ImageId, MaskId } from '../../../src-main/contract/ids.ts';
import { ReviewState } from '../../../src-main/contract/mask.ts';
import { openStore, type StoreOptions } from '../../../src-main/store/database.ts';
import type { ImageStep, MaskWrite } from '../../../src-main/store/mask-states.ts';
import { GalleryScene } from '../../support/gallery-scene.ts';
import { maskOf, migrationsAround } from '../../support/store.ts';

const NOW = 42;
const WRONG_STATE = expect.objectContaining({ code: 'WRONG_STATE' }) as Error;

/** One image whose masks are changed step by step. */
class Edited extends GalleryScene {
  readonly image: ImageId;
  readonly masks: MaskId[];

  constructor(maskCount: number, imageCount = 1, options: Partial<StoreOptions> = {}) {
    super(imageCount, options);
    const [imageId] = this.images;
    if (!imageId) throw new Error('no image');
    this.image = imageId;
    this.masks = this.save(
      0,
      Array.from({ length: maskCount }, (_, rank) => ({ conceptId: this.cat, score: (rank + 1) / 10 })),
    );
  }

  get edits() {
    return this.store.maskEdits;
  }

  mask(index: number): MaskId {
    const id = this.masks[index];
    if (!id) throw new Error(`no mask ${index}`);
    return id;
  }

  apply(kind: ImageStep['kind'], ...writes: MaskWrite[]) {
    const { segmentationId, image: imageId } = this;
    return this.edits.apply({ segmentationId, imageId, kind, writes }, NOW);
  }

  undo() {
    return this.edits.undo(this.segmentationId, this.image);
  }

  redo() {
    return this.edits.redo(this.segmentationId, this.image);
  }

  history() {
    return this.edits.history(this.segmentationId, this.image);
  }

  reshape(index: number, areaPx: number, revision = this.revisionOf(this.mask(index))): MaskWrite {
    return { kind: 'reshape', id: this.mask(index), revision, mask: maskOf({ areaPx }) };
  }

  revisionOf(id: MaskId): number {
    return this.store.segmentations.getMask(id)?.revision ?? 0;
  }

  /** All that a person can see: masks with shapes and summaries; not the revisions, which only grow. */
  picture() {
    const read = (sql: string) => this.db.prepare(sql).all();
    expect(this.summaries().kept).toEqual(this.summaries().recounted);
    return {
      masks:
        read(`SELECT id, segmentation_id, image_id, concept_id, origin, level, x, y, width, height, area_px,
        score, review FROM masks ORDER BY id`),
      shapes: read('SELECT * FROM mask_shapes ORDER BY mask_id'),
      summaries: this.summaries().kept,
    };
  }
}

const drawn = { conceptId: null, origin: 'hand', level: 0, score: 1, review: 'accepted' } as const;

describe('the history of an image', () => {
  test('lists its steps, and goes to any of them, back and forth', () => {
    using scene = new Edited(2);
    const { edits, segmentationId, image } = scene;
    const areaOf = () => scene.store.segmentations.getMask(scene.mask(0))?.areaPx;
    const before = areaOf();
    scene.apply('reshape', scene.reshape(0, 11));
    scene.apply('reshape', scene.reshape(0, 22));
    scene.apply('remove', { kind: 'remove', id: scene.mask(1) });
    const steps = () => edits.steps(segmentationId, image);
    expect(steps()).toMatchObject([
      { kind: 'remove', masks: 1, isUndone: false, createdAtMs: NOW },
      { kind: 'reshape', masks: 1, isUndone: false },
      { kind: 'reshape', masks: 1, isUndone: false },
    ]);
    const first = steps()[2]?.id ?? expect.fail('no step');
    expect(edits.goToStep(segmentationId, image, first).removed).toEqual([]);
    expect([areaOf(), steps().map(({ isUndone }) => isUndone)]).toEqual([11, [true, true, false]]);
    edits.goToStep(segmentationId, image, null);
    expect(areaOf()).toBe(before);
    const last = steps()[0]?.id ?? null;
    expect(edits.goToStep(segmentationId, image, last)).toEqual({
      changed: [scene.mask(0)],
      removed: [scene.mask(1)],
    });
    expect([areaOf(), scene.history()]).toEqual([22, { undo: 'remove', redo: null }]);
  });
});

describe('a step on the masks of an image', () => {
  const steps: [string, (scene: Edited) => [ImageStep['kind'], ...MaskWrite[]]][] = [
    ['makes a mask', () => ['create', { kind: 'insert', mask: { ...maskOf({ areaPx: 49 }), ...drawn } }]],
    ['changes a shape', (scene) => ['reshape', scene.reshape(0, 25)]],
    [
      'merges masks',
      (scene) => [
        'merge',
        { ...scene.reshape(1, 400), score: 0.3 } as MaskWrite,
        { kind: 'remove', id: scene.mask(0), revision: 1 },
        { kind: 'remove', id: scene.mask(2), revision: 1 },
      ],
    ],
    [
      'splits a mask',
      (scene) => [
        'split',
        scene.reshape(2, 64),
        { kind: 'insert', mask: { ...maskOf({ areaPx: 36 }), ...drawn, conceptId: scene.cat } },
      ],
    ],
    ['removes a mask', (scene) => ['remove', { kind: 'remove', id: scene.mask(2) }]],
    [
      'reviews masks',
      (scene) => [
        'review',
        ...[0, 1].map((at) => ({ kind: 'review', id: scene.mask(at), review: 'rejected' }) as const),
      ],
    ],
    ['sets a concept', (scene) => ['concept', { kind: 'concept', id: scene.mask(0), conceptId: scene.dog }]],
  ];

  test('that was made before a migration is taken back after it', () => {
    const { old, all } = migrationsAround(2);
    const before = new Edited(2, 1, { migrations: old });
    const [kept, removed] = [before.mask(0), before.mask(1)];
    const shape = before.store.segmentations.shapeOf(removed);
    before.apply('remove', { kind: 'remove', id: removed });
    before.apply('review', { kind: 'review', id: kept, review: 'accepted' });
    before[Symbol.dispose]();

    using after = openStore(before.file, { nowMs: () => 0, migrations: all });
    expect(after.maskEdits.undo(before.segmentationId, before.image)).toEqual({
      changed: [kept],
      removed: [],
    });
    expect(after.segmentations.getMask(kept)?.review).toBe('pending');
    after.maskEdits.undo(before.segmentationId, before.image);
    expect(after.segmentations.shapeOf(removed)).toEqual(shape);
  });

  test('that was made before the order was one is taken back after it', () => {
    const { old, all } = migrationsAround(19);
    const before = new Edited(2, 1, { migrations: old });
    const [kept, removed] = [before.mask(0), before.mask(1)];
    before.apply('remove', { kind: 'remove', id: removed });
    before[Symbol.dispose]();
    using after = openStore(before.file, { nowMs: () => 0, migrations: all });
    const { segmentationId, image } = before;
    after.maskEdits.undo(segmentationId, image);
    expect(after.segmentations.getMask(removed)).toMatchObject({ stackOrder: 0 });
    const writes = [{ kind: 'stack-order', id: kept, stackOrder: 1 }] as const;
    after.maskEdits.apply({ segmentationId, imageId: image, kind: 'arrange', writes }, 1);
    expect(after.segmentations.getMask(kept)?.stackOrder).toBe(1);
    after.maskEdits.undo(segmentationId, image);
    expect(after.segmentations.getMask(kept)?.stackOrder).toBe(0);
  });

  test.each(steps)('that %s is taken back and done again, and nothing of it is left', (_, stepOf) => {
    using scene = new Edited(3);
    scene.store.concepts.finish(scene.segmentationId, NOW);
    const before = scene.picture();
    const [kind, ...writes] = stepOf(scene);
    scene.apply(kind, ...writes);
    const after = scene.picture();
    expect(after).not.toEqual(before);
    expect(scene.history()).toEqual({ undo: kind, redo: null });
    for (let round = 0; round < 3; round++) {
      scene.undo();
      expect(scene.picture()).toEqual(before);
      expect(scene.history()).toEqual({ undo: null, redo: kind });
      scene.redo();
      expect(scene.picture()).toEqual(after);
      expect(scene.history()).toEqual({ undo: kind, redo: null });
    }
  });

  test('tells which masks are different and which are gone', () => {
    using scene = new Edited(2);
    const step = [scene.reshape(0, 400), { kind: 'remove', id: scene.mask(1), revision: 1 } as const];
    expect(scene.apply('merge', ...step)).toEqual({ changed: [scene.mask(0)], removed: [scene.mask(1)] });
    expect(scene.undo()).toEqual({ changed: [scene.mask(0), scene.mask(1)], removed: [] });
    expect(scene.redo()).toEqual({ changed: [scene.mask(0)], removed: [scene.mask(1)] });
  });

  test('is done whole or not at all', () => {
    using scene = new Edited(2);
    const before = scene.picture();
    const stale = { kind: 'remove', id: scene.mask(1), revision: 7 } as const;
    expect(() => scene.apply('merge', scene.reshape(0, 400), stale)).toThrow(WRONG_STATE);
    expect(scene.picture()).toEqual(before);
    expect(scene.history()).toEqual({ undo: null, redo: null });
  });

  test('is refused for a mask of another image, or none', () => {
    using scene = new Edited(1, 2);
    const [other] = scene.save(1, [{}]);
    if (!other) throw new Error('nothing saved');
    const gone = expect.objectContaining({ code: 'NOT_FOUND' }) as Error;
    expect(() => scene.apply('remove', { kind: 'remove', id: other })).toThrow(gone);
    expect(() => scene.apply('remove', { kind: 'remove', id: (other + 9) as MaskId })).toThrow(gone);
  });

  test('forgets what was undone before it', () => {
    using scene = new Edited(1);
    scene.apply('reshape', scene.reshape(0, 25));
    scene.undo();
    scene.apply('review', { kind: 'review', id: scene.mask(0), review: 'accepted' });
    expect(scene.history()).toEqual({ undo: 'review', redo: null });
    expect(() => scene.redo()).toThrow(WRONG_STATE);
  });

  test('gives a shape that comes back a revision that no other shape has had', () => {
    using scene = new Edited(1);
    const seen = new Set([scene.revisionOf(scene.mask(0))]);
    const see = () => {
      const revision = scene.revisionOf(scene.mask(0));
      expect(seen).not.toContain(revision);
      seen.add(revision);
    };
    scene.apply('reshape', scene.reshape(0, 25));
    see();
    scene.undo();
    see();
    scene.redo();
    see();
    scene.apply('remove', { kind: 'remove', id: scene.mask(0) });
    scene.undo();
    see();
    scene.undo();
    see();
    expect(() => scene.apply('reshape', scene.reshape(0, 25, 2))).toThrow(WRONG_STATE);
  });

  test('is not taken back over what something else has changed since', () => {
    using scene = new Edited(1);
    scene.apply('review', { kind: 'review', id: scene.mask(0), review: 'accepted' });
    scene.db.prepare(`UPDATE masks SET review = 'rejected' WHERE id = ?`).run(scene.mask(0));
    expect(() => scene.undo()).toThrow(WRONG_STATE);
    expect(scene.store.segmentations.getMask(scene.mask(0))?.review).toBe('rejected');
    expect(scene.history().undo).toBe('review');
  });

  test('goes with its image when that is segmented again', () => {
    using scene = new Edited(1);
    scene.apply('reshape', scene.reshape(0, 25));
    scene.save(0, [{}]);
    expect(scene.history()).toEqual({ undo: null, redo: null });
    expect(scene.db.prepare('SELECT count(*) FROM mask_edit_states').pluck().get()).toBe(0);
  });

  test('can be taken back up to two hundred steps later', () => {
    using scene = new Edited(1);
    for (let step = 0; step < 205; step++) {
      const review = ReviewState.options[step % 4] ?? 'pending';
      scene.apply('review', { kind: 'review', id: scene.mask(0), review });
    }
    let count = 0;
    for (; scene.history().undo !== null; count++) scene.undo();
    expect(count).toBe(200);
  });
});

describe('any steps', () => {
  type Move = {
    kind: 'reshape' | 'remove' | 'create' | 'review' | 'concept' | 'undo' | 'redo';
    at: number;
    to: number;
  };
  const move: fc.Arbitrary<Move> = fc.record({
    kind: fc.constantFrom('reshape', 'remove', 'create', 'review', 'concept', 'undo', 'redo'),
    at: fc.nat(5),
    to: fc.nat(3),
  });

  function carryOut(scene: Edited, { kind, at, to }: Move): void {
    const all = scene.store.segmentations.masksOf(scene.segmentationId, scene.image);
    const mask = all[at % Math.max(1, all.length)];
    const { undo, redo } = scene.history();
    if (kind === 'undo' && undo) scene.undo();
    else if (kind === 'redo' && redo) scene.redo();
    else if (kind === 'create')
      scene.apply(kind, { kind: 'insert', mask: { ...maskOf({ areaPx: 4 ** to }), ...drawn } });
    else if (!mask) return;
    else if (kind === 'reshape')
      scene.apply(kind, { kind, id: mask.id, revision: mask.revision, mask: maskOf({ areaPx: 9 + to }) });
    else if (kind === 'remove') scene.apply(kind, { kind, id: mask.id });
    else if (kind === 'review')
      scene.apply(kind, { kind, id: mask.id, review: ReviewState.options[to] ?? 'pending' });
    else if (kind === 'concept')
      scene.apply(kind, { kind, id: mask.id, conceptId: [scene.cat, scene.dog, null][to] ?? null });
  }

  test('lead back to the beginning, and on again to the end, through the same pictures', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 15 }), (moves) => {
        using scene = new Edited(2);
        for (const one of moves) carryOut(scene, one);
        const way = [scene.picture()];
        for (; scene.history().undo;) {
          scene.undo();
          way.push(scene.picture());
        }
        const pictures = way.toReversed();
        for (const picture of pictures.slice(1)) {
          scene.redo();
          expect(scene.picture()).toEqual(picture);
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe('a batch', () => {
  function batchOf(scene: GalleryScene): { batch: number | null; masks: MaskId[] } {
    const masks = scene.images.flatMap((_, index) => scene.save(index, [{}]));
    const steps = scene.images.map((imageId, index): ImageStep => ({
      segmentationId: scene.segmentationId,
      imageId,
      kind: 'review',
      writes: [{ kind: 'review', id: masks[index] ?? (0 as MaskId), review: 'accepted' }],
    }));
    const batch = scene.store.maskEdits.applyAll(steps.slice(0, 1), NOW);
    return { batch: scene.store.maskEdits.applyAll(steps.slice(1), NOW, batch), masks };
  }

  test('is taken back on all of its images, except where another step came after it', () => {
    using scene = new GalleryScene(3);
    const { batch, masks } = batchOf(scene);
    const [first, second, third] = scene.images;
    if (batch === null || !first || !second || !third || !masks[1]) throw new Error('no batch');
    const later: MaskWrite = { kind: 'review', id: masks[1], review: 'rejected' };
    const step = {
      segmentationId: scene.segmentationId,
      imageId: second,
      kind: 'review',
      writes: [later],
    } as const;
    scene.store.maskEdits.apply(step, NOW);
    expect(scene.store.maskEdits.undoBatch(batch)).toMatchObject({
      undone: [first, third],
      segmentationId: scene.segmentationId,
      kept: 1,
    });
    expect(masks.map((id) => scene.store.segmentations.getMask(id)?.review)).toEqual([
      'pending',
      'rejected',
      'pending',
    ]);
    expect(scene.store.maskEdits.undoBatch(batch)).toMatchObject({ undone: [], kept: 1 });
  });

  test('is kept where a later step changed another mask of the image', () => {
    using scene = new Edited(2);
    const [first, second] = [scene.mask(0), scene.mask(1)];
    const { segmentationId, image: imageId } = scene;
    const accept: MaskWrite = { kind: 'review', id: first, review: 'accepted' };
    const batch = scene.edits.applyAll([{ segmentationId, imageId, kind: 'review', writes: [accept] }], NOW);
    if (batch === null) throw new Error('no batch');
    scene.apply('review', { kind: 'review', id: second, review: 'rejected' });
    const before = scene.picture();
    expect(scene.edits.undoBatch(batch)).toMatchObject({ undone: [], segmentationId, kept: 1 });
    expect(scene.picture()).toEqual(before);
    // Without the later step, the batch is the last one again.
    scene.undo();
    expect(scene.edits.undoBatch(batch)).toMatchObject({ undone: [imageId], segmentationId, kept: 0 });
    expect(scene.edits.redoBatch(batch)).toMatchObject({ redone: [imageId], segmentationId, kept: 0 });
    expect(scene.store.segmentations.getMask(first)?.review).toBe('accepted');
  });

  test('of nothing is none', () => {
    using scene = new GalleryScene(1);
    const [imageId] = scene.images;
    if (!imageId) throw new Error('no image');
    const step = { segmentationId: scene.segmentationId, imageId, kind: 'review', writes: [] } as const;
    expect(scene.store.maskEdits.applyAll([step], NOW)).toBeNull();
  });
});
