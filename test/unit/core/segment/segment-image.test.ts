import { join } from 'node:path';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { RgbImage } from '../../../../src-main/core/image/decode.ts';
import { choleskySolve } from '../../../../src-main/core/segment/cholesky.ts';
import { conceptsOf, learnConcepts } from '../../../../src-main/core/segment/concepts.ts';
import { colourRows, superpixelDescriptors } from '../../../../src-main/core/segment/superpixel-rows.ts';
import { IMAGENET_RGB } from '../../../../src-main/core/model/backbone.ts';
import { inputSize } from '../../../../src-main/core/segment/encoder.ts';
import {
  divideByParts,
  divideScene,
  widestDistance,
} from '../../../../src-main/core/segment/divide-scene.ts';
import { EmbeddingCache } from '../../../../src-main/core/segment/embedding-cache.ts';
import {
  findForeground,
  foregroundCues,
  PLAIN_WEIGHTS,
} from '../../../../src-main/core/segment/foreground.ts';
import { geodesicDistances } from '../../../../src-main/core/segment/geodesic.ts';
import { readGround } from '../../../../src-main/core/segment/ground.ts';
import { objectMembers } from '../../../../src-main/core/segment/object-members.ts';
import { labelsOnOriginal } from '../../../../src-main/core/segment/original-grid.ts';
import { scoreGroundObjects, scoreSceneObjects } from '../../../../src-main/core/segment/score.ts';
import { objectsOf } from '../../../../src-main/core/segment/objects.ts';
import { poolFeatures } from '../../../../src-main/core/segment/pool-features.ts';
import {
  cutObjects,
  hasEvenGround,
  type Scene,
  type UnfiledMask,
} from '../../../../src-main/core/segment/segment-image.ts';
import { SegmentSettings, type SegmentMode } from '../../../../src-main/contract/segmentation.ts';
import { decodeRle } from '../../../../src-main/core/mask/rle.ts';
import { resampled } from '../../../../src-main/core/segment/resample.ts';
import { splitTouching } from '../../../../src-main/core/segment/split-touching.ts';
import { superpixelGraph } from '../../../../src-main/core/segment/superpixel-graph.ts';
import { quickLab, scaledLab } from '../../../../src-main/core/superpixel/slic-lab.ts';
import { slic } from '../../../../src-main/core/superpixel/slic.ts';
import { drawsFor } from '../../../../src-main/core/tensor/random.ts';
import { iouOf } from '../../../support/masks.ts';
import { withByteFlipped } from '../../../support/damaged-bytes.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

type Inside = (x: number, y: number) => boolean;
const disk =
  (cx: number, cy: number, radius: number): Inside =>
  (x, y) =>
    Math.hypot(x - cx, y - cy) < radius;

/** Two colours with some noise. */
function picture(widthPx: number, heightPx: number, isThing: Inside): RgbImage {
  const draw = drawsFor({ seed: 3, step: 0, stream: 'noise' });
  const data = new Uint8Array(widthPx * heightPx * 3);
  for (let pixel = 0; pixel < widthPx * heightPx; pixel++) {
    const colour = isThing(pixel % widthPx, Math.floor(pixel / widthPx)) ? [190, 70, 50] : [70, 120, 70];
    colour.forEach((value, c) => (data[pixel * 3 + c] = value + draw() * 12));
  }
  return { data, widthPx, heightPx };
}

function gridOf(widthPx: number, heightPx: number, isInside: Inside): Uint8Array {
  return Uint8Array.from({ length: widthPx * heightPx }, (_, pixel) =>
    Number(isInside(pixel % widthPx, Math.floor(pixel / widthPx))),
  );
}

/** Intersection over union of two masks of the same grid. */
function iou(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const bitmap = (mask: ArrayLike<number>) => ({
    data: Uint8Array.from(mask),
    widthPx: mask.length,
    heightPx: 1,
  });
  return iouOf(bitmap(a), bitmap(b));
}

test('a positive definite system is solved, and another one is refused', () => {
  const [x, y] = choleskySolve(Float64Array.of(4, 0, 2, 3), Float64Array.of(10, 8));
  expect(x).toBeCloseTo(1.75, 12);
  expect(y).toBeCloseTo(1.5, 12);
  expect(() => choleskySolve(Float64Array.of(1, 0, 2, 1), Float64Array.of(1, 1))).toThrow(
    'positive definite',
  );
});

