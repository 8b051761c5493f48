import { describe, expect, it } from 'vitest';
import { chooseSeeds, kmeans, lloyd } from '../../src-main/core/superpixel/kmeans.ts';
import { drawsFor, RandomStream } from '../../src-main/core/tensor/random.ts';
import { EngineProducts } from '../../src-main/core/train/engine-products.ts';
import { goldenArray, readGoldenJson } from '../support/golden.ts';

const DIM = 24;

/** Rows of unit length around a few centres, so that rounding decides nothing. */
function clusteredRows(count: number): Float32Array {
  const random = new RandomStream(3);
  const centres = Array.from({ length: 10 }, () => Array.from({ length: DIM }, () => random.normal()));
  const rows = new Float32Array(count * DIM);
  for (let row = 0; row < count; row++) {
    const noisy = (centres[row % 10] ?? []).map((value) => value + 0.3 * random.normal());
    rows.set(
      noisy.map((value) => value / Math.hypot(...noisy)),
      row * DIM,
    );
  }
  return rows;
}

describe('K-means with products of the compiled engine', () => {
  it.each([
    [5, 3],
    [300, 8],
    [1_000, 20],
  ])('%d rows, %d regions: seeds, labels and centres of plain JavaScript', async (count, regionCount) => {
    using engine = await EngineProducts.open(DIM, 1);
    const rows = clusteredRows(count);
    const draw = () => drawsFor({ seed: 1, step: 2, stream: 'kmeans' });
    const task = { rows, dim: DIM, products: engine.productsOf(rows) };
    const seeds = await chooseSeeds(task, regionCount, draw());
    expect(seeds).toEqual(await chooseSeeds({ rows, dim: DIM }, regionCount, draw()));
    const [compiled, plain] = [
      await kmeans(task, regionCount, draw()),
      await kmeans({ rows, dim: DIM }, regionCount, draw()),
    ];
    expect(compiled.labels).toEqual(plain.labels);
    expect(Math.abs(compiled.inertia / plain.inertia - 1)).toBeLessThan(1e-5);
  });

  it('serves batches of different sizes in turn', async () => {
    using engine = await EngineProducts.open(DIM, 1);
    for (const count of [300, 40, 300, 299]) {
      const rows = clusteredRows(count);
      const out = new Float32Array(count);
      await engine.productsOf(rows)(rows.slice(0, DIM), 1, out);
      // A row of unit length with itself.
      expect(out[0]).toBeCloseTo(1, 5);
      const last = rows.subarray((count - 1) * DIM);
      const product = last.reduce((sum, value, at) => sum + value * (rows[at] ?? 0), 0);
      expect(out[count - 1]).toBeCloseTo(product, 5);
    }
  });

  it('gives the golden labels', async () => {
    const { data, shape } = goldenArray('4a_w8_features', '<f4');
    const { runs } = readGoldenJson('cases/4a_w8_kmeans.json') as {
      runs: Record<string, { init_rows: number[]; labels: number[] }>;
    };
    const run = runs.k8_f32;
    if (!run) throw new Error('no run k8_f32');
    const dim = shape[1] ?? 0;
    using engine = await EngineProducts.open(dim, 1);
    const { labels } = await lloyd({ rows: data, dim, products: engine.productsOf(data) }, run.init_rows);
    expect([...labels]).toEqual(run.labels);
  });
});
