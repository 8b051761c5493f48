import { describe, expect, test } from 'vitest';
import { checkHealth, type HealthObject } from '../../../../../src-main/core/segment/describe/health.ts';
import { nearestOfEach } from '../../../../../src-main/core/segment/describe/neighbour-lists.ts';
import { nearestRows } from '../../../../../src-main/core/segment/describe/nearest.ts';
import { RandomStream } from '../../../../../src-main/core/tensor/random.ts';

const DIM = 6;
const KINDS = 3;

/** Vectors of length 1 around one direction for each kind, the kinds in turn. */
function kinds(count: number, spread = 0.15) {
  const random = new RandomStream(11);
  const centres = Array.from({ length: KINDS }, (_, kind) =>
    Array.from({ length: DIM }, (_unused, d) => Number(d === kind)),
  );
  const vectors = new Float32Array(count * DIM);
  for (let row = 0; row < count; row++) {
    const vector = vectors.subarray(row * DIM, (row + 1) * DIM);
    for (let d = 0; d < DIM; d++) vector[d] = (centres[row % KINDS]?.[d] ?? 0) + spread * random.normal();
    const length = Math.hypot(...vector);
    vector.forEach((value, d) => (vector[d] = value / length));
  }
  return { vectors, dim: DIM };
}

/** One object on each image, of the concept of its kind. */
const objects = (count: number): HealthObject[] =>
  Array.from({ length: count }, (_, row) => ({
    row,
    maskId: row + 1,
    imageId: row + 1,
    concept: 1 + (row % KINDS),
    score: 0.8,
    box: [0, 0, 10, 10],
  }));

describe('the neighbours of each', () => {
  test('are those of exact search', async () => {
    const table = kinds(60);
    const rows = Int32Array.from({ length: 60 }, (_, row) => 59 - row);
    const { places } = await nearestOfEach(table, rows, { limit: 4 });
    rows.forEach((row, place) => {
      const query = table.vectors.subarray(row * DIM, (row + 1) * DIM);
      const exact = nearestRows(table, query, { limit: 4, isCandidate: (other) => other !== row });
      const found = [...places.subarray(place * 4, place * 4 + 4)].map((at) => rows[at]);
      expect(found).toEqual(exact.map((one) => one.row));
    });
  });

  test('do not contain the row itself among equal ones', async () => {
    const vectors = new Float32Array(6 * DIM);
    for (let row = 0; row < 6; row++) vectors[row * DIM] = 1;
    const { places } = await nearestOfEach(
      { vectors, dim: DIM },
      Int32Array.from({ length: 6 }, (_, row) => row),
      { limit: 3 },
    );
    for (let row = 0; row < 6; row++)
      expect(new Set([row, ...places.subarray(row * 3, row * 3 + 3)]).size).toBe(4);
  });

  test('are missing where there are fewer', async () => {
    const { places } = await nearestOfEach(kinds(2), Int32Array.from([0, 1]), { limit: 3 });
    expect([...places]).toEqual([1, -1, -1, 0, -1, -1]);
  });

  test('are found among many that are all alike, each compared with a share of the others', async () => {
    const count = 12_000;
    const vectors = new Float32Array(count * DIM);
    for (let row = 0; row < count; row++) vectors[row * DIM] = 1;
    const rows = Int32Array.from({ length: count }, (_, row) => row);
    const { places, similarities } = await nearestOfEach({ vectors, dim: DIM }, rows, { limit: 3 });
    expect(similarities.every((similarity) => similarity === 1)).toBe(true);
    for (const row of [0, 5_000, 11_999]) {
      const listed = [...places.subarray(row * 3, row * 3 + 3)];
      expect(new Set([row, ...listed]).size).toBe(4);
    }
  });

  test('are mostly found among many, which are not all compared', async () => {
    const count = 12_000;
    const table = kinds(count, 0.4);
    const rows = Int32Array.from({ length: count }, (_, row) => row);
    const { places } = await nearestOfEach(table, rows, { limit: 5 });
    let found = 0;
    for (let row = 0; row < count; row += 100) {
      const query = table.vectors.subarray(row * DIM, (row + 1) * DIM);
      const exact = nearestRows(table, query, { limit: 5, isCandidate: (other) => other !== row });
      const listed = places.subarray(row * 5, row * 5 + 5);
      found += exact.filter((one) => listed.includes(one.row)).length;
    }
    // 200 in all; of random vectors, which have no groups, it finds nine in ten.
    expect(found).toBeGreaterThan(170);
  });
});

describe('the health of a segmentation', () => {
  test('finds objects that look like those of another concept, the surest first', async () => {
    const all = objects(90).map((one) => {
      if (one.maskId === 10) return { ...one, concept: 2 };
      // Without a concept, nothing can be wrong with it.
      return one.maskId === 11 ? { ...one, concept: 0 } : one;
    });
    const { concepts, outlines, doubles } = await checkHealth(kinds(90), all);
    expect(concepts).toEqual([{ maskId: 10, concept: 1, suspicion: expect.closeTo(1, 6) as number }]);
    expect(outlines).toEqual([]);
    expect(doubles).toEqual([]);
  });

  test('finds objects that score less than those of their concept and those like them', async () => {
    // Concept 3 is hard: all of it scores little.
    const hard = objects(90).map((one) => (one.concept === 3 ? { ...one, score: 0.3 } : one));
    const all = hard.map((one) => (one.maskId === 10 ? { ...one, score: 0.4 } : one));
    const { outlines } = await checkHealth(kinds(90), all);
    expect(outlines.map(({ maskId }) => maskId)).toEqual([10]);
    // 0.8 less 0.4, and a little for how it differs from its neighbours.
    expect(outlines[0]?.suspicion).toBeCloseTo(0.4, 1);
  });

  test('finds what is there twice: the same look, or the same place, under two concepts', async () => {
    const table = kinds(90);
    // Object 5 looks just like object 1.
    table.vectors.copyWithin(4 * DIM, 0, DIM);
    const all = objects(90).map((one): HealthObject => {
      // Object 30 covers the place of object 31; 40 and 44 share a place and a concept.
      if (one.maskId === 31) return { ...one, imageId: 30, box: [1, 0, 10, 10] };
      return one.maskId === 43 ? { ...one, imageId: 40 } : one;
    });
    const { doubles } = await checkHealth(table, all);
    expect(doubles.map(({ maskIds }) => maskIds)).toEqual([
      [1, 5],
      [30, 31],
    ]);
    // Nine columns of ten are in both boxes, eleven in either.
    expect(doubles[1]?.similarity).toBeCloseTo(90 / 110, 6);
  });

  test('is empty for nothing', async () => {
    const nothing = { vectors: new Float32Array(), dim: DIM };
    expect(await checkHealth(nothing, [])).toEqual({ concepts: [], outlines: [], doubles: [] });
  });
});
