import { tf } from '../tensor/tfjs.ts';
import type { Normalise } from './normalisation.ts';
import {
  filterParameter,
  normalisationParameters,
  weightOf,
  type NetworkSpec,
  type Weights,
} from './parameters.ts';

/** Shape of a residual network (arXiv 1512.03385), without average pool and classifier. */
export type ResNetSpec = {
  block: 'basic' | 'bottleneck';
  /** Blocks in layer1 to layer4. */
  depths: readonly [number, number, number, number];
  /** Channels of the stem; 64 in every published network. */
  width: number;
};

export const RESNET18: ResNetSpec = { block: 'basic', depths: [2, 2, 2, 2], width: 64 };
/** Half of ResNet-18's channels, a quarter of its multiplications: for CPUs. */
export const RESNET18_HALF: ResNetSpec = { ...RESNET18, width: 32 };
export const RESNET50: ResNetSpec = { block: 'bottleneck', depths: [3, 4, 6, 3], width: 64 };

/** Output of each stage, NHWC: c2 to c5 are layer1 to layer4, with strides 4 to 32. */
export type ResNetFeatures = Record<'stem' | 'c2' | 'c3' | 'c4' | 'c5', tf.Tensor4D>;

const ZERO_PADDING = [
  [0, 0],
  [0, 0],
] as const;

type BlockSpec = {
  prefix: string;
  inputs: number;
  /** Channels inside the block. */
  inner: number;
  outputs: number;
  stride: 1 | 2;
  hasShortcutConvolution: boolean;
};

/** Channels of layer1 to layer4. */
export function stageChannels(spec: ResNetSpec): [number, number, number, number] {
  const expansion = spec.block === 'basic' ? 1 : 4;
  const channels = (stage: number) => spec.width * 2 ** stage * expansion;
  return [channels(0), channels(1), channels(2), channels(3)];
}

/** Parameters and normalisations, named as torchvision does, below `prefix`. */
export function resnetNetwork(spec: ResNetSpec, prefix: string): NetworkSpec {
  const stem = `${prefix}.bn1`;
  const blocks = blocksOf(spec, prefix).map(blockNetwork);
  return {
    parameters: [
      filterParameter(`${prefix}.conv1`, 7, 3, spec.width),
      ...normalisationParameters(stem, spec.width, false),
      ...blocks.flatMap((block) => block.parameters),
    ],
    normalisations: [
      { name: stem, channels: spec.width },
      ...blocks.flatMap((block) => block.normalisations),
    ],
  };
}

/**
 * Runs the network.
 * @param x [B, H, W, 3] float32, normalised; H and W divisible by 32
 * @param prefix the one that `resnetNetwork` was given
 */
export function resnetFeatures(
  x: tf.Tensor4D,
  options: { spec: ResNetSpec; prefix: string; weights: Weights; normalise: Normalise },
): ResNetFeatures {
  const { spec, prefix, weights, normalise } = options;
  const convolved = convolve(x, filterOf(weights, `${prefix}.conv1`), 2); // [B, H/2, W/2, C]
  const rectified = tf.relu<tf.Tensor4D>(normalise(convolved, `${prefix}.bn1`) as tf.Tensor4D);
  const stem = tf.maxPool(rectified, 3, 2, padding(1)); // [B, H/4, W/4, C]
  const blocks = blocksOf(spec, prefix);
  let remaining = blocks;
  let current = stem;
  const stages = spec.depths.map((depth) => {
    for (const block of remaining.slice(0, depth)) current = runBlock(current, block, options);
    remaining = remaining.slice(depth);
    return current;
  });
  const [c2, c3, c4, c5] = stages;
  if (!c2 || !c3 || !c4 || !c5) throw new Error('a ResNet has four stages');
  return { stem, c2, c3, c4, c5 };
}

