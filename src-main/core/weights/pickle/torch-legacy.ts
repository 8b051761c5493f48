import type { RandomAccessFile } from '../random-access-file.ts';
import type { StoredDtype } from '../stored-tensor.ts';
import { damagedFile, unsupportedWeights } from '../weights-error.ts';
import { PickledWeights, widthOf, type ReadStorage } from './pickled-weights.ts';
import { tensorsIn, unpickleFile } from './read-pickle.ts';
import { torchStorageOf } from './torch-tensors.ts';
import type { Unpickled } from './unpickle.ts';
import { PyDict, PyList, type PyReference, type PyValue } from './values.ts';

/** The first pickle of a file that `torch.save` wrote before PyTorch 1.6, and the second. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
const MAX_PICKLE_BYTES = 64 * 2 ** 20;
/** A plain pickle holds its elements itself. */
const MAX_PLAIN_BYTES = 2 ** 30;
const COUNT_BYTES = 8;

/**
 * Reads a file that begins with a pickle: PyTorch's format before 1.6, which is four pickles, the keys of the
 * storages and then the storages; or a single pickle with NumPy arrays, as detectron2 has them.
 * @param file belongs to the result from then on
 * @throws UserError WEIGHTS_DAMAGED, WEIGHTS_UNSUPPORTED
 */
export async function openPickle(file: RandomAccessFile): Promise<PickledWeights> {
  const head = await file.read(0, Math.min(file.sizeBytes, MAX_PICKLE_BYTES));
  return isLegacy(head) ? await openLegacy(file, head) : await openPlain(file);
}

/** The magic number stands in the file as it stands in the opcode LONG1. */
function isLegacy(head: Uint8Array): boolean {
  const magic = Buffer.from(MAGIC.toString(16), 'hex').reverse();
  const at = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 64)).indexOf(magic);
  return at >= 0;
}

async function openPlain(file: RandomAccessFile): Promise<PickledWeights> {
  if (file.sizeBytes > MAX_PLAIN_BYTES) {
    throw unsupportedWeights(
      file.path,
      `it is a pickle of ${file.sizeBytes} bytes; those above ${MAX_PLAIN_BYTES} are not read`,
      'Save it with torch.save or as safetensors.',
    );
  }
  const { value } = unpickleFile(file.path, await file.read(0, file.sizeBytes));
  return new PickledWeights(file, {
    format: 'pickle',
    tensors: tensorsIn(file.path, value),
    readStorage: (key) => {
      throw damagedFile(file.path, `it refers to a storage '${key}' that it does not contain`);
    },
  });
}

async function openLegacy(file: RandomAccessFile, head: Uint8Array<ArrayBuffer>): Promise<PickledWeights> {
  const magic = unpickleFile(file.path, head);
  const protocol = unpickleFile(file.path, head, magic.end);
  const system = unpickleFile(file.path, head, protocol.end);
  checkPreamble(file.path, magic.value, protocol.value, system.value);
  const root = unpickleFile(file.path, head, system.end);
  const keys = unpickleFile(file.path, head, root.end);
  return new PickledWeights(file, {
    format: 'pytorch-legacy',
    tensors: tensorsIn(file.path, root.value),
    readStorage: storageReader(file, await locateStorages(file, root, keys)),
  });
}

function checkPreamble(path: string, magic: PyValue, protocol: PyValue, system: PyValue): void {
  if (magic !== MAGIC || protocol !== PROTOCOL) throw damagedFile(path, 'its preamble is not from PyTorch');
  const isLittleEndian = system instanceof PyDict && system.entries.get('little_endian') === true;
  if (!isLittleEndian) {
    throw unsupportedWeights(path, 'its numbers are big-endian', 'Save it again on another machine.');
  }
}

type Located = { offset: number; sizeBytes: number };

/** Storages follow the pickles in the order of their keys, each behind the number of its elements. */
async function locateStorages(
  file: RandomAccessFile,
  root: Unpickled,
  keys: Unpickled,
): Promise<Map<string, Located>> {
  const dtypes = dtypesByKey(root.references);
  const located = new Map<string, Located>();
  let next = keys.end;
  for (const key of keys.value instanceof PyList ? keys.value.items : []) {
    const dtype = typeof key === 'string' ? dtypes.get(key) : undefined;
    if (typeof key !== 'string' || !dtype) throw damagedFile(file.path, 'it has a storage of unknown type');
    const elements = Number(new DataView((await file.read(next, COUNT_BYTES)).buffer).getBigInt64(0, true));
    const [offset, sizeBytes] = [next + COUNT_BYTES, elements * widthOf(dtype)];
    if (elements < 0 || offset + sizeBytes > file.sizeBytes) {
      throw damagedFile(file.path, `its storage '${key}' of ${elements} elements extends past its end`);
    }
    located.set(key, { offset, sizeBytes });
    next = offset + sizeBytes;
  }
  return located;
}

function dtypesByKey(references: readonly PyReference[]): Map<string, StoredDtype> {
  return new Map(
    references.flatMap((reference) => {
      const storage = torchStorageOf(reference);
      return storage?.dtype ? [[storage.key, storage.dtype] as const] : [];
    }),
  );
}

function storageReader(file: RandomAccessFile, located: ReadonlyMap<string, Located>): ReadStorage {
  return async (key, { start, length }) => {
    const storage = located.get(key);
    if (!storage) throw damagedFile(file.path, `it does not contain the storage '${key}'`);
    if (start + length > storage.sizeBytes) {
      throw damagedFile(
        file.path,
        `its storage '${key}' has ${storage.sizeBytes} bytes, not ${start + length}`,
      );
    }
    return await file.read(storage.offset + start, length);
  };
}
