import { describe, expect, it } from 'vitest';
import { chooseSeeds, kmeans, lloyd } from '../../src-main/core/superpixel/kmeans.ts';
import type { Rows } from '../../src-main/core/superpixel/row-products.ts';
import { fnv1a32, u01At } from '../../src-main/core/tensor/random.ts';
import { greatestDifference } from '../support/compare.ts';
import { goldenArray, readGoldenJson } from '../support/golden.ts';
import { goldenTensor } from '../support/golden-tensor.ts';

type LloydRun = {
  init_rows: number[];
  labels: number[];
  n_iter: number;
  inertia: number;
  centroid_l2: number[];
  centroid_first4: number[][];
};

type SeedCase = {
  n: number;
  d: number;
  k: number;
  dup_zero_rows: number;
  stream: string;
  draws_used: number;
  picks: number[];
  labels: number[];
  n_iter: number;
  inertia: number;
};

type SeedFile = {
  cases: SeedCase[];
  empty_cluster_official: { x: number[][]; init_rows: number[] };
};

const seedFile = readGoldenJson('cases/4b_kmeanspp.json') as SeedFile;

describe("Lloyd's iterations equal the official ones", () => {
  describe.each(['w8', 'w64'])('rows of the %s network', (net) => {
    it.each(['k8_f64', 'k32_f64', 'k8_f32', 'k32_f32'])('%s', async (name) => {
      const { data, shape } = goldenArray(`4a_${net}_features`, '<f4');
      const { runs } = readGoldenJson(`cases/4a_${net}_kmeans.json`) as { runs: Record<string, LloydRun> };
      const run = runs[name];
      if (!run) throw new Error(`no run ${name}`);
      const isFloat64 = name.endsWith('f64');
      const dim = shape[1] ?? 0;
      const rows = isFloat64 ? Float64Array.from(data) : data;
      const { labels, centres, iterations, inertia } = await lloyd({ rows, dim }, run.init_rows);
      expect([...labels]).toEqual(run.labels);
      // The stop rule is an absolute 1e-6, which float32 reaches a little sooner or later.
      expect(Math.abs(iterations - run.n_iter)).toBeLessThanOrEqual(isFloat64 ? 0 : 2);
      expect(Math.abs(inertia / run.inertia - 1)).toBeLessThan(isFloat64 ? 1e-12 : 1e-6);
      const first4 = run.init_rows.flatMap((_, k) => [...centres.subarray(k * dim, k * dim + 4)]);
      expect(greatestDifference(first4, run.centroid_first4.flat())).toBeLessThan(1e-6);
      const lengths = run.init_rows.map((_, k) => Math.hypot(...centres.subarray(k * dim, (k + 1) * dim)));
      expect(greatestDifference(lengths, run.centroid_l2)).toBeLessThan(1e-6);
    });
  });

  it('also with the padding rows of the official code, where a row of zeros is a centre', async () => {
    const { data } = goldenArray('4a_w8_features', '<f4');
    const rows = new Float64Array(4 * 81 * 32);
    [62, 58, 60, 62].forEach((kept, image) =>
      rows.set(data.subarray(image * 62 * 32, (image * 62 + kept) * 32), image * 81 * 32),
    );
    const golden = readGoldenJson('cases/4a_padding_rows.json') as { init_rows: number[]; f64: LloydRun };
    const { labels, iterations } = await lloyd({ rows, dim: 32 }, golden.init_rows);
    expect([...labels]).toEqual(golden.f64.labels);
    expect(iterations).toBe(golden.f64.n_iter);
  });

  it('an empty cluster keeps its centre instead of swallowing every row', async () => {
    const { x, init_rows: seeds } = seedFile.empty_cluster_official;
    const { labels, inertia } = await lloyd({ rows: Float64Array.from(x.flat()), dim: 4 }, seeds);
    expect(new Set(labels).size).toBeGreaterThan(1);
    expect(inertia).toBeGreaterThan(0);
  });
});

describe('k-means++ picks the same rows from the same draws', () => {
  it.each(seedFile.cases)('n $n, K $k, zero rows $dup_zero_rows', async (golden) => {
    const task = { rows: rowsOf(golden), dim: golden.d };
    let draws = 0;
    const draw = () => u01At(fnv1a32(golden.stream), draws++);
    const seeds = await chooseSeeds(task, golden.k, draw);
    // The file knows only the values of the seeds, and names the first of equal rows.
    expect(seeds.map((row) => firstEqualRow(task, row))).toEqual(golden.picks);
    expect(draws).toBe(golden.draws_used);
    draws = 0;
    const { labels, iterations, inertia } = await kmeans(task, golden.k, draw);
    expect([...labels]).toEqual(golden.labels);
    expect(iterations).toBe(golden.n_iter);
    expect(inertia).toBeCloseTo(golden.inertia, 10);
  });
});

/** Five clouds and some rows of zeros, in float64. */
function rowsOf({ n, d, dup_zero_rows: zeroRows, stream }: SeedCase): Rows {
  const id = stream.split('.').at(-1) ?? '';
  const clouds = goldenTensor(`kpp.c.${id}`, { shape: [5, d], base: 0, kind: 'unit' });
  const noise = goldenTensor(`kpp.x.${id}`, { shape: [n, d], base: 0, kind: 'unit' });
  const rows = Float64Array.from(noise, (u, at) => {
    const row = Math.floor(at / d);
    return row < n - zeroRows ? Math.fround((clouds[(row % 5) * d + (at % d)] ?? NaN) + 0.3 * u) : 0;
  });
  return rows.map((value, at) => {
    const first = at - (at % d);
    return value / Math.max(Math.hypot(...rows.subarray(first, first + d)), 1e-12);
  });
}

function firstEqualRow({ rows, dim }: { rows: Rows; dim: number }, row: number): number {
  const text = (at: number) => rows.subarray(at * dim, (at + 1) * dim).join();
  return Array.from({ length: row + 1 }, (_, at) => at).findIndex((at) => text(at) === text(row));
}
