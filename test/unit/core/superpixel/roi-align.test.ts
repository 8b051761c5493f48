import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roiAlign, roiAlignRegions, roiSampling } from '../../../../src-main/core/superpixel/roi-align.ts';

const whole = { y1: 0, x1: 0, y2: 1, x2: 1, isFlipped: false };

describe('masks of a view', () => {
  it('average the samples of each bin', () => {
    // Bins of 2 x 2 cells; samples at 0.5 and 1.5, 2.5 and 3.5, the last held at the last centre, 3.
    const ramp = Float32Array.from({ length: 16 }, (_, at) => at % 4);
    expect([...roiAlign(ramp, 1, roiSampling(whole, { mapSize: 4, outSize: 2 }))]).toEqual([
      1, 2.75, 1, 2.75,
    ]);
  });

  it('mirror with the view', () => {
    const ramp = Float32Array.from({ length: 16 }, (_, at) => at % 4);
    const sampling = roiSampling({ ...whole, isFlipped: true }, { mapSize: 4, outSize: 2 });
    expect([...roiAlign(ramp, 1, sampling)]).toEqual([2.75, 1, 2.75, 1]);
  });

  it('of labels equal those of a map a region, and fill each cell in full', () => {
    // At least a cell wide: a smaller box is widened to one, and may then reach beyond the map.
    const side = fc
      .tuple(fc.integer({ min: 0, max: 85 }), fc.integer({ min: 13, max: 100 }))
      .map(([start, length]) => [start / 100, Math.min(start + length, 100) / 100] as const);
    fc.assert(
      fc.property(side, side, fc.boolean(), ([y1, y2], [x1, x2], isFlipped) => {
        const box = { y1, x1, y2, x2, isFlipped };
        const sampling = roiSampling(box, { mapSize: 8, outSize: 3 });
        const map = Int16Array.from({ length: 64 }, (_, at) => (at * 7) % 5);
        const dense = Float32Array.from({ length: 64 * 5 }, (_, at) =>
          map[Math.floor(at / 5)] === at % 5 ? 1 : 0,
        );
        const masks = roiAlignRegions(map, 5, sampling);
        roiAlign(dense, 5, sampling).forEach((value, at) => expect(masks[at]).toBeCloseTo(value, 6));
        for (let cell = 0; cell < 9; cell++) {
          const sum = masks.subarray(cell * 5, cell * 5 + 5).reduce((total, value) => total + value, 0);
          expect(sum).toBeCloseTo(1, 5);
        }
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it('leave out cells without a region', () => {
    const sampling = roiSampling(whole, { mapSize: 4, outSize: 2 });
    expect([...roiAlignRegions(new Int16Array(16).fill(-1), 3, sampling)]).toEqual(new Array(12).fill(0));
  });

  it('are written where they are wanted', () => {
    const out = new Float32Array(4);
    const sampling = roiSampling(whole, { mapSize: 4, outSize: 2 });
    expect(roiAlignRegions(new Int16Array(16), 1, sampling, out)).toBe(out);
    expect([...out]).toEqual([1, 1, 1, 1]);
  });
});
