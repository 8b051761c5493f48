import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { DeviceId } from '../devices/report.ts';
import { openSession } from './open-session.ts';
import { ortTensor } from './ort-tensor.ts';

/** Values with their shape, row-major. */
export type ShapedValues = { data: Float32Array; shape: readonly number[] };

/** An input or output as a file declares it; open dimensions are null. */
export type DeclaredValue = { name: string; type: string; shape: readonly (number | null)[] };

/** An ONNX file, loaded and ready to run on inputs whose sizes may differ from call to call. */
export class ShapedSession implements Disposable {
  readonly inputs: readonly DeclaredValue[];
  readonly outputs: readonly DeclaredValue[];
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.#session = session;
    this.inputs = session.inputMetadata.map(declared);
    this.outputs = session.outputMetadata.map(declared);
  }

  /**
   * Loads a file.
   * @param model its bytes, or its path, which saves a copy of the weights while loading
   * @param device an `onnx:*` device
   * @param threads CPU threads of one operator
   * @throws Error for another device, or a file that ONNX Runtime refuses
   */
  static async open(model: Uint8Array | string, device: DeviceId, threads: number): Promise<ShapedSession> {
    return new ShapedSession(await openSession(model, device, threads));
  }

  /**
   * Runs once on host memory.
   * @param names the outputs that are wanted
   * @throws Error for an output of another type than float32, and what ONNX Runtime throws
   */
  async run(
    inputs: Readonly<Record<string, ShapedValues>>,
    names: readonly string[],
  ): Promise<ShapedValues[]> {
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, { data, shape }]) => [name, ortTensor('float32', data, shape)]),
    );
    const results = await this.#session.run(feeds, [...names]);
    return names.map((name) => shaped(name, results[name]));
  }

  [Symbol.dispose](): void {
    void this.#session.release();
  }
}

function shaped(name: string, tensor: Tensor | undefined): ShapedValues {
  if (!(tensor?.data instanceof Float32Array)) throw new Error(`'${name}' came back as ${tensor?.type}`);
  return { data: tensor.data, shape: tensor.dims };
}

function declared(metadata: InferenceSession.ValueMetadata): DeclaredValue {
  const { name } = metadata;
  if (!metadata.isTensor) return { name, type: 'no tensor', shape: [] };
  // Unnamed open dimensions come as -1.
  const shape = metadata.shape.map((dim) => (typeof dim === 'number' && dim > 0 ? dim : null));
  return { name, type: metadata.type, shape };
}
