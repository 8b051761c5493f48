import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ContentHash } from '../../src-main/contract/ids.ts';
import { ShapedSession } from '../../src-main/core/compile/runtime/shaped-session.ts';
import { FeatureExtractor } from '../../src-main/core/segment/encoder.ts';
import { frozenVit, placesOf } from '../../src-main/core/segment/frozen-vit.ts';
import { GraphBuilder } from '../../src-main/core/compile/lower/onnx/graph-builder.ts';
import { writeModel } from '../../src-main/core/compile/lower/onnx/model.ts';
import { standaloneVitGraph, vitGraph } from '../../src-main/core/model/vit/graph.ts';
import { placesInGraph } from '../../src-main/core/model/vit/graph-places.ts';
import { resizedPositions, rotations } from '../../src-main/core/model/vit/positions.ts';
import type { Vit, VitFamily } from '../../src-main/core/model/vit/spec.ts';
import { openFrozen } from '../../src-main/core/segment/open-frozen.ts';
import { importModel } from '../../src-main/core/weights/import-model.ts';
import { openWeights } from '../../src-main/core/weights/open-weights.ts';
import { SafetensorsFile } from '../../src-main/core/weights/safetensors.ts';
import { toFloat32 } from '../../src-main/core/weights/stored-tensor.ts';
import { importVit } from '../../src-main/core/weights/vit/import-vit.ts';
import { goldenPath } from '../support/golden.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Of tokens, blocks, queries, keys and values; then of what enters them; then of tables of unit variance. */
const TOLERANCE = { deep: 3e-5, early: 3e-6, table: 5e-5 } as const;

type Golden = { data: Float32Array; shape: readonly number[] };

async function goldenTensors(...parts: string[]): Promise<ReadonlyMap<string, Golden>> {
  await using file = await SafetensorsFile.open(goldenPath('vit', ...parts));
  const all = new Map<string, Golden>();
  for (const [name, { shape }] of file.tensors)
    all.set(name, { data: toFloat32(await file.read(name)), shape });
  return all;
}

async function vitOf(...parts: string[]): Promise<Vit> {
  await using file = await openWeights(goldenPath('vit', ...parts));
  const imported = await importVit(file, { heads: 2 });
  if (!imported) throw new Error(`${parts.join('/')} was not recognised`);
  return imported.vit;
}

function largestDifference(actual: Float32Array | undefined, wanted: Golden): number {
  if (actual?.length !== wanted.data.length) return Infinity;
  return actual.reduce((worst, value, at) => Math.max(worst, Math.abs(value - (wanted.data[at] ?? NaN))), 0);
}

/** All values on the way, for an input of the golden files. */
async function run(vit: Vit, input: Golden, names: readonly string[]) {
  const { spec } = vit;
  using session = await ShapedSession.open(vitGraph(vit, names), 'onnx:cpu', 2);
  const [, , heightPx = 0, widthPx = 0] = input.shape;
  const grid = { rows: heightPx / spec.patch, columns: widthPx / spec.patch };
  const places = placesOf(vit, grid);
  const values = await session.run({ images: input, ...places }, names);
  return { places, values: new Map(names.map((name, index) => [name, values[index]])) };
}

const MODELS = ['dino-p16', 'dino-p8', 'dinov2-p14', 'dinov2-reg4-p14', 'dinov3-p16'] as const;
const EARLY = new Set(['embed', 'cls_attention']);
/** What the golden files call `k` is the output `keys`. */
const ownName = (name: string) => (name === 'k' ? 'keys' : name);

