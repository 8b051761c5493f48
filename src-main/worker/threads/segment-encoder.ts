import { DEVICE_IDS, type DeviceId } from '../../core/compile/devices/report.ts';
import { FeatureExtractor, segmentFeatures } from '../../core/segment/encoder.ts';
import { openFrozen } from '../../core/segment/open-frozen.ts';
import type { ModelWeights } from '../../domain/model-weights.ts';

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
  const encoder = await openFrozen(model);
  return new FeatureExtractor(encoder, {
    device: deviceOf(device),
    threads,
    features: segmentFeatures(encoder.backbone),
  });
}

/** Encoders are run by ONNX Runtime, whichever of its devices; TensorFlow.js devices fall back to its CPU. */
function deviceOf(id: string): DeviceId {
  return DEVICE_IDS.find((known) => known === id && known.startsWith('onnx:')) ?? 'onnx:cpu';
}
