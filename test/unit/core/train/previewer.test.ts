import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { superpixelGrids } from '../../../../src-main/core/train/batch.ts';
import { configure } from '../../../../src-main/core/train/configure.ts';
import type { OpenedImage } from '../../../../src-main/core/train/image-source.ts';
import { mirroredImage, Previewer } from '../../../../src-main/core/train/preview.ts';
import { Trainer } from '../../../../src-main/core/train/trainer.ts';
import { initialWeights } from '../../../../src-main/core/model/parameters.ts';
import { modelNetwork, targetName } from '../../../../src-main/core/model/networks.ts';
import { trainingSpecOf } from '../../../../src-main/core/train/training-spec.ts';
import { TINY_RUN } from '../../../support/pretraining.ts';

const SIDE = 64;
const CELL = 8;
const config = configure('quick', 12, { ...TINY_RUN, viewPx: SIDE });

/** An image that is bright on its left, with a square superpixel for every cell of 8 px. */
function brightOnTheLeft(): OpenedImage {
  const data = new Uint8Array(SIDE * SIDE * 3);
  const labels = new Uint16Array(SIDE * SIDE);
  const cells = SIDE / CELL;
  for (let at = 0; at < labels.length; at++) {
    const [x, y] = [at % SIDE, Math.floor(at / SIDE)];
    data.fill(x < 3 * CELL ? 250 : 20, 3 * at, 3 * at + 3);
    labels[at] = Math.floor(y / CELL) * cells + Math.floor(x / CELL);
  }
  const superpixels = { labels, count: cells * cells, widthPx: SIDE, heightPx: SIDE };
  return {
    pixels: { data, widthPx: SIDE, heightPx: SIDE },
    spanning: data,
    superpixels,
    grids: superpixelGrids(superpixels, 32),
  };
}

describe('a preview', () => {
  let trainer: Trainer;

  beforeAll(async () => {
    trainer = await Trainer.open({ config, device: 'onnx:cpu', threads: 1, superpixelSlots: 64 });
    const { model } = trainingSpecOf(config);
    const online = initialWeights(modelNetwork(model), config.seed);
    const target = Object.entries(online).map(([name, data]) => [targetName(name), data] as const);
    await trainer.restore({ ...online, ...Object.fromEntries(target) });
  });
  afterAll(() => trainer[Symbol.asyncDispose]());

  test('has up to 32 regions, however many the step has', async () => {
    const { regionCount, maps } = await new Previewer([brightOnTheLeft()], config).take(trainer, 0, 60);
    expect(regionCount).toBe(32);
    expect(Math.max(...(maps[0] ?? []))).toBeLessThan(32);
  });
});

describe('the mirrored image of a preview', () => {
  const image = brightOnTheLeft();
  const { pixels, labels } = mirroredImage(image, 0, config);

  test('has each superpixel where its content is', () => {
    const { labels: original, count } = image.superpixels;
    const before = brightnessOf(original, count, (at) => image.pixels.data[3 * at] ?? 0);
    const after = brightnessOf(labels, count, (at) => pixels[3 * at] ?? 0);
    const middle = (Math.min(...after) + Math.max(...after)) / 2;
    expect(after.map((value) => value > middle)).toEqual(before.map((value) => value > 128));
  });

  test('is turned about the vertical axis', () => {
    expect(labels.slice(0, SIDE)).toEqual(image.superpixels.labels.slice(0, SIDE).reverse());
  });
});

/** Mean value of each superpixel. */
function brightnessOf(labels: Uint16Array, count: number, valueAt: (at: number) => number): number[] {
  const sums = Array.from({ length: count }, () => 0);
  const sizes = Array.from({ length: count }, () => 0);
  labels.forEach((label, at) => {
    sums[label] = (sums[label] ?? 0) + valueAt(at);
    sizes[label] = (sizes[label] ?? 0) + 1;
  });
  return sums.map((sum, label) => sum / (sizes[label] ?? 1));
}
