import type { RandomAccessFile } from '../random-access-file.ts';
import { damagedFile, unsupportedWeights } from '../weights-error.ts';
import { PickledWeights } from './pickled-weights.ts';
import { tensorsIn, unpickleFile } from './read-pickle.ts';
import { ZipArchive } from './zip-archive.ts';

/** The description alone, without any element; real ones stay below 1 MiB. */
const MAX_PICKLE_BYTES = 64 * 2 ** 20;

/**
 * Reads what `torch.save` writes since PyTorch 1.6: a ZIP archive with `NAME/data.pkl` and a member a storage.
 * @param file belongs to the result from then on
 * @throws UserError WEIGHTS_DAMAGED, WEIGHTS_UNSUPPORTED
 */
export async function openTorchZip(file: RandomAccessFile): Promise<PickledWeights> {
  const archive = await ZipArchive.open(file);
  const [pickle, ...others] = [...archive.members.keys()].filter((name) => /^[^/]*\/data\.pkl$/.test(name));
  if (pickle === undefined || others.length > 0) {
    throw unsupportedWeights(file.path, 'it is a ZIP archive, but not one from PyTorch', UNPACK);
  }
  const root = pickle.slice(0, -'data.pkl'.length);
  if (archive.members.has(`${root}constants.pkl`)) {
    throw unsupportedWeights(
      file.path,
      'it is a TorchScript program, and R2O Studio does not run programs',
      SAVE_STATE,
    );
  }
  await refuseBigEndian(file.path, archive, `${root}byteorder`);
  const size = archive.members.get(pickle)?.sizeBytes ?? 0;
  if (size > MAX_PICKLE_BYTES) throw damagedFile(file.path, `its pickle has ${size} bytes`);
  const { value } = unpickleFile(file.path, await archive.read(pickle, 0, size));
  return new PickledWeights(file, {
    format: 'pytorch',
    tensors: tensorsIn(file.path, value),
    readStorage: async (key, { start, length }) => {
      const member = `${root}data/${key}`;
      if (!archive.members.has(member))
        throw damagedFile(file.path, `it does not contain the storage '${member}'`);
      return await archive.read(member, start, length);
    },
  });
}

const UNPACK = 'If it was compressed for sending, unpack it first.';
const SAVE_STATE = 'In Python: torch.save(torch.jit.load(FILE).state_dict(), NEW_FILE)';

async function refuseBigEndian(path: string, archive: ZipArchive, member: string): Promise<void> {
  const size = archive.members.get(member)?.sizeBytes ?? 0;
  if (size === 0) return;
  const order = Buffer.from(await archive.read(member, 0, Math.min(size, 16))).toString('latin1');
  if (order !== 'little') {
    throw unsupportedWeights(
      path,
      `its numbers are in '${order}' order`,
      'Save it again on another machine.',
    );
  }
}
