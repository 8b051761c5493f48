import type { Shape } from '../tensor/shape.ts';
import { initialWeights, networkSpecs, type NetworkSpec } from '../model/parameters.ts';
import { backboneOf, type BackboneSpec } from '../model/backbone.ts';

const PREFIX = 'encoder';

/** A standalone encoder: weights and running statistics in our layout, named as torchvision does, no prefix. */
export type Encoder = { spec: BackboneSpec; weights: Readonly<Record<string, Float32Array>> };

/** The network of an encoder without a prefix: `conv1.weight`, `layer1.0.bn1`, ... */
export function bareNetwork(spec: BackboneSpec): NetworkSpec {
  const { parameters, normalisations } = backboneOf(spec).network(PREFIX);
  const bare = <T extends { name: string }>(item: T): T => ({
    ...item,
    name: item.name.slice(PREFIX.length + 1),
  });
  return { parameters: parameters.map(bare), normalisations: normalisations.map(bare) };
}

/**
 * Takes an encoder out of the state of a training step.
 * @param state may hold more than the encoder
 * @param prefix where it is in the file, such as `online.backbone`
 * @throws Error naming what is missing or has another size
 */
export function encoderFrom(
  state: Readonly<Record<string, unknown>>,
  spec: BackboneSpec,
  prefix: string,
): Encoder {
  const weights = Object.entries(networkSpecs(bareNetwork(spec))).map(([name, { shape }]) => {
    const data = state[`${prefix}.${name}`];
    const size = shape.reduce((product, dim) => product * dim, 1);
    if (!(data instanceof Float32Array) || data.length !== size) {
      throw new Error(`'${prefix}.${name}' is not ${size} float32 elements`);
    }
    return [name, data] as const;
  });
  return { spec, weights: Object.fromEntries(weights) };
}

/** An encoder's weights under `prefix`, as networks and training steps name them. The data is not copied. */
export function prefixedWeights({ weights }: Encoder, prefix: string): Record<string, Float32Array> {
  return Object.fromEntries(Object.entries(weights).map(([name, data]) => [`${prefix}.${name}`, data]));
}

/** An encoder as torchvision would start one: the honest baseline of every comparison. */
export function untrainedEncoder(spec: BackboneSpec, seed: number): Encoder {
  return { spec, weights: initialWeights(bareNetwork(spec), seed) };
}

/**
 * The network that tensors of these names and shapes belong to.
 * @param shapes by torchvision's names, in PyTorch's layout; other tensors do not matter
 * @returns the network, or why it is not a ResNet of this kind, as text. That every tensor is there and
 *   fits is left to who reads them.
 */
export function specOfShapes(shapes: ReadonlyMap<string, Shape>): BackboneSpec | string {
  const stem = shapes.get('conv1.weight');
  if (!stem) return `there is no tensor 'conv1.weight'`;
  const [width, ...rest] = stem;
  if (width === undefined || width < 1 || rest.join() !== '3,7,7') {
    return `'conv1.weight' is [${stem.join(', ')}], but in a ResNet it is [channels, 3, 7, 7]`;
  }
  const depth = (stage: number) => {
    let blocks = 0;
    while (shapes.has(`layer${stage}.${blocks}.conv1.weight`)) blocks++;
    return blocks;
  };
  const depths = [depth(1), depth(2), depth(3), depth(4)] as const;
  const missing = depths.indexOf(0);
  if (missing >= 0) return `there is no tensor 'layer${missing + 1}.0.conv1.weight'`;
  return { block: shapes.has('layer1.0.conv3.weight') ? 'bottleneck' : 'basic', depths, width };
}
