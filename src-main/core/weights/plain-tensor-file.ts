import type { Shape } from '../tensor/shape.ts';
import type { RandomAccessFile } from './random-access-file.ts';
import type { StoredDtype, StoredTensor } from './stored-tensor.ts';

/** Where a tensor is in its file, in one piece, little-endian and row-major. */
export type TensorEntry = { dtype: StoredDtype; shape: Shape; offset: number; sizeBytes: number };

/** The description of a file, before any tensor is read. */
export type TensorContents = {
  /** Free text kept in the file. */
  metadata: ReadonlyMap<string, string>;
  tensors: ReadonlyMap<string, TensorEntry>;
};

/** An open file that contains its tensors as they are: they are read one at a time, to bound the memory in use. */
export class PlainTensorFile {
  readonly path: string;
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly #file: RandomAccessFile;

  /** @param file belongs to the object from then on */
  protected constructor(file: RandomAccessFile, { metadata, tensors }: TensorContents) {
    this.path = file.path;
    this.metadata = metadata;
    this.tensors = tensors;
    this.#file = file;
  }

  /** One tensor. @throws Error for a name that `tensors` does not have; UserError WEIGHTS_DAMAGED */
  async read(name: string): Promise<StoredTensor> {
    const entry = this.tensors.get(name);
    if (!entry) throw new Error(`${this.path} has no tensor '${name}'`);
    const bytes = await this.#file.read(entry.offset, entry.sizeBytes);
    return { dtype: entry.dtype, shape: entry.shape, bytes };
  }

  /** SHA-256 of the whole file, 32 bytes. */
  sha256(): Promise<Uint8Array> {
    return this.#file.sha256();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }
}
