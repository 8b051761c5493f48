import { expect, test } from 'vitest';
import { ARCHITECTURES } from '../../../../src-main/core/model/architectures.ts';
import { backboneOf, type FeatureSpec } from '../../../../src-main/core/model/backbone.ts';
import {
  embeddingFeature,
  FeatureExtractor,
  segmentFeatures,
} from '../../../../src-main/core/segment/encoder.ts';
import { frozenNetwork, type FrozenEncoder } from '../../../../src-main/core/segment/frozen-encoder.ts';
import { goldenEncoder, TINY_SPEC } from '../../../support/tiny-checkpoint.ts';

const OPTIONS = { device: 'onnx:cpu', threads: 1 } as const;
const image = { data: new Uint8Array(96 * 64 * 3).fill(120), widthPx: 96, heightPx: 64 };
const feature = (name: string, stride: number): FeatureSpec => ({ name, channels: 1, stride });

test('an encoder gives every map that it declares, in cells of its stride', async () => {
  using extractor = new FeatureExtractor(frozenNetwork(goldenEncoder(TINY_SPEC, 5)), OPTIONS);
  const maps = await extractor.featureMaps(image, { longSidePx: 128 });
  expect(maps.map(({ data, ...shape }) => ({ ...shape, elements: data.length }))).toEqual(
    backboneOf(TINY_SPEC).features.map(({ channels, stride }) => ({
      channels,
      stride,
      height: 96 / stride,
      width: 128 / stride,
      elements: (96 / stride) * (128 / stride) * channels,
    })),
  );
});

test('some maps of an encoder are those of all of them', async () => {
  const encoder = frozenNetwork(goldenEncoder(TINY_SPEC, 5));
  using whole = new FeatureExtractor(encoder, OPTIONS);
  using part = new FeatureExtractor(encoder, { ...OPTIONS, features: encoder.backbone.features.slice(1, 3) });
  const [, c3, c4] = await whole.featureMaps(image, { sidePx: 64 });
  expect(await part.featureMaps(image, { sidePx: 64 })).toEqual([c3, c4]);
});

test('kinds of things are told apart by the map nearest to stride 16', () => {
  expect(embeddingFeature(backboneOf(ARCHITECTURES.resnet50).features).name).toBe('c4');
  const named = (...features: FeatureSpec[]) => embeddingFeature(features).name;
  expect(named(feature('keys', 14), feature('tokens', 14))).toBe('keys');
  expect(named(feature('fine', 4), feature('coarse', 32))).toBe('coarse');
});

test('segmentation reads the maps that are not finer than superpixels need', () => {
  const named = (...features: FeatureSpec[]) => segmentFeatures({ features }).map(({ name }) => name);
  expect(named(...backboneOf(ARCHITECTURES.resnet18).features)).toEqual(['c3', 'c4', 'c5']);
  expect(named(feature('fine', 4))).toEqual(['fine']);
});

test('an encoder that takes any size is opened once, another once for each of few sizes', async () => {
  for (const [isAnySize, expected] of [
    [true, 1],
    [false, 2],
  ] as const) {
    let opened = 0;
    const encoder: FrozenEncoder = {
      ...frozenNetwork(goldenEncoder(TINY_SPEC, 5)),
      isAnySize,
      open: (_, { features }) => {
        opened++;
        const run = (input: { widthPx: number; heightPx: number }) =>
          Promise.resolve(
            features.map(
              ({ stride, channels }) =>
                new Float32Array((input.widthPx / stride) * (input.heightPx / stride) * channels),
            ),
          );
        return Promise.resolve({ run, [Symbol.dispose]: () => undefined });
      },
    };
    using extractor = new FeatureExtractor(encoder, OPTIONS);
    for (const longSidePx of [64, 96, 64]) await extractor.featureMaps(image, { longSidePx });
    expect(opened).toBe(expected);
  }
});
