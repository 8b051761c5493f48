import type { StoredDtype } from '../stored-tensor.ts';
import type { StridedTensor } from './strided-tensor.ts';
import { PyGlobal, PyObject, PyReference, PyTuple, type PyValue } from './values.ts';

/** How PyTorch calls its element types: of a storage, and of a tensor of newer files. */
const STORAGE_DTYPES: Readonly<Record<string, StoredDtype>> = {
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  DoubleStorage: 'F64',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
};
const TENSOR_DTYPES: Readonly<Record<string, StoredDtype>> = {
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  float64: 'F64',
  float: 'F32',
  half: 'F16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint8: 'U8',
  bool: 'BOOL',
};

/** A parameter wraps a tensor, and a subclass of tensors may wrap that. */
const MAX_WRAPPERS = 3;

/** A storage that a pickle refers to. */
export type TorchStorage = { key: string; dtype: StoredDtype | undefined; elements: number };

/**
 * The tensor that PyTorch would rebuild from a call that a pickle describes; undefined for anything else, also
 * for tensors that are sparse or quantised.
 */
export function torchTensorOf({ callee, args }: PyObject, depth = 0): StridedTensor | undefined {
  if (depth > MAX_WRAPPERS) return undefined;
  switch (callee.path) {
    case 'torch._utils._rebuild_tensor':
    case 'torch._utils._rebuild_tensor_v2':
      return viewOf(args, undefined);
    case 'torch._utils._rebuild_tensor_v3':
      return viewOf(args, args[6]);
    case 'torch._utils._rebuild_parameter':
    case 'torch._utils._rebuild_parameter_with_state':
      return args[0] instanceof PyObject ? torchTensorOf(args[0], depth + 1) : undefined;
    case 'torch._tensor._rebuild_from_type_v2': {
      const [inner, , innerArgs] = args;
      const isCall = inner instanceof PyGlobal && innerArgs instanceof PyTuple;
      return isCall ? torchTensorOf(new PyObject(inner, innerArgs.items), depth + 1) : undefined;
    }
    default:
      return undefined;
  }
}

/** The storage behind a reference `('storage', type, key, device, elements, view)`; undefined for others. */
export function torchStorageOf({ id }: PyReference): TorchStorage | undefined {
  if (!(id instanceof PyTuple)) return undefined;
  const [kind, type, key, , elements, view = null] = id.items;
  if (kind !== 'storage' || !(type instanceof PyGlobal) || typeof elements !== 'number') return undefined;
  // The last part was a view into another storage, which nothing has written since 2017.
  if (typeof key !== 'string' || view !== null) return undefined;
  return { key, dtype: STORAGE_DTYPES[lastPart(type)], elements };
}

function viewOf(args: readonly PyValue[], dtypeArgument: PyValue | undefined): StridedTensor | undefined {
  const [reference, offset, shape, strides] = args;
  const storage = reference instanceof PyReference ? torchStorageOf(reference) : undefined;
  const dtype = dtypeArgument instanceof PyGlobal ? TENSOR_DTYPES[lastPart(dtypeArgument)] : storage?.dtype;
  if (!storage || !dtype || typeof offset !== 'number') return undefined;
  return {
    dtype,
    offset,
    shape: numbersOf(shape),
    strides: numbersOf(strides),
    source: { kind: 'storage', key: storage.key, elements: storage.elements },
  };
}

/** The numbers of a tuple or of a `torch.Size`; what is not a number becomes NaN, which no check accepts. */
export function numbersOf(value: PyValue | undefined): number[] {
  const inner = value instanceof PyObject ? value.args[0] : value;
  if (!(inner instanceof PyTuple)) return [NaN];
  return inner.items.map((item) => (typeof item === 'number' ? item : NaN));
}

const lastPart = ({ path }: PyGlobal) => path.slice(path.lastIndexOf('.') + 1);