describe.each(MODELS)('%s', (model) => {
  test.each(['square', 'wide'])('gives the original code’s numbers at every step (%s)', async (shape) => {
    const vit = await vitOf(model, 'weights.safetensors');
    const input = (await goldenTensors(model, 'inputs.safetensors')).get(shape);
    const outputs = [...(await goldenTensors(model, 'outputs.safetensors'))]
      .filter(([name]) => name.startsWith(`${shape}.`))
      .map(([name, golden]) => [name.slice(shape.length + 1), golden] as const);
    const steps = outputs.filter(([name]) => !/^(pos|rope_|[qk]_before_rope)/.test(name));
    if (!input) throw new Error(`there is no input '${shape}'`);
    const { values } = await run(
      vit,
      input,
      steps.map(([name]) => ownName(name)),
    );
    expect(steps.map(([name]) => name)).toEqual(expect.arrayContaining(['tokens', 'k', 'cls_attention']));
    for (const [name, golden] of steps) {
      const found = values.get(ownName(name));
      expect(found?.shape, name).toEqual(golden.shape);
      const tolerance = EARLY.has(name) ? TOLERANCE.early : TOLERANCE.deep;
      expect(largestDifference(found?.data, golden), name).toBeLessThan(tolerance);
    }
  });

  test.each(['square', 'wide'])('places patches as the original code does (%s)', async (shape) => {
    const vit = await vitOf(model, 'weights.safetensors');
    const input = (await goldenTensors(model, 'inputs.safetensors')).get(shape);
    const [, , heightPx = 0, widthPx = 0] = input?.shape ?? [];
    const { patch, width } = vit.spec;
    const places = placesOf(vit, { rows: heightPx / patch, columns: widthPx / patch });
    const golden = await goldenTensors(model, 'outputs.safetensors');
    const wanted = ['pos', 'rope_sin', 'rope_cos'].flatMap((name) => {
      const found = golden.get(`${shape}.${name}`);
      return found ? [{ name, found }] : [];
    });
    expect(wanted.length).toBe(vit.spec.family === 'dinov3' ? 2 : 1);
    for (const { name, found } of wanted) {
      // The class token's row is not resized, so it is no input.
      const patches = name === 'pos' ? { ...found, data: found.data.subarray(width) } : found;
      const own = places[name === 'pos' ? 'positions' : name]?.data;
      expect(largestDifference(own, patches), name).toBeLessThan(TOLERANCE.early);
    }
  });

  test.each(['square', 'wide'])('finds its own places in the graph that is exported (%s)', async (shape) => {
    const vit = await vitOf(model, 'weights.safetensors');
    const input = (await goldenTensors(model, 'inputs.safetensors')).get(shape);
    const golden = await goldenTensors(model, 'outputs.safetensors');
    if (!input) throw new Error(`there is no input '${shape}'`);
    using session = await ShapedSession.open(writeModel(standaloneVitGraph(vit)), 'onnx:cpu', 2);
    expect(session.inputs.map(({ name }) => name)).toEqual(['images']);
    const names = ['tokens', 'keys', 'cls_attention'];
    const values = await session.run({ images: input }, names);
    for (const [at, name] of ['tokens', 'k', 'cls_attention'].entries()) {
      const wanted = golden.get(`${shape}.${name}`);
      if (!wanted) throw new Error(`there are no golden '${name}'`);
      expect(largestDifference(values[at]?.data, wanted), name).toBeLessThan(TOLERANCE.deep);
    }
  });

  test('is the same from PyTorch’s file', async () => {
    expect(await vitOf(model, 'weights.pth')).toEqual(await vitOf(model, 'weights.safetensors'));
  });
});

test.each([
  ['dino-p8', 'full_checkpoint.pth'],
  ['dino-p8', 'teacher_checkpoint.pth'],
  ['dinov2-reg4-p14', 'teacher_checkpoint_chunked.pth'],
])('the teacher of a training checkpoint is taken (%s/%s)', async (model, file) => {
  expect(await vitOf(model, file)).toEqual(await vitOf(model, 'weights.safetensors'));
});

