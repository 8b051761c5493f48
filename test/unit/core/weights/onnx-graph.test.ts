import { copyFileSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ImportChoices } from '../../../../src-main/contract/model.ts';
import { GraphBuilder } from '../../../../src-main/core/compile/lower/onnx/graph-builder.ts';
import type { OnnxShape } from '../../../../src-main/core/compile/lower/onnx/model.ts';
import { FeatureExtractor } from '../../../../src-main/core/segment/encoder.ts';
import { openFrozen } from '../../../../src-main/core/segment/open-frozen.ts';
import { ContentHash } from '../../../../src-main/contract/ids.ts';
import { importModel } from '../../../../src-main/core/weights/import-model.ts';
import { goldenPath } from '../../../support/golden.ts';
import { graphWithWeightsAt } from '../../../support/external-weights.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const OPEN = ['batch', 3, 'height', 'width'] as const;

/** A graph whose maps are means over `stride` x `stride` pixels of each colour. */
function pooled(strides: readonly number[], shape: OnnxShape = OPEN): GraphBuilder {
  const builder = new GraphBuilder('pools');
  const image = builder.input('image', 'float32', shape);
  for (const stride of strides) {
    const window = { kernel_shape: [stride, stride], strides: [stride, stride] };
    builder.output(`s${stride}`, builder.op('AveragePool', [image], window), 'float32', ['b', 3, 'h', 'w']);
  }
  return builder;
}

/** The same as tokens [B, N, C] of 14 x 14 pixels, behind five that belong to no place. */
function tokens(shape: OnnxShape): GraphBuilder {
  const builder = new GraphBuilder('tokens');
  const image = builder.input('pixel_values', 'float32', shape);
  const means = builder.op('AveragePool', [image], { kernel_shape: [14, 14], strides: [14, 14] });
  const flat = builder.op('Reshape', [means, builder.int64s([1, 3, -1])]);
  const patches = builder.op('Transpose', [flat], { perm: [0, 2, 1] });
  const leading = builder.floats(Array<number>(15).fill(7), [1, 5, 3]);
  const all = builder.op('Concat', [leading, patches], { axis: 1 });
  builder.output('last_hidden_state', all, 'float32', ['b', 'n', 3]);
  return builder;
}

function saved(builder: GraphBuilder): string {
  const path = join(tempFolder(), 'theirs.onnx');
  writeFileSync(path, builder.model());
  return path;
}

/** The encoder out of a file, through the app's own copy of it. */
async function imported(path: string, choices: ImportChoices = {}) {
  const model = await importModel(path, choices);
  const copy = join(tempFolder(), `copy.${model.extension}`);
  const { sha256 } = await model.write(copy);
  const hash = ContentHash.parse(Buffer.from(sha256).toString('hex'));
  const encoder = await openFrozen({ kind: 'file', path: copy, sha256: hash });
  return { model, copy, encoder };
}

const options = { device: 'onnx:cpu', threads: 1 } as const;
/** Red grows to the right, green downwards. */
const ramps = (widthPx: number, heightPx: number) => ({
  widthPx,
  heightPx,
  data: Uint8Array.from({ length: widthPx * heightPx * 3 }, (_, at) => {
    const [x, y] = [Math.floor(at / 3) % widthPx, Math.floor(at / 3 / widthPx)];
    return at % 3 === 0 ? x : at % 3 === 1 ? y : 255;
  }),
});

