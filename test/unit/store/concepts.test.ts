import { describe, expect, test } from 'vitest';
import type { ConceptId, ImageId, MaskId, SegmentationId } from '../../../src-main/contract/ids.ts';
import type { Concept } from '../../../src-main/contract/segmentation.ts';
import { conceptMasksSql, exemplarsSql } from '../../../src-main/store/concept-masks.ts';
import type { MaskWrite } from '../../../src-main/store/mask-states.ts';
import { hashOf, maskOf, scanFolder, TestStore } from '../../support/store.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { walkPages } from '../../support/walk-pages.ts';

/** Four images and the concepts cat, lynx and dog. */
class Zoo extends TestStore {
  readonly segmentationId: SegmentationId;
  readonly cat: ConceptId;
  readonly lynx: ConceptId;
  readonly dog: ConceptId;
  readonly #images: ImageId[];

  constructor() {
    super(tempFolder());
    const collectionId = this.collection();
    const files = Array.from({ length: 4 }, (_, content) => ({ relPath: `${content}.jpg`, content }));
    scanFolder(this.store, { collectionId, scanId: 1, files });
    this.#images = files.map(({ relPath }) => this.imageId(relPath));
    this.segmentationId = this.store.segmentations.insert({
      collectionId,
      name: 'zoo',
      settings: {},
      device: 'cpu',
      createdAtMs: 5,
    });
    const [cat, lynx, dog] = ['cat', 'lynx', 'dog'].map((name, number) =>
      this.store.segmentations.insertConcept({
        segmentationId: this.segmentationId,
        number,
        name,
        colour: '#00ff00',
        isBackground: false,
      }),
    );
    if (!cat || !lynx || !dog) throw new Error('no concepts');
    [this.cat, this.lynx, this.dog] = [cat, lynx, dog];
  }

  /** Masks of one image: concept and score of each. */
  save(index: number, ...masks: [ConceptId, number][]): MaskId[] {
    const imageId = this.#images[index];
    if (imageId === undefined) throw new Error(`no image ${index}`);
    return this.store.segmentations.saveImage({
      segmentationId: this.segmentationId,
      imageId,
      contentHash: hashOf(index),
      finishedAtMs: 7,
      masks: masks.map(([conceptId, score]) => maskOf({ conceptId, score })),
    });
  }

  concept(id: ConceptId): Concept {
    const concept = this.store.concepts.get(id);
    if (!concept) throw new Error(`no concept ${id}`);
    return concept;
  }

  merge(id: ConceptId, mergedInto: ConceptId | null): void {
    this.store.concepts.update({ ...this.concept(id), mergedInto });
  }

  counts(id: ConceptId) {
    const { maskCount, imageCount } = this.concept(id);
    return { maskCount, imageCount };
  }

  /** As the service changes a mask. */
  change(write: MaskWrite & { id: MaskId }): void {
    const imageId = this.store.segmentations.getMask(write.id)?.imageId;
    if (imageId === undefined) throw new Error(`no mask ${write.id}`);
    const { segmentationId } = this;
    this.store.maskEdits.apply({ segmentationId, imageId, kind: 'concept', writes: [write] }, 0);
  }

  move(id: MaskId, conceptId: ConceptId | null): void {
    this.change({ kind: 'concept', id, conceptId });
  }

  exemplars(id: ConceptId): number[] {
    return this.concept(id).exemplars.map((exemplar) => exemplar.id);
  }

  walk(id: ConceptId, limit: number): number[] {
    const pages = walkPages((cursor) => this.store.concepts.masks(id, cursor, limit));
    for (const { items } of pages) expect(items.length).toBeLessThanOrEqual(limit);
    return pages.flatMap(({ items }) => items.map((mask) => mask.id));
  }
}

