import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ModelId } from '../../src-main/contract/ids.ts';
import { ModelCard, WeightsFormat, type Model } from '../../src-main/contract/model.ts';
import { IMAGE_MEAN, IMAGE_STD } from '../../src-main/core/image/augment/normalise.ts';
import { architectureName } from '../../src-main/core/model/architectures.ts';
import { RESNET18, RESNET18_HALF, RESNET50 } from '../../src-main/core/model/resnet.ts';
import type { Encoder } from '../../src-main/core/weights/encoder.ts';
import { exportEncoder } from '../../src-main/core/weights/export-encoder.ts';
import { importEncoder } from '../../src-main/core/weights/import-encoder.ts';
import { bytesOf } from '../../src-main/core/weights/stored-tensor.ts';
import { readGoldenJson } from '../support/golden.ts';
import { runOnnxFile } from '../support/onnx-file.ts';
import { missingPython, runPython } from '../support/python.ts';
import { nameSeed, signedUnit } from '../support/random-data.ts';
import { relativeError } from '../support/relative-error.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { goldenEncoder, TINY_SPEC } from '../support/tiny-checkpoint.ts';

const SIDE = 64;
const IMAGE = 3 * SIDE * SIDE;
/** Two images of `cases/6_resnet_forward.json`, in PyTorch's order. */
const input = signedUnit((nameSeed('input64') ^ 3) >>> 0, 2 * IMAGE);
/** float32 in two programs, up to 50 layers deep; the fixtures measured 1.4e-6 of the norm. */
const TOLERANCE = 1e-4;
const TORCH_FORMATS = ['safetensors', 'pytorch', 'detectron2', 'mmsegmentation'] as const;
const STAGES = ['c2', 'c3', 'c4', 'c5'] as const;

/**
 * Loads each exported file as its tool would, into torchvision's network, and writes the features. The names of
 * detectron2 are built from its modules here, and not taken back from those that were written.
 */
const SCRIPT = `
import sys, json, re, struct, pickle, textwrap, collections, numpy, torch, torchvision
folder, arch = sys.argv[1:]
def safetensors():
    b = open(folder + '/safetensors', 'rb').read(); n = struct.unpack('<Q', b[:8])[0]; h = json.loads(b[8:8+n])
    assert json.loads(h.pop('__metadata__')['r2o_encoder'])['architecture'] == arch
    kinds = {'F32': numpy.float32, 'I64': numpy.int64}
    return {k: torch.from_numpy(numpy.frombuffer(b, kinds[e['dtype']], int(numpy.prod(e['shape'])), 8 + n + e['data_offsets'][0]).reshape(e['shape']).copy()) for k, e in h.items()}
def pytorch(name='pytorch'):
    d = torch.load(folder + '/' + name)
    assert d['meta']['architecture'] == arch and d['state_dict']['bn1.num_batches_tracked'].item() == 42
    return d['state_dict']
def detectron2():
    d = pickle.load(open(folder + '/detectron2.pkl', 'rb'), encoding='latin1')
    assert d['__author__'] == 'R2O Studio' and d['matching_heuristics'] is True and set(d) == {'model', '__author__', 'matching_heuristics'}
    left = dict(d['model']); out = {}
    convs = 3 if arch == 'resnet50' else 2; depths = (3, 4, 6, 3) if arch == 'resnet50' else (2, 2, 2, 2)
    def take(ours, theirs, norm):
        out[ours[0] + '.weight'] = left.pop(theirs + '.weight')
        for s in ('weight', 'bias', 'running_mean', 'running_var'): out[ours[1] + '.' + s] = left.pop(theirs + '.norm.' + s)
    take(('conv1', 'bn1'), 'stem.conv1', True)
    for stage, depth in enumerate(depths):
        for block in range(depth):
            t, r = 'layer%d.%d.' % (stage + 1, block), 'res%d.%d.' % (stage + 2, block)
            for c in range(1, convs + 1): take((t + 'conv%d' % c, t + 'bn%d' % c), r + 'conv%d' % c, True)
            if r + 'shortcut.weight' in left: take((t + 'downsample.0', t + 'downsample.1'), r + 'shortcut', True)
    assert not left, list(left)
    return {k: torch.from_numpy(v) for k, v in out.items()}
def network(name):
    if hasattr(torchvision.models, arch): return getattr(torchvision.models, arch)(weights=None)
    # Of a network that torchvision has no name for, the card tells how to build it.
    scope = {'torch': torch, 'torchvision': torchvision}
    code = re.search('\`\`\`python\\n(.*?)\`\`\`', open(folder + '/safetensors.card.md').read(), re.S).group(1)
    exec(textwrap.dedent(code), scope)
    return scope['model']
x = torch.from_numpy(numpy.fromfile(folder + '/input', numpy.float32).reshape(2, 3, 64, 64))
for name, load in (('safetensors', safetensors), ('pytorch', pytorch), ('detectron2', detectron2), ('mmsegmentation', lambda: pytorch('mmsegmentation'))):
    net = network(name).eval()
    result = net.load_state_dict(load(), strict=False)
    missing = [k for k in result.missing_keys if not k.endswith('num_batches_tracked')]
    assert missing == ([] if isinstance(net.fc, torch.nn.Identity) else ['fc.weight', 'fc.bias']) and not result.unexpected_keys, result
    with torch.no_grad():
        h = net.maxpool(net.relu(net.bn1(net.conv1(x)))); parts = []
        for layer in (net.layer1, net.layer2, net.layer3, net.layer4):
            h = layer(h); parts.append(h.numpy().ravel())
    numpy.concatenate(parts).tofile(folder + '/' + name + '.features')
`;

