/** Element types that the engine computes with. Booleans are stored one byte an element. */
export type Dtype = 'float32' | 'int32' | 'bool';

/** Host memory of a tensor: the typed array that each Dtype is held in. */
export type HostData = Float32Array | Int32Array | Uint8Array;

/** Bytes of one element. */
export function bytesPerElement(dtype: Dtype): number {
  return dtype === 'bool' ? 1 : 4;
}

/** A zero-filled array of `size` elements of `dtype`. */
export function allocate(dtype: Dtype, size: number): HostData {
  switch (dtype) {
    case 'float32':
      return new Float32Array(size);
    case 'int32':
      return new Int32Array(size);
    case 'bool':
      return new Uint8Array(size);
  }
}
