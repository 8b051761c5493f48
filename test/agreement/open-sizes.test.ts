import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EagerState, eagerStep } from '../../src-main/core/compile/runtime/eager-step.ts';
import { exportInference } from '../../src-main/core/compile/runtime/export-inference.ts';
import { IMAGE_MEAN, IMAGE_STD } from '../../src-main/core/image/augment/normalise.ts';
import { evalNormalisation } from '../../src-main/core/model/normalisation.ts';
import { networkSpecs } from '../../src-main/core/model/parameters.ts';
import { RESNET18, resnetFeatures, resnetNetwork } from '../../src-main/core/model/resnet.ts';
import { prefixedWeights, type Encoder } from '../../src-main/core/weights/encoder.ts';
import { writeOnnxEmbedding, writeOnnxFeatures } from '../../src-main/core/weights/onnx/write-onnx.ts';
import { writeTorchFile } from '../../src-main/core/weights/pickle/write-torch.ts';
import { torchTensors } from '../../src-main/core/weights/encoder-tensors.ts';
import { bytesOf } from '../../src-main/core/weights/stored-tensor.ts';
import { sizeOf } from '../../src-main/core/tensor/shape.ts';
import { tf } from '../../src-main/core/tensor/tfjs.ts';
import { runOnnxFile } from '../support/onnx-file.ts';
import { missingPython, runPython } from '../support/python.ts';
import { nameSeed, signedUnit } from '../support/random-data.ts';
import { relativeError } from '../support/relative-error.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { goldenEncoder, TINY_SPEC } from '../support/tiny-checkpoint.ts';

/** float32 in two programs, up to 50 layers deep. */
const TOLERANCE = 1e-4;
const STAGES = ['c2', 'c3', 'c4', 'c5'] as const;
const PREFIX = 'net';

/** [B, H, W]: one and several, square, wide and tall, and sides that strides do not divide. */
const SIZES = [
  [1, 64, 64],
  [3, 96, 64],
  [2, 32, 128],
  [1, 75, 101],
  [4, 1, 1],
] as const;

/** Whole numbers from 0 to 255 as [B, 3, H, W]. */
function pixelsFor([batch, height, width]: readonly number[]): Float32Array {
  const values = signedUnit(
    nameSeed(`pixels ${batch} ${height} ${width}`),
    sizeOf([batch ?? 0, 3, height ?? 0, width ?? 0]),
  );
  return values.map((value) => Math.round((value + 1) * 127.5));
}

function normalised(pixels: Float32Array, cells: number): Float32Array {
  return pixels.map((value, index) => {
    const channel = Math.floor(index / cells) % 3;
    return (value / 255 - (IMAGE_MEAN[channel] ?? NaN)) / (IMAGE_STD[channel] ?? NaN);
  });
}

/** The encoder's features and embedding on TensorFlow.js' reference backend, channels second as in the file. */
async function eager(encoder: Encoder, images: Float32Array, [batch, height, width]: readonly number[]) {
  const { spec } = encoder;
  using state = new EagerState(networkSpecs(resnetNetwork(spec, PREFIX)));
  await state.restore(prefixedWeights(encoder, PREFIX));
  using step = eagerStep({
    build: ({ x }, weights) => {
      const nhwc = tf.transpose(x as tf.Tensor4D, [0, 2, 3, 1]);
      const { c2, c3, c4, c5 } = resnetFeatures(nhwc, {
        spec,
        prefix: PREFIX,
        weights,
        normalise: evalNormalisation(weights),
      });
      const pooled = tf.mean(c5, [1, 2]);
      const embedding = tf.div(pooled, tf.norm(pooled, 2, 1, true));
      const nchw = (map: tf.Tensor) => tf.transpose(map, [0, 3, 1, 2]);
      return {
        outputs: { c2: nchw(c2), c3: nchw(c3), c4: nchw(c4), c5: nchw(c5), pooled, embedding },
        state: {},
      };
    },
    inputs: { x: { shape: [batch ?? 0, 3, height ?? 0, width ?? 0], dtype: 'float32' } },
    state,
    backend: 'cpu',
  });
  return await step.run({ x: images });
}

async function writeBoth(encoder: Encoder) {
  const folder = tempFolder();
  const paths = { features: join(folder, 'features.onnx'), embedding: join(folder, 'embedding.onnx') };
  await writeOnnxFeatures(paths.features, encoder);
  await writeOnnxEmbedding(paths.embedding, encoder);
  return { folder, ...paths };
}

