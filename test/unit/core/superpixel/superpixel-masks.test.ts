import { describe, expect, it } from 'vitest';
import { NO_REGION, oneHotRegions, regionMap } from '../../../../src-main/core/superpixel/region-map.ts';
import {
  poolSuperpixels,
  softCells,
  softMasks,
  superpixelRows,
} from '../../../../src-main/core/superpixel/superpixel-masks.ts';

/** Each cell of the 2 x 2 grid samples the middle four of its 4 x 4 pixels. */
// prettier-ignore
const map = {
  widthPx: 8,
  heightPx: 8,
  labels: [
    0, 0, 0, 0,  1, 1, 1, 1,
    0, 0, 0, 0,  1, 1, 1, 1,
    0, 0, 2, 0,  1, 1, 1, 1,
    0, 0, 0, 0,  1, 1, 1, 1,
    3, 3, 3, 3,  1, 1, 1, 1,
    3, 3, 3, 3,  1, 3, 3, 1,
    3, 3, 3, 3,  1, 1, 1, 1,
    4, 4, 4, 4,  4, 4, 4, 4,
  ],
};

describe('superpixels on a coarse grid', () => {
  const cells = softCells(map, 2);

  it('share a cell by the pixels that it samples', () => {
    // prettier-ignore
    expect([...softMasks(cells, 5)]).toEqual([
      0.75, 0, 0.25, 0, 0,   0, 1, 0, 0, 0,
      0, 0, 0, 1, 0,         0, 0.5, 0, 0.5, 0,
    ]);
  });

  it('share every cell in full, also where the grid does not divide the image', () => {
    const uneven = softCells(map, 3);
    for (let cell = 0; cell < 9; cell++) {
      const sum = uneven.shares.subarray(cell * 4, cell * 4 + 4).reduce((total, share) => total + share, 0);
      expect(sum).toBeCloseTo(1, 6);
    }
  });

  it('have the mean feature of their cells, shrunk where they fill less than one', () => {
    const { pooled, areas } = poolSuperpixels(cells, { features: Float32Array.of(4, 8, 12, 2), dim: 1 }, 5);
    expect([...areas]).toEqual([0.75, 1.5, 0.25, 1.5, 0]);
    expect([...pooled]).toEqual([3, 6, 1, (12 + 1) / 1.5, 0].map(Math.fround));
  });

  it('are clustered when the grid sees them, each at length 1', () => {
    const image = poolSuperpixels(cells, { features: Float32Array.of(3, 4, 0, 2, 1, 0, 0, 5), dim: 2 }, 5);
    const { rows, labels, images, count } = superpixelRows([image, image], 2);
    expect(count).toBe(8);
    expect([...labels]).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
    expect([...images]).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    expect([...rows.subarray(0, 2)]).toEqual([0.6, 0.8].map(Math.fround));
    expect(superpixelRows([image, image], 2, 6).count).toBe(12);
  });
});

describe('regions of cells', () => {
  const cells = softCells(map, 2);

  it('are those with the largest share, of equals the lowest', () => {
    expect([...regionMap(cells, [5, 3, 5, 2, 9])]).toEqual([5, 3, 2, 2]);
  });

  it('under the official rule are averages of numbers', () => {
    expect([...regionMap(cells, [4, 3, 0, 8, 9], 'official-average')]).toEqual([3, 3, 8, 5]);
  });

  it('come from the nearest cell where no superpixel has one', () => {
    expect([...regionMap(cells, [NO_REGION, NO_REGION, NO_REGION, 7, NO_REGION])]).toEqual([7, 7, 7, 7]);
    expect([...regionMap(cells, [NO_REGION, 1, 6, 7, NO_REGION])]).toEqual([6, 1, 7, 1]);
  });

  it('become one channel each', () => {
    expect([...oneHotRegions(Int16Array.of(1, 0, NO_REGION), 2)]).toEqual([0, 1, 1, 0, 0, 0]);
  });
});
