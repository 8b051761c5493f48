import { InferenceSession, type Tensor } from 'onnxruntime-node';
import { allocate, bytesPerElement, type HostData } from '../../tensor/dtype.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { Graph } from '../ir/graph.ts';
import { lower, stateInputName, stateOutputName } from '../lower/lower.ts';
import { simplify } from '../passes/simplify.ts';
import type { EngineState } from './engine-state.ts';
import { hostDataOf, ortTensor } from './ort-tensor.ts';
import { StageWatch, type CompileStage } from './compile-stage.ts';
import { findInPlace, peakActivationBytes } from './plan-memory.ts';
import { DeviceError, type HostTensors, type Step, type StepMemory } from './step.ts';
import { SLEEPING_THREADS } from './open-session.ts';
import { trace, type NamedSpecs, type StepFunction } from '../trace/trace.ts';

export type CompileOptions = {
  /** Shown in graph prints, profiles and errors. */
  name: string;
  /** The computation, written in TensorFlow.js ops; see StepFunction for what it may do. */
  build: StepFunction;
  inputs: NamedSpecs;
  /** State that the step reads and updates. The step sees every entry; unused ones cost nothing. */
  state: EngineState;
  /** Path prefix of a profile that ONNX Runtime writes; for benchmarks. */
  profilePrefix?: string;
  /** Is shown the graph after tracing, after each pass and as ONNX; for people who read or change the compiler. */
  onStage?: (stage: CompileStage) => void;
};

/**
 * Compiles a step: trace, simplify, lower to ONNX, load into ONNX Runtime.
 * @returns the step; the caller disposes it, and the state after the last step on it
 * @throws Error naming the op that cannot be traced or lowered; DeviceError when the device refuses it
 */
export async function compileStep(options: CompileOptions): Promise<CompiledStep> {
  const { name, build, inputs, state } = options;
  const watch = new StageWatch(options.onStage);
  const traced = await trace({ name, build, inputs, state: state.specs });
  watch.graph('traced', traced);
  const graph = withoutUnusedState(simplify(traced, watch.graph));
  const { builder, stateLayouts } = lower(graph, state.target, { pinnedState: state.layouts });
  const entries = new Map(
    [...graph.nextState.keys()].map((entry) => [
      entry,
      { input: stateInputName(entry), output: stateOutputName(entry) },
    ]),
  );
  const onnx = builder.graph();
  watch.onnx('lowered', onnx);
  const inPlace = state.target.keepsStateOnGpu ? new Set<string>() : findInPlace(onnx, entries);
  const session = await InferenceSession.create(builder.model(), sessionOptions(graph, options)).catch(
    (error: unknown) => {
      throw new DeviceError(state.target.device, name, error);
    },
  );
  watch.onnx('loaded', onnx);
  await state.adopt(stateLayouts);
  const constantBytes = onnx.constants.reduce((sum, constant) => sum + constant.data.length, 0);
  return new CompiledStep({ graph, state, session, inPlace, constantBytes });
}

function sessionOptions(
  graph: Graph,
  { state, profilePrefix }: CompileOptions,
): InferenceSession.SessionOptions {
  const { provider, threads, keepsStateOnGpu } = state.target;
  const locations = Object.fromEntries([
    ...[...graph.outputs.keys()].map((output) => [output, 'cpu'] as const),
    ...[...graph.nextState.keys()].map((entry) => [stateOutputName(entry), 'gpu-buffer'] as const),
  ]);
  return {
    ...SLEEPING_THREADS,
    executionProviders: [provider],
    intraOpNumThreads: threads,
    executionMode: 'sequential',
    // Measured on a ResNet-18 step: planned patterns take 260 MB more, the arena, which grows by powers
    // of two and keeps all it ever had, takes 100 MB more, and neither saves time.
    enableMemPattern: false,
    enableCpuMemArena: false,
    logSeverityLevel: 3,
    ...(keepsStateOnGpu ? { preferredOutputLocation: locations } : {}),
    ...(profilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: profilePrefix }),
  };
}