describe('transformers’ layout', () => {
  test.each([
    // The table is resized by the rule of the weights, not of transformers: `wide` is the original's there.
    ['dino-p8', 'hf', 'original'],
    ['dinov2-p14', 'hf', 'original'],
    ['dinov2-reg4-p14', 'hf', 'hf'],
    // It holds no periods, and computes them without rounding.
    ['dinov3-p16', 'hf', 'hf'],
  ])('of %s gives its numbers', async (model, square, wide) => {
    await using file = await openWeights(goldenPath('vit', model, 'hf', 'model.safetensors'));
    const imported = await importVit(file, {});
    if (!imported) throw new Error('it was not recognised');
    expect(imported).toMatchObject({
      layout: 'hugging-face',
      mean: [0.485, 0.456, 0.406],
      vit: { spec: { heads: 2 } },
    });
    const inputs = await goldenTensors(model, 'inputs.safetensors');
    const sources = { hf: [model, 'hf', 'outputs.safetensors'], original: [model, 'outputs.safetensors'] };
    for (const [shape, source] of [
      ['square', square],
      ['wide', wide],
    ] as const) {
      const input = inputs.get(shape);
      const golden = (await goldenTensors(...sources[source as keyof typeof sources])).get(`${shape}.tokens`);
      if (!input || !golden) throw new Error(`there is no '${shape}'`);
      const { values } = await run(imported.vit, input, ['tokens']);
      expect(largestDifference(values.get('tokens')?.data, golden), shape).toBeLessThan(TOLERANCE.deep);
    }
  });
});

describe('positions on the grids of the published models', () => {
  const tables: Record<string, [table: string, family: VitFamily]> = {
    dino: ['p16', 'dino'],
    dino8: ['p8', 'dino'],
    dinov2: ['p14', 'dinov2'],
    dinov2reg: ['p14', 'dinov2-registers'],
  };

  test('are resized as the original code does', async () => {
    const golden = await goldenTensors('positions.safetensors');
    const resized = [...golden].filter(([name]) => /\.\d+x\d+$/.test(name) && !name.startsWith('dinov3'));
    expect(resized.length).toBeGreaterThan(8);
    for (const [name, wanted] of resized) {
      const [kind = '', size = ''] = name.split('.');
      const [rows = 0, columns = 0] = size.split('x').map(Number);
      const [table = '', family = 'dino'] = tables[kind] ?? [];
      const trained = golden.get(`${table}.pos_embed`);
      if (!trained) throw new Error(`there is no table for '${name}'`);
      const side = Math.sqrt((trained.shape[1] ?? 0) - 1);
      const own = resizedPositions(trained.data.subarray(2), { family, side }, { rows, columns });
      const patches = { ...wanted, data: wanted.data.subarray(2) };
      expect(largestDifference(own, patches), name).toBeLessThan(TOLERANCE.table);
    }
  });

  test('are found in a graph as outside of one', async () => {
    const golden = await goldenTensors('positions.safetensors');
    for (const [kind, [name, family]] of Object.entries(tables)) {
      const table = golden.get(`${name}.pos_embed`);
      const side = Math.sqrt((table?.shape[1] ?? 0) - 1);
      const spec = { family, grid: side, width: 2, patch: 14 } as Vit['spec'];
      const vit: Vit = { spec, weights: { pos_embed: table?.data ?? new Float32Array() } };
      const builder = new GraphBuilder('places');
      const images = builder.input('images', 'float32', [1, 3, 'height', 'width']);
      const places = placesInGraph(builder, images, vit);
      if (!('positions' in places)) throw new Error('a table gives positions');
      builder.output('positions', places.positions, 'float32', [1, 'patches', 2]);
      using session = await ShapedSession.open(builder.model(), 'onnx:cpu', 1);
      for (const [rows, columns] of [
        [side, side],
        [side, 9],
        [5, 60],
        [41, 43],
      ] as const) {
        const shape = [1, 3, rows * 14, columns * 14];
        const blank = { data: new Float32Array(3 * rows * columns * 196), shape };
        const [found] = await session.run({ images: blank }, ['positions']);
        const wanted = placesOf(vit, { rows, columns }).positions;
        if (!wanted) throw new Error('there are no positions');
        expect(largestDifference(found?.data, wanted), `${kind}, ${rows} x ${columns}`).toBeLessThan(
          TOLERANCE.table,
        );
      }
    }
  });

  test.each([
    ['exact', 5, 7],
    ['rounded', 6, 10],
  ])('are angles by %s periods', async (kind, rows, columns) => {
    const golden = await goldenTensors('positions.safetensors');
    const periods = golden.get(`dinov3.periods_${kind}`)?.data ?? new Float32Array();
    const { sin, cos } = rotations(periods, { rows, columns });
    for (const [name, own] of Object.entries({ sin, cos })) {
      const wanted = golden.get(`dinov3.${kind}.${rows}x${columns}.${name}`);
      if (!wanted) throw new Error('there are no golden angles');
      expect(largestDifference(own, wanted), name).toBeLessThan(TOLERANCE.table);
    }
  });
});

