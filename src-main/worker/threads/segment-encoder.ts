import { DEVICE_IDS, type DeviceId } from '../../core/compile/devices/report.ts';
import { FeatureExtractor, segmentFeatures } from '../../core/segment/encoder.ts';
import type { FrozenEncoder } from '../../core/segment/frozen-encoder.ts';
import { openFrozen } from '../../core/segment/open-frozen.ts';
import { isForeignGraph, type ModelWeights } from '../../domain/model-weights.ts';
import { memoryWatch } from '../memory-watch.ts';

/**
 * A model's encoder, ready to give the maps that segmentation reads.
 * @param device of the segmentation
 * @returns the caller disposes it
 * @throws UserError MODEL_UNAVAILABLE when the model's file is gone or has changed
 */
export async function openSegmentEncoder(
  model: ModelWeights,
  device: string,
  threads: number,
): Promise<FeatureExtractor> {
  const encoder = watched(await openFrozen(model), model);
  return new FeatureExtractor(encoder, {
    device: deviceOf(device),
    threads,
    features: segmentFeatures(encoder.backbone),
  });
}

/** Somebody's ONNX file takes as much memory as it likes; see [Note: Memory of foreign graphs]. */
function watched(encoder: FrozenEncoder, model: ModelWeights): FrozenEncoder {
  if (!isForeignGraph(model)) return encoder;
  const { path } = model;
  return {
    ...encoder,
    open: async (size, options) => {
      const use = { path, pixels: size.widthPx * size.heightPx };
      const opened = await memoryWatch.during(use, () => encoder.open(size, options));
      return {
        run: (input) =>
          memoryWatch.during({ path, pixels: input.widthPx * input.heightPx }, () => opened.run(input)),
        [Symbol.dispose]: () => opened[Symbol.dispose](),
      };
    },
  };
}

/** Encoders are run by ONNX Runtime, whichever of its devices; TensorFlow.js devices fall back to its CPU. */
function deviceOf(id: string): DeviceId {
  return DEVICE_IDS.find((known) => known === id && known.startsWith('onnx:')) ?? 'onnx:cpu';
}