/** A training step may share its state with steps that use a part of it. */
function withoutUnusedState(graph: Graph): Graph {
  const used = new Set(graph.nodes.flatMap((node) => node.inputs.map((input) => input.id)));
  for (const value of [...graph.outputs.values(), ...graph.nextState.values()]) used.add(value.id);
  const state = new Map([...graph.state].filter(([, value]) => used.has(value.id)));
  return { ...graph, state };
}

/**
 * Frees a result that nobody reads. onnxruntime-node 1.30 writes into the array that it is given and
 * returns a copy of it besides; left to the garbage collector, copies of the whole state pile up.
 */
function discard(copy: Tensor | undefined): void {
  const buffer = copy && hostDataOf(copy).buffer;
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

type CompiledParts = {
  graph: Graph;
  state: EngineState;
  session: InferenceSession;
  inPlace: ReadonlySet<string>;
  constantBytes: number;
};

/** A compiled step and the ONNX Runtime session behind it. */
export class CompiledStep implements Step {
  /** The simplified graph, for printing. */
  readonly graph: Graph;
  readonly memory: StepMemory;
  readonly #parts: CompiledParts;
  /** Outputs in host memory are written into the same arrays run after run. */
  readonly #outputs: ReadonlyMap<string, Tensor>;

  constructor(parts: CompiledParts) {
    this.#parts = parts;
    this.graph = parts.graph;
    this.#outputs = new Map(
      [...parts.graph.outputs].map(([name, { dtype, shape }]) => [
        name,
        ortTensor(dtype, allocate(dtype, sizeOf(shape)), shape),
      ]),
    );
    this.memory = this.#measure();
  }

  /** @throws DeviceError when the device fails; Error for a missing input or one of the wrong size */
  async run(inputs: HostTensors): Promise<Record<string, HostData>> {
    const { graph, state, session, inPlace } = this.#parts;
    await state.settle();
    const feeds: Record<string, Tensor> = {};
    for (const [name, { dtype, shape }] of graph.inputs) {
      const data = inputs[name];
      if (data?.length !== sizeOf(shape)) {
        throw new Error(
          `${graph.name}: input '${name}' needs ${sizeOf(shape)} elements, got ${data?.length}`,
        );
      }
      feeds[name] = ortTensor(dtype, data, shape);
    }
    for (const name of graph.state.keys()) feeds[stateInputName(name)] = state.current(name);
    const { keepsStateOnGpu } = state.target;
    const fetches: Record<string, Tensor | null> = {};
    for (const [name, tensor] of this.#outputs) fetches[name] = keepsStateOnGpu ? null : tensor;
    for (const name of graph.nextState.keys()) {
      fetches[stateOutputName(name)] = keepsStateOnGpu ? null : state.writable(name, inPlace.has(name));
    }
    const results = await session.run(feeds, fetches).catch((error: unknown) => {
      throw new DeviceError(state.target.device, graph.name, error);
    });
    for (const name of graph.nextState.keys()) {
      const written = keepsStateOnGpu ? results[stateOutputName(name)] : fetches[stateOutputName(name)];
      if (!written) throw new Error(`${graph.name} did not return state '${name}'`);
      state.commit(name, written, session);
      if (!keepsStateOnGpu) discard(results[stateOutputName(name)]);
    }
    return Object.fromEntries(
      [...graph.outputs.keys()].map((name) => {
        const tensor = results[name];
        if (!tensor) throw new Error(`${graph.name} did not return '${name}'`);
        return [name, hostDataOf(tensor).slice()];
      }),
    );
  }

  [Symbol.dispose](): void {
    this.#parts.state.retire(this.#parts.session);
  }

  #measure(): StepMemory {
    const { graph, state, inPlace, constantBytes } = this.#parts;
    const bytes = (values: Iterable<{ dtype: 'float32' | 'int32' | 'bool'; shape: readonly number[] }>) =>
      [...values].reduce((sum, value) => sum + sizeOf(value.shape) * bytesPerElement(value.dtype), 0);
    const spare = [...graph.nextState].filter(([name]) => !inPlace.has(name)).map(([, value]) => value);
    return {
      stateBytes: state.sizeBytes,
      spareBytes: bytes(spare),
      boundaryBytes: bytes([...graph.inputs.values(), ...graph.outputs.values()]),
      constantBytes,
      activationBytes: peakActivationBytes(graph),
    };
  }
}