function blocksOf(spec: ResNetSpec, prefix: string): BlockSpec[] {
  const channels = stageChannels(spec);
  return spec.depths.flatMap((depth, stage) =>
    Array.from({ length: depth }, (_, index): BlockSpec => {
      const outputs = channels[stage] ?? 0;
      const inputs = index > 0 ? outputs : stage === 0 ? spec.width : (channels[stage - 1] ?? 0);
      const stride = index === 0 && stage > 0 ? 2 : 1;
      return {
        prefix: `${prefix}.layer${stage + 1}.${index}`,
        inputs,
        inner: spec.width * 2 ** stage,
        outputs,
        stride,
        hasShortcutConvolution: stride !== 1 || inputs !== outputs,
      };
    }),
  );
}

/** Filter size, inputs, outputs and stride of each convolution of a block's residual branch. */
function convolutionsOf(block: BlockSpec): [size: number, inputs: number, outputs: number, stride: 1 | 2][] {
  const { inputs, inner, outputs, stride } = block;
  const isBottleneck = inner !== outputs;
  // torchvision puts a bottleneck's stride on the 3x3 convolution (ResNet v1.5).
  return isBottleneck
    ? [
        [1, inputs, inner, 1],
        [3, inner, inner, stride],
        [1, inner, outputs, 1],
      ]
    : [
        [3, inputs, inner, stride],
        [3, inner, outputs, 1],
      ];
}

function blockNetwork(block: BlockSpec): NetworkSpec {
  const { prefix } = block;
  const branch = convolutionsOf(block).map(([size, inputs, outputs], index) => ({
    parameters: [
      filterParameter(`${prefix}.conv${index + 1}`, size, inputs, outputs),
      ...normalisationParameters(`${prefix}.bn${index + 1}`, outputs),
    ],
    normalisations: [{ name: `${prefix}.bn${index + 1}`, channels: outputs }],
  }));
  const shortcut = block.hasShortcutConvolution
    ? [
        {
          parameters: [
            filterParameter(`${prefix}.downsample.0`, 1, block.inputs, block.outputs),
            ...normalisationParameters(`${prefix}.downsample.1`, block.outputs),
          ],
          normalisations: [{ name: `${prefix}.downsample.1`, channels: block.outputs }],
        },
      ]
    : [];
  return {
    parameters: [...branch, ...shortcut].flatMap((part) => part.parameters),
    normalisations: [...branch, ...shortcut].flatMap((part) => part.normalisations),
  };
}

function runBlock(
  x: tf.Tensor4D,
  block: BlockSpec,
  { weights, normalise }: { weights: Weights; normalise: Normalise },
): tf.Tensor4D {
  const { prefix } = block;
  const convolutions = convolutionsOf(block);
  let branch: tf.Tensor = x;
  convolutions.forEach(([, , , stride], index) => {
    const filter = filterOf(weights, `${prefix}.conv${index + 1}`);
    const convolved = convolve(branch as tf.Tensor4D, filter, stride);
    const normalised = normalise(convolved, `${prefix}.bn${index + 1}`);
    branch = index === convolutions.length - 1 ? normalised : tf.relu(normalised);
  });
  const shortcut = block.hasShortcutConvolution
    ? normalise(
        convolve(x, filterOf(weights, `${prefix}.downsample.0`), block.stride),
        `${prefix}.downsample.1`,
      )
    : x;
  return tf.relu(tf.add<tf.Tensor4D>(branch, shortcut)); // [B, H/stride, W/stride, outputs]
}

/** Convolution with the zero padding of PyTorch: half the filter on every side, whatever the stride. */
function convolve(x: tf.Tensor4D, filter: tf.Tensor4D, stride: 1 | 2): tf.Tensor4D {
  return tf.conv2d(x, filter, stride, padding((filter.shape[0] - 1) / 2));
}

function padding(cells: number): tf.backend_util.ExplicitPadding {
  return [[...ZERO_PADDING[0]], [cells, cells], [cells, cells], [...ZERO_PADDING[1]]];
}

function filterOf(weights: Weights, name: string): tf.Tensor4D {
  // Filters are declared with four dimensions by `filterParameter`.
  return weightOf(weights, `${name}.weight`) as tf.Tensor4D;
}
