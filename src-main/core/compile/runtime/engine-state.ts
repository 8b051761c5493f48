import { InferenceSession, Tensor } from 'onnxruntime-node';
import { allocate, bytesPerElement, type HostData } from '../../tensor/dtype.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { TensorSpec } from '../graph.ts';
import { memoryOrder, rowMajor, type Layout } from '../lower/layout.ts';
import { GraphBuilder } from '../onnx/graph-builder.ts';
import type { NamedSpecs } from '../trace/trace.ts';
import { ortTensor } from './ort-tensor.ts';
import type { HostTensors, StepState } from './step.ts';
import type { EngineTarget } from './target.ts';

type Entry = {
  spec: TensorSpec;
  /** Fixed by the first step that is compiled on this state. */
  layout: Layout | undefined;
  /** On the CPU, host memory that runs read and write; on a GPU, a buffer there. */
  current: Tensor;
  /** Where a run writes the next value when it cannot overwrite the current one; CPU only. */
  spare: Tensor | undefined;
};

/**
 * State of compiled steps. Entries start as zeros. Several steps may share one state (the target
 * network is read by the cluster stage and updated by the training step); they must run in turn.
 *
 * [Note: State memory] On the CPU every entry is a preallocated array that ONNX Runtime reads as an
 * input and writes as an output. An entry whose last reader comes before its writer is overwritten in
 * place; any other alternates between two arrays. On WebGPU entries are GPU buffers that one run
 * returns and the next one reads. Other GPU providers exchange host memory, which ONNX Runtime copies.
 */
export class EngineState implements StepState {
  readonly target: EngineTarget;
  readonly #entries: ReadonlyMap<string, Entry>;

  constructor(specs: NamedSpecs, target: EngineTarget) {
    this.target = target;
    this.#entries = new Map(
      Object.entries(specs).map(([name, spec]) => {
        const size = sizeOf(spec.shape);
        const current = ortTensor(spec.dtype, allocate(spec.dtype, size), [size]);
        return [name, { spec, layout: undefined, current, spare: undefined }] as const;
      }),
    );
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  get specs(): NamedSpecs {
    return Object.fromEntries([...this.#entries].map(([name, { spec }]) => [name, spec]));
  }

  get sizeBytes(): number {
    return [...this.#entries.values()].reduce((sum, entry) => sum + bytesOf(entry.spec), 0);
  }

  /** Memory order of the entries that a compiled step has fixed. */
  get layouts(): ReadonlyMap<string, Layout> {
    return new Map(
      [...this.#entries].flatMap(([name, { layout }]) => (layout ? [[name, layout] as const] : [])),
    );
  }

  /** Fixes memory orders; values already there are moved. Called by the compiler. */
  async adopt(layouts: ReadonlyMap<string, Layout>): Promise<void> {
    for (const [name, layout] of layouts) {
      const entry = this.#entry(name);
      if (entry.layout) {
        if (entry.layout.name !== layout.name) throw new Error(`state '${name}' has two memory orders`);
        continue;
      }
      const data = await this.get(name);
      entry.layout = layout;
      await this.restore({ [name]: data });
    }
  }

  /** The tensor that a run reads. */
  current(name: string): Tensor {
    return this.#entry(name).current;
  }

  /** The tensor that a run on the CPU writes: the current one, or its twin. */
  writable(name: string, isInPlace: boolean): Tensor {
    const entry = this.#entry(name);
    if (isInPlace) return entry.current;
    const size = sizeOf(entry.spec.shape);
    entry.spare ??= ortTensor(entry.spec.dtype, allocate(entry.spec.dtype, size), [size]);
    return entry.spare;
  }

  /** Makes what a run wrote the current value. */
  commit(name: string, written: Tensor): void {
    const entry = this.#entry(name);
    if (written === entry.current) return;
    if (this.target.keepsStateOnGpu) entry.current.dispose();
    else entry.spare = entry.current;
    entry.current = written;
  }

  async get(name: string): Promise<HostData> {
    const entry = this.#entry(name);
    const stored = hostDataOf(await this.#download(entry));
    const order = entry.layout && orderOf(entry.layout, entry.spec);
    if (!order) return stored.slice();
    const data = allocate(entry.spec.dtype, stored.length);
    for (let index = 0; index < order.length; index++) data[order[index] ?? 0] = stored[index] ?? 0;
    return data;
  }

  async snapshot(): Promise<Record<string, HostData>> {
    const values: Record<string, HostData> = {};
    for (const name of this.#entries.keys()) values[name] = await this.get(name);
    return values;
  }

  async restore(values: HostTensors): Promise<void> {
    for (const [name, data] of Object.entries(values)) {
      const entry = this.#entry(name);
      const size = sizeOf(entry.spec.shape);
      if (data.length !== size) throw new Error(`state '${name}' has ${size} elements, got ${data.length}`);
      await this.#store(entry, data);
    }
  }

  [Symbol.dispose](): void {
    for (const entry of this.#entries.values()) {
      entry.current.dispose();
      entry.spare?.dispose();
    }
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (!entry) throw new Error(`there is no state '${name}'`);
    return entry;
  }

  /** @param data row-major */
  async #store(entry: Entry, data: HostData): Promise<void> {
    const { keepsStateOnGpu } = this.target;
    // On the CPU into the array that sessions already know: no second copy of the state in between.
    const memory = keepsStateOnGpu ? allocate(entry.spec.dtype, data.length) : hostDataOf(entry.current);
    const order = entry.layout && orderOf(entry.layout, entry.spec);
    if (order)
      for (let index = 0; index < order.length; index++) memory[index] = data[order[index] ?? 0] ?? 0;
    else memory.set(data);
    if (!keepsStateOnGpu) return;
    const host = ortTensor(entry.spec.dtype, memory, [memory.length]);
    const onGpu = await this.#transfer(host, entry.spec, 'gpu-buffer');
    entry.current.dispose();
    entry.current = onGpu;
  }

  async #download(entry: Entry): Promise<Tensor> {
    if (entry.current.location === 'cpu') return entry.current;
    return this.#transfer(entry.current, entry.spec, 'cpu');
  }

  /** Reading a GPU tensor directly aborts the process (onnxruntime-node 1.30); a session does not. */
  async #transfer(from: Tensor, spec: TensorSpec, to: 'cpu' | 'gpu-buffer'): Promise<Tensor> {
    const size = sizeOf(spec.shape);
    const builder = new GraphBuilder('transfer');
    builder.output('y', builder.input('x', spec.dtype, [size]), spec.dtype, [size]);
    const session = await InferenceSession.create(builder.model(), {
      executionProviders: [this.target.provider],
      preferredOutputLocation: to,
      logSeverityLevel: 3,
    });
    try {
      const { y } = await session.run({ x: from });
      if (!y) throw new Error('a transfer returned nothing');
      return y;
    } finally {
      await session.release();
    }
  }
}

/** Undefined where memory order is row-major order. */
function orderOf(layout: Layout, spec: TensorSpec): Int32Array | undefined {
  if (layout.name === rowMajor(spec.shape.length).name) return undefined;
  return memoryOrder(layout, spec.shape);
}

function bytesOf(spec: TensorSpec): number {
  return sizeOf(spec.shape) * bytesPerElement(spec.dtype);
}

/** @throws Error for a tensor that is not in host memory or has an element type we never write */
export function hostDataOf(tensor: Tensor): HostData {
  const { data } = tensor;
  if (data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array) return data;
  throw new Error(`a tensor of type ${tensor.type} came back`);
}
