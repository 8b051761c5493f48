import { InferenceSession, type Tensor } from 'onnxruntime-node';
import type { Dtype } from '../../tensor/dtype.ts';
import type { Provider } from '../devices/report.ts';
import { GraphBuilder } from '../lower/onnx/graph-builder.ts';
import { DeviceError } from './step.ts';

/**
 * Copies vectors between host memory and GPU buffers.
 *
 * [Note: GPU tensors] In onnxruntime-node 1.30 reading a GPU tensor's data aborts the process, and so
 * does touching one after the session that made it was released. Copies therefore go through small
 * separate sessions, which live as long as the state whose tensors they make.
 */
export class GpuTransfer {
  readonly #provider: Provider;
  readonly #sessions = new Map<string, Promise<InferenceSession>>();

  constructor(provider: Provider) {
    this.#provider = provider;
  }

  /** The same elements in a new buffer that this object's session owns. @throws DeviceError, as does `toHost` */
  toGpu(from: Tensor, dtype: Dtype): Promise<Tensor> {
    return this.#copy(from, dtype, 'gpu-buffer');
  }

  /** The same elements in host memory. */
  toHost(from: Tensor, dtype: Dtype): Promise<Tensor> {
    return this.#copy(from, dtype, 'cpu');
  }

  /** Releases the sessions; every tensor they made must have been disposed. */
  release(): void {
    for (const session of this.#sessions.values()) void session.then((opened) => opened.release());
    this.#sessions.clear();
  }

  async #copy(from: Tensor, dtype: Dtype, to: 'cpu' | 'gpu-buffer'): Promise<Tensor> {
    const key = `${dtype} ${to}`;
    const session = this.#sessions.get(key) ?? this.#open(dtype, to);
    this.#sessions.set(key, session);
    const copied = session.then((opened) => opened.run({ x: from }));
    const { y } = await copied.catch((error: unknown) => {
      throw new DeviceError(`onnx:${this.#provider}`, 'copying the state', error);
    });
    if (!y) throw new Error('a transfer returned nothing');
    return y;
  }

  #open(dtype: Dtype, to: 'cpu' | 'gpu-buffer'): Promise<InferenceSession> {
    const builder = new GraphBuilder('transfer');
    builder.output('y', builder.input('x', dtype, ['size']), dtype, ['size']);
    return InferenceSession.create(builder.model(), {
      executionProviders: [this.#provider],
      preferredOutputLocation: to,
      logSeverityLevel: 3,
    });
  }
}