describe('concepts', () => {
  test('count what was merged into them, and each image once', () => {
    using zoo = new Zoo();
    zoo.save(0, [zoo.cat, 0.9], [zoo.cat, 0.8], [zoo.lynx, 0.7]);
    zoo.save(1, [zoo.lynx, 0.6], [zoo.dog, 0.5]);
    zoo.merge(zoo.lynx, zoo.cat);
    expect(zoo.counts(zoo.cat)).toEqual({ maskCount: 4, imageCount: 2 });
    expect(zoo.counts(zoo.lynx)).toEqual({ maskCount: 2, imageCount: 2 });
    zoo.merge(zoo.lynx, null);
    expect(zoo.counts(zoo.cat)).toEqual({ maskCount: 2, imageCount: 1 });
  });

  test('take along what was merged into them: merges stay one step deep', () => {
    using zoo = new Zoo();
    zoo.save(0, [zoo.cat, 0.9], [zoo.lynx, 0.7], [zoo.dog, 0.2]);
    zoo.merge(zoo.lynx, zoo.cat);
    zoo.merge(zoo.cat, zoo.dog);
    expect([zoo.cat, zoo.lynx].map((id) => zoo.concept(id).mergedInto)).toEqual([zoo.dog, zoo.dog]);
    expect(zoo.counts(zoo.dog)).toEqual({ maskCount: 3, imageCount: 1 });
    zoo.merge(zoo.cat, null);
    expect(zoo.counts(zoo.cat).maskCount).toBe(1);
    expect(zoo.counts(zoo.dog).maskCount).toBe(2);
  });

  test('are shown by their best masks, one an image, whatever was moved, rejected or deleted since', () => {
    using zoo = new Zoo();
    const [best, second] = zoo.save(0, [zoo.cat, 0.9], [zoo.cat, 0.8]);
    const [other] = zoo.save(1, [zoo.cat, 0.7]);
    const [third] = zoo.save(2, [zoo.cat, 0.6]);
    if (!best || !second || !other || !third) throw new Error('no masks');
    expect(zoo.exemplars(zoo.cat)).toEqual([best, other, third]);
    zoo.change({ kind: 'review', id: best, review: 'rejected' });
    expect(zoo.exemplars(zoo.cat)).toEqual([second, other, third]);
    zoo.move(other, zoo.dog);
    expect(zoo.exemplars(zoo.cat)).toEqual([second, third]);
    expect(zoo.exemplars(zoo.dog)).toEqual([other]);
    zoo.change({ kind: 'remove', id: third });
    expect(zoo.exemplars(zoo.cat)).toEqual([second]);
    zoo.merge(zoo.dog, zoo.cat);
    expect(zoo.exemplars(zoo.cat)).toEqual([second, other]);
  });

  test('keep true counts when masks are moved to another concept or deleted', () => {
    using zoo = new Zoo();
    const [first, second] = zoo.save(0, [zoo.cat, 0.9], [zoo.cat, 0.8]);
    if (!first || !second) throw new Error('no masks');
    zoo.move(first, zoo.dog);
    expect([zoo.counts(zoo.cat).maskCount, zoo.counts(zoo.dog).maskCount]).toEqual([1, 1]);
    zoo.move(second, null);
    expect(zoo.counts(zoo.cat)).toEqual({ maskCount: 0, imageCount: 0 });
    zoo.change({ kind: 'remove', id: first });
    expect(zoo.counts(zoo.dog)).toEqual({ maskCount: 0, imageCount: 0 });
  });

  test.each([1, 2, 3, 100])('list every object once, the surest images first, in pages of %i', (limit) => {
    using zoo = new Zoo();
    const [low] = zoo.save(0, [zoo.cat, 0.3]);
    const [high, alongside] = zoo.save(1, [zoo.cat, 0.9], [zoo.cat, 0.1]);
    const [same] = zoo.save(2, [zoo.cat, 0.3]);
    const [merged, , mergedToo] = zoo.save(3, [zoo.lynx, 0.95], [zoo.dog, 1], [zoo.lynx, 0.2]);
    expect(zoo.walk(zoo.cat, limit)).toEqual([alongside, high, same, low]);
    zoo.merge(zoo.lynx, zoo.cat);
    expect(zoo.walk(zoo.cat, limit)).toEqual([alongside, high, same, low, mergedToo, merged]);
    expect(zoo.walk(zoo.lynx, limit)).toEqual([mergedToo, merged]);
  });

  test('with few objects in their regions are suggested as background, and stay objects until a person decides', () => {
    using zoo = new Zoo();
    const [cat, dog] = zoo.save(0, [zoo.cat, 0.9], [zoo.dog, 0.8], [zoo.cat, 0.1], [zoo.dog, 0.1]);
    if (!cat || !dog) throw new Error('no masks');
    // Of the cats' regions, objects take a tenth; of the dogs', all.
    zoo.db.prepare('UPDATE masks SET level = 1 WHERE id > ?').run(dog);
    zoo.db.prepare('UPDATE masks SET width = 10, height = 10, area_px = 10 WHERE level = 1').run();
    zoo.db.prepare('UPDATE masks SET area_px = 1 WHERE id = ?').run(cat);
    zoo.db.prepare('UPDATE masks SET width = 10, height = 10, area_px = 10 WHERE id = ?').run(dog);
    zoo.store.concepts.finish(zoo.segmentationId, 9);
    const suggested = () => [zoo.cat, zoo.dog].map((id) => zoo.concept(id).isLikelyBackground);
    expect(suggested()).toEqual([true, false]);
    expect(zoo.concept(zoo.cat).isBackground).toBe(false);
    zoo.store.concepts.update({ ...zoo.concept(zoo.cat), isBackground: true, isLikelyBackground: false });
    zoo.store.concepts.finish(zoo.segmentationId, 10);
    expect(suggested()).toEqual([false, false]);
    expect(zoo.concept(zoo.cat).isBackground).toBe(true);
  });

  test('list finer regions nowhere', () => {
    using zoo = new Zoo();
    const [mask] = zoo.save(0, [zoo.cat, 0.5]);
    zoo.db.prepare('UPDATE masks SET level = 1 WHERE id = ?').run(mask);
    expect(zoo.walk(zoo.cat, 10)).toEqual([]);
  });

  test.each([
    [
      'objects',
      conceptMasksSql,
      /INDEX concept_images_by_score \(concept_id=\? AND \(best_score,image_id\)<\(\?,\?\)\)/,
    ],
    ['exemplars', exemplarsSql, /INDEX concept_images_by_score \(concept_id=\?\)/],
  ])('read their %s along an index', (_, sql, index) => {
    using zoo = new Zoo();
    const names = [...sql.matchAll(/@(\w+)/g)].map(([, name]) => [name ?? '', 1]);
    const rows = zoo.db.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`);
    const plan = rows.all(Object.fromEntries(names)).map(({ detail }) => detail);
    expect(plan.join('\n')).toMatch(index);
    expect(plan.join('\n')).toMatch(/SEARCH m USING INDEX masks_by_concept \(concept_id=\? AND image_id=\?/);
    if (sql === conceptMasksSql) expect(plan.join('\n')).not.toContain('TEMP B-TREE FOR ORDER BY');
  });
});
