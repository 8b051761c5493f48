import { describe, expect, test } from 'vitest';
import type { JudgedFacts } from '../../../../../src-main/core/segment/describe/acceptance-model.ts';
import { chancesOf } from '../../../../../src-main/core/segment/describe/acceptance-model.ts';
import {
  planReview,
  type ReviewCandidate,
} from '../../../../../src-main/core/segment/describe/review-plan.ts';
import { RandomStream } from '../../../../../src-main/core/tensor/random.ts';

const DIM = 8;

function unitVectors(count: number, seed = 7): { vectors: Float32Array; dim: number } {
  const random = new RandomStream(seed);
  const vectors = Float32Array.from({ length: count * DIM }, () => random.normal());
  for (let row = 0; row < count; row++) {
    const vector = vectors.subarray(row * DIM, (row + 1) * DIM);
    const length = Math.hypot(...vector);
    vector.forEach((value, at) => (vector[at] = value / length));
  }
  return { vectors, dim: DIM };
}

/** Objects whose scores rise with their numbers. */
const objects = (count: number): ReviewCandidate[] =>
  Array.from({ length: count }, (_, row) => ({
    row,
    maskId: row + 1,
    imageId: row + 1,
    concept: 1,
    score: (row + 0.5) / count,
    areaPx: 100,
    isAudited: false,
  }));

describe('what is reviewed next', () => {
  test('is what is likely wrong, with a random draw from each part of the scores at every third place', async () => {
    const { reviews, spent } = await planReview(unitVectors(300), objects(300), [], { count: 30, seed: 1 });
    expect(reviews.map(({ kind }) => kind)).toEqual(
      Array.from({ length: 30 }, (_, at) => (at % 3 === 2 ? 'audit' : 'gain')),
    );
    expect(spent).toEqual([]);
    // Nothing is known but the scores: the twenty lowest.
    const chosen = reviews.filter(({ kind }) => kind === 'gain').map(({ maskId }) => maskId);
    expect(chosen).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
    const drawn = reviews.filter(({ kind }) => kind === 'audit').map(({ maskId }) => maskId);
    // One of each tenth of the 280 others.
    const tenths = drawn.map((maskId) => Math.floor((maskId - 21) / 28));
    expect(tenths.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const again = await planReview(unitVectors(300), objects(300), [], { count: 30, seed: 1 });
    expect(again.reviews).toEqual(reviews);
  });

  test('contains no two objects alike while there are others', async () => {
    const table = unitVectors(60);
    // The first forty are the same.
    for (let row = 1; row < 40; row++) table.vectors.copyWithin(row * DIM, 0, DIM);
    const { reviews } = await planReview(table, objects(60), [], { count: 15, seed: 1 });
    const chosen = reviews.filter(({ kind }) => kind === 'gain').map(({ maskId }) => maskId);
    expect(chosen.filter((maskId) => maskId <= 40)).toEqual([1]);
    const all = await planReview(table, objects(60).slice(0, 40), [], { count: 40, seed: 1 });
    expect(new Set(all.reviews.map(({ maskId }) => maskId)).size).toBe(40);
  });

  test('spends earlier draws that would have been chosen, and asks about none of them again', async () => {
    const all = objects(300).map((one) => ({ ...one, isAudited: [3, 100, 290].includes(one.maskId) }));
    const { reviews, spent } = await planReview(unitVectors(300), all, [], { count: 30, seed: 1 });
    expect(spent).toEqual([3]);
    expect(reviews.some(({ maskId }) => [3, 100, 290].includes(maskId))).toBe(false);
  });

  test('ends with the last object', async () => {
    const { reviews } = await planReview(unitVectors(4), objects(4), [], { count: 30, seed: 1 });
    expect(reviews.map(({ maskId }) => maskId).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
    const nothing = await planReview(unitVectors(1), [], [], { count: 30, seed: 1 });
    expect(nothing).toEqual({ reviews: [], spent: [] });
  });

  test('works without vectors', async () => {
    const plain = objects(20).map((one) => ({ ...one, row: -1 }));
    const { reviews } = await planReview({ vectors: new Float32Array(), dim: 0 }, plain, [], {
      count: 6,
      seed: 1,
    });
    expect(reviews).toHaveLength(6);
  });
});

describe('the chance of being accepted', () => {
  const decided = (verdict: (maskId: number) => boolean): JudgedFacts[] =>
    objects(100).map((one) => ({ ...one, isAccepted: verdict(one.maskId) }));

  test('is the score before there are decisions of both kinds', async () => {
    const object = { row: 3, maskId: 4, score: 0.3, areaPx: 9 };
    expect(await chancesOf(unitVectors(100), { decisions: [], objects: [object] })).toEqual([
      { byFacts: 0.3, byLooks: 0.3 },
    ]);
  });

  test('follows the scores at which decisions turn', async () => {
    const decisions = decided((maskId) => maskId > 70).map((one) => ({ ...one, row: -1 }));
    const asked = [0.4, 0.71, 0.95].map((score) => ({ row: -1, maskId: 1_000, score, areaPx: 100 }));
    const chances = await chancesOf({ vectors: new Float32Array(), dim: 0 }, { decisions, objects: asked });
    const [low, middle, high] = chances.map(({ byFacts }) => byFacts);
    expect(low).toBeLessThan(0.05);
    expect(middle).toBeGreaterThan(0.3);
    expect(middle).toBeLessThan(0.7);
    expect(high).toBeGreaterThan(0.95);
  });

  test('follows what looks alike, and never its own decision', async () => {
    const table = unitVectors(100);
    // Two looks, by parity; scores say nothing.
    for (let row = 2; row < 100; row++)
      table.vectors.copyWithin(row * DIM, (row % 2) * DIM, ((row % 2) + 1) * DIM);
    const decisions = decided((maskId) => maskId % 2 === 0);
    const [odd, even] = [decisions[10], decisions[11]];
    if (!odd || !even) return expect.fail('no such object');
    const chances = await chancesOf(table, { decisions, objects: [odd, even] });
    expect(chances[0]?.byLooks).toBeLessThan(0.25);
    expect(chances[1]?.byLooks).toBeGreaterThan(0.75);
    const changed = decisions.map((one) => (one === odd ? { ...one, isAccepted: true } : one));
    expect(await chancesOf(table, { decisions: changed, objects: [odd] })).toEqual([chances[0]]);
  });
});
