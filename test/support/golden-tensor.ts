import { fnv1a32, u01At } from '../../src-main/core/tensor/random.ts';

export type GoldenKind = 'conv' | 'linear' | 'bn_weight' | 'bn_bias' | 'bn_var' | 'unit';

/**
 * Weights and inputs of the golden cases, made again from their names (test/golden/fixtures/README.md). C order, as
 * PyTorch shapes them: convolutions are [O, I, kh, kw], linear layers [O, I].
 */
export function goldenTensor(
  name: string,
  { shape, base, kind }: { shape: readonly number[]; base: number; kind: GoldenKind },
): Float32Array {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const seed = fnv1a32(name) ^ base;
  const fanIn = size / (shape[0] ?? 1);
  return Float32Array.from({ length: size }, (_, i) => scaled(2 * u01At(seed, i) - 1, kind, fanIn));
}

function scaled(u: number, kind: GoldenKind, fanIn: number): number {
  switch (kind) {
    case 'conv':
      return u * Math.sqrt(6 / fanIn);
    case 'linear':
      return u * Math.sqrt(3 / fanIn);
    case 'bn_weight':
      return 1 + 0.25 * u;
    case 'bn_bias':
      return 0.1 * u;
    case 'bn_var':
      return 1 + 0.5 * u;
    case 'unit':
      return u;
  }
}
