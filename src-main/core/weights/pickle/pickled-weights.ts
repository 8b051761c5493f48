import type { RandomAccessFile } from '../random-access-file.ts';
import { STORED_BYTES, type StoredDtype, type StoredTensor } from '../stored-tensor.ts';
import { gather, rangeOf, type StridedTensor } from './strided-tensor.ts';

/** What kind of file the tensors were pickled in. */
export type PickleFormat = 'pytorch' | 'pytorch-legacy' | 'pickle';

/** Where the elements of storages lie. @throws UserError WEIGHTS_DAMAGED for a key or a range that is not there */
export type ReadStorage = (
  key: string,
  range: { start: number; length: number },
) => Promise<Uint8Array<ArrayBuffer>>;

/** Tensors that a pickle described, their elements still in the file. Disposing closes the file. */
export class PickledWeights {
  readonly format: PickleFormat;
  readonly path: string;
  readonly tensors: ReadonlyMap<string, StridedTensor>;
  readonly metadata: ReadonlyMap<string, string> = new Map();
  readonly #file: RandomAccessFile;
  readonly #readStorage: ReadStorage;

  constructor(
    file: RandomAccessFile,
    content: { format: PickleFormat; tensors: ReadonlyMap<string, StridedTensor>; readStorage: ReadStorage },
  ) {
    this.#file = file;
    this.path = file.path;
    this.format = content.format;
    this.tensors = content.tensors;
    this.#readStorage = content.readStorage;
  }

  /** One tensor, row-major. @throws Error for a name that `tensors` does not have; UserError WEIGHTS_DAMAGED */
  async read(name: string): Promise<StoredTensor> {
    const view = this.tensors.get(name);
    if (!view) throw new Error(`${this.path} has no tensor '${name}'`);
    const { dtype, shape, source } = view;
    const { first, count } = rangeOf(view);
    const range = { start: first * widthOf(dtype), length: count * widthOf(dtype) };
    const bytes =
      source.kind === 'storage'
        ? await this.#readStorage(source.key, range)
        : source.bytes.slice(range.start, range.start + range.length);
    return { dtype, shape, bytes: gather(bytes, view) };
  }

  /** SHA-256 of the whole file, 32 bytes. */
  sha256(): Promise<Uint8Array> {
    return this.#file.sha256();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }
}

/** Bytes of one element. */
export const widthOf = (dtype: StoredDtype): number => STORED_BYTES[dtype];
