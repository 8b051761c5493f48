import type { NamedSpecs } from '../compile/trace/trace.ts';
import { RandomStream, namedSeed } from '../tensor/random.ts';
import { dimAt, sizeOf, type Shape } from '../tensor/shape.ts';
import { tf } from '../tensor/tfjs.ts';

/** What a parameter is, which decides how it starts and how the optimizer treats it. */
type ParameterKind =
  /** Convolution filter [kh, kw, I, O]. */
  | 'filter'
  /** Linear weight [in, out]. */
  | 'linear'
  /** Bias of a linear layer [out]; `fanIn` is that layer's number of inputs. */
  | 'bias'
  /** Scale or offset of a batch normalisation [C]. */
  | 'scale'
  | 'offset';

export type ParameterSpec = {
  /** As torchvision names it, under its network: `online.backbone.layer1.0.conv1.weight`. */
  name: string;
  kind: ParameterKind;
  shape: Shape;
  /** Inputs of one output; for `bias`, of the layer that it belongs to. */
  fanIn: number;
  /** LARS applies neither weight decay nor a trust ratio (SPEC section 8). */
  isLarsExcluded: boolean;
};

/** Parameters and running statistics of networks, by name. */
export type Weights = Readonly<Record<string, tf.Tensor>>;

/** A network's tensors: those that gradients update, and the names of its batch normalisations. */
export type NetworkSpec = {
  parameters: readonly ParameterSpec[];
  /** Each has `NAME.weight`, `NAME.bias`, `NAME.running_mean` and `NAME.running_var`, all [channels]. */
  normalisations: readonly { name: string; channels: number }[];
};

/** Several networks as one. */
export function joinNetworks(...networks: readonly NetworkSpec[]): NetworkSpec {
  return {
    parameters: networks.flatMap((network) => network.parameters),
    normalisations: networks.flatMap((network) => network.normalisations),
  };
}

/** A convolution filter of `size` x `size`, without bias. */
export function filterParameter(name: string, size: number, inputs: number, outputs: number): ParameterSpec {
  return {
    name: `${name}.weight`,
    kind: 'filter',
    shape: [size, size, inputs, outputs],
    fanIn: size * size * inputs,
    isLarsExcluded: false,
  };
}

/** Weight and bias of a linear layer. */
export function linearParameters(name: string, inputs: number, outputs: number): ParameterSpec[] {
  return [
    {
      name: `${name}.weight`,
      kind: 'linear',
      shape: [inputs, outputs],
      fanIn: inputs,
      isLarsExcluded: false,
    },
    { name: `${name}.bias`, kind: 'bias', shape: [outputs], fanIn: inputs, isLarsExcluded: true },
  ];
}

/**
 * Scale and offset of a batch normalisation.
 * @param isScaleExcluded false for the stem alone: the official code excludes by the text "bn" in a
 *   name, which the stem's scale does not carry there (SPEC Q9)
 */
export function normalisationParameters(
  name: string,
  channels: number,
  isScaleExcluded = true,
): ParameterSpec[] {
  const common = { shape: [channels], fanIn: channels };
  return [
    { ...common, name: `${name}.weight`, kind: 'scale', isLarsExcluded: isScaleExcluded },
    { ...common, name: `${name}.bias`, kind: 'offset', isLarsExcluded: true },
  ];
}

/** Shapes of a network's parameters and running statistics, as state of a step. */
export function networkSpecs(network: NetworkSpec): NamedSpecs {
  const float32 = (shape: Shape) => ({ shape, dtype: 'float32' as const });
  return Object.fromEntries([
    ...network.parameters.map(({ name, shape }) => [name, float32(shape)] as const),
    ...network.normalisations.flatMap(({ name, channels }) => [
      [`${name}.running_mean`, float32([channels])] as const,
      [`${name}.running_var`, float32([channels])] as const,
    ]),
  ]);
}

/**
 * Starting values as torchvision and PyTorch draw them: filters normal with variance 2 / fan-out
 * (arXiv 1502.01852), linear layers and their biases uniform in +-1/sqrt(fan-in), normalisations as the
 * identity. Each tensor's stream depends on its name and the seed alone.
 */
export function initialWeights(network: NetworkSpec, seed: number): Record<string, Float32Array> {
  const statistics = network.normalisations.flatMap(({ name, channels }) => [
    [`${name}.running_mean`, new Float32Array(channels)] as const,
    [`${name}.running_var`, new Float32Array(channels).fill(1)] as const,
  ]);
  const parameters = network.parameters.map((spec) => [spec.name, initialValue(spec, seed)] as const);
  return Object.fromEntries([...parameters, ...statistics]);
}

function initialValue(spec: ParameterSpec, seed: number): Float32Array {
  const random = new RandomStream(namedSeed(spec.name, seed));
  const data = new Float32Array(sizeOf(spec.shape));
  switch (spec.kind) {
    case 'filter': {
      const fanOut = dimAt(spec.shape, 0) * dimAt(spec.shape, 1) * dimAt(spec.shape, 3);
      return data.map(() => random.normal() * Math.sqrt(2 / fanOut));
    }
    case 'linear':
    case 'bias':
      return data.map(() => (2 * random.uniform() - 1) / Math.sqrt(spec.fanIn));
    case 'scale':
      return data.fill(1);
    case 'offset':
      return data;
  }
}

/** The tensor called `name`, which must be there. */
export function weightOf(weights: Weights, name: string): tf.Tensor {
  const tensor = weights[name];
  if (!tensor) throw new Error(`there is no weight '${name}'`);
  return tensor;
}