describe('an encoder in an ONNX file', () => {
  test.each(SIZES)('computes %i images of %i x %i as the eager engine does', async (...size) => {
    const [batch, height, width] = size;
    const encoder = goldenEncoder(TINY_SPEC, 5);
    const { features, embedding } = await writeBoth(encoder);
    const pixels = pixelsFor(size);
    const images = normalised(pixels, height * width);
    const expected = await eager(encoder, images, size);
    const shape = [batch, 3, height, width];
    const got = {
      ...(await runOnnxFile(features, images, shape)),
      ...(await runOnnxFile(embedding, pixels, shape)),
    };
    expect(Object.keys(got).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, reference] of Object.entries(expected)) {
      expect(relativeError(got[name]?.data, reference), name).toBeLessThan(TOLERANCE);
    }
    const strided = (stride: number) => [
      batch,
      stride,
      Math.ceil(height / stride),
      Math.ceil(width / stride),
    ];
    // The tiny network has as many channels in a stage as that stage has stride.
    for (const [index, stage] of STAGES.entries()) expect(got[stage]?.shape).toEqual(strided(4 * 2 ** index));
    expect(got.embedding?.shape).toEqual([batch, 32]);
  });

  test(
    'says by name which of its sizes are open, and passes the checker of ONNX',
    { tags: ['tools'] },
    async ({ skip }) => {
      const missing = missingPython('onnx');
      if (missing) skip(missing);
      const { features, embedding } = await writeBoth(goldenEncoder(TINY_SPEC, 5));
      const script = `
import onnx, sys
for path in sys.argv[1:]:
    m = onnx.load(path); onnx.checker.check_model(m, full_check=True)
    onnx.shape_inference.infer_shapes(m, strict_mode=True, check_type=True)
    assert {(o.domain, o.version) for o in m.opset_import} == {('', 18)}
    print(sorted({n.op_type for n in m.graph.node}))
    for v in list(m.graph.input) + list(m.graph.output): print(v.name, [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim])`;
      expect(runPython(script, features, embedding).trim().split('\n')).toEqual([
        "['Add', 'Conv', 'MaxPool', 'Relu']",
        "images ['batch', 3, 'height', 'width']",
        "c2 ['batch', 4, 'c2_2', 'c2_3']",
        "c3 ['batch', 8, 'c3_2', 'c3_3']",
        "c4 ['batch', 16, 'c4_2', 'c4_3']",
        "c5 ['batch', 32, 'c5_2', 'c5_3']",
        "['Add', 'Conv', 'Div', 'Flatten', 'GlobalAveragePool', 'Max', 'MaxPool', 'Mul', 'ReduceSum', 'Relu', 'Reshape', 'Sqrt', 'Sub']",
        "images ['batch', 3, 'height', 'width']",
        "pooled ['batch', 32]",
        "embedding ['batch', 32]",
      ]);
    },
  );

  test('is refused where a computation depends on a size that is to be open', async () => {
    const build = ({ x }: Readonly<Record<string, tf.Tensor>>) => ({
      y: tf.reshape(x ?? tf.zeros([8]), [-1, 4]),
    });
    await expect(
      exportInference({
        name: 'rows',
        build,
        inputs: { x: { shape: ['batch', 2, 4], dtype: 'float32' } },
        weightSpecs: {},
        weights: {},
        imageOrder: 'nhwc',
      }),
    ).rejects.toThrow('depends on the size of the inputs');
  });
});

/** Runs torchvision's network with the exported weights on each of the images that were written. */
const SCRIPT = `
import sys, json, numpy, torch, torchvision
folder = sys.argv[1]
net = torchvision.models.resnet18(weights=None).eval()
net.load_state_dict(torch.load(folder + '/weights.pth')['state_dict'], strict=False)
for shape in json.load(open(folder + '/sizes.json')):
    name = folder + '/' + '-'.join(map(str, shape))
    x = torch.from_numpy(numpy.fromfile(name + '.images', numpy.float32).reshape(shape))
    with torch.no_grad():
        h = net.maxpool(net.relu(net.bn1(net.conv1(x)))); parts = []
        for layer in (net.layer1, net.layer2, net.layer3, net.layer4):
            h = layer(h); parts.append(h.numpy().ravel())
        pooled = torch.flatten(net.avgpool(h), 1)
        parts += [pooled.numpy().ravel(), torch.nn.functional.normalize(pooled).numpy().ravel()]
    numpy.concatenate(parts).tofile(name + '.features')
`;

test(
  'an exported ResNet-18 computes what torchvision does at several sizes',
  { tags: ['tools'] },
  async ({ skip }) => {
    const missing = missingPython('torch', 'torchvision', 'numpy');
    if (missing) skip(missing);
    const encoder = goldenEncoder(RESNET18, 3);
    const { folder, features, embedding } = await writeBoth(encoder);
    await writeTorchFile(join(folder, 'weights.pth'), torchTensors(encoder, 0), {});
    const cases = (
      [
        [2, 64, 96],
        [1, 75, 101],
      ] as const
    ).map((size) => {
      const [batch, height, width] = size;
      const pixels = pixelsFor(size);
      const shape = [batch, 3, height, width];
      return {
        shape,
        pixels,
        images: normalised(pixels, height * width),
        path: join(folder, shape.join('-')),
      };
    });
    writeFileSync(join(folder, 'sizes.json'), JSON.stringify(cases.map(({ shape }) => shape)));
    for (const { path, images } of cases) writeFileSync(`${path}.images`, bytesOf(images));
    runPython(SCRIPT, folder);
    for (const { path, shape, images, pixels } of cases) {
      const ours = {
        ...(await runOnnxFile(features, images, shape)),
        ...(await runOnnxFile(embedding, pixels, shape)),
      };
      const theirs = new Float32Array(Uint8Array.from(readFileSync(`${path}.features`)).buffer);
      let at = 0;
      for (const output of [...STAGES, 'pooled', 'embedding']) {
        const data = ours[output]?.data ?? new Float32Array();
        const error = relativeError(data, theirs.subarray(at, at + data.length));
        expect(error, `${output} at ${shape.join(' x ')}`).toBeLessThan(TOLERANCE);
        at += data.length;
      }
      expect(at).toBe(theirs.length);
    }
  },
);
