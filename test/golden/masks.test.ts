import { describe, expect, it } from 'vitest';
import { regionMap, type RegionRule } from '../../src-main/core/superpixel/region-map.ts';
import {
  roiAlign,
  roiAlignRegions,
  roiSampling,
  type ViewBox,
} from '../../src-main/core/superpixel/roi-align.ts';
import {
  poolSuperpixels,
  softCells,
  softMasks,
  superpixelRows,
  type SoftCells,
} from '../../src-main/core/superpixel/superpixel-masks.ts';
import { greatestDifference } from '../support/compare.ts';
import { goldenArray, readGoldenJson } from '../support/golden.ts';
import { goldenTensor } from '../support/golden-tensor.ts';

type MasksCase = {
  K: number;
  n_segments_in_batch: number;
  cluster_labels_2xS: number[][];
  boxes: { box: [number, number, number, number] }[];
  ramp_x: { roi: [number, number, number, number]; row0: number[] }[];
};

const SIDE = 224;
const MAP = 56;

/** torch computes these in float32; ours keeps sums in float64. */
const FLOAT32_NOISE = 1e-6;

const boxOf = ([y1, x1, y2, x2]: readonly number[], isFlipped: boolean): ViewBox => ({
  y1: y1 ?? 0,
  x1: x1 ?? 0,
  y2: y2 ?? 0,
  x2: x2 ?? 0,
  isFlipped,
});

/** [channels, cells] to [cells, channels] */
function channelsLast(values: Float32Array, channels: number): Float32Array {
  const cells = values.length / channels;
  return values.map((_, at) => values[(at % channels) * cells + Math.floor(at / channels)] ?? NaN);
}

