import { expect, test } from 'vitest';
import { nearestRows } from '../../../../../src-main/core/segment/describe/nearest.ts';
import { RandomStream } from '../../../../../src-main/core/tensor/random.ts';

const DIM = 5;

function table(count: number) {
  const random = new RandomStream(3);
  return { dim: DIM, vectors: Float32Array.from({ length: count * DIM }, () => random.normal()) };
}

function sorted({ vectors }: ReturnType<typeof table>, query: Float32Array): number[] {
  const products = Array.from({ length: vectors.length / DIM }, (_, row) => {
    const similarity = query.reduce((sum, value, d) => sum + value * (vectors[row * DIM + d] ?? 0), 0);
    return { row, similarity };
  });
  return products.sort((a, b) => b.similarity - a.similarity || a.row - b.row).map(({ row }) => row);
}

test.each([1, 7, 64, 500])('the nearest %i rows are those that sorting all of them gives', (limit) => {
  const rows = table(500);
  const query = rows.vectors.slice(40 * DIM, 41 * DIM);
  expect(nearestRows(rows, query, { limit }).map(({ row }) => row)).toEqual(
    sorted(rows, query).slice(0, limit),
  );
});

test('rows that are no candidates leave their places to others', () => {
  const rows = table(100);
  const query = rows.vectors.slice(0, DIM);
  const isCandidate = (row: number) => row % 3 === 1;
  const found = nearestRows(rows, query, { limit: 10, isCandidate }).map(({ row }) => row);
  expect(found).toEqual(sorted(rows, query).filter(isCandidate).slice(0, 10));
});

test('fewer rows than were asked for are all found', () => {
  const rows = table(3);
  expect(nearestRows(rows, Float32Array.of(1, 0, 0, 0, 0), { limit: 10 })).toHaveLength(3);
  expect(nearestRows(table(0), Float32Array.of(1, 0, 0, 0, 0), { limit: 10 })).toEqual([]);
});
