import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../../../../src-main/contract/errors.ts';
import { RESNET18, RESNET50 } from '../../../../../src-main/core/model/resnet.ts';
import {
  architectureName,
  encoderFrom,
  prefixedWeights,
  namedSpec,
  untrainedEncoder,
  type Encoder,
} from '../../../../../src-main/core/model/weights/encoder.ts';
import {
  readEncoderFile,
  writeEncoderFile,
} from '../../../../../src-main/core/model/weights/encoder-file.ts';
import { readEncoder, torchTensors } from '../../../../../src-main/core/model/weights/encoder-tensors.ts';
import {
  SafetensorsFile,
  writeSafetensors,
  type TensorSource,
} from '../../../../../src-main/core/model/weights/safetensors.ts';
import { bytesOf } from '../../../../../src-main/core/model/weights/stored-tensor.ts';
import { relativeError } from '../../../../support/relative-error.ts';
import { hasShared, readSharedJson, sharedPath, sharedReason } from '../../../../support/shared.ts';
import { tempFolder } from '../../../../support/temp-folder.ts';
import { goldenEncoder, TINY_SPEC } from '../../../../support/tiny-checkpoint.ts';

const FACTS = { viewPx: 224, batchesTracked: 12 };

/** The error of reading a torchvision file in which one tensor was replaced or left out. */
async function refusalOf(change: (tensors: TensorSource[]) => TensorSource[]): Promise<string> {
  const path = join(tempFolder(), 'encoder.safetensors');
  await writeSafetensors(path, change(torchTensors(goldenEncoder(TINY_SPEC, 5), 0)));
  await using file = await SafetensorsFile.open(path);
  return await readEncoder(file, sameNames(file)).then(
    () => 'accepted',
    (error: unknown) => {
      expect(error).toBeInstanceOf(UserError);
      return String(error);
    },
  );
}

const sameNames = ({ tensors }: SafetensorsFile) => new Map([...tensors.keys()].map((name) => [name, name]));

const replace = (name: string, shape: readonly number[], data: Float32Array | BigInt64Array) =>
  refusalOf((tensors) =>
    tensors.map((tensor) =>
      tensor.name === name
        ? { name, shape, dtype: data instanceof Float32Array ? 'F32' : 'I64', bytes: () => bytesOf(data) }
        : tensor,
    ),
  );

describe('an encoder file', () => {
  test('gives the encoder back, with what is known about it', async () => {
    const path = join(tempFolder(), 'encoder.safetensors');
    const encoder = goldenEncoder(TINY_SPEC, 5);
    const { sha256 } = await writeEncoderFile(path, encoder, FACTS);
    const read = await readEncoderFile(path, sha256);
    expect(read.encoder).toEqual(encoder);
    expect(read.description).toMatchObject({
      ...FACTS,
      architecture: 'resnet-basic-1x1x1x1-w4',
      mean: [0.485, 0.456, 0.406],
    });
  });

  test('that is not the one that was saved is refused', async () => {
    const path = join(tempFolder(), 'encoder.safetensors');
    await writeEncoderFile(path, goldenEncoder(TINY_SPEC, 5), FACTS);
    await expect(readEncoderFile(path, new Uint8Array(32))).rejects.toMatchObject({
      code: 'WEIGHTS_DAMAGED',
      message: expect.stringContaining('SHA-256') as string,
    });
  });

  test('without a description is refused', async () => {
    const path = join(tempFolder(), 'plain.safetensors');
    await writeSafetensors(path, torchTensors(goldenEncoder(TINY_SPEC, 5), 0), { format: 'pt' });
    await expect(readEncoderFile(path)).rejects.toThrow("no valid 'r2o_encoder'");
  });

  test.skipIf(!hasShared)(
    `has the names, the order of axes and the elements that PyTorch writes${sharedReason}`,
    async () => {
      await using theirs = await SafetensorsFile.open(sharedPath('golden/files/tiny_tv.safetensors'));
      const path = join(tempFolder(), 'encoder.safetensors');
      await writeEncoderFile(path, goldenEncoder(TINY_SPEC, 5), FACTS);
      await using ours = await SafetensorsFile.open(path);
      const { 'fc.weight': _weight, 'fc.bias': _bias, ...encoder } = shapesOf(theirs);
      expect(shapesOf(ours)).toEqual(encoder);
      for (const name of Object.keys(encoder)) {
        if (name.endsWith('num_batches_tracked')) continue;
        expect([name, (await ours.read(name)).bytes]).toEqual([name, (await theirs.read(name)).bytes]);
      }
    },
  );

  test.skipIf(!hasShared)(`is read from float32 and bfloat16${sharedReason}`, async () => {
    const drawn = goldenEncoder(TINY_SPEC, 5);
    // bfloat16 keeps 8 significant bits.
    for (const [name, tolerance] of [
      ['tiny_tv', 0],
      ['tiny_tv_bf16', 2 ** -7],
    ] as const) {
      await using file = await SafetensorsFile.open(sharedPath(`golden/files/${name}.safetensors`));
      const { spec, weights } = await readEncoder(file, sameNames(file));
      expect(spec).toEqual(TINY_SPEC);
      for (const [key, expected] of Object.entries(drawn.weights)) {
        expect(relativeError(weights[key], expected), key).toBeLessThanOrEqual(tolerance);
      }
    }
  });

  test.skipIf(!hasShared)(`has the tensors of torchvision's ResNets${sharedReason}`, () => {
    // Generated by torchvision; golden/README.md lists the fields.
    const golden = readSharedJson('golden/cases/6_resnet_forward.json') as Record<
      string,
      { state_dict: [string, number[], string][] }
    >;
    for (const [name, spec] of [
      ['resnet18', RESNET18],
      ['resnet50', RESNET50],
    ] as const) {
      const theirs = golden[name]?.state_dict.flatMap(([key, shape]) =>
        key.startsWith('fc.') ? [] : [`${key} ${shape.join()}`],
      );
      const ours = torchTensors(untrainedEncoder(spec, 1), 0).map((t) => `${t.name} ${t.shape.join()}`);
      expect(ours.toSorted()).toEqual(theirs?.toSorted());
    }
  });
});

