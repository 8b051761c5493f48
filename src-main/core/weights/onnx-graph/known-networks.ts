import type { Rgb } from '../../model/backbone.ts';

/** What a graph shows of itself. */
export type GraphTraits = {
  operators: ReadonlySet<string>;
  maps: readonly { channels: number; stride: number }[];
};

/** A published network, recognized by its operators and the channels of its maps. */
export type KnownNetwork = { name: string; mean: Rgb; std: Rgb; licence: string };

type Rule = KnownNetwork & {
  /** Channels of its maps at the strides 8, 16 and 32. */
  channels: readonly [number, number, number];
  isRightKind: (operators: ReadonlySet<string>) => boolean;
};

/** The Lite networks of EfficientNet have neither squeeze-and-excitation nor swish, for small devices. */
const isLite = (operators: ReadonlySet<string>) => !operators.has('Sigmoid') && !operators.has('Softmax');
const EFFICIENTNET_LITE = {
  // 127 and 128 of 255: tensorflow/tpu, models/official/efficientnet/lite.
  mean: [0.498, 0.498, 0.498],
  std: [0.502, 0.502, 0.502],
  licence: 'Apache-2.0',
  isRightKind: isLite,
} as const;

const RULES: readonly Rule[] = [
  { ...EFFICIENTNET_LITE, name: 'efficientnet-lite0', channels: [40, 112, 320] },
  { ...EFFICIENTNET_LITE, name: 'efficientnet-lite2', channels: [48, 120, 352] },
  { ...EFFICIENTNET_LITE, name: 'efficientnet-lite3', channels: [48, 136, 384] },
  { ...EFFICIENTNET_LITE, name: 'efficientnet-lite4', channels: [56, 160, 448] },
];

/** The network that a graph is, if it is a well-known one whose input differs from ImageNet's usual normalization. */
export function knownNetwork({ operators, maps }: GraphTraits): KnownNetwork | undefined {
  return RULES.find(
    ({ channels, isRightKind }) =>
      isRightKind(operators) &&
      channels.every((wanted, index) =>
        maps.some((map) => map.channels === wanted && map.stride === 8 * 2 ** index),
      ),
  );
}