test('zeros that rows begin with change nothing about a solution', () => {
  // A chain of four: each row has one entry before its diagonal.
  const chain = [2, 0, 0, 0, -1, 2, 0, 0, 0, -1, 2, 0, 0, 0, -1, 2];
  const solved = choleskySolve(Float64Array.from(chain), Float64Array.of(1, 0, 0, 1));
  solved.forEach((value) => expect(value).toBeCloseTo(1, 12));
});

test('Lab from a table is Lab', () => {
  const image = picture(40, 30, disk(20, 15, 8));
  const exact = scaledLab(image, 1);
  const quick = quickLab(image);
  exact.forEach((value, at) => expect(Math.abs(value - (quick[at] ?? NaN))).toBeLessThan(0.01));
});

test('shortest ways go around what is costly', () => {
  const image = picture(30, 30, () => false);
  const labels = Uint16Array.from(
    { length: 900 },
    (_, p) => Math.floor((p % 30) / 10) + 3 * Math.floor(p / 300),
  );
  const graph = superpixelGraph(image, { labels, count: 9, widthPx: 30, heightPx: 30 });
  // The middle one, 4, is costly to enter.
  const steps = graph.edges.lengths.map((_, e) =>
    graph.edges.from[e] === 4 || graph.edges.to[e] === 4 ? 9 : 1,
  );
  const fromEach = (reach?: number) =>
    Array.from(geodesicDistances(graph, steps, reach), ({ members, from }) => ({ members, from: [...from] }));
  const distances = fromEach();
  expect(distances.map(({ members }) => members)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8].map((s) => [s]));
  expect(distances[3]?.from[5]).toBe(4);
  expect(distances[0]?.from[4]).toBe(10);
  const near = fromEach(3);
  expect([near[0]?.from[1], near[3]?.from[5]]).toEqual([1, Infinity]);
});

test('superpixels without any way between them are equally far from all', () => {
  const labels = Uint16Array.from({ length: 40 }, (_, p) => Math.floor((p % 10) / 2));
  const image = picture(10, 4, () => false);
  // Five columns: the first two look the same, and so do the last two.
  const graph = superpixelGraph(image, { labels, count: 5, widthPx: 10, heightPx: 4 });
  const distances = Array.from(
    geodesicDistances(graph, Float32Array.of(0, 2, 5, 0)),
    ({ members, from }) => ({
      members,
      from: [...from],
    }),
  );
  expect(distances).toEqual([
    { members: [0, 1], from: [0, 0, 2, 7, 7] },
    { members: [2], from: [2, 2, 0, 5, 5] },
    { members: [3, 4], from: [7, 7, 5, 0, 0] },
  ]);
});

test('edges of superpixels are listed by their labels, with the sides that they share', () => {
  // 0 0 1
  // 2 0 1
  // 2 2 1
  const labels = Uint16Array.of(0, 0, 1, 2, 0, 1, 2, 2, 1);
  const { edges } = superpixelGraph(
    picture(3, 3, () => false),
    { labels, count: 3, widthPx: 3, heightPx: 3 },
  );
  expect([[...edges.from], [...edges.to], [...edges.lengths]]).toEqual([
    [0, 0, 1],
    [1, 2, 2],
    [2, 3, 1],
  ]);
});