describe('an ONNX file with feature maps', () => {
  test('is an encoder of all of them, the finest first, fed as ImageNet’s networks are', async () => {
    const { model, encoder } = await imported(saved(pooled([32, 8, 16])));
    expect(model).toMatchObject({
      architecture: 'onnx',
      licence: null,
      encoder: { kind: 'onnx', multipleOf: 32, fixedPx: null, mean: [0.485, 0.456, 0.406] },
    });
    expect(encoder.backbone.features).toEqual([
      { name: 's8', channels: 3, stride: 8 },
      { name: 's16', channels: 3, stride: 16 },
      { name: 's32', channels: 3, stride: 32 },
    ]);
  });

  test('gives them cell by cell, channels last, for images of any shape', async () => {
    const { encoder } = await imported(saved(pooled([8, 32])), { mean: [0, 0, 0], std: [1, 1, 1] });
    using extractor = new FeatureExtractor(encoder, options);
    for (const [widthPx, heightPx] of [
      [96, 64],
      [64, 96],
    ] as const) {
      const [fine] = await extractor.featureMaps(ramps(widthPx, heightPx), { sidePx: 64 });
      if (!fine) throw new Error('there is no map');
      const { data, width, height, channels } = fine;
      const at = (x: number, y: number) => [...data.slice((y * width + x) * 3, (y * width + x + 1) * 3)];
      expect({ width, height, channels, stride: fine.stride, elements: data.length }).toMatchObject({
        channels: 3,
        stride: 8,
        elements: width * height * 3,
      });
      const [red = 0, green = 0, blue = 0] = at(1, 0);
      expect(red).toBeGreaterThan(at(0, 0)[0] ?? NaN);
      expect(green).toBeCloseTo(at(0, 0)[1] ?? NaN, 2);
      expect(at(0, 1)[1]).toBeGreaterThan(green);
      expect(blue).toBeCloseTo(1, 5);
    }
  });

  test('uses the outputs, mean and deviation that a person names', async () => {
    const choices: ImportChoices = { outputs: ['s16'], mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
    const { model, encoder } = await imported(saved(pooled([8, 16])), choices);
    expect(model.encoder).toMatchObject({ mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] });
    expect(encoder.backbone.features).toEqual([{ name: 's16', channels: 3, stride: 16 }]);
    using extractor = new FeatureExtractor(encoder, options);
    const [map] = await extractor.featureMaps(ramps(64, 64), { sidePx: 64 });
    expect(map?.data[2]).toBeCloseTo((1 - 0.5) / 0.25, 5);
  });

  test('may give them as tokens, of which the leading ones belong to no place', async () => {
    const { model, encoder } = await imported(saved(tokens([1, 3, 'height', 'width'])));
    expect(model.encoder).toMatchObject({
      multipleOf: 14,
      features: [{ name: 'last_hidden_state', channels: 3, stride: 14 }],
    });
    using extractor = new FeatureExtractor(encoder, options);
    const [map] = await extractor.featureMaps(ramps(84, 56), { longSidePx: 84 });
    expect(map).toMatchObject({ width: 6, height: 5, stride: 14 });
    expect(map?.data[2]).toBeCloseTo((1 - 0.406) / 0.225, 4);
  });

  test('may take images of one size alone', async () => {
    const { model, encoder } = await imported(saved(tokens([1, 3, 98, 98])));
    expect(model.encoder.fixedPx).toEqual({ widthPx: 98, heightPx: 98 });
    using extractor = new FeatureExtractor(encoder, options);
    const [map] = await extractor.featureMaps(ramps(84, 56), { sidePx: 320 });
    expect(map).toMatchObject({ width: 7, height: 7, channels: 3 });
  });

  test('is known as EfficientNet-Lite by its maps, with its own mean, deviation and licence', async () => {
    const builder = new GraphBuilder('lite');
    const image = builder.input('image', 'float32', OPEN);
    for (const [stride, channels] of [
      [8, 40],
      [16, 112],
      [32, 320],
    ] as const) {
      const window = { kernel_shape: [stride, stride], strides: [stride, stride] };
      const mean = builder.op('AveragePool', [image], window);
      const filter = builder.floats(new Float32Array(channels * 3), [channels, 3, 1, 1]);
      const shape = ['b', channels, 'h', 'w'];
      builder.output(`c${Math.log2(stride)}`, builder.op('Conv', [mean, filter]), 'float32', shape);
    }
    expect(await importModel(saved(builder), {})).toMatchObject({
      architecture: 'efficientnet-lite0',
      licence: 'Apache-2.0',
      encoder: { mean: [0.498, 0.498, 0.498], std: [0.502, 0.502, 0.502] },
    });
  });
});

describe('an ONNX file is refused', () => {
  test('that gives the class token alone', async () => {
    await expect(importModel(goldenPath('vit', 'dino-p8', 'cls_only.onnx'), {})).rejects.toMatchObject({
      code: 'WEIGHTS_UNSUPPORTED',
      message: expect.stringContaining('one vector for the whole image') as string,
    });
  });

  test('whose named output is no feature map', async () => {
    await expect(importModel(saved(pooled([8])), { outputs: ['s9'] })).rejects.toThrow(
      `its output 's9' is no feature map; it has 's8' [1, 3, 28, 40]`,
    );
  });

  test('that takes something else than one image', async () => {
    const builder = new GraphBuilder('words');
    builder.output('out', builder.op('Relu', [builder.input('ids', 'float32', ['b', 77])]), 'float32', [
      'b',
      77,
    ]);
    await expect(importModel(saved(builder), {})).rejects.toThrow(`but 'ids' float32 [?, 77]`);
  });

  test('that changed since it was imported', async () => {
    const { copy } = await imported(saved(pooled([8])));
    const bytes = readFileSync(copy);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(copy, bytes);
    const sha256 = ContentHash.parse('0'.repeat(64));
    await expect(openFrozen({ kind: 'file', path: copy, sha256 })).rejects.toMatchObject({
      code: 'MODEL_UNAVAILABLE',
    });
  });
});

describe('weights beside an ONNX file', () => {
  test('are brought into the one file that the app keeps', async () => {
    const { encoder } = await imported(graphWithWeightsAt('weights.bin'), {
      mean: [0, 0, 0],
      std: [1, 1, 1],
    });
    using extractor = new FeatureExtractor(encoder, options);
    const [map] = await extractor.featureMaps(ramps(64, 64), { sidePx: 64 });
    expect(map?.data[2]).toBeCloseTo(3, 5);
  });

  test.each(['../weights.bin', 'a/../../weights.bin', '/etc/hostname', '.'])(
    'are not looked for outside its folder (%s)',
    async (location) => {
      await expect(imported(graphWithWeightsAt(location))).rejects.toThrow('which is not next to it');
    },
  );

  test('may be links in a cache, but do not lead out of it', async () => {
    const theirs = graphWithWeightsAt('linked.bin');
    const cache = dirname(theirs);
    const outside = join(tempFolder(), 'outside.bin');
    copyFileSync(join(cache, 'weights.bin'), outside);
    symlinkSync(outside, join(cache, 'linked.bin'));
    await expect(imported(theirs)).rejects.toThrow('which is not next to it');
    rmSync(join(cache, 'linked.bin'));
    const snapshot = tempFolder();
    symlinkSync(theirs, join(snapshot, 'model.onnx'));
    symlinkSync(join(cache, 'weights.bin'), join(snapshot, 'linked.bin'));
    await expect(imported(join(snapshot, 'model.onnx'))).resolves.toMatchObject({
      model: { extension: 'onnx' },
    });
  });

  test('that are missing are named', async () => {
    await expect(imported(graphWithWeightsAt('gone.bin'))).rejects.toThrow(/gone\.bin/);
  });
});
