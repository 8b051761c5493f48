import { allocate, type HostData } from '../../tensor/dtype.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { tf } from '../../tensor/tfjs.ts';
import type { HostTensors, Step, StepState } from './step.ts';
import type { NamedSpecs, NamedTensors, StepFunction } from '../trace/trace.ts';

/** State of eager steps: plain arrays, zeros at first. */
export class EagerState implements StepState {
  readonly specs: NamedSpecs;
  readonly #values: Map<string, HostData>;

  constructor(specs: NamedSpecs) {
    this.specs = specs;
    this.#values = new Map(
      Object.entries(specs).map(([name, { dtype, shape }]) => [name, allocate(dtype, sizeOf(shape))]),
    );
  }

  get names(): readonly string[] {
    return [...this.#values.keys()];
  }

  get sizeBytes(): number {
    return [...this.#values.values()].reduce((sum, data) => sum + data.byteLength, 0);
  }

  get(name: string): Promise<HostData> {
    return Promise.resolve(this.#value(name).slice());
  }

  snapshot(): Promise<Record<string, HostData>> {
    return Promise.resolve(Object.fromEntries([...this.#values].map(([name, data]) => [name, data.slice()])));
  }

  restore(values: HostTensors): Promise<void> {
    for (const [name, data] of Object.entries(values)) this.#value(name).set(data);
    return Promise.resolve();
  }

  [Symbol.dispose](): void {
    this.#values.clear();
  }

  #value(name: string): HostData {
    const data = this.#values.get(name);
    if (!data) throw new Error(`there is no state '${name}'`);
    return data;
  }
}

export type EagerOptions = {
  build: StepFunction;
  inputs: NamedSpecs;
  state: EagerState;
  /** A TensorFlow.js backend: `tensorflow` on a GPU that has it, `cpu` as the reference. */
  backend: 'cpu' | 'tensorflow';
};

/**
 * The same step without compilation: each op runs on a TensorFlow.js backend as it is called.
 * @returns the step; the caller disposes it
 */
export function eagerStep({ build, inputs, state, backend }: EagerOptions): Step {
  const tensors = (specs: NamedSpecs, values: HostTensors): NamedTensors =>
    Object.fromEntries(
      Object.entries(specs).map(([name, { dtype, shape }]) => {
        const data = values[name];
        if (!data) throw new Error(`the step misses '${name}'`);
        return [name, tf.tensor(data, [...shape], dtype)];
      }),
    );
  return {
    async run(values) {
      const previous = tf.engine().backendName;
      await tf.setBackend(backend);
      try {
        const snapshot = await state.snapshot();
        const results = tf.tidy(() => {
          const result = build(tensors(inputs, values), tensors(state.specs, snapshot));
          return { outputs: { ...result.outputs }, state: { ...result.state } };
        });
        const outputs = await readAll(results.outputs);
        await state.restore(await readAll(results.state));
        tf.dispose(results);
        return outputs;
      } finally {
        if (previous) await tf.setBackend(previous);
      }
    },
    [Symbol.dispose]() {
      // Nothing outlives a run: tensors are tidied, the state belongs to the caller.
    },
  };
}

async function readAll(tensors: NamedTensors): Promise<Record<string, HostData>> {
  const values: Record<string, HostData> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    const data: unknown = await tensor.data();
    if (!(data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array)) {
      throw new Error(`'${name}' holds no numbers`);
    }
    values[name] = data.slice();
  }
  return values;
}
