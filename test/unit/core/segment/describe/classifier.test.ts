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
  test.each([6, 30, 100])('predicts the others from %i that agree with how objects look', async (count) => {
    const rows = table(300, 0.15);
    const made =
      (await fitClassifier(rows, decided(count), { classes: CLASSES })) ?? expect.fail('nothing was learned');
    expect(made.accuracy).toBeGreaterThan(0.9);
    expect(made.baseline).toBeCloseTo(1 / 3, 1);
    const asked = Int32Array.from({ length: 200 }, (_, at) => at + 100);
    const predicted = await made.predict(asked);
    const right = predicted.filter(({ label }, at) => label === (at + 100) % CLASSES);
    expect(right.length).toBeGreaterThan(185);
  });

  test('asks for less confidence the clearer the decisions are', async () => {
    const shareOfSure = async (noise: number) => {
      const made = await fitClassifier(table(300, noise), decided(120), { classes: CLASSES });
      const predicted = await made?.predict(Int32Array.from({ length: 150 }, (_, at) => at + 150));
      const sure = predicted?.filter(({ confidence }) => confidence >= (made?.minConfidence ?? 1));
      return (sure?.length ?? 0) / 150;
    };
    expect(await shareOfSure(0.1)).toBeGreaterThan(0.95);
    expect(await shareOfSure(0.45)).toBeLessThan(0.9);
  });

  test('learns nothing from decisions that do not follow how objects look', async () => {
    const random = new RandomStream(8);
    const chance = decided(60).map(({ row }) => ({ row, label: Number(random.normal() > 0) }));
    const made = await fitClassifier(table(60, 0.2), chance, { classes: 2 });
    expect(made?.accuracy ?? 0).toBeLessThan(0.75);
  });

  test.each<[string, Decision[]]>([
    ['none', []],
    ['one', [{ row: 0, label: 0 }]],
    ['all of one class', decided(30).filter(({ label }) => label === 0)],
    [
      'a single one of the second class',
      [...decided(30).filter(({ label }) => label === 0), { row: 1, label: 1 }],
    ],
  ])('learns nothing from too few decisions: %s', async (_, decisions) => {
    expect(await fitClassifier(table(60, 0.1), decisions, { classes: CLASSES })).toBeNull();
  });

  test('is the same for the same decisions', async () => {
    const rows = table(100, 0.3);
    const first = await fitClassifier(rows, decided(40), { classes: CLASSES });
    const again = await fitClassifier(rows, decided(40), { classes: CLASSES });
    const asked = Int32Array.of(77);
    expect(await again?.predict(asked)).toEqual(await first?.predict(asked));
    expect(again?.minConfidence).toBe(first?.minConfidence);
  });
});