function modelOf(encoder: Encoder): Model {
  return {
    id: ModelId.parse(1),
    name: 'Pets',
    origin: 'imported',
    architecture: architectureName(encoder.spec),
    file: null,
    sha256: null,
    runId: null,
    createdAtMs: 0,
    card: ModelCard.parse({ viewPx: SIDE, batchesTracked: 42, licence: 'MIT' }),
  };
}

/** Some formats, each under its own name. */
async function exportAll(
  encoder: Encoder,
  formats: readonly WeightsFormat[] = WeightsFormat.options,
): Promise<string> {
  const folder = tempFolder();
  for (const format of formats) {
    const path = join(folder, format === 'detectron2' ? 'detectron2.pkl' : format);
    await exportEncoder({
      source: { kind: 'resnet', encoder },
      model: modelOf(encoder),
      format,
      path,
      overwrite: false,
    });
  }
  return folder;
}

/** Runs one image or two, and gives the data of each output. */
async function runOnnx(path: string, images: Float32Array): Promise<Record<string, Float32Array>> {
  const outputs = await runOnnxFile(path, images, [images.length / IMAGE, 3, SIDE, SIDE]);
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data]));
}

const floatsOf = (path: string) => new Float32Array(Uint8Array.from(readFileSync(path)).buffer);

describe.each([
  ['resnet18', RESNET18, [64, 128, 256, 512]],
  ['resnet18-half', RESNET18_HALF, [32, 64, 128, 256]],
  ['resnet50', RESNET50, [256, 512, 1024, 2048]],
] as const)('an exported %s', (name, spec, channels) => {
  const encoder = goldenEncoder(spec, 3);

  test(
    'computes the same features in PyTorch and in ONNX Runtime, from every format',
    { tags: ['tools'] },
    async ({ skip }) => {
      const missing = missingPython('torch', 'torchvision', 'numpy');
      if (missing) skip(missing);
      const folder = await exportAll(encoder, [...TORCH_FORMATS, 'onnx']);
      writeFileSync(join(folder, 'input'), bytesOf(input));
      runPython(SCRIPT, folder, name);
      const ours = await runOnnx(join(folder, 'onnx'), input);
      for (const format of TORCH_FORMATS) {
        const theirs = floatsOf(join(folder, `${format}.features`));
        const errors: string[] = [];
        let at = 0;
        for (const stage of STAGES) {
          const size = ours[stage]?.length ?? 0;
          const error = relativeError(ours[stage], theirs.subarray(at, at + size));
          expect(error, `${format} ${stage}`).toBeLessThan(TOLERANCE);
          errors.push(`${stage} ${error.toExponential(1)}`);
          at += size;
        }
        // What resources/docs/weights.md tells is read from here.
        console.info(`${name}, ${format}: relative error against torchvision: ${errors.join(', ')}`);
        expect(at).toBe(theirs.length);
      }
    },
  );

  // torchvision has no half ResNet-18, and so the fixtures have none.
  if (name !== 'resnet18-half') {
    test("computes torchvision's golden features", async () => {
      const folder = tempFolder();
      const path = join(folder, 'features.onnx');
      await exportEncoder({
        source: { kind: 'resnet', encoder },
        model: modelOf(encoder),
        format: 'onnx',
        path,
        overwrite: false,
      });
      const outputs = await runOnnx(path, input.subarray(0, IMAGE));
      // Generated by torchvision; test/golden/fixtures/README.md lists the fields.
      const golden = readGoldenJson('cases/6_resnet_forward.json') as Record<
        string,
        { f64: Record<string, { std: number; first: number[] }> }
      >;
      for (const [index, stage] of STAGES.entries()) {
        const expected = golden[name]?.f64[stage];
        const cells = (SIDE / 2 ** (index + 2)) ** 2;
        expect(outputs[stage]?.length).toBe(Number(channels[index]) * cells);
        for (const [at, value] of (expected?.first ?? [NaN]).entries()) {
          expect(Math.abs((outputs[stage]?.[at] ?? NaN) - value)).toBeLessThan(2e-5 * (expected?.std ?? 0));
        }
      }
    });
  }

  test('gives the mean of its last features as embedding, from pixels', async () => {
    const folder = tempFolder();
    const paths = { onnx: join(folder, 'features'), 'onnx-embedding': join(folder, 'embedding') };
    for (const format of ['onnx', 'onnx-embedding'] as const) {
      await exportEncoder({
        source: { kind: 'resnet', encoder },
        model: modelOf(encoder),
        format,
        path: paths[format],
        overwrite: false,
      });
    }
    const pixels = input.subarray(0, IMAGE).map((value) => Math.round((value + 1) * 127.5));
    const normalised = pixels.map((value, index) => {
      const channel = Math.floor(index / SIDE ** 2);
      return (value / 255 - Number(IMAGE_MEAN[channel])) / Number(IMAGE_STD[channel]);
    });
    const { c5 = new Float32Array() } = await runOnnx(paths.onnx, normalised);
    const cells = (SIDE / 32) ** 2;
    const mean = Float32Array.from({ length: c5.length / cells }, (_, channel) => {
      return c5.subarray(channel * cells, (channel + 1) * cells).reduce((a, b) => a + b) / cells;
    });
    const length = Math.sqrt(mean.reduce((sum, value) => sum + value ** 2, 0));
    const { pooled, embedding } = await runOnnx(paths['onnx-embedding'], pixels);
    expect(relativeError(pooled, mean)).toBeLessThan(TOLERANCE);
    expect(
      relativeError(
        embedding,
        mean.map((value) => value / length),
      ),
    ).toBeLessThan(TOLERANCE);
  });
});

