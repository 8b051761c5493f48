import { stridesOf } from '../../tensor/shape.ts';
import type { StoredDtype } from '../stored-tensor.ts';
import type { StridedTensor } from './strided-tensor.ts';
import { numbersOf } from './torch-tensors.ts';
import { PyObject, PyTuple, type PyValue } from './values.ts';

const DTYPES: Readonly<Record<string, StoredDtype>> = {
  f4: 'F32',
  f2: 'F16',
  f8: 'F64',
  i8: 'I64',
  i4: 'I32',
  i2: 'I16',
  i1: 'I8',
  u1: 'U8',
  b1: 'BOOL',
};

/**
 * The tensor of a pickled NumPy array, as detectron2 keeps weights; undefined for anything else. Its state is
 * (version, shape, type, whether columns come first, elements).
 */
export function numpyArrayOf({ callee, args, state }: PyObject): StridedTensor | undefined {
  if (/^numpy\._?core\.multiarray\.scalar$/.test(callee.path)) return fromParts(args[0], [], false, args[1]);
  const isArray = /^numpy\._?core\.multiarray\._reconstruct$/.test(callee.path);
  if (!isArray || !(state instanceof PyTuple)) return undefined;
  const [, shape, dtype, isColumnMajor, data] = state.items;
  return fromParts(dtype, numbersOf(shape), isColumnMajor === true || isColumnMajor === 1, data);
}

function fromParts(
  type: PyValue | undefined,
  shape: number[],
  isColumnMajor: boolean,
  data: PyValue | undefined,
): StridedTensor | undefined {
  const dtype = dtypeOf(type);
  const bytes = bytesOfValue(data);
  if (!dtype || !bytes) return undefined;
  const strides = isColumnMajor ? stridesOf(shape.toReversed()).reverse() : stridesOf(shape);
  return { dtype, shape, strides, offset: 0, source: { kind: 'bytes', bytes } };
}

/** `numpy.dtype('f4', ...)` whose state has the byte order second; the other order is not read. */
function dtypeOf(value: PyValue | undefined): StoredDtype | undefined {
  if (!(value instanceof PyObject) || value.callee.path !== 'numpy.dtype') return undefined;
  const [name] = value.args;
  const order = value.state instanceof PyTuple ? value.state.items[1] : '<';
  return typeof name === 'string' && order !== '>' ? DTYPES[name.replace(/^[<|=]/, '')] : undefined;
}

/** Bytes, or the text that stands for them in protocol 2: `_codecs.encode(text, 'latin1')`. */
function bytesOfValue(value: PyValue | undefined): Uint8Array<ArrayBuffer> | undefined {
  if (value instanceof Uint8Array) return value;
  const isEncoded = value instanceof PyObject && value.callee.path === '_codecs.encode';
  const text = isEncoded ? value.args[0] : value;
  return typeof text === 'string' ? Uint8Array.from(Buffer.from(text, 'latin1')) : undefined;
}