describe('a photograph of one thing', () => {
  const image = picture(160, 120, disk(85, 60, 32));
  const truth = gridOf(160, 120, disk(85, 60, 32));
  const map = slic(image, { segments: 120 });
  const graph = superpixelGraph(image, map);
  const { selected } = findForeground(graph, foregroundCues(graph));
  const coarse = Uint8Array.from(map.labels, (label) => selected[label] ?? 0);

  test('gives that thing', () => {
    expect(iou(coarse, truth)).toBeGreaterThan(0.9);
  });

  test('is found elsewhere where a prior is surer than the image, and only as far as it weighs', () => {
    // The opposite of what the image shows, from a head that is sure of it.
    const prior = Float32Array.from(selected, (inside) => (inside ? -4 : 4));
    const found = (weight: number) =>
      findForeground(graph, foregroundCues(graph), { weights: { ...PLAIN_WEIGHTS, prior: weight }, prior })
        .selected;
    expect(found(0)).toEqual(selected);
    expect(found(3)).toEqual(selected.map((inside) => 1 - inside));
  });

  test('is trusted more than the same thing by weaker log odds', () => {
    const foreground = findForeground(graph, foregroundCues(graph));
    const members = [...foreground.selected.keys()].filter((s) => foreground.selected[s]);
    const weaker = { ...foreground, referenceLogits: foreground.referenceLogits.map((logit) => logit / 4) };
    const [score = NaN] = scoreSceneObjects(graph, foreground, [members]);
    expect(score).toBeGreaterThan(0.85);
    expect(scoreSceneObjects(graph, weaker, [members])[0]).toBeLessThan(score - 0.05);
  });

  test('is judged by what is known beforehand, if there is anything', () => {
    const cues = foregroundCues(graph);
    const plain = findForeground(graph, cues);
    expect(plain.referenceLogits).toEqual(plain.logits);
    const prior = cues.saliency.map((value) => value - 0.5);
    expect(findForeground(graph, cues, { weights: PLAIN_WEIGHTS, prior }).referenceLogits).toEqual(prior);
  });
});

/** Two disks on the ground of `picture`, the right one of another colour if asked for, with the superpixels inside them. */
function twoDisks(left: Inside, right: Inside, { isRightBlue }: { isRightBlue: boolean }) {
  const image = picture(160, 120, (x, y) => left(x, y) || right(x, y));
  for (let pixel = 0; isRightBlue && pixel < 160 * 120; pixel++) {
    if (right(pixel % 160, Math.floor(pixel / 160))) image.data.set([60, 80, 200], pixel * 3);
  }
  const map = slic(image, { segments: 120 });
  const truth = gridOf(160, 120, (x, y) => left(x, y) || right(x, y));
  const selected = Uint8Array.from({ length: map.count }, (_, s) =>
    Number(overlap(map.labels, truth, s) > 0.5),
  );
  return { image, map, graph: superpixelGraph(image, map), truth, selected };
}

/** The objects that a foreground of those superpixels is cut into. */
function cutOf(
  { image, map, graph, selected }: Omit<ReturnType<typeof twoDisks>, 'truth'>,
  mode: SegmentMode,
  { hasPrior, ...scene }: { hasPrior: boolean } & Pick<Scene, 'features' | 'things' | 'isRough'>,
): UnfiledMask[] {
  const logits = Float32Array.from(selected, (inside) => (inside ? 3 : -3));
  const none = { features: new Float32Array(0), dim: 0, kinds: { from: 0, to: 0 } };
  const task = {
    pixels: { fine: image, working: image },
    embedding: { map, saliency: logits, ...none },
    original: image,
    settings: SegmentSettings.parse({ mode }),
  };
  const outlineCosts = new Float32Array(graph.edges.lengths.length);
  const foreground = { selected, logits, referenceLogits: logits, hasPrior, outlineCosts };
  return cutObjects(task, { graph, foreground, ...scene });
}

function objectCount(...task: Parameters<typeof cutOf>): number {
  return cutOf(...task).length;
}

test('a foreground comes apart where its colours differ, and loses no pixel', () => {
  const [left, right] = [disk(50, 60, 26), disk(100, 60, 26)];
  const { image, map, graph, truth, selected } = twoDisks(left, right, { isRightBlue: true });
  const parts = divideScene(graph, selected, colourRows(graph), { minDistance: 0.15, minShare: 0.05 });
  const { labels } = divideByParts(parts, map, 0.05)(truth, image);
  expect(labels.map((label) => Number(label > 0))).toEqual(Int32Array.from(truth));
  const numbers = [...new Set(labels)].filter((label) => label > 0);
  expect(numbers).toHaveLength(2);
  for (const isThing of [left, right]) {
    const best = numbers.map((number) =>
      iou(
        labels.map((label) => Number(label === number)),
        gridOf(160, 120, isThing),
      ),
    );
    expect(Math.max(...best)).toBeGreaterThan(0.85);
  }
  const whole = divideScene(graph, selected, colourRows(graph), { minDistance: 6, minShare: 0.05 });
  expect(new Set(whole)).toHaveProperty('size', 2);
});

