import { describe, expect, test } from 'vitest';
import { fitClassifier, type Decision } from '../../../../../src-main/core/segment/describe/classifier.ts';
import type { VectorTable } from '../../../../../src-main/core/segment/describe/nearest.ts';
import { RandomStream } from '../../../../../src-main/core/tensor/random.ts';

const DIM = 8;
const CLASSES = 3;

/** Rows around the axis of their class, `noise` apart, of length 1. */
function table(count: number, noise: number): VectorTable {
  const random = new RandomStream(4);
  const vectors = new Float32Array(count * DIM);
  for (let row = 0; row < count; row++) {
    const vector = vectors.subarray(row * DIM, (row + 1) * DIM);
    for (let d = 0; d < DIM; d++) vector[d] = Number(d === row % CLASSES) + noise * random.normal();
    const length = Math.hypot(...vector);
    for (let d = 0; d < DIM; d++) vector[d] = (vector[d] ?? 0) / length;
  }
  return { vectors, dim: DIM };
}

const decided = (count: number): Decision[] =>
  Array.from({ length: count }, (_, row) => ({ row, label: row % CLASSES }));

describe('a classifier of decisions', () => {
  test.each([6, 30, 100])('predicts the others from %i that agree with how objects look', (count) => {
    const rows = table(300, 0.15);
    const made = fitClassifier(rows, decided(count), CLASSES) ?? expect.fail('nothing was learned');
    expect(made.accuracy).toBeGreaterThan(0.9);
    expect(made.baseline).toBeCloseTo(1 / 3, 1);
    const right = Array.from({ length: 200 }, (_, at) => at + 100).filter(
      (row) => made.predict(row).label === row % CLASSES,
    );
    expect(right.length).toBeGreaterThan(185);
  });

  test('asks for less confidence the clearer the decisions are', () => {
    const [clear, blurred] = [0.1, 0.45].map((noise) =>
      fitClassifier(table(300, noise), decided(120), CLASSES),
    );
    const shares = [clear, blurred].map((made) => {
      const sure = Array.from({ length: 150 }, (_, at) => at + 150).filter(
        (row) => made && made.predict(row).confidence >= made.minConfidence,
      );
      return sure.length / 150;
    });
    expect(shares[0]).toBeGreaterThan(0.95);
    expect(shares[1]).toBeLessThan(0.9);
  });

  test('learns nothing from decisions that do not follow how objects look', () => {
    const random = new RandomStream(8);
    const chance = decided(60).map(({ row }) => ({ row, label: Number(random.normal() > 0) }));
    expect(fitClassifier(table(60, 0.2), chance, 2)?.accuracy ?? 0).toBeLessThan(0.75);
  });

  test.each<[string, Decision[]]>([
    ['none', []],
    ['one', [{ row: 0, label: 0 }]],
    ['all of one class', decided(30).filter(({ label }) => label === 0)],
    [
      'a single one of the second class',
      [...decided(30).filter(({ label }) => label === 0), { row: 1, label: 1 }],
    ],
  ])('learns nothing from too few decisions: %s', (_, decisions) => {
    expect(fitClassifier(table(60, 0.1), decisions, CLASSES)).toBeNull();
  });

  test('is the same for the same decisions', () => {
    const rows = table(100, 0.3);
    const [first, again] = [1, 2].map(() => fitClassifier(rows, decided(40), CLASSES));
    expect(again?.predict(77)).toEqual(first?.predict(77));
    expect(again?.minConfidence).toBe(first?.minConfidence);
  });
});
