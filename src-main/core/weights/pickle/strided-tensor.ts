import { sizeOf, stridesOf, type Shape } from '../../tensor/shape.ts';
import { STORED_BYTES, type StoredDtype } from '../stored-tensor.ts';

/** Where the elements of a tensor are stored: in a storage next to the pickle, or in the pickle itself. */
type ElementSource =
  { kind: 'storage'; key: string; elements: number } | { kind: 'bytes'; bytes: Uint8Array<ArrayBuffer> };

/** A view into a row of elements, as PyTorch and NumPy save tensors. */
export type StridedTensor = {
  dtype: StoredDtype;
  shape: Shape;
  /** Elements, not bytes. */
  strides: readonly number[];
  /** Elements before the first. */
  offset: number;
  source: ElementSource;
};

const MAX_RANK = 32;

/**
 * What is wrong with a view, as text; undefined when every element is inside its source and it has no more
 * elements than that, so that reading it takes no more memory than the file has bytes.
 */
export function findStrideProblem({
  dtype,
  shape,
  strides,
  offset,
  source,
}: StridedTensor): string | undefined {
  if (shape.length > MAX_RANK) return `it has ${shape.length} dimensions`;
  const numbers = [...shape, ...strides, offset];
  if (!numbers.every((value) => Number.isSafeInteger(value) && value >= 0)) return 'its sizes are not valid';
  if (strides.length !== shape.length) return 'it does not have as many strides as dimensions';
  const available = source.kind === 'storage' ? source.elements : source.bytes.length / STORED_BYTES[dtype];
  if (sizeOf(shape) > available) return `it has more elements than its storage (${available})`;
  const end = endOf({ shape, strides, offset });
  return end > available ? `it reaches to element ${end} of a storage of ${available}` : undefined;
}

/** The range of elements that a view touches. */
export function rangeOf(view: Pick<StridedTensor, 'shape' | 'strides' | 'offset'>): {
  first: number;
  count: number;
} {
  return { first: view.offset, count: Math.max(0, endOf(view) - view.offset) };
}

/**
 * The elements of a view in row-major order.
 * @param bytes the elements of `rangeOf(view)`
 * @returns `bytes` itself if they are already in order
 */
export function gather(bytes: Uint8Array<ArrayBuffer>, view: StridedTensor): Uint8Array<ArrayBuffer> {
  const { shape, strides } = view;
  const rowMajor = stridesOf(shape);
  if (shape.every((dim, axis) => dim <= 1 || strides[axis] === rowMajor[axis])) return bytes;
  const width = STORED_BYTES[view.dtype];
  const result = new Uint8Array(sizeOf(shape) * width);
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to += width) {
    for (let byte = 0; byte < width; byte++) result[to + byte] = bytes[from * width + byte] ?? 0;
    // Counts up from the last axis, and keeps the place in step.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [at, stride] = [(index[axis] ?? 0) + 1, strides[axis] ?? 0];
      from += stride;
      if (at < (shape[axis] ?? 0)) {
        index[axis] = at;
        break;
      }
      from -= at * stride;
      index[axis] = 0;
    }
  }
  return result;
}

function endOf({ shape, strides, offset }: Pick<StridedTensor, 'shape' | 'strides' | 'offset'>): number {
  if (sizeOf(shape) === 0) return offset;
  return shape.reduce((last, dim, axis) => last + (dim - 1) * (strides[axis] ?? 0), offset) + 1;
}