test('a rough cut follows superpixels and keeps its pieces whole', () => {
  const disks = twoDisks(disk(62, 60, 26), disk(98, 60, 26), { isRightBlue: true });
  const [whole, ...others] = cutOf(disks, 'auto', { hasPrior: false, isRough: true });
  expect(others).toEqual([]);
  expect(whole && decodeRle(whole.shape).data).toEqual(
    Uint8Array.from(disks.map.labels, (s) => disks.selected[s] ?? 0),
  );
});

test('colours divide what an image shows, and a head keeps together what it has found', () => {
  const disks = twoDisks(disk(62, 60, 26), disk(98, 60, 26), { isRightBlue: true });
  expect(objectCount(disks, 'auto', { hasPrior: false })).toBe(2);
  expect(objectCount(disks, 'auto', { hasPrior: true })).toBe(1);
  expect(objectCount(disks, 'several', { hasPrior: true })).toBe(2);
  expect(objectCount(disks, 'one', { hasPrior: false })).toBe(1);
});

test('features divide what a head has found where its colours are the same', () => {
  const disks = twoDisks(disk(62, 60, 26), disk(98, 60, 26), { isRightBlue: false });
  const rows = Float32Array.from({ length: disks.map.count * 2 }, (_, at) => {
    const isLeft = (disks.graph.centres[2 * Math.floor(at / 2)] ?? 0) < 0.5;
    return at % 2 === (isLeft ? 0 : 1) ? 1 : 0;
  });
  const features = { rows, dim: 2 };
  expect(objectCount(disks, 'several', { hasPrior: true, features })).toBe(2);
  expect(objectCount(disks, 'several', { hasPrior: true })).toBe(1);
  expect(objectCount(disks, 'auto', { hasPrior: true, features })).toBe(1);
});

test('what tells the things of a collection apart divides what a head has found', () => {
  const disks = twoDisks(disk(62, 60, 26), disk(98, 60, 26), { isRightBlue: false });
  const rows = {
    rows: Float32Array.from({ length: disks.map.count }, (_, s) =>
      (disks.graph.centres[2 * s] ?? 0) < 0.5 ? 0 : 1,
    ),
    dim: 1,
  };
  // Two halves are 0.5 * 0.5 / 1 * 1 = 0.25 apart, about.
  const countAt = (mode: SegmentMode, minDistance: number) =>
    objectCount(disks, mode, { hasPrior: true, things: { rows, minDistance } });
  expect(countAt('auto', 0.2)).toBe(2);
  expect(countAt('auto', 0.4)).toBe(1);
  expect(countAt('several', 0.4)).toBe(2);
  expect(countAt('several', 0.8)).toBe(1);
  expect(countAt('one', 0.1)).toBe(1);
});

test('parts that differ least become one first, the larger ones last', () => {
  // Four superpixels in a row: 0 and 1 differ by 1, 1 and 2 by 1.2, but 2 is small.
  const edges = {
    from: Uint16Array.of(0, 1, 2),
    to: Uint16Array.of(1, 2, 3),
    lengths: Float32Array.of(4, 4, 4),
  };
  const graph = { areas: Float32Array.of(49, 49, 2, 100), edges };
  const rows = { rows: Float32Array.of(0, 1, 2.2, 9), dim: 1 };
  const divide = (minDistance: number, minShare = 0) => {
    const parts = divideScene(graph, Uint8Array.of(1, 1, 1, 0), rows, { minDistance, minShare });
    expect(parts[3]).toBe(-1);
    return [...parts].slice(0, 3).map((part) => parts.indexOf(part));
  };
  // Ward: 0.49 * 0.49 / 0.98 = 0.245 for 0 and 1; 0.49 * 0.02 / 0.51 * 1.44 = 0.028 for 1 and 2.
  expect(divide(0.02)).toEqual([0, 1, 2]);
  expect(divide(0.03)).toEqual([0, 1, 1]);
  expect(divide(0.3)).toEqual([0, 0, 0]);
  expect(divide(0.02, 0.05)).toEqual([0, 1, 1]);
  const widest = (minShare: number) => widestDistance(graph, Uint8Array.of(1, 1, 1, 0), rows, minShare);
  // 0.49 and 0.51, of which 0.02 are at 2.2: 0.2499 * 1.047 ^ 2.
  expect(widest(0.05)).toBeCloseTo(0.274, 3);
  expect(widest(0.6)).toBe(0);
  expect(divide(widest(0.05))).toEqual([0, 1, 1]);
  expect(divide(widest(0.05) + 1e-6)).toEqual([0, 0, 0]);
});