describe('an export', () => {
  test('comes back through the import, from every format that keeps its normalisations', async () => {
    const encoder = goldenEncoder(TINY_SPEC, 5);
    const folder = await exportAll(encoder);
    for (const [file, format, layout] of [
      ['safetensors', 'safetensors', 'torchvision'],
      ['pytorch', 'pytorch', 'torchvision'],
      ['mmsegmentation', 'pytorch', 'torchvision'],
      ['detectron2.pkl', 'pickle', 'detectron2'],
    ] as const) {
      const imported = await importEncoder(join(folder, file));
      expect(imported.encoder).toEqual(encoder);
      expect(imported.record).toMatchObject({ fileFormat: format, layout });
    }
    await expect(importEncoder(join(folder, 'onnx'))).rejects.toMatchObject({ code: 'WEIGHTS_UNSUPPORTED' });
  });

  test('is told in its card, whose text is no markup', async () => {
    const encoder = goldenEncoder(TINY_SPEC, 5);
    const path = join(tempFolder(), 'net.pkl');
    const model = { ...modelOf(encoder), name: '<b>*Pets*</b>\n# 2' };
    const training = {
      collectionName: 'pets',
      imageCount: 240,
      steps: 100,
      preset: 'quick',
      config: { k: 4 },
      seed: 1,
      device: 'onnx:cpu',
      curves: [{ name: 'loss', points: [[0, 3.5] as const, [99, 1.25] as const] }],
    };
    const card = ModelCard.parse({ ...model.card, training });
    await exportEncoder({
      source: { kind: 'resnet', encoder },
      model: { ...model, card },
      format: 'detectron2',
      path,
      overwrite: false,
    });
    const text = readFileSync(`${path}.card.md`, 'utf8');
    expect(text.split('\n')[0]).toBe('# \\<b\\>\\*Pets\\*\\</b\\> \\# 2');
    for (const part of [
      '- Licence: MIT',
      'on 240 images',
      '"k": 4',
      '| loss | 0 | 3.5 | 99 | 1.25 |',
      'STRIDE_IN_1X1: False',
    ]) {
      expect(text).toContain(part);
    }
    const json = JSON.parse(readFileSync(`${path}.card.json`, 'utf8')) as Record<string, unknown>;
    expect(json).toMatchObject({ licence: 'MIT', training, file: { name: 'net.pkl', format: 'detectron2' } });
  });

  test('under a name that its tool would not read is refused', async () => {
    const encoder = goldenEncoder(TINY_SPEC, 5);
    const path = join(tempFolder(), 'net.pth');
    const request = {
      source: { kind: 'resnet', encoder },
      model: modelOf(encoder),
      format: 'detectron2',
      path,
      overwrite: false,
    } as const;
    await expect(exportEncoder(request)).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});
