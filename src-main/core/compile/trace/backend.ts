import { allocate, type Dtype, type HostData } from '../../tensor/dtype.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { tf } from '../../tensor/tfjs.ts';
import { printNode, type Value } from '../ir/graph.ts';
import { NodeList } from '../ir/node-list.ts';
import type { TensorSpec } from '../ir/tensor-spec.ts';
import { KernelAttributes } from './attributes.ts';
import { LIST_KERNELS, RECORDERS, type RecordingContext } from './recorders.ts';

/** Name under which the tracing backend is registered with tfjs-core. */
export const TRACE_BACKEND = 'r2o-trace';

/**
 * A TensorFlow.js backend that computes nothing: every kernel becomes a node of a graph.
 *
 * tfjs-core identifies tensor memory by a `dataId` object; here such an object stands for a graph value.
 * Autodiff, broadcasting and shape checks are tfjs-core's own. What needs the elements of a tensor
 * (`dataSync`, control flow on values) cannot be traced, and fails naming the operation.
 */
class TraceBackend extends tf.KernelBackend {
  #nodes: NodeList | undefined;
  #values = new WeakMap<object, Value>();

  /** Starts a new graph; the nodes of the one before are the caller's. */
  begin(): NodeList {
    this.#nodes = new NodeList();
    this.#values = new WeakMap();
    return this.#nodes;
  }

  end(): void {
    this.#nodes = undefined;
  }

  /** A tensor that stands for a graph value; it holds no memory. */
  tensorOf(value: Value): tf.Tensor {
    return tf.engine().makeTensorFromTensorInfo(this.infoOf(value));
  }

  infoOf(value: Value): tf.TensorInfo {
    const dataId = {};
    this.#values.set(dataId, value);
    return { dataId, shape: [...value.shape], dtype: value.dtype };
  }

  /** The graph value behind a tensor of this trace. */
  graphValue(info: tf.TensorInfo): Value {
    const value = this.#values.get(info.dataId);
    if (!value) throw new Error(`a tensor [${info.shape.join(', ')}] does not belong to this trace`);
    return value;
  }

  record(kernelName: string, inputs: Readonly<Record<string, unknown>>, attributes: object): tf.TensorInfo[] {
    const recorder = RECORDERS[kernelName];
    if (!recorder) throw new Error(`the compiler knows no kernel '${kernelName}'`);
    const context: RecordingContext = {
      nodes: this.#current(),
      operands: Object.values(inputs)
        .filter(isTensorInfo)
        .map((info) => this.graphValue(info)),
      attributes: new KernelAttributes(kernelName, Object.fromEntries(Object.entries(attributes))),
    };
    const named = Object.fromEntries(
      Object.entries(inputs).flatMap(([name, info]) =>
        isTensorInfo(info) ? [[name, this.graphValue(info)]] : [],
      ),
    );
    return recorder({ ...context, named }).map((value) => this.infoOf(value));
  }

  override write(values: tf.BackendValues | null, shape: number[], dtype: tf.DataType): object {
    const spec = specOf(shape, dtype);
    const info = this.infoOf(this.#current().constant(hostData(values, spec), spec));
    return info.dataId;
  }

  override move(dataId: object, values: tf.BackendValues, shape: number[], dtype: tf.DataType): void {
    const spec = specOf(shape, dtype);
    this.#values.set(dataId, this.#current().constant(hostData(values, spec), spec));
  }

  override read(dataId: object): Promise<tf.BackendValues> {
    return Promise.reject(this.#cannotRead(dataId));
  }

  override readSync(dataId: object): tf.BackendValues {
    throw this.#cannotRead(dataId);
  }

  // Symbolic tensors own no memory: tfjs-core may drop them, the graph keeps its values.
  override disposeData(): boolean {
    return true;
  }

  override refCount(): number {
    return 1;
  }

  override incRef(): void {
    // Nothing is counted, see disposeData.
  }

  override numDataIds(): number {
    return 0;
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override dispose(): void {
    this.end();
  }

  #current(): NodeList {
    if (!this.#nodes) throw new Error('a TensorFlow.js op ran on the tracing backend outside of a trace');
    return this.#nodes;
  }

  #cannotRead(dataId: object): Error {
    const value = this.#values.get(dataId);
    const node = value && this.#nodes?.producerOf(value);
    const source = node ? `'${node.operation.op}' (${printNode(node)})` : `'${value?.name ?? 'unknown'}'`;
    return new Error(`a traced step cannot read tensor data: the result of ${source} was read`);
  }
}

let registered: TraceBackend | undefined;

/** The tracing backend, registered with tfjs-core on first use together with its kernels. */
export function traceBackend(): TraceBackend {
  if (registered) return registered;
  const backend = new TraceBackend();
  registered = backend;
  tf.registerBackend(TRACE_BACKEND, () => backend, 0);
  for (const kernelName of Object.keys(RECORDERS)) {
    tf.registerKernel({
      kernelName,
      backendName: TRACE_BACKEND,
      kernelFunc: ({ inputs, attrs }) => {
        const results = backend.record(kernelName, inputs, attrs ?? {});
        const [only] = results;
        // tfjs-core takes a list for several results, even of one, and a bare tensor otherwise.
        return only && !LIST_KERNELS.has(kernelName) ? only : results;
      },
    });
  }
  return backend;
}

function isTensorInfo(value: unknown): value is tf.TensorInfo {
  return typeof value === 'object' && value !== null && 'dataId' in value;
}

/** @throws Error for an element type that the engine does not compute with. */
function specOf(shape: readonly number[], dtype: tf.DataType): TensorSpec {
  return { shape, dtype: supportedDtype(dtype) };
}

function supportedDtype(dtype: tf.DataType): Dtype {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new Error(`the compiler has no element type '${dtype}'`);
}

function hostData(values: tf.BackendValues | null, spec: TensorSpec): HostData {
  const data = allocate(spec.dtype, sizeOf(spec.shape));
  if (values === null) return data;
  for (const [index, element] of Array.from<unknown>(values).entries()) {
    if (typeof element !== 'number' && typeof element !== 'boolean') throw new Error('a constant holds text');
    data[index] = Number(element);
  }
  return data;
}