describe('label maps become masks as in the official code', () => {
  const golden = readGoldenJson('cases/3_masks.json') as MasksCase;
  const count = golden.n_segments_in_batch;
  const maps = ['astronaut', 'chelsea'].map((name) => goldenArray(`2_slic_${name}_official`, '<u2').data);
  const cellsAt = (size: number): SoftCells[] =>
    maps.map((labels) => softCells({ labels, widthPx: SIDE, heightPx: SIDE }, size));
  const features = channelsLastImages(
    goldenTensor('mask.feats', { shape: [2, 32, 14, 14], base: 0, kind: 'unit' }),
  );
  const pooled = cellsAt(14).map((cells, image) =>
    poolSuperpixels(cells, { features: features[image] ?? new Float32Array(), dim: 32 }, count),
  );

  it('soft masks at 14 cells are exact', () => {
    const { data } = goldenArray('3_soft14_times4', '|u1');
    cellsAt(14).forEach((cells, image) => {
      const expected = Float32Array.from(
        data.subarray(image * count * 196, (image + 1) * count * 196),
        (v) => v / 4,
      );
      expect(softMasks(cells, count)).toEqual(channelsLast(expected, count));
    });
  });

  it('pooled features and rows of K-means are equal to 1e-6', () => {
    const expected = goldenArray('3_pooled14', '<f4').data;
    const ours = Float32Array.from(pooled.flatMap((image) => [...image.pooled]));
    expect(greatestDifference(ours, expected)).toBeLessThan(FLOAT32_NOISE);
    const { rows } = superpixelRows(pooled, 32, count);
    expect(greatestDifference(rows, goldenArray('3_kmeans_input', '<f4').data)).toBeLessThan(FLOAT32_NOISE);
  });

  it.each<[RegionRule, string]>([
    ['official-average', '3_labels56_official'],
    ['largest-superpixel', '3_labels56_argmax_superpixel'],
    ['largest-region', '3_labels56_argmax_cluster'],
  ])('region maps under %s are exact', (rule, file) => {
    const { data } = goldenArray(file, '<i2');
    cellsAt(MAP).forEach((cells, image) => {
      const expected = data.subarray(image * MAP * MAP, (image + 1) * MAP * MAP);
      expect(regionMap(cells, golden.cluster_labels_2xS[image] ?? [], rule)).toEqual(expected);
    });
  });

  it('masks of views are equal to 1e-6, for one map of labels and for a map a region', () => {
    const { data } = goldenArray('3_roi7', '<f4');
    const labels = goldenArray('3_labels56_official', '<i2').data;
    const { K } = golden;
    const length = K * 49;
    let greatest = 0;
    golden.boxes.forEach(({ box }, at) => {
      for (const image of [0, 1]) {
        const map = labels.subarray(image * MAP * MAP, (image + 1) * MAP * MAP);
        const dense = Float32Array.from({ length: map.length * K }, (_, i) =>
          map[Math.floor(i / K)] === i % K ? 1 : 0,
        );
        for (const flip of [0, 1]) {
          const sampling = roiSampling(boxOf(box.map(Math.fround), flip === 1), { mapSize: MAP, outSize: 7 });
          const from = ((at * 2 + image) * 2 + flip) * length;
          const expected = channelsLast(data.slice(from, from + length), K);
          greatest = Math.max(
            greatest,
            greatestDifference(roiAlignRegions(map, K, sampling), expected),
            greatestDifference(roiAlign(dense, K, sampling), expected),
          );
        }
      }
    });
    expect(greatest).toBeLessThan(FLOAT32_NOISE);
  });

  it('a ramp shows no shift of half a cell', () => {
    const ramp = Float32Array.from({ length: MAP * MAP }, (_, at) => at % MAP);
    for (const { roi, row0 } of golden.ramp_x) {
      const [x1, y1, x2, y2] = roi;
      const box = { y1: y1 / MAP, x1: x1 / MAP, y2: y2 / MAP, x2: x2 / MAP, isFlipped: false };
      const out = roiAlign(ramp, 1, roiSampling(box, { mapSize: MAP, outSize: 7 }));
      // Values up to 55 carry float32 roundings of 4e-6, of the box and of torch's sums.
      expect(greatestDifference(out.subarray(0, 7), row0)).toBeLessThan(1e-5);
    }
  });

  it.each([
    'w8_s0',
    'w8_s1',
    'w64_s0',
    'w64_s1',
    'w8_fixed_s0',
    'w8_fixed_s1',
    'w64_fixed_s0',
    'w64_fixed_s1',
  ])('masks of the full step %s are equal to 1e-6', (step) => {
    const maps56 = goldenArray(`5_${step}_labels56`, '<i2').data;
    const masks = goldenArray(`5_${step}_masks`, '<f4');
    const boxes = goldenArray('5_boxes', '<f4').data;
    const [rows = 0, K = 0] = masks.shape;
    for (let row = 0; row < rows; row++) {
      const image = row % 4;
      const box = boxes.subarray((image * 3 + Math.floor(row / 4)) * 5);
      const sampling = roiSampling(boxOf([...box], box[4] === 1), { mapSize: MAP, outSize: 7 });
      const map = maps56.subarray(image * MAP * MAP, (image + 1) * MAP * MAP);
      const expected = channelsLast(masks.data.slice(row * K * 49, (row + 1) * K * 49), K);
      expect(greatestDifference(roiAlignRegions(map, K, sampling), expected)).toBeLessThan(FLOAT32_NOISE);
    }
  });

  it.each(['w8', 'w64'])('the region map of the full step %s follows from its labels', (net) => {
    const { steps_f64: steps } = readGoldenJson(`cases/5_step_${net}_fixed.json`) as {
      steps_f64: { kmeans: { labels: number[] } }[];
    };
    const labels = goldenArray('5_labels224_mod62', '|u1').data;
    const expected = goldenArray(`5_${net}_fixed_s0_labels56`, '<i2').data;
    for (const image of [0, 1, 2, 3]) {
      const map = labels.subarray(image * SIDE * SIDE, (image + 1) * SIDE * SIDE);
      const cells = softCells({ labels: map, widthPx: SIDE, heightPx: SIDE }, MAP);
      const regions = steps[0]?.kmeans.labels.slice(image * 62, (image + 1) * 62) ?? [];
      expect(regionMap(cells, regions)).toEqual(
        expected.subarray(image * MAP * MAP, (image + 1) * MAP * MAP),
      );
    }
  });
});

function channelsLastImages(values: Float32Array): Float32Array[] {
  const half = values.length / 2;
  return [values.slice(0, half), values.slice(half)].map((image) => channelsLast(image, 32));
}
