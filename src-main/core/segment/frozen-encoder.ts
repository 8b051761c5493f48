import type { DeviceId } from '../compile/devices/report.ts';
import { exportInference } from '../compile/runtime/export-inference.ts';
import { openInference } from '../compile/runtime/inference-session.ts';
import { backboneOf, mapOf, type Backbone, type FeatureSpec, type InputSize } from '../model/backbone.ts';
import { evalNormalisation } from '../model/normalisation.ts';
import { networkSpecs } from '../model/parameters.ts';
import { tf } from '../tensor/tfjs.ts';
import { prefixedWeights, type Encoder } from '../weights/encoder.ts';

/** An image as the encoder reads it: `pixels` [heightPx, widthPx, 3] float32, normalised. */
export type EncoderInput = InputSize & { pixels: Float32Array<ArrayBuffer> };

/** What of an encoder is computed, and where. */
export type RunOptions = {
  device: DeviceId;
  threads: number;
  /** Maps behind the last one are not computed. */
  features: readonly FeatureSpec[];
};

/** An encoder in memory. Disposing it gives the memory back. */
export type OpenEncoder = Disposable & {
  /** One array for each of `features`: [heightPx / stride, widthPx / stride, channels], row-major. */
  run: (input: EncoderInput) => Promise<Float32Array[]>;
};

/** An encoder whose weights stay as they are, of any kind: what segmentation works with. */
export type FrozenEncoder = {
  backbone: Backbone;
  /** Whether one opened encoder takes inputs of any size; where not, each size needs its own. */
  isAnySize: boolean;
  open: (size: InputSize, options: RunOptions) => Promise<OpenEncoder>;
};

const PREFIX = 'encoder';

/** A network that was trained in the app's own operators, compiled for each size of its input. */
export function frozenNetwork(encoder: Encoder, contentHash: string | null = null): FrozenEncoder {
  const { features, input } = backboneOf(encoder.spec);
  return {
    backbone: { features, input, licence: null, contentHash },
    isAnySize: false,
    open: (size, options) => openNetwork(encoder, size, options),
  };
}

async function openNetwork(
  encoder: Encoder,
  { widthPx, heightPx }: InputSize,
  { device, threads, features }: RunOptions,
): Promise<OpenEncoder> {
  const backbone = backboneOf(encoder.spec);
  const model = await exportInference({
    name: 'encoder',
    build: ({ images }, weights) => {
      if (!images) throw new Error('the encoder reads images');
      const x = tf.reshape<tf.Rank.R4>(images, [1, heightPx, widthPx, 3]);
      const maps = backbone.run(x, { prefix: PREFIX, weights, normalise: evalNormalisation(weights) });
      return Object.fromEntries(features.map((feature) => [feature.name, mapOf(maps, feature)]));
    },
    inputs: { images: { shape: [1, heightPx, widthPx, 3], dtype: 'float32' } },
    weightSpecs: networkSpecs(backbone.network(PREFIX)),
    weights: prefixedWeights(encoder, PREFIX),
    imageOrder: 'nhwc',
  });
  const session = await openInference(model, device, threads);
  return {
    run: async ({ pixels }) => {
      const outputs = await session.run({ images: pixels });
      return features.map((feature) => float32(mapOf(outputs, feature)));
    },
    [Symbol.dispose]: () => session[Symbol.dispose](),
  };
}

function float32(data: unknown): Float32Array {
  if (data instanceof Float32Array) return data;
  throw new Error('an encoder gives float32 features');
}