describe('tensors that are no encoder are refused by name:', () => {
  test('one is missing', async () => {
    const refusal = await refusalOf((all) => all.filter(({ name }) => name !== 'layer3.0.bn2.bias'));
    expect(refusal).toContain(`there is no tensor 'layer3.0.bn2.bias' of [16]`);
  });
  test('a stage is missing', async () => {
    const refusal = await refusalOf((all) => all.filter(({ name }) => !name.startsWith('layer4')));
    expect(refusal).toContain(`there is no tensor 'layer4.0.conv1.weight'`);
  });
  test('one has another shape', async () => {
    const refusal = await replace('layer2.0.conv1.weight', [8, 4, 1, 1], new Float32Array(32));
    expect(refusal).toContain(`'layer2.0.conv1.weight' is [8, 4, 1, 1], and [8, 4, 3, 3] was expected`);
  });
  test('the stem is of another kind', async () => {
    const refusal = await replace('conv1.weight', [4, 3, 3, 3], new Float32Array(108));
    expect(refusal).toContain(`'conv1.weight' is [4, 3, 3, 3]`);
  });
  test('one holds integers', async () => {
    expect(await replace('bn1.bias', [4], new BigInt64Array(4))).toContain(`'bn1.bias' holds I64`);
  });
  test.each([
    ['NaN', 'bn1.bias'],
    ['Infinity', 'bn1.weight'],
    ['-1', 'bn1.running_var'],
  ])('one holds %s', async (value, name) => {
    const refusal = await replace(name, [4], Float32Array.of(1, 1, Number(value), 1));
    expect(refusal).toContain(`'${name}' holds ${value} at element 2`);
  });
});

describe('an encoder', () => {
  test('is taken from a training state and put back under any prefix', () => {
    const encoder = goldenEncoder(TINY_SPEC, 5);
    const state = {
      ...prefixedWeights(encoder, 'online.backbone'),
      'predictor.l1.bias': new Float32Array(3),
    };
    expect(encoderFrom(state, TINY_SPEC, 'online.backbone')).toEqual(encoder);
    expect(() => encoderFrom(state, TINY_SPEC, 'target.backbone')).toThrow(`'target.backbone.conv1.weight'`);
  });

  test('that is untrained depends on its seed alone', () => {
    const sum = ({ weights }: Encoder) => weights['layer4.0.conv2.weight']?.reduce((a, b) => a + b);
    expect(untrainedEncoder(TINY_SPEC, 1)).toEqual(untrainedEncoder(TINY_SPEC, 1));
    expect(sum(untrainedEncoder(TINY_SPEC, 1))).not.toBe(sum(untrainedEncoder(TINY_SPEC, 2)));
  });

  test('is called by its published name, or by its parts', () => {
    expect([RESNET18, RESNET50, TINY_SPEC].map(architectureName)).toEqual([
      'resnet18',
      'resnet50',
      'resnet-basic-1x1x1x1-w4',
    ]);
    expect(namedSpec('resnet50')).toBe(RESNET50);
    expect(namedSpec('toString')).toBeUndefined();
  });
});

const shapesOf = ({ tensors }: SafetensorsFile) =>
  Object.fromEntries([...tensors].map(([name, { dtype, shape }]) => [name, `${dtype} ${shape.join()}`]));
