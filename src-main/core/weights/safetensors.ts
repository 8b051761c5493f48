import { sizeOf, type Shape } from '../tensor/shape.ts';
import { writeFileAtomically, type WrittenFile } from './atomic-file.ts';
import { PlainTensorFile } from './plain-tensor-file.ts';
import { RandomAccessFile } from './random-access-file.ts';
import { LENGTH_BYTES, METADATA_KEY, readHeader } from './safetensors-header.ts';
import { STORED_BYTES, type StoredDtype } from './stored-tensor.ts';

/**
 * A safetensors file (huggingface.co/docs/safetensors), open for reading. The whole header is checked first;
 * tensors are then read one at a time, so memory is bounded by the largest that is asked for.
 */
export class SafetensorsFile extends PlainTensorFile {
  readonly format = 'safetensors';

  /**
   * Opens a file and checks its header. The caller disposes it.
   * @throws UserError WEIGHTS_DAMAGED, FILE_NOT_FOUND, FILE_UNUSABLE
   */
  static async open(path: string): Promise<SafetensorsFile> {
    const file = await RandomAccessFile.open(path);
    try {
      return await SafetensorsFile.of(file);
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Checks the header of an open file, which belongs to the result from then on.
   * @throws UserError WEIGHTS_DAMAGED
   */
  static async of(file: RandomAccessFile): Promise<SafetensorsFile> {
    return new SafetensorsFile(file, await readHeader(file));
  }
}

/** A tensor to write. Its bytes, little-endian and row-major, are asked for when their turn comes. */
export type TensorSource = {
  name: string;
  dtype: StoredDtype;
  shape: Shape;
  bytes: () => Uint8Array | Promise<Uint8Array>;
};

/**
 * Writes a safetensors file, one tensor after the other, so that no more than one is in memory for it. Wide
 * elements go first, which aligns every tensor for programs that map the file into memory.
 * @throws UserError DISK_FULL, FILE_NOT_FOUND, FILE_UNUSABLE; Error for a repeated name or a wrong size
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorSource[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<WrittenFile> {
  const ordered = tensors.toSorted((a, b) => STORED_BYTES[b.dtype] - STORED_BYTES[a.dtype]);
  return await writeFileAtomically(path, async (write) => {
    await write(headerBytes(ordered, metadata));
    for (const tensor of ordered) {
      const bytes = await tensor.bytes();
      if (bytes.length !== byteSize(tensor)) {
        throw new Error(`tensor '${tensor.name}' needs ${byteSize(tensor)} bytes, got ${bytes.length}`);
      }
      await write(bytes);
    }
  });
}

const byteSize = ({ dtype, shape }: TensorSource) => sizeOf(shape) * STORED_BYTES[dtype];

function headerBytes(
  tensors: readonly TensorSource[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const entries = new Map<string, unknown>([[METADATA_KEY, metadata]]);
  let next = 0;
  for (const tensor of tensors) {
    if (entries.has(tensor.name)) throw new Error(`tensor '${tensor.name}' is given twice`);
    const end = next + byteSize(tensor);
    entries.set(tensor.name, { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [next, end] });
    next = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  // Spaces behind the text bring the data to a multiple of the widest element.
  const padded = Math.ceil(json.length / LENGTH_BYTES) * LENGTH_BYTES;
  const bytes = new Uint8Array(LENGTH_BYTES + padded).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(json, LENGTH_BYTES);
  return bytes;
}
