import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProtoWriter } from '../../src-main/core/compile/lower/onnx/protobuf.ts';
import { tempFolder } from './temp-folder.ts';

/** `graphBytes` as a file `theirs.onnx`, with its weights next to it as `weights.bin`. */
export function graphWithWeightsAt(location: string, opset = 18): string {
  const folder = tempFolder();
  writeFileSync(join(folder, 'weights.bin'), new Uint8Array(new Float32Array([9, 1, 2, 3]).buffer));
  const path = join(folder, 'theirs.onnx');
  writeFileSync(path, graphBytes(location, opset));
  return path;
}

/**
 * An ONNX file with an input `image` and an output `map` of stride 8: the mean of each colour, times a scale of 1, 2 and
 * 3, which is kept in another file as ONNX allows.
 * @param location of that file as the graph gives it
 */
export function graphBytes(location: string, opset = 18): Uint8Array {
  const place = (key: string, value: string) => new ProtoWriter().string(1, key).string(2, value);
  const tensor = new ProtoWriter().int(1, 1).int(1, 3).int(1, 1).int(1, 1).int(2, 1).string(8, 'scale');
  for (const [key, value] of [
    ['location', location],
    ['offset', '4'],
    ['length', '12'],
  ] as const) {
    tensor.message(13, place(key, value));
  }
  tensor.int(14, 1);
  const node = (op: string, inputs: string[], output: string) => {
    const proto = new ProtoWriter();
    for (const input of inputs) proto.string(1, input);
    return proto.string(2, output).string(3, op).string(4, op);
  };
  const window = (name: string) => new ProtoWriter().string(1, name).int(8, 8).int(8, 8).int(20, 7);
  const pool = node('AveragePool', ['image'], 'mean')
    .message(5, window('kernel_shape'))
    .message(5, window('strides'));
  const value = (name: string, dims: readonly (number | string)[]) => {
    const shape = new ProtoWriter();
    for (const dim of dims) {
      shape.message(
        1,
        typeof dim === 'number' ? new ProtoWriter().int(1, dim) : new ProtoWriter().string(2, dim),
      );
    }
    const type = new ProtoWriter().message(1, new ProtoWriter().int(1, 1).message(2, shape));
    return new ProtoWriter().string(1, name).message(2, type);
  };
  const graph = new ProtoWriter()
    .message(1, pool)
    .message(1, node('Mul', ['mean', 'scale'], 'map'))
    .string(2, 'g')
    .message(5, tensor)
    .message(11, value('image', ['batch', 3, 'height', 'width']))
    .message(12, value('map', ['b', 3, 'h', 'w']));
  const model = new ProtoWriter()
    .int(1, 8)
    .message(7, graph)
    .message(8, new ProtoWriter().string(1, '').int(2, opset));
  return model.bytes();
}
