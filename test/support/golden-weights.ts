import type { NetworkSpec, ParameterSpec } from '../../src-main/core/model/parameters.ts';
import { fromTorchOrder } from '../../src-main/core/weights/torch-layout.ts';
import { sizeOf } from '../../src-main/core/tensor/shape.ts';
import { nameSeed, signedUnit } from './random-data.ts';

/**
 * Weights as the golden fixtures draw them (test/golden/fixtures/README.md, "Regenerating weights and inputs"),
 * brought from PyTorch's order to ours.
 * @param goldenName the fixture's name of one of our tensors
 */
export function goldenWeights(
  network: NetworkSpec,
  base: number,
  goldenName: (name: string) => string = (name) => name,
): Record<string, Float32Array> {
  return Object.fromEntries(
    network.parameters.map((spec) => [
      spec.name,
      fromTorchOrder(
        scaled(signedUnit((nameSeed(goldenName(spec.name)) ^ base) >>> 0, sizeOf(spec.shape)), spec),
        spec,
      ),
    ]),
  );
}

/** Running statistics: zeros and ones, or drawn like weights for eval-mode cases. */
export function goldenStatistics(network: NetworkSpec, base?: number): Record<string, Float32Array> {
  return Object.fromEntries(
    network.normalisations.flatMap(({ name, channels }) => {
      const draw = (suffix: string) =>
        base === undefined
          ? new Float32Array(channels)
          : signedUnit((nameSeed(`${name}.${suffix}`) ^ base) >>> 0, channels);
      return [
        [`${name}.running_mean`, draw('running_mean').map((u) => Math.fround(0.1 * u))] as const,
        [`${name}.running_var`, draw('running_var').map((u) => Math.fround(1 + 0.5 * u))] as const,
      ];
    }),
  );
}

function scaled(unit: Float32Array, spec: ParameterSpec): Float32Array {
  switch (spec.kind) {
    case 'filter':
      return unit.map((u) => Math.fround(u * Math.sqrt(6 / spec.fanIn)));
    case 'linear':
      return unit.map((u) => Math.fround(u * Math.sqrt(3 / spec.fanIn)));
    case 'bias':
    case 'offset':
      return unit.map((u) => Math.fround(0.1 * u));
    case 'scale':
      return unit.map((u) => Math.fround(1 + 0.25 * u));
  }
}
