import { readFileSync } from 'node:fs';

const HEADER_START = 10;

const ARRAYS = {
  '|u1': Uint8Array,
  '<u2': Uint16Array,
  '<i2': Int16Array,
  '<i4': Int32Array,
  '<f4': Float32Array,
  '<f8': Float64Array,
} as const;

/** Element types by their names in NumPy. */
export type Dtype = keyof typeof ARRAYS;
type ArrayOf<D extends Dtype> = InstanceType<(typeof ARRAYS)[D]>;

export type NpyArray<D extends Dtype> = { shape: number[]; data: ArrayOf<D> };

/**
 * Reads a NumPy v1 file (little-endian, C order).
 * @throws Error when the file holds another type than the one asked for
 */
export function readNpy<D extends Dtype>(path: string, dtype: D): NpyArray<D> {
  const bytes = readFileSync(path);
  const headerEnd = HEADER_START + bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', HEADER_START, headerEnd);
  const found = /'descr': '([^']+)'/.exec(header)?.[1];
  const shape = /'shape': \(([^)]*)\)/.exec(header)?.[1];
  if (found !== dtype || shape === undefined) throw new Error(`${path} holds ${found}, not ${dtype}`);
  // A copy starts at offset 0, as typed arrays of wide elements need.
  const { buffer } = Uint8Array.from(bytes.subarray(headerEnd));
  // The dtype names the constructor that TypeScript cannot follow through the indexed type.
  const data = new ARRAYS[dtype](buffer) as ArrayOf<D>;
  return { shape: shape.split(',').filter(Boolean).map(Number), data };
}
