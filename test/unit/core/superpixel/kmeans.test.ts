import { describe, expect, it } from 'vitest';
import { chooseSeeds, kmeans, lloyd } from '../../../../src-main/core/superpixel/kmeans.ts';
import { drawsFor } from '../../../../src-main/core/tensor/random.ts';
import { rowProducts } from '../../../../src-main/core/superpixel/row-products.ts';

const draw = () => drawsFor({ seed: 3, step: 0, stream: 'kmeans' });

describe('K-means', () => {
  // Two pairs on a line.
  const task = { rows: Float64Array.of(0, 2, 10, 14), dim: 1 };

  it('moves centres to the means of their rows', async () => {
    const { labels, centres, iterations, inertia } = await lloyd(task, [0, 1]);
    expect([...labels]).toEqual([0, 0, 1, 1]);
    expect([...centres]).toEqual([1, 12]);
    expect(inertia).toBe(1 + 1 + 4 + 4);
    // {0} {2, 10, 14}, then {0, 2} {10, 14} with centres 0 and 26/3, the same with 1 and 12, and no change after.
    expect(iterations).toBe(4);
  });

  it('finds clouds that lie apart', async () => {
    const { labels } = await kmeans(task, 2, draw());
    expect([labels[1], labels[3]]).toEqual([labels[0], labels[2]]);
    expect(labels[0]).not.toBe(labels[2]);
  });

  it('makes no more clusters than rows', async () => {
    expect(await chooseSeeds(task, 9, draw())).toHaveLength(4);
    expect((await kmeans(task, 9, draw())).inertia).toBe(0);
  });

  it('takes the first of seeds that are equally good', async () => {
    // The middle row; then the draws reach row 1 and row 2, which both leave a squared distance of 1.
    const draws = [0, 0.25, 0.75].values();
    const rows = Float64Array.of(0, 1, -1);
    expect(await chooseSeeds({ rows, dim: 1 }, 2, () => draws.next().value ?? 0)).toEqual([0, 1]);
  });

  it('keeps the centre of a cluster that loses its rows', async () => {
    const { labels, centres } = await lloyd({ rows: Float64Array.of(1, 1, 5), dim: 1 }, [0, 1, 2]);
    expect([...labels]).toEqual([0, 0, 2]);
    expect([...centres]).toEqual([1, 1, 5]);
  });

  it('takes products from whoever computes them', async () => {
    let calls = 0;
    const own = rowProducts(task);
    const products: typeof own = async (...operands) => {
      calls++;
      await own(...operands);
    };
    const { iterations } = await lloyd({ ...task, products }, [0, 1]);
    expect(calls).toBe(iterations);
  });

  it.each([
    [1, 1],
    [2, 4],
    [5, 7],
  ])('multiplies %i rows by %i centres', async (count, centreCount) => {
    const dim = 3;
    const rows = Float32Array.from({ length: count * dim }, (_, at) => at + 1);
    const centres = Float32Array.from({ length: centreCount * dim }, (_, at) => (at % 5) - 2);
    const out = new Float32Array(count * centreCount);
    await rowProducts({ rows, dim })(centres, centreCount, out);
    const expected = Array.from({ length: count * centreCount }, (_, at) => {
      const [row, k] = [Math.floor(at / centreCount), at % centreCount];
      return [0, 1, 2].reduce((sum, d) => sum + (rows[row * dim + d] ?? 0) * (centres[k * dim + d] ?? 0), 0);
    });
    expect([...out]).toEqual(expected);
  });
});
