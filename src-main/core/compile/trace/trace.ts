import { sameShape } from '../../tensor/shape.ts';
import { tf } from '../../tensor/tfjs.ts';
import type { Graph, Value } from '../ir/graph.ts';
import type { TensorSpec } from '../ir/tensor-spec.ts';
import { traceBackend, TRACE_BACKEND } from './backend.ts';

/** Tensors by name, as a step receives and returns them. */
export type NamedTensors = Readonly<Record<string, tf.Tensor>>;

/** Shapes and element types by name. */
export type NamedSpecs = Readonly<Record<string, TensorSpec>>;

/** What a step returns: its results, and the new value of every state entry that it changes. */
type StepResult = { outputs: NamedTensors; state: NamedTensors };

/**
 * A computation written once in TensorFlow.js ops. It must be pure: no variables, no reading of
 * tensor data, no randomness; whatever changes from step to step is an input or state.
 */
export type StepFunction = (inputs: NamedTensors, state: NamedTensors) => StepResult;

export type StepSpec = {
  /** Shown in graph prints and errors. */
  name: string;
  build: StepFunction;
  inputs: NamedSpecs;
  state: NamedSpecs;
};

/**
 * Runs a step once on symbolic tensors and returns what it did as a graph.
 * @throws Error naming the kernel or op that cannot be traced, or the state that changes its shape.
 */
export async function trace(spec: StepSpec): Promise<Graph> {
  const backend = traceBackend();
  const previous = tf.engine().backendName;
  await tf.setBackend(TRACE_BACKEND);
  const nodes = backend.begin();
  const scopeName = `trace ${spec.name}`;
  tf.engine().startScope(scopeName);
  try {
    const inputs = placeholders(spec.inputs);
    const state = placeholders(spec.state);
    const result = spec.build(symbolic(inputs), symbolic(state));
    const valuesOf = (tensors: NamedTensors) =>
      new Map(Object.entries(tensors).map(([name, tensor]) => [name, backend.graphValue(tensor)]));
    const nextState = valuesOf(result.state);
    assertSameSpecs(spec, nextState);
    return {
      name: spec.name,
      inputs,
      state,
      nodes: nodes.nodes,
      outputs: valuesOf(result.outputs),
      nextState,
    };
  } finally {
    tf.engine().endScope();
    backend.end();
    if (previous) await tf.setBackend(previous);
  }

  function placeholders(specs: NamedSpecs): Map<string, Value> {
    return new Map(Object.entries(specs).map(([name, own]) => [name, nodes.placeholder(own, name)]));
  }
  function symbolic(values: ReadonlyMap<string, Value>): NamedTensors {
    return Object.fromEntries([...values].map(([name, value]) => [name, backend.tensorOf(value)]));
  }
}

function assertSameSpecs(spec: StepSpec, nextState: ReadonlyMap<string, Value>): void {
  for (const [name, value] of nextState) {
    const own = spec.state[name];
    if (!own) throw new Error(`${spec.name} returns a state '${name}' that it did not declare`);
    if (!sameShape(own.shape, value.shape) || own.dtype !== value.dtype) {
      throw new Error(
        `${spec.name} changes state '${name}' from [${own.shape.join()}] to [${value.shape.join()}]`,
      );
    }
  }
}
