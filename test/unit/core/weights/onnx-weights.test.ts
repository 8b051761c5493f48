import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ProtoWriter } from '../../../../src-main/core/compile/lower/onnx/protobuf.ts';
import { torchTensors } from '../../../../src-main/core/weights/encoder-tensors.ts';
import { importEncoder } from '../../../../src-main/core/weights/import-encoder.ts';
import { openWeights } from '../../../../src-main/core/weights/open-weights.ts';
import { writeSafetensors } from '../../../../src-main/core/weights/safetensors.ts';
import { missingPython, runPython } from '../../../support/python.ts';
import { tempFolder } from '../../../support/temp-folder.ts';
import { goldenEncoder, TINY_SPEC } from '../../../support/tiny-checkpoint.ts';

/** Makes ONNX files of a safetensors file with Python's onnx: elements raw, in a list, or in another file. */
const SCRIPT = `
import sys, json, struct, numpy, onnx, os
from onnx import helper, numpy_helper, TensorProto
b = open(sys.argv[1], 'rb').read(); n = struct.unpack('<Q', b[:8])[0]; h = json.loads(b[8:8+n]); h.pop('__metadata__')
raw, listed = [], []
for k, e in h.items():
    a = numpy.frombuffer(b[8+n+e['data_offsets'][0]:8+n+e['data_offsets'][1]], {'F32': '<f4', 'I64': '<i8'}[e['dtype']]).reshape(e['shape'])
    raw.append(numpy_helper.from_array(a, k))
    t = TensorProto.FLOAT if e['dtype'] == 'F32' else TensorProto.INT64
    listed.append(helper.make_tensor(k, t, a.shape, a.ravel()))
x = helper.make_tensor_value_info('x', TensorProto.FLOAT, [1]); y = helper.make_tensor_value_info('y', TensorProto.FLOAT, [1])
for name, initializers in (('raw', raw), ('listed', listed)):
    m = helper.make_model(helper.make_graph([helper.make_node('Identity', ['x'], ['y'])], 'g', [x], [y], initializers))
    helper.set_model_props(m, {'note': 'kept'})
    onnx.save(m, os.path.join(sys.argv[2], name))
m = helper.make_model(helper.make_graph([helper.make_node('Identity', ['x'], ['y'])], 'g', [x], [y], raw))
onnx.save(m, os.path.join(sys.argv[2], 'elsewhere'), save_as_external_data=True, size_threshold=0, location='data')
`;

/** An ONNX file around the fields of a graph. */
function fileOf(graph: ProtoWriter): string {
  const path = join(tempFolder(), 'a.onnx');
  writeFileSync(path, new ProtoWriter().int(1, 8).message(7, graph).bytes());
  return path;
}

const floats = (name: string, dims: number[], bytes: number) => {
  const tensor = new ProtoWriter();
  for (const dim of dims) tensor.int(1, dim);
  return tensor.int(2, 1).string(8, name).raw(9, new Uint8Array(bytes));
};

describe('an ONNX file', () => {
  test(
    'holds the encoder that Python put into it, however it keeps the elements',
    { tags: ['tools'] },
    async ({ skip }) => {
      const missing = missingPython('onnx', 'numpy');
      if (missing) skip(missing);
      const folder = tempFolder();
      const source = join(folder, 'source.safetensors');
      const drawn = goldenEncoder(TINY_SPEC, 5);
      await writeSafetensors(source, torchTensors(drawn, 9));
      runPython(SCRIPT, source, folder);
      for (const name of ['raw', 'listed']) {
        const { encoder, record } = await importEncoder(join(folder, name));
        expect(record).toMatchObject({ fileFormat: 'onnx', layout: 'torchvision' });
        expect(encoder).toEqual(drawn);
      }
      await using file = await openWeights(join(folder, 'raw'));
      expect(file.metadata.get('note')).toBe('kept');
      await expect(importEncoder(join(folder, 'elsewhere'))).rejects.toMatchObject({
        code: 'WEIGHTS_UNSUPPORTED',
        message: expect.stringContaining('are in another file') as string,
      });
    },
  );

  test.each<[string, string, ProtoWriter]>([
    [
      'needs more bytes than it has',
      `'a' of [3] needs 12 bytes, not 8`,
      new ProtoWriter().message(5, floats('a', [3], 8)),
    ],
    [
      'has a name twice',
      `the name 'a' occurs twice`,
      new ProtoWriter().message(5, floats('a', [2], 8)).message(5, floats('a', [2], 8)),
    ],
    [
      'has very many dimensions',
      'an initialiser has 33 dimensions',
      new ProtoWriter().message(5, floats('a', Array<number>(33).fill(1), 4)),
    ],
    ['holds no encoder', 'it contains no ResNet encoder', new ProtoWriter().message(5, floats('a', [2], 8))],
  ])('that %s is refused', async (_, message, graph) => {
    await expect(importEncoder(fileOf(graph))).rejects.toThrow(message);
  });

  test('that is cut off is refused', async () => {
    const path = join(tempFolder(), 'a.onnx');
    const whole = new ProtoWriter()
      .int(1, 8)
      .message(7, new ProtoWriter().message(5, floats('a', [2], 8)))
      .bytes();
    for (let length = 1; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      await expect(importEncoder(path)).rejects.toMatchObject({ name: 'UserError' });
    }
  });
});
