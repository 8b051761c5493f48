import { crc32 } from 'node:zlib';
import { stridesOf, sizeOf } from '../../tensor/shape.ts';
import { writeFileAtomically, type WriteChunk, type WrittenFile } from '../atomic-file.ts';
import type { TensorSource } from '../safetensors.ts';
import { PickleWriter } from './pickle-writer.ts';

/** What PyTorch calls the storages that are written. */
const STORAGES: Readonly<Partial<Record<TensorSource['dtype'], string>>> = {
  F32: 'FloatStorage',
  I64: 'LongStorage',
};
const ROOT = 'archive';
/** Storages begin at multiples of this, as PyTorch's own do, so that files can be mapped into memory. */
const ALIGNMENT = 64;
/** Sizes and offsets are written in 32 bits. */
const MAX_BYTES = 2 ** 32 - 1;

/**
 * Writes a state dictionary as `torch.save` does: `{ state_dict: {...}, meta: {...} }` in a ZIP archive. It loads with
 * `weights_only=True` too.
 * @param meta text stored with the tensors
 * @throws UserError DISK_FULL, FILE_NOT_FOUND, FILE_UNUSABLE
 */
export async function writeTorchFile(
  path: string,
  tensors: readonly TensorSource[],
  meta: Readonly<Record<string, string>>,
): Promise<WrittenFile> {
  return await writeFileAtomically(path, async (write) => {
    const archive = new StoredZip(write);
    await archive.add(`${ROOT}/data.pkl`, pickleOf(tensors, meta));
    await archive.add(`${ROOT}/byteorder`, Buffer.from('little'));
    for (const [index, tensor] of tensors.entries()) {
      await archive.add(`${ROOT}/data/${index}`, await tensor.bytes());
    }
    await archive.add(`${ROOT}/version`, Buffer.from('3\n'));
    await archive.end();
  });
}

function pickleOf(tensors: readonly TensorSource[], meta: Readonly<Record<string, string>>): Uint8Array {
  const pickle = new PickleWriter(2);
  const state = () =>
    pickle.dict(tensors.map((tensor, index) => [tensor.name, () => writeTensor(pickle, tensor, index)]));
  const about = () => pickle.dict(Object.entries(meta).map(([key, text]) => [key, () => pickle.text(text)]));
  pickle.dict([
    ['state_dict', state],
    ['meta', about],
  ]);
  // Without elements of tensors, everything is there at once.
  return Buffer.concat(pickle.end().flatMap((chunk) => (chunk instanceof Uint8Array ? [chunk] : [])));
}

function writeTensor(pickle: PickleWriter, { name, dtype, shape }: TensorSource, key: number): void {
  const storage = STORAGES[dtype];
  if (storage === undefined) throw new Error(`'${name}': ${dtype} is not written`);
  const reference = () =>
    pickle
      .tuple(
        () => pickle.text('storage'),
        () => pickle.global('torch', storage),
        () => pickle.text(String(key)),
        () => pickle.text('cpu'),
        () => pickle.int(sizeOf(shape)),
      )
      .reference();
  const hooks = () => pickle.global('collections', 'OrderedDict').tuple().call();
  pickle
    .global('torch._utils', '_rebuild_tensor_v2')
    .tuple(
      reference,
      () => pickle.int(0),
      () => pickle.ints(shape),
      () => pickle.ints(stridesOf(shape)),
      () => pickle.bool(false),
      hooks,
    )
    .call();
}

/** Writes a ZIP archive of members that are not compressed (APPNOTE.TXT of PKWARE). */
class StoredZip {
  readonly #write: WriteChunk;
  readonly #directory: Buffer[] = [];
  #offset = 0;

  constructor(write: WriteChunk) {
    this.#write = write;
  }

  async add(name: string, data: Uint8Array): Promise<void> {
    const nameBytes = Buffer.from(name);
    const start = this.#offset + 30 + nameBytes.length;
    const padding = (ALIGNMENT - ((start + 4) % ALIGNMENT)) % ALIGNMENT;
    const extra = Buffer.alloc(4 + padding);
    // 'FB' is the mark that PyTorch gives to its padding.
    extra.write('FB', 'latin1');
    extra.writeUInt16LE(padding, 2);
    const common = commonFields(data, nameBytes.length);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, uint16(extra.length), nameBytes, extra]);
    const entry = Buffer.concat([
      Buffer.from('PK\x01\x02'),
      uint16(VERSION),
      common,
      // Extra, comment, disk, attributes inside and outside.
      Buffer.alloc(2 + 2 + 2 + 2 + 4),
      uint32(this.#offset),
      nameBytes,
    ]);
    this.#directory.push(entry);
    await this.#put(local);
    await this.#put(data);
  }

  async end(): Promise<void> {
    const directory = Buffer.concat(this.#directory);
    const count = uint16(this.#directory.length);
    const offset = uint32(this.#offset);
    await this.#put(directory);
    const end = [Buffer.from('PK\x05\x06'), Buffer.alloc(4), count, count, uint32(directory.length), offset];
    await this.#put(Buffer.concat([...end, uint16(0)]));
  }

  async #put(bytes: Uint8Array): Promise<void> {
    this.#offset += bytes.length;
    if (this.#offset > MAX_BYTES) throw new Error('archives of 4 GiB or more are not supported');
    await this.#write(bytes);
  }
}

/** The version of ZIP that a reader needs. */
const VERSION = 20;
/** 1 January 1980, the earliest date of the format: equal weights make equal files. */
const DATE = 0x21;

/** What the header of a member and its entry in the directory share, up to the length of the name. */
function commonFields(data: Uint8Array, nameLength: number): Buffer {
  return Buffer.concat([
    uint16(VERSION),
    // Flags, method and time.
    Buffer.alloc(6),
    uint16(DATE),
    uint32(crc32(data)),
    uint32(data.length),
    uint32(data.length),
    uint16(nameLength),
  ]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
