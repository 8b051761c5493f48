import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ContentHash } from '../../../../src-main/contract/ids.ts';
import { vitTensors } from '../../../../src-main/core/model/vit/spec.ts';
import { FeatureExtractor } from '../../../../src-main/core/segment/encoder.ts';
import { openFrozen } from '../../../../src-main/core/segment/open-frozen.ts';
import { importModel } from '../../../../src-main/core/weights/import-model.ts';
import { openModel } from '../../../../src-main/core/weights/open-model.ts';
import {
  SafetensorsFile,
  writeSafetensors,
  type TensorSource,
} from '../../../../src-main/core/weights/safetensors.ts';
import { bytesOf, type StoredDtype } from '../../../../src-main/core/weights/stored-tensor.ts';
import { vitName } from '../../../../src-main/core/weights/vit/import-vit.ts';
import { findVit } from '../../../../src-main/core/weights/vit/names.ts';
import { vitSpecOf } from '../../../../src-main/core/weights/vit/read-vit.ts';
import { goldenPath, readGoldenJson } from '../../../support/golden.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

type Layout = {
  patch: number;
  registers: number;
  width: number;
  depth: number;
  heads: number;
  tensors: number;
  gated_mlp?: boolean;
  keys: Record<string, number[]>;
};

// Stated in test/golden/fixtures/vit/README.md, section 1.
const layouts = Object.entries(readGoldenJson('vit', 'layouts.json') as Record<string, Layout>);

/** A file of a published network, as its header shows it. */
function headerOf({ keys, depth }: Layout) {
  const tensors = new Map<string, { dtype: StoredDtype; shape: number[] }>();
  for (const [name, shape] of Object.entries(keys)) {
    const count = name.includes('{i}') ? depth : 1;
    for (let block = 0; block < count; block++)
      tensors.set(name.replace('{i}', String(block)), { dtype: 'F32', shape });
  }
  const read = () => Promise.reject(new Error('only the header is there'));
  return { path: 'published.safetensors', tensors, read };
}

describe('the layout of a published Vision Transformer', () => {
  test.each(layouts.filter(([, layout]) => !layout.gated_mlp))('is recognised (%s)', (name, layout) => {
    const file = headerOf(layout);
    expect(file.tensors.size).toBe(layout.tensors);
    const found = findVit(file.path, new Set(file.tensors.keys()));
    if (!found) throw new Error('it was not found');
    expect(found.layout).toBe(name.startsWith('hf') ? 'hugging-face' : 'original');
    const spec = vitSpecOf(file, found, {});
    const { patch, registers, width, depth: blocks, heads } = layout;
    expect(spec).toMatchObject({ patch, registers, width, blocks, heads });
    expect(vitName(spec)).toMatch(new RegExp(`^dino(v2|v2-registers|v3)?-vits${patch}$`));
    // transformers' layout of DINOv3 leaves these out.
    const needed = [...vitTensors(spec).keys()].filter((key) => !/periods$|attn\.k\.bias$/.test(key));
    expect(needed.filter((key) => !found.places.has(key))).toEqual([]);
  });

  test.each(layouts.filter(([, layout]) => layout.gated_mlp))(
    'with gated MLPs is refused (%s)',
    (_, layout) => {
      const file = headerOf(layout);
      expect(() => findVit(file.path, new Set(file.tensors.keys()))).toThrow('gated MLPs');
    },
  );
});

