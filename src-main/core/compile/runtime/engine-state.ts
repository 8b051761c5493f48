import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { allocate, bytesPerElement, type HostData } from '../../tensor/dtype.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { TensorSpec } from '../ir/tensor-spec.ts';
import { memoryOrder, rowMajor, type Layout } from '../lower/layout.ts';
import type { NamedSpecs } from '../trace/trace.ts';
import { GpuTransfer } from './gpu-transfer.ts';
import { hostDataOf, ortTensor } from './ort-tensor.ts';
import type { HostTensors, StepState } from './step.ts';
import type { EngineTarget } from './engine-target.ts';

type Entry = {
  spec: TensorSpec;
  /** Fixed by the first step that is compiled on this state. */
  layout: Layout | undefined;
  /** Still the zeros that it started with, which are the same in every memory order. */
  isPristine: boolean;
  /** On the CPU, host memory that runs read and write; on a GPU, a buffer there. */
  current: Tensor;
  /** Where a run writes the next value when it cannot overwrite the current one; CPU only. */
  spare: Tensor | undefined;
  /** The step's session that made `current`; undefined for host memory and our own transfers. */
  owner: InferenceSession | undefined;
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
  readonly #transfer: GpuTransfer;
  /** Sessions of disposed steps, some of whose tensors may still be current. */
  #retired: InferenceSession[] = [];

  constructor(specs: NamedSpecs, target: EngineTarget) {
    this.target = target;
    this.#transfer = new GpuTransfer(target.provider);
    this.#entries = new Map(
      Object.entries(specs).map(([name, spec]) => {
        const size = sizeOf(spec.shape);
        const current = ortTensor(spec.dtype, allocate(spec.dtype, size), [size]);
        return [
          name,
          { spec, layout: undefined, isPristine: true, current, spare: undefined, owner: undefined },
        ] as const;
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

  /**
   * Fixes memory orders. Called by the compiler; values already there are moved, which is why weights
   * are best restored after the steps have been compiled.
   */
  async adopt(layouts: ReadonlyMap<string, Layout>): Promise<void> {
    for (const [name, layout] of layouts) {
      const entry = this.#entry(name);
      if (entry.layout) {
        if (entry.layout.name !== layout.name) throw new Error(`state '${name}' has two memory orders`);
        continue;
      }
      if (entry.isPristine) {
        entry.layout = layout;
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

  /** Makes what a run of `owner` wrote the current value. */
  commit(name: string, written: Tensor, owner: InferenceSession): void {
    const entry = this.#entry(name);
    entry.isPristine = false;
    if (written === entry.current) return;
    if (this.target.keepsStateOnGpu) {
      entry.current.dispose();
      entry.owner = owner;
    } else {
      entry.spare = entry.current;
    }
    entry.current = written;
  }

  /** Takes over the session of a step that is disposed: its GPU tensors must not outlive it. */
  retire(session: InferenceSession): void {
    if (this.target.keepsStateOnGpu) this.#retired.push(session);
    else void session.release();
  }

  /** Copies what retired sessions still own, and releases them. Called before any use of the state. */
  async settle(): Promise<void> {
    if (this.#retired.length === 0) return;
    for (const entry of this.#entries.values()) {
      if (!entry.owner || !this.#retired.includes(entry.owner)) continue;
      const copy = await this.#transfer.toGpu(entry.current, entry.spec.dtype);
      entry.current.dispose();
      entry.current = copy;
      entry.owner = undefined;
    }
    for (const session of this.#retired.splice(0)) await session.release();
  }

  async get(name: string): Promise<HostData> {
    await this.settle();
    const entry = this.#entry(name);
    const { current, spec } = entry;
    const host = current.location === 'cpu' ? current : await this.#transfer.toHost(current, spec.dtype);
    const stored = hostDataOf(host);
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
      entry.isPristine = false;
    }
  }

  [Symbol.dispose](): void {
    for (const entry of this.#entries.values()) {
      entry.current.dispose();
      entry.spare?.dispose();
    }
    for (const session of this.#retired.splice(0)) void session.release();
    this.#transfer.release();
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
    const onGpu = await this.#transfer.toGpu(host, entry.spec.dtype);
    entry.current.dispose();
    entry.current = onGpu;
    entry.owner = undefined;
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