/** Share of a superpixel that lies in a mask. */
function overlap(labels: Uint16Array, mask: Uint8Array, superpixel: number): number {
  let [inside, area] = [0, 0];
  labels.forEach((label, pixel) => {
    if (label !== superpixel) return;
    area++;
    inside += mask[pixel] ?? 0;
  });
  return inside / area;
}

describe('an even ground', () => {
  const isThing: Inside = (x, y) => disk(30, 30, 9)(x, y) || disk(90, 60, 12)(x, y);

  test('is told from the things on it', () => {
    const reading = readGround(picture(120, 90, isThing));
    expect(iou(reading.mask, gridOf(120, 90, isThing))).toBeGreaterThan(0.9);
    expect(reading.groundNoise).toBeLessThan(0.13);
    expect(reading.borderPurity).toBe(1);
  });

  test('is found under noise, and dim things among few bright ones', () => {
    const isBright = disk(60, 20, 9);
    const isDim: Inside = (x, y) => isThing(x, y) || disk(6, 85, 10)(x, y);
    const draw = drawsFor({ seed: 5, step: 0, stream: 'noise' });
    const data = new Uint8Array(120 * 90 * 3);
    for (let pixel = 0; pixel < 120 * 90; pixel++) {
      const [x, y] = [pixel % 120, Math.floor(pixel / 120)];
      data.fill((isBright(x, y) ? 200 : isDim(x, y) ? 60 : 10) + draw() * 30, pixel * 3, pixel * 3 + 3);
    }
    const working = { data, widthPx: 120, heightPx: 90 };

    expect(hasEvenGround({ working })).toBe(true);
    const things = gridOf(120, 90, (x, y) => isBright(x, y) || isDim(x, y));
    expect(iou(readGround(working).mask, things)).toBeGreaterThan(0.9);
  });

  test('divides things that touch, and no long one', () => {
    const grid = { widthPx: 60, heightPx: 40 };
    const touching = gridOf(60, 40, (x, y) => disk(18, 20, 11)(x, y) || disk(38, 20, 11)(x, y));
    expect(splitTouching(touching, grid).count).toBe(2);
    const bar = gridOf(60, 40, (x, y) => y > 15 && y < 25 && x > 4 && x < 56);
    expect(splitTouching(bar, grid).count).toBe(1);
  });
});

/** What scores do not read. */
const noReading = { separability: 1, borderPurity: 1, groundNoise: 0 };

describe('objects', () => {
  const grid = { widthPx: 20, heightPx: 10 };
  const rules = { minShare: 0.02, minShareOfLargest: 0.3, maxHoleShare: 0.02, isSingle: false };
  const mask = gridOf(
    20,
    10,
    (x, y) =>
      (x < 8 && y < 8 && !(x === 3 && y === 3)) || (x > 10 && x < 17 && y < 6) || (x === 19 && y === 9),
  );

  test('are pieces without specks and small holes, the largest first', () => {
    const { labels, areasPx } = objectsOf(mask, grid, rules);
    expect(areasPx).toEqual([64, 36]);
    expect([labels[0], labels[12], labels[9], labels[199]]).toEqual([1, 2, 0, 0]);
    expect(objectsOf(mask, grid, { ...rules, isSingle: true }).areasPx).toEqual([64]);
    expect(objectsOf(mask, grid, { ...rules, maxHoleShare: 0 }).areasPx).toEqual([63, 36]);
  });

  test('are never none where the foreground is not empty', () => {
    expect(objectsOf(mask, grid, { ...rules, minShare: 0.9 }).areasPx).toHaveLength(1);
    expect(objectsOf(new Uint8Array(200), grid, rules).areasPx).toEqual([]);
  });

  test('keep their numbers on a larger original, also where they touch', () => {
    const small = { widthPx: 4, heightPx: 2 };
    const labels = Int32Array.of(0, 1, 2, 0, 0, 1, 2, 0);
    const soft = Float32Array.from(labels, (label) => Number(label > 0));
    const large = labelsOnOriginal({ labels, soft }, small, { widthPx: 8, heightPx: 4 });
    expect([...large.subarray(8, 16)]).toEqual([0, 0, 1, 1, 2, 2, 0, 0]);
  });

  test('have the superpixels that they cover most of, and one at least', () => {
    const labels = Int32Array.from({ length: 64 }, (_, p) => (p % 8 < 5 ? 1 : p === 7 ? 2 : 0));
    const map = {
      labels: Uint16Array.from(labels, (_, p) => Number(p % 8 >= 4)),
      count: 2,
      widthPx: 8,
      heightPx: 8,
    };
    expect(objectMembers(labels, 2, { widthPx: 8, heightPx: 8 }, map)).toEqual([[0], [1]]);
  });

  test('on an even ground are trusted more where they are round and far from its colour', () => {
    const size = { widthPx: 40, heightPx: 20 };
    const round = disk(10, 10, 7);
    const ragged: Inside = (x, y) => x > 22 && x < 38 && y % 3 === 1;
    const labels = Int32Array.from(gridOf(40, 20, round), (inside, p) =>
      inside ? 1 : ragged(p % 40, Math.floor(p / 40)) ? 2 : 0,
    );
    const distances = Float32Array.from(labels, (label) => [0, 40, 11][label] ?? 0);
    const ground = { distances, threshold: 10, mask: new Uint8Array(800), ...noReading };
    const areasPx = [1, 2].map((label) => labels.filter((one) => one === label).length);
    const [sure = 0, unsure = 0] = scoreGroundObjects(ground, { labels, areasPx }, size);
    expect(sure).toBeGreaterThan(0.9);
    expect(unsure).toBe(0);
  });
});

