import { InferenceSession } from 'onnxruntime-node';
import { providerOf, type DeviceId } from '../devices/report.ts';

/**
 * Threads of an operator that wait for each other in a loop double the CPU time of an encoder next to threads that have work,
 * and that of small training steps; asleep, they are not slower (test/bench/segment/NOTES.md, test/bench/engine/NOTES.md).
 */
export const SLEEPING_THREADS: InferenceSession.SessionOptions = {
  extra: { session: { intra_op: { allow_spinning: '0' } } },
};

/**
 * Loads an ONNX file into ONNX Runtime.
 * @param model its bytes, or its path, which saves a copy of the weights while loading
 * @param device an `onnx:*` device
 * @param threads CPU threads of one operator
 * @returns the caller releases it
 * @throws Error for a TensorFlow.js device, or a file that ONNX Runtime refuses
 */
export async function openSession(
  model: Uint8Array | string,
  device: DeviceId,
  threads: number,
): Promise<InferenceSession> {
  const provider = providerOf(device);
  if (!provider) throw new Error(`${device} does not run ONNX files`);
  const options: InferenceSession.SessionOptions = {
    ...SLEEPING_THREADS,
    executionProviders: [provider],
    intraOpNumThreads: threads,
    // It plans memory for one size of input; files may be open in their sizes.
    enableMemPattern: false,
    logSeverityLevel: 3,
  };
  // Two calls, because the overloads of `create` take one type each.
  return typeof model === 'string'
    ? await InferenceSession.create(model, options)
    : await InferenceSession.create(model, options);
}
