import { bareNetwork, type Encoder } from '../../src-main/core/weights/encoder.ts';
import type { ResNetSpec } from '../../src-main/core/model/resnet.ts';
import { goldenStatistics, goldenWeights } from './golden-weights.ts';

/** The network of test/golden/fixtures/files/tiny_*. */
export const TINY_SPEC: ResNetSpec = { block: 'basic', depths: [1, 1, 1, 1], width: 4 };

/** An encoder drawn as test/golden/fixtures/README.md says; base 5 is that of test/golden/fixtures/files/tiny_*. */
export function goldenEncoder(spec: ResNetSpec, base: number): Encoder {
  const network = bareNetwork(spec);
  return { spec, weights: { ...goldenWeights(network, base), ...goldenStatistics(network, base) } };
}