test('maps of features are the patches of tokens and keys, cell by cell', async () => {
  const vit = await vitOf('dinov2-reg4-p14', 'weights.safetensors');
  const rgb = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
  const encoder = frozenVit({ ...vit, ...rgb });
  using extractor = new FeatureExtractor(encoder, { device: 'onnx:cpu', threads: 1 });
  const input = (await goldenTensors('dinov2-reg4-p14', 'inputs.safetensors')).get('wide');
  const golden = await goldenTensors('dinov2-reg4-p14', 'outputs.safetensors');
  if (!input) throw new Error('there is no input');
  const [, , heightPx = 0, widthPx = 0] = input.shape;
  const pixels = channelsLast(input);
  const [tokens, keys] = await extractor.features({ pixels, widthPx, heightPx });
  expect(tokens).toMatchObject({ width: 6, height: 4, channels: 32, stride: 14 });
  const wantedTokens = golden.get('wide.tokens')?.data.subarray(5 * 32);
  const wantedKeys = golden.get('wide.k');
  for (const cell of [0, 7, 23]) {
    const ownTokens = tokens?.data.slice(cell * 32, cell * 32 + 32) ?? [];
    expect(Math.abs((ownTokens[3] ?? NaN) - (wantedTokens?.[cell * 32 + 3] ?? NaN))).toBeLessThan(
      TOLERANCE.deep,
    );
    // Channel 20 is channel 4 of the second head of 16.
    const key = wantedKeys?.data[(29 + 5 + cell) * 16 + 4];
    expect(Math.abs((keys?.data[cell * 32 + 20] ?? NaN) - (key ?? NaN))).toBeLessThan(TOLERANCE.deep);
  }
});

test('an ONNX file of somebody else’s gives the tokens of its patches', async () => {
  const folder = ['dinov2-reg4-p14'];
  const imported = await importModel(goldenPath('vit', ...folder, 'last_hidden_state.onnx'), {});
  const copy = join(tempFolder(), 'copy.onnx');
  const sha256 = ContentHash.parse(Buffer.from((await imported.write(copy)).sha256).toString('hex'));
  const encoder = await openFrozen({ kind: 'file', path: copy, sha256 });
  using extractor = new FeatureExtractor(encoder, { device: 'onnx:cpu', threads: 1 });
  const input = (await goldenTensors(...folder, 'inputs.safetensors')).get('square');
  const golden = (await goldenTensors(...folder, 'outputs.safetensors')).get('square.tokens');
  if (!input || !golden) throw new Error('there is no input');
  const [map] = await extractor.features({ pixels: channelsLast(input), widthPx: 98, heightPx: 98 });
  const patches = { ...golden, data: golden.data.subarray(5 * 32) };
  expect(largestDifference(map?.data, patches)).toBeLessThan(TOLERANCE.deep);
});

/** [1, 3, H, W] as [H, W, 3]. */
function channelsLast({ data }: Golden): Float32Array<ArrayBuffer> {
  const area = data.length / 3;
  return Float32Array.from(data, (_, at) => data[(at % 3) * area + Math.floor(at / 3)] ?? 0);
}
