import { halvesToFloats } from '../tensor/halves.ts';
import type { Shape } from '../tensor/shape.ts';

/** Element types of weight files, as safetensors names them, with the bytes of one element. */
export const STORED_BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;
export type StoredDtype = keyof typeof STORED_BYTES;

/** A tensor of a file: its elements little-endian and row-major. */
export type StoredTensor = { dtype: StoredDtype; shape: Shape; bytes: Uint8Array<ArrayBuffer> };

const isFloating = { F64: true, F32: true, F16: true, BF16: true } as const satisfies Partial<
  Record<StoredDtype, true>
>;

/** Whether elements of `dtype` are fractions, as weights are. */
export function isFloatingPoint(dtype: StoredDtype): dtype is keyof typeof isFloating {
  return dtype in isFloating;
}

/**
 * The elements as float32; 64-bit floats are rounded.
 * @throws Error for integers and booleans
 */
export function toFloat32({ dtype, bytes }: StoredTensor): Float32Array<ArrayBuffer> {
  const { buffer, byteOffset } = bytes.byteOffset % STORED_BYTES[dtype] === 0 ? bytes : bytes.slice();
  const length = bytes.byteLength / STORED_BYTES[dtype];
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer, byteOffset, length);
    case 'F64':
      return Float32Array.from(new Float64Array(buffer, byteOffset, length));
    case 'F16':
      return halvesToFloats(new Uint16Array(buffer, byteOffset, length));
    case 'BF16': {
      const upper = new Uint16Array(buffer, byteOffset, length);
      // bfloat16 is the upper half of a float32.
      return new Float32Array(Uint32Array.from(upper, (bits) => bits * 0x10000).buffer);
    }
    default:
      throw new Error(`${dtype} is not a floating-point type`);
  }
}

/**
 * The elements as 32-bit integers.
 * @throws Error for any other type than I32
 */
export function toInt32({ dtype, bytes }: StoredTensor): Int32Array<ArrayBuffer> {
  if (dtype !== 'I32') throw new Error(`${dtype} is not I32`);
  const { buffer, byteOffset } = bytes.byteOffset % STORED_BYTES[dtype] === 0 ? bytes : bytes.slice();
  return new Int32Array(buffer, byteOffset, bytes.byteLength / STORED_BYTES[dtype]);
}

/** The memory of a typed array as bytes, not copied. */
export function bytesOf(array: Float32Array | Int32Array | BigInt64Array | Uint8Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
