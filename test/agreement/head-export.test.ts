import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { ContentHash } from '../../src-main/contract/ids.ts';
import type { ImportChoices } from '../../src-main/contract/model.ts';
import type { ModelWeights } from '../../src-main/domain/model-weights.ts';
import { FeatureExtractor, segmentFeatures, type FeatureMap } from '../../src-main/core/segment/encoder.ts';
import { exportHead } from '../../src-main/core/segment/head/export-head.ts';
import { linear, type ForegroundHead } from '../../src-main/core/segment/head/foreground-head.ts';
import type { HeadFacts } from '../../src-main/core/segment/head/head-card.ts';
import { openFrozen } from '../../src-main/core/segment/open-frozen.ts';
import { poolFeatures } from '../../src-main/core/segment/pool-features.ts';
import { importModel } from '../../src-main/core/weights/import-model.ts';
import { writeEncoderFile } from '../../src-main/core/weights/encoder-file.ts';
import { graphWithWeightsAt } from '../support/external-weights.ts';
import { goldenPath } from '../support/golden.ts';
import { nameSeed, signedUnit, uniform } from '../support/random-data.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { goldenEncoder, TINY_SPEC } from '../support/tiny-checkpoint.ts';

/** Of log odds: float32 in two graphs that sum in another order, some blocks deep. */
const TOLERANCE = 2e-4;
const FACTS: HeadFacts = {
  segmentation: 'Cats, strong',
  collection: 'Cats',
  encoder: 'My encoder',
  architecture: 'resnet18',
  licence: 'CC-BY-4.0',
  agreement: 0.834,
  imageCount: 412,
  inputPx: 320,
};

async function imported(path: string, choices: ImportChoices = {}): Promise<ModelWeights> {
  const model = await importModel(path, choices);
  const copy = join(tempFolder(), `copy.${model.extension}`);
  return fileOf(copy, (await model.write(copy)).sha256);
}

function fileOf(path: string, sha256: Uint8Array): ModelWeights {
  return { kind: 'file', path, sha256: ContentHash.parse(Buffer.from(sha256).toString('hex')) };
}

async function resnet(): Promise<ModelWeights> {
  const path = join(tempFolder(), 'tiny.safetensors');
  const { sha256 } = await writeEncoderFile(path, goldenEncoder(TINY_SPEC, 5), {
    viewPx: null,
    batchesTracked: 0,
  });
  return fileOf(path, sha256);
}

const vit = (name: string) => imported(goldenPath('vit', name, 'weights.safetensors'), { heads: 2 });

/** Smooth, so that nothing hangs on a single pixel; other in each colour. */
function photo(widthPx: number, heightPx: number): Float32Array {
  return Float32Array.from({ length: 3 * widthPx * heightPx }, (_, at) => {
    const [x, y] = [at % widthPx, Math.floor(at / widthPx) % heightPx];
    const colour = Math.floor(at / (widthPx * heightPx));
    return 0.5 + 0.4 * Math.sin(x / (9 + 4 * colour)) * Math.cos(y / (7 + 3 * colour)) + 0.1 * uniform(3, at);
  }).map((value) => Math.min(Math.max(value, 0), 1));
}

/** What the app's own encoder sees in it. */
async function mapsOf(weights: ModelWeights, image: Float32Array, widthPx: number, heightPx: number) {
  const encoder = await openFrozen(weights);
  const features = segmentFeatures(encoder.backbone);
  using extractor = new FeatureExtractor(encoder, { device: 'onnx:cpu', threads: 1, features });
  const { mean, std } = extractor.rules;
  const area = widthPx * heightPx;
  const pixels = Float32Array.from({ length: 3 * area }, (_, at) => {
    const colour = at % 3;
    const value = image[colour * area + Math.floor(at / 3)] ?? NaN;
    return (value - (mean[colour] ?? NaN)) / (std[colour] ?? NaN);
  });
  return await extractor.features({ pixels, widthPx, heightPx });
}

/** A head whose log odds lie within a few units, so that few are cut off. */
function headFor(maps: readonly FeatureMap[]): ForegroundHead {
  const dim = maps.reduce((sum, { channels }) => sum + channels, 0);
  let at = 0;
  const weights = signedUnit(nameSeed('head'), dim);
  for (const { data, channels } of maps) {
    const size = Math.sqrt(data.reduce((sum, value) => sum + value ** 2, 0) / data.length);
    for (let c = 0; c < channels; c++, at++) weights[at] = (weights[at] ?? 0) / (size * Math.sqrt(dim));
  }
  return { weights, bias: 0.3 };
}

async function run(path: string, image: Float32Array, widthPx: number, heightPx: number) {
  const session = await InferenceSession.create(path, { logSeverityLevel: 3, intraOpNumThreads: 1 });
  try {
    const [input = ''] = session.inputNames;
    const results = await session.run({ [input]: new Tensor('float32', image, [1, 3, heightPx, widthPx]) });
    const output = results[session.outputNames[0] ?? ''];
    if (!(output?.data instanceof Float32Array)) throw new Error('a head gives float32');
    return { names: [session.inputNames, session.outputNames], data: output.data, dims: output.dims };
  } finally {
    await session.release();
  }
}

const logit = (p: number) => Math.log(p / (1 - p));

