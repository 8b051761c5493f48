import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readNpy, type Dtype, type NpyArray } from './npy.ts';

const folder = join(import.meta.dirname, '../golden/fixtures');

/** A file below `test/golden/fixtures`, whose README.md describes them all. */
export const goldenPath = (...parts: string[]): string => join(folder, ...parts);

/** A JSON fixture; its fields are described in test/golden/fixtures/README.md, and the caller states its type. */
export const readGoldenJson = (...parts: string[]): unknown =>
  JSON.parse(readFileSync(goldenPath(...parts), 'utf8'));

/** An array of `test/golden/fixtures/cases`. */
export const goldenArray = <D extends Dtype>(name: string, dtype: D): NpyArray<D> =>
  readNpy(goldenPath('cases', `${name}.npy`), dtype);
