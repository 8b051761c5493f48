import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { HostData } from '../../tensor/dtype.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { DeviceId } from '../devices/report.ts';
import type { TensorSpec } from '../ir/tensor-spec.ts';
import { hostDataOf, ortTensor } from './ort-tensor.ts';
import type { HostTensors, Step } from './step.ts';
import { openSession } from './open-session.ts';

/** An exported ONNX file, loaded and ready to run. */
export class Inference implements Step {
  /** What `run` takes, by name. */
  readonly inputs: ReadonlyMap<string, TensorSpec>;
  readonly outputNames: readonly string[];
  readonly #session: InferenceSession;

  constructor(session: InferenceSession) {
    this.#session = session;
    this.inputs = new Map(session.inputMetadata.map((metadata) => [metadata.name, specOf(metadata)]));
    this.outputNames = session.outputNames;
  }

  /**
   * Runs once on host memory.
   * @throws Error naming an input that is missing or has the wrong size
   */
  async run(inputs: HostTensors): Promise<Record<string, HostData>> {
    const feeds: Record<string, Tensor> = {};
    for (const [name, { dtype, shape }] of this.inputs) {
      const data = inputs[name];
      if (data?.length !== sizeOf(shape)) {
        throw new Error(`input '${name}' needs ${sizeOf(shape)} elements, got ${data?.length}`);
      }
      feeds[name] = ortTensor(dtype, data, shape);
    }
    const results = await this.#session.run(feeds);
    return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, hostDataOf(tensor)]));
  }

  [Symbol.dispose](): void {
    void this.#session.release();
  }
}

/**
 * Loads a file that `exportInference` wrote.
 * @param model its bytes, or its path, which saves a copy of the weights while loading
 * @param device an `onnx:*` device
 * @param threads CPU threads of one operator
 * @returns the caller disposes it
 * @throws Error for a TensorFlow.js device, or a file that ONNX Runtime refuses
 */
export async function openInference(
  model: Uint8Array | string,
  device: DeviceId,
  threads: number,
): Promise<Inference> {
  return new Inference(await openSession(model, device, threads));
}

function specOf(metadata: InferenceSession.ValueMetadata): TensorSpec {
  if (!metadata.isTensor || metadata.type !== 'float32') {
    throw new Error(`input '${metadata.name}' is no float32 tensor`);
  }
  const shape = metadata.shape.map((dim) => {
    if (typeof dim !== 'number') throw new Error(`input '${metadata.name}' has an open dimension '${dim}'`);
    return dim;
  });
  return { shape, dtype: 'float32' };
}