const CASES = [
  {
    name: 'a ResNet',
    weights: resnet,
    sizes: [
      [96, 64],
      [64, 96],
    ],
  },
  {
    name: 'DINO',
    weights: () => vit('dino-p16'),
    sizes: [
      [64, 96],
      [112, 48],
    ],
  },
  {
    name: 'DINOv2 with registers',
    weights: () => vit('dinov2-reg4-p14'),
    sizes: [
      [84, 56],
      [98, 98],
    ],
  },
  { name: 'DINOv3', weights: () => vit('dinov3-p16'), sizes: [[96, 64]] },
  {
    name: 'somebody’s ONNX file of tokens',
    weights: () => imported(goldenPath('vit', 'dinov2-reg4-p14', 'last_hidden_state.onnx')),
    sizes: [[98, 98]],
  },
  {
    name: 'somebody’s ONNX file with weights beside it',
    weights: () => imported(graphWithWeightsAt('weights.bin')),
    sizes: [
      [96, 64],
      [64, 160],
    ],
  },
  {
    name: 'an ONNX file of an older opset',
    weights: () => imported(graphWithWeightsAt('weights.bin', 11)),
    sizes: [[96, 64]],
  },
] as const;

describe.each(CASES)('the exported head of $name', ({ weights: make, sizes }) => {
  test('answers in ONNX Runtime what the app’s own answers for each superpixel', async () => {
    const weights = await make();
    const path = join(tempFolder(), 'head.onnx');
    let head: ForegroundHead | undefined;
    for (const [widthPx, heightPx] of sizes) {
      const image = photo(widthPx, heightPx);
      const maps = await mapsOf(weights, image, widthPx, heightPx);
      if (!head) {
        head = headFor(maps);
        await exportHead({ weights, head, facts: FACTS, path, overwrite: false });
      }
      const { data, dims } = await run(path, image, widthPx, heightPx);
      expect(dims).toEqual([1, 1, heightPx, widthPx]);
      // Blocks of 10 x 10 pixels, of which pooling reads every second in both directions.
      const columns = Math.ceil(widthPx / 10);
      const labelAt = (x: number, y: number) => Math.floor(y / 10) * columns + Math.floor(x / 10);
      const labels = Uint16Array.from({ length: widthPx * heightPx }, (_, at) =>
        labelAt(at % widthPx, Math.floor(at / widthPx)),
      );
      const count = columns * Math.ceil(heightPx / 10);
      const pooled = maps.map((map) => poolFeatures({ labels, count, widthPx, heightPx }, map));
      for (let s = 0; s < count; s++) {
        const row = maps.flatMap(({ channels }, m) => [
          ...(pooled[m]?.subarray(s * channels, (s + 1) * channels) ?? []),
        ]);
        const [own = NaN] = linear(head, { features: Float32Array.from(row), dim: row.length });
        let [sum, pixels] = [0, 0];
        for (let y = 0; y < heightPx; y += 2) {
          for (let x = 0; x < widthPx; x += 2) {
            if (labelAt(x, y) !== s) continue;
            sum += logit(data[y * widthPx + x] ?? NaN);
            pixels++;
          }
        }
        expect(Math.abs(own - sum / pixels), `superpixel ${s}`).toBeLessThan(TOLERANCE);
      }
    }
  });
});

describe('an exported head', () => {
  async function exported(head: ForegroundHead, weights?: ModelWeights) {
    const path = join(tempFolder(), 'head.onnx');
    const own = weights ?? (await imported(graphWithWeightsAt('weights.bin')));
    const { files } = await exportHead({ weights: own, head, facts: FACTS, path, overwrite: false });
    return { path, files, weights: own };
  }
  const RED = { weights: Float32Array.of(10, 0, 0), bias: 0 };

  test('is no surer than the head is believed to be', async () => {
    const { path } = await exported({ ...RED, bias: 50 });
    const { data } = await run(path, new Float32Array(3 * 64 * 64), 64, 64);
    expect(Math.max(...data)).toBeCloseTo(0.99, 5);
    expect(Math.min(...data)).toBeCloseTo(0.99, 5);
  });

  test('takes no name that the encoder uses, and says which it has', async () => {
    const { path } = await exported(RED);
    const { names } = await run(path, new Float32Array(3 * 64 * 64), 64, 64);
    expect(names).toEqual([['image_rgb'], ['foreground']]);
    const card = readFileSync(`${path}.card.md`, 'utf8');
    expect(card).toContain('Input `image_rgb` [1, 3, H, W] float32');
    expect(card).toContain('session.run(None, {"image_rgb": image})');
  });

  test('carries its facts, in the file and on a card beside it', async () => {
    const { path, files } = await exported(RED);
    expect(files.map((file) => file.path)).toEqual([path, `${path}.card.md`]);
    const card = readFileSync(`${path}.card.md`, 'utf8');
    for (const fact of ['My encoder (resnet18)', 'CC-BY-4.0', '412 images', '"Cats"', '0.83']) {
      expect(card).toContain(fact);
    }
    const bytes = readFileSync(path).toString('latin1');
    expect(bytes).toContain('images_learned_from');
    expect(bytes).not.toContain('r2o_onnx_encoder');
  });

  test('replaces no file unless it is told to', async () => {
    const { path, weights } = await exported(RED);
    const again = { weights, head: RED, facts: FACTS, path };
    await expect(exportHead({ ...again, overwrite: false })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    await exportHead({ ...again, overwrite: true });
  });

  test('is an .onnx file', async () => {
    const path = join(tempFolder(), 'head.pth');
    const weights = await imported(graphWithWeightsAt('weights.bin'));
    await expect(
      exportHead({ weights, head: RED, facts: FACTS, path, overwrite: false }),
    ).rejects.toMatchObject({ code: 'BAD_INPUT' });
    expect(existsSync(path)).toBe(false);
  });

  test('is refused for a graph of an opset that knows no such operators', async () => {
    const weights = await imported(graphWithWeightsAt('weights.bin', 9));
    await expect(exported(RED, weights)).rejects.toMatchObject({
      code: 'WEIGHTS_UNSUPPORTED',
      message: expect.stringContaining('opset 9') as string,
    });
  });
});
