import { describe, expect, test } from 'vitest';
import { layOut } from '../../../../../src-main/core/segment/map/lay-out.ts';
import { nearestTable, neighbourGraph } from '../../../../../src-main/core/segment/map/neighbour-graph.ts';
import type { Settling } from '../../../../../src-main/core/segment/map/settle.ts';
import { RandomStream } from '../../../../../src-main/core/tensor/random.ts';

const DIM = 12;
const QUIET = { cores: 1, onNeighbours: () => undefined, onRound: () => undefined };

/** Vectors of length 1 around `groups` centres, in turn. [count, DIM] */
function clustered(count: number, groups: number, spread: number): Float32Array {
  const random = new RandomStream(7);
  const centres = Array.from({ length: groups * DIM }, () => random.normal());
  const vectors = new Float32Array(count * DIM);
  for (let row = 0; row < count; row++) {
    const own = Array.from(
      { length: DIM },
      (_, d) => (centres[(row % groups) * DIM + d] ?? 0) + spread * random.normal(),
    );
    const length = Math.hypot(...own);
    vectors.set(
      own.map((value) => value / length),
      row * DIM,
    );
  }
  return vectors;
}

const distance = (values: Float32Array, dim: number, a: number, b: number): number =>
  Math.hypot(
    ...Array.from({ length: dim }, (_, d) => (values[a * dim + d] ?? 0) - (values[b * dim + d] ?? 0)),
  );

/** The other rows by distance to one, nearest first. */
const ranked = (values: Float32Array, dim: number, row: number): number[] =>
  Array.from({ length: values.length / dim }, (_, other) => other)
    .filter((other) => other !== row)
    .sort((a, b) => distance(values, dim, row, a) - distance(values, dim, row, b));

/**
 * Trustworthiness (Venna and Kaski 2001): 1 - 2 / (n k (2n - 3k - 1)) times the sum, over the k nearest on the map that
 * are not among the k nearest vectors, of how far their rank among the vectors is beyond k.
 */
function trustworthiness(vectors: Float32Array, places: Float32Array, k: number): number {
  const n = places.length / 2;
  let penalty = 0;
  for (let row = 0; row < n; row++) {
    const rankOf = new Map(ranked(vectors, DIM, row).map((other, at) => [other, at + 1]));
    for (const other of ranked(places, 2, row).slice(0, k))
      penalty += Math.max(0, (rankOf.get(other) ?? 0) - k);
  }
  return 1 - (2 * penalty) / (n * k * (2 * n - 3 * k - 1));
}

test('has the distances of vectors of length 1 from how similar they are', () => {
  const lists = {
    limit: 1,
    places: Int32Array.of(1, 0, 1),
    similarities: Float32Array.of(1.000_001, 0, 0.5),
  };
  const { distances } = nearestTable(lists);
  // Rounding has led past 1; at a right angle; at 60 degrees.
  expect([...distances]).toEqual([0, expect.closeTo(Math.SQRT2, 6), 1]);
});

test('joins the two directions of a pair once, and gives the nearest the whole weight', async () => {
  // Three points on a line at 0, 1 and 3, each with its two neighbours.
  const table = {
    count: 2,
    indices: Int32Array.of(1, 2, 0, 2, 1, 0),
    distances: Float32Array.of(1, 3, 1, 2, 2, 3),
  };
  const graph = await neighbourGraph(table, () => undefined);
  expect([...graph.from]).toEqual([0, 0, 1]);
  expect([...graph.to]).toEqual([1, 2, 2]);
  // The widths make the weights of a row sum to log2(3): 1 + (log2(3) - 1). Here for the first and the third row.
  const far = Math.log2(3) - 1;
  expect(graph.weights[0]).toBeCloseTo(1, 4);
  expect(graph.weights[1]).toBeCloseTo(far + far - far * far, 3);
  expect(graph.weights[2]).toBeCloseTo(1, 4);
});

describe('a map', () => {
  test('keeps neighbours together and groups apart', async () => {
    const groups = 6;
    const vectors = clustered(240, groups, 0.25);
    const places = await layOut({ vectors, dim: DIM }, QUIET);
    // 0.5 would be chance; published UMAPs of clustered data reach 0.95 and more.
    expect(trustworthiness(vectors, places, 7)).toBeGreaterThan(0.93);
    for (let row = 0; row < 240; row += 17)
      expect(
        ranked(places, 2, row)
          .slice(0, 10)
          .every((other) => other % groups === row % groups),
      ).toBe(true);
    expect(Math.max(...places)).toBeCloseTo(1, 5);
    expect(Math.min(...places)).toBeGreaterThanOrEqual(-1.00001);
  });

  test('is the same every time, and in whichever order the vectors come', async () => {
    const vectors = clustered(150, 4, 0.4);
    const places = await layOut({ vectors, dim: DIM }, QUIET);
    expect(await layOut({ vectors, dim: DIM }, QUIET)).toEqual(places);
    const turned = new Float32Array(vectors.length);
    const at = (row: number) => (row * 77) % 150;
    for (let row = 0; row < 150; row++)
      turned.set(vectors.subarray(at(row) * DIM, (at(row) + 1) * DIM), row * DIM);
    const again = await layOut({ vectors: turned, dim: DIM }, QUIET);
    for (let row = 0; row < 150; row++) {
      expect(again[row * 2]).toBe(places[at(row) * 2]);
      expect(again[row * 2 + 1]).toBe(places[at(row) * 2 + 1]);
    }
  });

  test.each([0, 1, 2, 3, 20])('of %i points, equal ones too, is finite', async (count) => {
    const vectors = new Float32Array(count * DIM);
    for (let row = 0; row < count; row++) vectors[row * DIM] = 1;
    const places = await layOut({ vectors, dim: DIM }, QUIET);
    expect(places).toHaveLength(count * 2);
    expect([...places].every((place) => Math.abs(place) <= 1.00001)).toBe(true);
  });

  test('can be stopped between two rounds', async () => {
    const rounds: number[] = [];
    const onRound = ({ done }: Settling) => {
      rounds.push(done);
      if (done === 3) throw new Error('stopped');
    };
    await expect(layOut({ vectors: clustered(40, 2, 0.4), dim: DIM }, { ...QUIET, onRound })).rejects.toThrow(
      'stopped',
    );
    expect(rounds).toEqual([1, 2, 3]);
  });

  test('that is resumed between two rounds is the one that was never stopped', async () => {
    const table = { vectors: clustered(60, 3, 0.4), dim: DIM };
    const states: Settling[] = [];
    const whole = await layOut(table, { ...QUIET, onRound: (now) => void states.push(structuredClone(now)) });
    const rounds: number[] = [];
    const again = await layOut(table, {
      cores: 1,
      onNeighbours: () => expect.fail('they are known'),
      onRound: ({ done }) => void rounds.push(done),
      resumed: states[199],
    });
    expect(again).toEqual(whole);
    expect(rounds.at(0)).toBe(201);
    expect(rounds).toHaveLength(300);
  });
});