/** What a ResNet asks of its input. */
const ANY_SIZE = { ...IMAGENET_RGB, multipleOf: 32, fixedPx: null };

describe('features', () => {
  test('of a superpixel are the mean of the cells under it', () => {
    const labels = Uint16Array.from({ length: 64 * 64 }, (_, p) => Number(p % 64 >= 32));
    const grid = { channels: 2, width: 2, height: 2, stride: 32 };
    const map = { data: Float32Array.of(1, 10, 3, 30, 1, 10, 3, 30), ...grid };
    const pooled = poolFeatures({ labels, count: 2, widthPx: 64, heightPx: 64 }, map);
    // Bilinear: the left half reaches a quarter of the way into the right cells near the middle.
    expect(pooled[0]).toBeCloseTo(1.23, 1);
    expect(pooled[1]).toBeCloseTo(10 * (pooled[0] ?? 0), 4);
    expect((pooled[0] ?? 0) + (pooled[2] ?? 0)).toBeCloseTo(4, 1);
  });

  test('go through an input of the image shape, of which there are few', () => {
    expect(inputSize({ widthPx: 640, heightPx: 480 }, ANY_SIZE, { sidePx: 320 })).toEqual({
      widthPx: 416,
      heightPx: 256,
    });
    expect(inputSize({ widthPx: 480, heightPx: 640 }, ANY_SIZE, { sidePx: 320 })).toEqual({
      widthPx: 256,
      heightPx: 416,
    });
    const shapes = new Set(
      Array.from({ length: 90 }, (_, at) =>
        JSON.stringify(inputSize({ widthPx: 20 + 2 * at, heightPx: 60 }, ANY_SIZE, { sidePx: 320 })),
      ),
    );
    expect(shapes.size).toBe(5);
  });

  test('go through an input of a given longer side, in multiples of what the encoder asks for', () => {
    const patches = { ...ANY_SIZE, multipleOf: 14 };
    const sizeOf = (widthPx: number, heightPx: number) =>
      inputSize({ widthPx, heightPx }, patches, { longSidePx: 256 });
    expect(sizeOf(640, 480)).toEqual({ widthPx: 252, heightPx: 196 });
    expect(sizeOf(300, 310)).toEqual({ widthPx: 252, heightPx: 252 });
    expect(sizeOf(100, 900)).toEqual({ widthPx: 126, heightPx: 252 });
  });

  test('go through the one size that an encoder takes', () => {
    const rules = { ...ANY_SIZE, fixedPx: { widthPx: 224, heightPx: 224 } };
    expect(inputSize({ widthPx: 640, heightPx: 480 }, rules, { sidePx: 320 })).toEqual(rules.fixedPx);
  });

  test('become concepts by their looks alone where there is no encoder', async () => {
    const draw = drawsFor({ seed: 5, step: 0, stream: 'rows' });
    const values = Float32Array.from({ length: 300 * 6 }, (_, at) => {
      const kind = Math.floor(at / 6) % 3;
      return (at % 6 === kind ? 5 : 0) + draw() * 0.3;
    });
    const rows = { values, width: 6 };
    const concepts = conceptsOf(await learnConcepts(rows, { conceptCount: 3, seed: 0 }), rows);
    concepts.forEach((concept, row) => expect(concept).toBe(concepts[row % 3]));
    expect(new Set(concepts).size).toBe(3);
  });

  test.each([1, 1e-3, 1e3])('tell apart what looks the same, whatever their scale (%d)', async (scale) => {
    const draw = drawsFor({ seed: 6, step: 0, stream: 'rows' });
    // Two looks, three kinds by features: with four numbers of features beside six of looks.
    const values = Float32Array.from({ length: 300 * 10 }, (_, at) => {
      const row = Math.floor(at / 10);
      const column = at % 10;
      if (column < 6) return 40 + 0.01 * draw();
      return scale * ((column - 6 === row % 3 ? 1 : 0) + 0.05 * draw());
    });
    const rows = { values, width: 10 };
    const concepts = conceptsOf(await learnConcepts(rows, { conceptCount: 3, seed: 0 }), rows);
    concepts.forEach((concept, row) => expect(concept).toBe(concepts[row % 3]));
    expect(new Set(concepts).size).toBe(3);
  });

  test('stand behind the look of their superpixel', () => {
    const white = [0, 1, 1, 0].flatMap((value) => [value * 255, value * 255, value * 255]);
    const image = { data: Uint8Array.from(white), widthPx: 2, heightPx: 2 };
    const map = { labels: Uint16Array.of(0, 1, 1, 0), count: 2, widthPx: 2, heightPx: 2 };
    const embedding = {
      map,
      // Of the three columns of all maps, two tell kinds of things apart.
      features: Float32Array.of(9, 1, 2, 9, 3, 4),
      dim: 3,
      kinds: { from: 1, to: 3 },
      saliency: Float32Array.of(0, 1),
    };
    const { values, width } = superpixelDescriptors(embedding, superpixelGraph(image, map), [1]);
    expect(width).toBe(8);
    expect(values).toHaveLength(8);
    expect(values[0]).toBeCloseTo(100, 1);
    expect([...values.subarray(1, 6)].every((value) => Math.abs(value) < 0.2)).toBe(true);
    expect([...values.subarray(6)]).toEqual([3, 4]);
  });

  test('come back from the cache as they went in, and a damaged entry is made again', async () => {
    const folder = tempFolder();
    const cache = new EmbeddingCache({ folder, maxBytes: 2 ** 20 });
    const map = { labels: Uint16Array.of(0, 1, 1, 0), count: 2, widthPx: 2, heightPx: 2 };
    let made = 0;
    const make = () => {
      made++;
      return Promise.resolve({
        map,
        features: Float32Array.of(0.1, 2, -3, 4),
        dim: 2,
        kinds: { from: 0, to: 1 },
        saliency: Float32Array.of(0.3, 1),
      });
    };
    const first = await cache.get('abcd1234', make);
    expect(await cache.get('abcd1234', make)).toEqual(first);
    expect(made).toBe(1);
    const file = join(folder, 'embeddings', 'ab', readdirSync(join(folder, 'embeddings', 'ab'))[0] ?? '');
    writeFileSync(file, 'no embedding');
    expect(await cache.get('abcd1234', make)).toEqual(first);
    expect(made).toBe(2);
    const whole = readFileSync(file);
    for (let at = 0; at < whole.length; at++) {
      writeFileSync(file, withByteFlipped(whole, at));
      expect(await cache.get('abcd1234', make), `byte ${at}`).toEqual(first);
      expect(made, `byte ${at}`).toBe(3 + at);
    }
  });
});

test('values on another grid keep their place', () => {
  const out = resampled(Float32Array.of(0, 4), { widthPx: 2, heightPx: 1 }, { widthPx: 4, heightPx: 1 });
  expect([...out]).toEqual([0, 1, 3, 4]);
});
