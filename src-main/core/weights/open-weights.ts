import type { TensorFile } from './encoder-tensors.ts';
import { OnnxWeights } from './onnx/onnx-weights.ts';
import type { PickleFormat } from './pickle/pickled-weights.ts';
import { openPickle } from './pickle/torch-legacy.ts';
import { openTorchZip } from './pickle/torch-zip.ts';
import { RandomAccessFile } from './random-access-file.ts';
import { SafetensorsFile } from './safetensors.ts';
import { unsupportedWeights } from './weights-error.ts';

/** A file of tensors, open for reading, and what kind of file it is. The caller disposes it. */
export type OpenWeights = TensorFile &
  AsyncDisposable & {
    readonly format: 'safetensors' | 'onnx' | PickleFormat;
    /** Free text kept in the file, where its kind has any. */
    readonly metadata: ReadonlyMap<string, string>;
    /** SHA-256 of the whole file, 32 bytes. */
    sha256: () => Promise<Uint8Array>;
  };

const HEAD_BYTES = 512;
const BRACE = 0x7b;
const PICKLE_PROTOCOL = 0x80;
const ONNX_IR_VERSION = 0x08;

/**
 * Opens a file of weights, whatever its format, which is detected from its content, not from its name.
 * @throws UserError WEIGHTS_DAMAGED, WEIGHTS_UNSUPPORTED, FILE_NOT_FOUND, FILE_UNUSABLE
 */
export async function openWeights(path: string): Promise<OpenWeights> {
  const file = await RandomAccessFile.open(path);
  try {
    const head = await file.read(0, Math.min(HEAD_BYTES, file.sizeBytes));
    return await openByHead(file, head);
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
}

/** Whether a file is ONNX. @throws UserError FILE_NOT_FOUND, FILE_UNUSABLE */
export async function isOnnxFile(path: string): Promise<boolean> {
  await using file = await RandomAccessFile.open(path);
  return formatOf(await file.read(0, Math.min(HEAD_BYTES, file.sizeBytes))) === 'onnx';
}

async function openByHead(file: RandomAccessFile, head: Uint8Array): Promise<OpenWeights> {
  switch (formatOf(head)) {
    case 'torch-zip':
      return await openTorchZip(file);
    case 'safetensors':
      return await SafetensorsFile.of(file);
    case 'pickle':
      return await openPickle(file);
    case 'onnx':
      return await OnnxWeights.open(file);
    case undefined:
      throw unsupportedWeights(file.path, ...strangerOf(Buffer.from(head).toString('latin1')));
  }
}

function formatOf(head: Uint8Array): 'torch-zip' | 'safetensors' | 'pickle' | 'onnx' | undefined {
  if (Buffer.from(head).toString('latin1').startsWith('PK\x03\x04')) return 'torch-zip';
  // Behind eight bytes of length, of which the upper half is never used. Before ONNX: the length may begin like it.
  if (head[8] === BRACE && head.subarray(4, 8).every((byte) => byte === 0)) return 'safetensors';
  if (head[0] === PICKLE_PROTOCOL) return 'pickle';
  return head[0] === ONNX_IR_VERSION ? 'onnx' : undefined;
}

/** What a file is that holds no weights, and what to do about it. */
function strangerOf(text: string): [problem: string, hint: string] {
  if (text === '') return ['it is empty', 'Download or export the file again.'];
  if (text.startsWith('version https://git-lfs')) {
    return ['it is a Git LFS pointer, not the file itself', 'Fetch the file with: git lfs pull'];
  }
  if (/^\s*<(!doctype|html|\?xml)/i.test(text)) {
    return ['it is a web page', 'The download returned a page instead of the file; download it again.'];
  }
  if (text.slice(257, 262) === 'ustar') {
    return ['it is a tar archive', 'Unpack it first; files from PyTorch before 0.1.10 cannot be read.'];
  }
  return [
    'it is not a weights file that R2O Studio knows',
    'Safetensors, PyTorch (.pth, .pt), pickles with NumPy arrays (.pkl) and ONNX can be read.',
  ];
}
