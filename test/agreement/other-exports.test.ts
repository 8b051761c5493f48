import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ContentHash, ModelId } from '../../src-main/contract/ids.ts';
import {
  FORMATS_OF_KIND,
  ModelCard,
  WeightsFormat,
  type ImportChoices,
  type Model,
} from '../../src-main/contract/model.ts';
import { ShapedSession } from '../../src-main/core/compile/runtime/shaped-session.ts';
import { exportEncoder } from '../../src-main/core/weights/export-encoder.ts';
import { importModel } from '../../src-main/core/weights/import-model.ts';
import { openAnyModel, type OpenedModel } from '../../src-main/core/weights/open-model.ts';
import { openWeights } from '../../src-main/core/weights/open-weights.ts';
import { graphWithWeightsAt } from '../support/external-weights.ts';
import { goldenPath } from '../support/golden.ts';
import { tempFolder } from '../support/temp-folder.ts';

const VITS = ['dino-p16', 'dino-p8', 'dinov2-p14', 'dinov2-reg4-p14', 'dinov3-p16'] as const;
/** Training alone needs it. */
const UNUSED = /^mask_token$/;

/** A model of the store, from somebody's file. */
async function kept(
  path: string,
  choices: ImportChoices = {},
): Promise<{ source: OpenedModel; model: Model }> {
  const { write, ...imported } = await importModel(path, choices);
  const copy = join(tempFolder(), `copy.${imported.extension}`);
  const sha256 = ContentHash.parse(Buffer.from((await write(copy)).sha256).toString('hex'));
  const { encoder, facts, record, licence, architecture } = imported;
  const card = ModelCard.parse({ ...facts, encoder, licence, imported: record });
  const row = { origin: 'imported', file: 'copy', runId: null, createdAtMs: 0, name: 'Theirs' } as const;
  return {
    source: await openAnyModel({ kind: 'file', path: copy, sha256 }),
    model: { id: ModelId.parse(1), architecture, sha256, card, ...row },
  };
}

const vit = (name: string) => kept(goldenPath('vit', name, 'weights.safetensors'), { heads: 2 });

async function exported(of: Awaited<ReturnType<typeof kept>>, format: WeightsFormat): Promise<string> {
  const path = join(tempFolder(), 'net');
  await exportEncoder({ ...of, format, path, overwrite: false });
  return path;
}

describe.each(VITS)('a Vision Transformer (%s)', (name) => {
  test.each(['safetensors', 'pytorch'] as const)('leaves under the original’s names (%s)', async (format) => {
    const own = await vit(name);
    const path = await exported(own, format);
    await using file = await openWeights(path);
    await using original = await openWeights(goldenPath('vit', name, 'weights.safetensors'));
    const shapes = (from: typeof file) =>
      [...from.tensors]
        .filter(([tensor]) => !UNUSED.test(tensor))
        .map(([tensor, { shape }]) => `${tensor} ${shape.join(',')}`)
        .sort();
    // A state dictionary has its tensors one level down.
    const bare = shapes(file).map((line) => line.replace(/^state_dict\./, ''));
    expect(bare).toEqual(shapes(original));
    const again = await kept(path, { heads: 2 });
    expect(again.source).toEqual(own.source);
  });

  test('leaves as ONNX with the image as its only input, and a card', async () => {
    const path = await exported(await vit(name), 'onnx');
    using session = await ShapedSession.open(path, 'onnx:cpu', 1);
    expect(session.inputs.map((input) => input.name)).toEqual(['images']);
    expect(session.outputs.map((output) => output.name).sort()).toEqual(['cls_attention', 'keys', 'tokens']);
    const card = readFileSync(`${path}.card.md`, 'utf8');
    expect(card).toContain('the class token');
    expect(card).not.toContain('Batch normalisation');
  });
});

describe('an imported ONNX file', () => {
  test('leaves as one file with all of its weights, which gives the same maps', async () => {
    const own = await kept(graphWithWeightsAt('weights.bin'), {
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
    });
    const path = await exported(own, 'onnx');
    expect(readFileSync(path).toString('latin1')).not.toContain('r2o_onnx_encoder');
    using session = await ShapedSession.open(path, 'onnx:cpu', 1);
    const ones = { data: new Float32Array(3 * 64).fill(1), shape: [1, 3, 8, 8] };
    const [map] = await session.run({ image: ones }, ['map']);
    expect([...(map?.data ?? [])]).toEqual([1, 2, 3]);
    const card = readFileSync(`${path}.card.md`, 'utf8');
    expect(card).toContain('minus the mean (0.5, 0.5, 0.5)');
    expect(card).toContain('Output `map` [B, 3, H/8, W/8]');
  });
});

test('a format without a place for an encoder says why, and which to use', async () => {
  const cases = [
    ['vit', await vit('dino-p8'), 'this format describes ResNets only'],
    ['onnx', await kept(graphWithWeightsAt('weights.bin')), 'its weights have no names outside its graph'],
  ] as const;
  for (const [kind, own, reason] of cases) {
    const others = WeightsFormat.options.filter((format) => !FORMATS_OF_KIND[kind].includes(format));
    expect(others).toContain('detectron2');
    for (const format of others) {
      await expect(exported(own, format)).rejects.toMatchObject({
        code: 'BAD_INPUT',
        message: expect.stringContaining(reason) as string,
        hint: expect.stringContaining('onnx') as string,
      });
    }
  }
});
