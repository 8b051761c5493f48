import { sizeOf } from '../../tensor/shape.ts';
import { writeFileAtomically, type WrittenFile } from '../atomic-file.ts';
import type { TensorSource } from '../safetensors.ts';
import { STORED_BYTES } from '../stored-tensor.ts';
import { PickleWriter } from './pickle-writer.ts';

/**
 * Writes the pickle that detectron2's checkpointer loads for a backbone: `{ model, __author__,
 * matching_heuristics }` with NumPy arrays, which it matches to the network by the ends of their names. Its
 * `.pth` files need the full names of one certain network instead.
 * @param tensors float32, named as torchvision does
 * @throws UserError DISK_FULL, FILE_NOT_FOUND, FILE_UNUSABLE
 */
export async function writeDetectron2File(
  path: string,
  tensors: readonly TensorSource[],
): Promise<WrittenFile> {
  const pickle = new PickleWriter(3);
  const model = () =>
    pickle.dict(tensors.map((tensor) => [detectron2Name(tensor.name), () => writeArray(pickle, tensor)]));
  pickle.dict([
    ['model', model],
    ['__author__', () => pickle.text('R2O Studio')],
    ['matching_heuristics', () => pickle.bool(true)],
  ]);
  const chunks = pickle.end();
  return await writeFileAtomically(path, async (write) => {
    for (const chunk of chunks) await write(chunk instanceof Uint8Array ? chunk : await chunk.bytes());
  });
}

/** `layer1.0.bn2.weight` is `res2.0.conv2.norm.weight` there, and the shortcut has its own name. */
function detectron2Name(name: string): string {
  const own = name
    .replace(/^layer(\d)/, (_, stage) => `res${Number(stage) + 1}`)
    .replace(/\bdownsample\.0\b/, 'shortcut')
    .replace(/\bdownsample\.1\b/, 'shortcut.norm')
    .replace(/\bbn(\d)\b/, 'conv$1.norm');
  return own.startsWith('res') ? own : `stem.${own}`;
}

/** A NumPy array as Python pickles it. */
function writeArray(pickle: PickleWriter, { name, dtype, shape, bytes }: TensorSource): void {
  if (dtype !== 'F32') throw new Error(`'${name}': ${dtype} is not written`);
  const length = sizeOf(shape) * STORED_BYTES[dtype];
  pickle
    .global('numpy.core.multiarray', '_reconstruct')
    .tuple(
      () => pickle.global('numpy', 'ndarray'),
      () => pickle.ints([0]),
      () => pickle.bytes({ length: 1, bytes: () => Buffer.from('b') }),
    )
    .call();
  const float32 = () =>
    pickle
      .global('numpy', 'dtype')
      .tuple(
        () => pickle.text('f4'),
        () => pickle.bool(false),
        () => pickle.bool(true),
      )
      .call()
      .tuple(
        () => pickle.int(3),
        () => pickle.text('<'),
        ...Array.from({ length: 3 }, () => () => pickle.none()),
        () => pickle.int(-1),
        () => pickle.int(-1),
        () => pickle.int(0),
      )
      .build();
  pickle
    .tuple(
      () => pickle.int(1),
      () => pickle.ints(shape),
      float32,
      () => pickle.bool(false),
      () => pickle.bytes({ length, bytes }),
    )
    .build();
}