describe('a Vision Transformer that is imported', () => {
  test('says what it is, and whose terms its weights are under', async () => {
    const path = goldenPath('vit', 'dinov3-p16', 'weights.pth');
    expect(await importModel(path, {})).toMatchObject({
      architecture: 'dinov3-vit-w32-p16',
      licence: expect.stringContaining('DINOv3 License') as string,
      record: { fileFormat: 'pytorch', layout: 'original', prefix: '' },
      encoder: {
        kind: 'vit',
        multipleOf: 16,
        features: [
          { name: 'tokens', channels: 32, stride: 16 },
          { name: 'keys', channels: 32, stride: 16 },
        ],
      },
    });
  });

  test('gives the same features from the app’s own copy, and is not taken for training', async () => {
    const imported = await importModel(goldenPath('vit', 'dino-p8', 'teacher_checkpoint.pth'), { heads: 2 });
    expect(imported).toMatchObject({ licence: 'Apache-2.0', record: { prefix: 'teacher.backbone.' } });
    const copy = join(tempFolder(), 'copy.safetensors');
    const { sha256 } = await imported.write(copy);
    const weights = {
      kind: 'file',
      path: copy,
      sha256: ContentHash.parse(Buffer.from(sha256).toString('hex')),
    } as const;
    using extractor = new FeatureExtractor(await openFrozen(weights), { device: 'onnx:cpu', threads: 1 });
    const image = { data: new Uint8Array(60 * 40 * 3).fill(90), widthPx: 60, heightPx: 40 };
    const maps = await extractor.featureMaps(image, { longSidePx: 64 });
    expect(maps.map(({ data, ...shape }) => ({ ...shape, isFinite: data.every(Number.isFinite) }))).toEqual(
      Array(2).fill({ width: 8, height: 6, channels: 32, stride: 8, isFinite: true }),
    );
    await expect(openModel(weights)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('a Vision Transformer') as string,
    });
  });

  test('takes mean and deviation from the file beside it, and a damaged one does not matter', async () => {
    const folder = tempFolder();
    cpSync(goldenPath('vit', 'dino-p8', 'hf'), folder, { recursive: true });
    const rgb = { image_mean: [0.43, 0.411, 0.296], image_std: [0.213, 0.156, 0.143] };
    writeFileSync(join(folder, 'preprocessor_config.json'), JSON.stringify(rgb));
    const path = join(folder, 'model.safetensors');
    expect(await importModel(path, {})).toMatchObject({
      encoder: { mean: rgb.image_mean, std: rgb.image_std },
    });
    writeFileSync(join(folder, 'preprocessor_config.json'), '{');
    expect(await importModel(path, {})).toMatchObject({ encoder: { mean: [0.485, 0.456, 0.406] } });
  });

  test('needs its heads where the file does not say them', async () => {
    await expect(importModel(goldenPath('vit', 'dino-p16', 'weights.pth'), {})).rejects.toMatchObject({
      message: expect.stringContaining('how many heads') as string,
      hint: 'Say it with --heads.',
    });
  });

  test.each([
    ['original', 'blocks.0.attn.rel_pos_h'],
    ['original', 'blocks.0.attn.q_norm.weight'],
    ['original', 'patch_embed.norm.weight'],
    ['original', 'dist_token'],
    ['original', 'norm_pre.weight'],
    ['transformers’', 'embeddings.distillation_token'],
    ['transformers’', 'encoder.layer.0.attention.attention.relative_position_bias.table'],
  ])('that has more than a plain one is refused by name (%s layout, %s)', async (layout, name) => {
    const path = await withMore(layout === 'original' ? 'weights.safetensors' : 'hf/model.safetensors', name);
    await expect(importModel(path, { heads: 2 })).rejects.toMatchObject({
      code: 'WEIGHTS_UNSUPPORTED',
      message: expect.stringContaining(`it also has '${name}'`) as string,
    });
  });

  test.each(['head.weight', 'mask_token', 'fc_norm.weight'])('may have %s beside it', async (name) => {
    const path = await withMore('weights.safetensors', name);
    expect(await importModel(path, { heads: 2 })).toMatchObject({ encoder: { kind: 'vit' } });
  });

  test('is never the student of a training', async () => {
    const path = await goldenCopy('weights.safetensors', (name) => `student.${name}`);
    await expect(importModel(path, { heads: 2 })).rejects.toMatchObject({ code: 'WEIGHTS_UNSUPPORTED' });
  });
});

/** A copy of a golden network with one tensor more. */
const withMore = (file: string, name: string) =>
  goldenCopy(file, (own) => own, [
    { name, dtype: 'F32', shape: [4], bytes: () => bytesOf(new Float32Array(4)) },
  ]);

async function goldenCopy(file: string, rename: (name: string) => string, more: TensorSource[] = []) {
  const path = join(tempFolder(), 'copy.safetensors');
  await using source = await SafetensorsFile.open(goldenPath('vit', 'dino-p8', ...file.split('/')));
  const tensors = [...source.tensors].map(([name, { dtype, shape }]) => ({
    name: rename(name),
    dtype,
    shape,
    bytes: async () => (await source.read(name)).bytes,
  }));
  await writeSafetensors(path, [...tensors, ...more]);
  return path;
}
