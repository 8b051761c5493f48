import { readFileSync } from 'node:fs';

export type NpyArray = { shape: number[]; data: Float32Array | Float64Array | Uint8Array | Int32Array };

/** Reads a NumPy v1 file in C order, as the golden fixtures are written. */
export function readNpy(path: string): NpyArray {
  const file = readFileSync(path);
  const headerLength = file.readUInt16LE(8);
  const header = file.subarray(10, 10 + headerLength).toString('latin1');
  const type = /'descr': '[<|]([a-z]\d)'/.exec(header)?.[1];
  const dims = /'shape': \(([^)]*)\)/.exec(header)?.[1];
  if (type === undefined || dims === undefined) throw new Error(`${path} has no NumPy header`);
  const shape = dims
    .split(',')
    .filter((dim) => dim.trim() !== '')
    .map(Number);
  // A copy, so that the elements are aligned.
  const bytes = Uint8Array.from(file.subarray(10 + headerLength)).buffer;
  switch (type) {
    case 'f4':
      return { shape, data: new Float32Array(bytes) };
    case 'f8':
      return { shape, data: new Float64Array(bytes) };
    case 'u1':
    case 'b1':
      return { shape, data: new Uint8Array(bytes) };
    case 'i4':
      return { shape, data: new Int32Array(bytes) };
    default:
      throw new Error(`${path} has elements of type ${type}`);
  }
}
