import { describe, expect, it } from 'vitest';
import { fnv1a32, u32At } from '../../src-main/core/tensor/random.ts';
import { readGoldenJson } from '../support/golden.ts';
import { goldenTensor, type GoldenKind } from '../support/golden-tensor.ts';

type Stream = {
  name: string;
  shape: number[];
  base: number;
  kind: GoldenKind;
  fnv1a32: number;
  u32_first4: number[];
  first8: number[];
  sum_f64: number;
};

describe('golden weights are made again from their names', () => {
  const streams = readGoldenJson('cases/0_prng.json') as Stream[];
  it.each(streams)('$name', (stream) => {
    const seed = fnv1a32(stream.name) ^ stream.base;
    expect(fnv1a32(stream.name)).toBe(stream.fnv1a32);
    expect([0, 1, 2, 3].map((i) => u32At(seed, i))).toEqual(stream.u32_first4);
    const values = goldenTensor(stream.name, stream);
    expect([...values.subarray(0, 8)]).toEqual(stream.first8);
    // The sum's order is NumPy's own; float64 leaves 1e-13 of it.
    expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(stream.sum_f64, 9);
  });
});
