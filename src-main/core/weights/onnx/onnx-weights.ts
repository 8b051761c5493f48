import { sizeOf } from '../../tensor/shape.ts';
import { PlainTensorFile, type TensorEntry } from '../plain-tensor-file.ts';
import type { RandomAccessFile } from '../random-access-file.ts';
import { STORED_BYTES, type StoredDtype } from '../stored-tensor.ts';
import { damagedFile, unsupportedWeights } from '../weights-error.ts';
import { ProtoReader, type ProtoField } from './proto-reader.ts';

/** TensorProto.DataType of ONNX. */
const DTYPES: Readonly<Record<number, StoredDtype>> = {
  1: 'F32',
  2: 'U8',
  3: 'I8',
  5: 'I16',
  6: 'I32',
  7: 'I64',
  9: 'BOOL',
  10: 'F16',
  11: 'F64',
  16: 'BF16',
};
const MODEL = { graph: 7, metadata: 14 } as const;
const GRAPH = { initializer: 5 } as const;
const TENSOR = { dims: 1, dataType: 2, floatData: 4, name: 8, rawData: 9, dataLocation: 14 } as const;
const MAX_INITIALIZERS = 100_000;
/** Of a name, and of a piece of metadata. */
const MAX_NAME_BYTES = 512;
const MAX_NOTE_BYTES = 2 ** 20;
const MAX_NOTES = 64;
const MAX_RANK = 32;

type BytesField = Extract<ProtoField, { kind: 'bytes' }>;

/** The initialisers of an ONNX file (onnx.proto). The graph itself is not looked at. */
export class OnnxWeights extends PlainTensorFile {
  readonly format = 'onnx';

  /**
   * Finds all initialisers.
   * @param file belongs to the result from then on
   * @throws UserError WEIGHTS_DAMAGED, WEIGHTS_UNSUPPORTED
   */
  static async open(file: RandomAccessFile): Promise<OnnxWeights> {
    return new OnnxWeights(file, await readContent(file));
  }
}

type Content = { tensors: Map<string, TensorEntry>; metadata: Map<string, string> };

async function readContent(file: RandomAccessFile): Promise<Content> {
  const content: Content = { tensors: new Map(), metadata: new Map() };
  const reader = new ProtoReader(file);
  for await (const field of reader.fields(0, file.sizeBytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.number === MODEL.graph) await readGraph({ file, reader }, field, content.tensors);
    if (field.number === MODEL.metadata) {
      const [key, value] = await readPair({ file, reader }, field);
      if (content.metadata.size === MAX_NOTES) throw damagedFile(file.path, 'it has too much metadata');
      content.metadata.set(key, value);
    }
  }
  return content;
}

/** The file, and what reads it from one end to the other. */
type Source = { file: RandomAccessFile; reader: ProtoReader };

async function readGraph(
  source: Source,
  graph: BytesField,
  tensors: Map<string, TensorEntry>,
): Promise<void> {
  const { path } = source.file;
  let count = 0;
  for await (const field of source.reader.fields(graph.offset, graph.length)) {
    if (field.kind !== 'bytes' || field.number !== GRAPH.initializer) continue;
    if (count++ === MAX_INITIALIZERS) {
      throw damagedFile(path, `it has more than ${MAX_INITIALIZERS} initialisers, which no network has`);
    }
    const { name, entry } = await readTensor(source, field);
    if (entry === undefined) continue;
    if (tensors.has(name)) throw damagedFile(path, `the name '${name}' occurs twice`);
    tensors.set(name, entry);
  }
}

/** Name and place of an initialiser; no entry for types that no weights have. */
async function readTensor(
  source: Source,
  tensor: BytesField,
): Promise<{ name: string; entry: TensorEntry | undefined }> {
  const { file, reader } = source;
  const shape: number[] = [];
  let [name, dataType, isExternal] = ['', 0, false];
  let data: BytesField | undefined;
  for await (const field of reader.fields(tensor.offset, tensor.length)) {
    if (field.number === TENSOR.dims) shape.push(...(await dimsOf(source, field)));
    if (shape.length > MAX_RANK)
      throw damagedFile(file.path, `an initialiser has ${shape.length} dimensions`);
    if (field.kind === 'value') {
      if (field.number === TENSOR.dataType) dataType = field.value;
      if (field.number === TENSOR.dataLocation) isExternal = field.value === 1;
    } else if (field.number === TENSOR.name) {
      name = await textAt(source, field, MAX_NAME_BYTES);
    } else if (field.number === TENSOR.rawData || field.number === TENSOR.floatData) {
      // Both are the elements, little-endian, one behind the other.
      data = field;
    }
  }
  const dtype = DTYPES[dataType];
  if (!dtype) return { name, entry: undefined };
  if (isExternal) {
    const hint = 'Save the model as one file: onnx.save(onnx.load(FILE), NEW_FILE)';
    throw unsupportedWeights(file.path, `the elements of '${name}' are in another file`, hint);
  }
  const sizeBytes = sizeOf(shape) * STORED_BYTES[dtype];
  // Small integers may be kept in other fields; no weights are.
  if (!data) return { name, entry: undefined };
  if (data.length !== sizeBytes) {
    throw damagedFile(
      file.path,
      `'${name}' of [${shape.join(', ')}] needs ${sizeBytes} bytes, not ${data.length}`,
    );
  }
  return { name, entry: { dtype, shape, offset: data.offset, sizeBytes } };
}

/** One dimension, or several that are packed. */
async function dimsOf({ file, reader }: Source, field: ProtoField): Promise<number[]> {
  if (field.kind === 'value') return [field.value];
  if (field.length > MAX_RANK * 10) throw damagedFile(file.path, 'an initialiser has too many dimensions');
  const bytes = await reader.bytes(field);
  const dims: number[] = [];
  let [value, shift] = [0, 1];
  for (const byte of bytes) {
    value += (byte & 0x7f) * shift;
    shift *= 128;
    if (byte >= 0x80) continue;
    dims.push(value);
    [value, shift] = [0, 1];
  }
  return dims;
}

async function readPair(source: Source, pair: BytesField): Promise<[key: string, value: string]> {
  const parts: [string, string] = ['', ''];
  for await (const field of source.reader.fields(pair.offset, pair.length)) {
    if (field.kind === 'bytes' && field.number === 1) parts[0] = await textAt(source, field, MAX_NAME_BYTES);
    if (field.kind === 'bytes' && field.number === 2) parts[1] = await textAt(source, field, MAX_NOTE_BYTES);
  }
  return parts;
}

async function textAt({ file, reader }: Source, field: BytesField, maxBytes: number): Promise<string> {
  const { offset, length } = field;
  if (length > maxBytes) throw damagedFile(file.path, `a text at byte ${offset} has ${length} bytes`);
  return Buffer.from(await reader.bytes(field)).toString('utf8');
}
