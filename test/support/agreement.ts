import { InferenceSession } from 'onnxruntime-node';
import { expect } from 'vitest';
import { compileStep } from '../../src-main/core/compile/runtime/compile-step.ts';
import type { DeviceId, Provider } from '../../src-main/core/compile/devices/report.ts';
import { EagerState, eagerStep } from '../../src-main/core/compile/runtime/eager-step.ts';
import type { TensorSpec } from '../../src-main/core/compile/ir/tensor-spec.ts';
import { lower } from '../../src-main/core/compile/lower/lower.ts';
import { simplify } from '../../src-main/core/compile/passes/simplify.ts';
import { EngineState } from '../../src-main/core/compile/runtime/engine-state.ts';
import { hostDataOf, ortTensor } from '../../src-main/core/compile/runtime/ort-tensor.ts';
import type { HostTensors } from '../../src-main/core/compile/runtime/step.ts';
import { engineTarget, type EngineTarget } from '../../src-main/core/compile/runtime/engine-target.ts';
import {
  trace,
  type NamedSpecs,
  type NamedTensors,
  type StepFunction,
} from '../../src-main/core/compile/trace/trace.ts';
import { allocate, type HostData } from '../../src-main/core/tensor/dtype.ts';
import { sizeOf } from '../../src-main/core/tensor/shape.ts';
import { tf } from '../../src-main/core/tensor/tfjs.ts';
import { signedUnit } from './random-data.ts';
import { relativeError } from './relative-error.ts';

/** float32 operands by name, or full specs. */
export type AgreementShapes = Readonly<Record<string, readonly number[] | TensorSpec>>;

export type AgreementOptions = {
  device?: DeviceId;
  /** Lowers as for this provider, but runs on the CPU: its recipes are compared where it is not there. */
  loweredFor?: Provider;
  /** Overrides parts of the target, such as the block that this CPU has. */
  target?: Partial<EngineTarget>;
  /** Largest difference, relative to the tensor's root mean square. */
  tolerance?: number;
  /** Given instead of random values in [-1, 1). */
  values?: HostTensors;
  isDifferentiated?: boolean;
  /** Compares this backend of TensorFlow.js, run op by op, instead of the compiled engine. */
  eagerBackend?: 'tensorflow';
};

/**
 * float32 has 24 bits: 6e-8 a rounding. Sums of a few thousand products, added up in another order,
 * agree to about the square root of their number times that.
 */
const FLOAT32_TOLERANCE = 2e-5;

/**
 * Runs a function compiled and on eager tfjs `cpu`, and compares shape, dtype and values of its results and, for
 * float32 operands, of the gradients of their sum weighted by fixed random numbers.
 */
export async function expectAgreement(
  shapes: AgreementShapes,
  fn: (operands: Readonly<Record<string, tf.Tensor>>) => tf.Tensor | tf.Tensor[],
  options: AgreementOptions = {},
): Promise<void> {
  const inputs = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, specOf(shape)]));
  const values = Object.fromEntries(
    Object.entries(inputs).map(([name, spec], index) => [
      name,
      options.values?.[name] ?? randomData(spec, index + 1),
    ]),
  );
  const build = options.isDifferentiated === false ? plain(fn) : differentiated(fn, inputs);
  const reference = await runEager({ build, inputs }, values);
  if (options.eagerBackend) {
    const eager = await runEager({ build, inputs }, values, options.eagerBackend);
    expect(Object.entries(eager).map(([name, { shape }]) => [name, shape])).toEqual(
      Object.entries(reference).map(([name, { shape }]) => [name, shape]),
    );
    expectClose(dataOf(eager), dataOf(reference), options.tolerance);
    return;
  }
  const actual = options.loweredFor
    ? await runLoweredFor(options.loweredFor, { build, inputs }, values)
    : await runCompiled({ build, inputs }, values, options);
  expectSameSpecs(actual, reference);
  expectClose(dataOf(actual), dataOf(reference), options.tolerance);
}

type Computation = { build: StepFunction; inputs: NamedSpecs };
type Result = TensorSpec & { data: HostData };
type Results = Readonly<Record<string, Result>>;

function specOf(shape: readonly number[] | TensorSpec): TensorSpec {
  return 'dtype' in shape ? shape : { shape, dtype: 'float32' };
}

async function runEager(
  { build, inputs }: Computation,
  values: HostTensors,
  backend: 'cpu' | 'tensorflow' = 'cpu',
): Promise<Results> {
  const specs = new Map<string, TensorSpec>();
  const observed: StepFunction = (operands, state) => {
    const result = build(operands, state);
    for (const [name, { shape, dtype }] of Object.entries(result.outputs)) {
      specs.set(name, { shape, dtype: knownDtype(dtype) });
    }
    return result;
  };
  using step = eagerStep({ build: observed, inputs, state: new EagerState({}), backend });
  return withSpecs(await step.run(values), specs);
}

async function runCompiled(
  { build, inputs }: Computation,
  values: HostTensors,
  options: AgreementOptions,
): Promise<Results> {
  const target = { ...(await engineTarget(options.device ?? 'onnx:cpu', 2)), ...options.target };
  using state = new EngineState({}, target);
  using step = await compileStep({ name: 'case', build, inputs, state });
  return withSpecs(await step.run(values), step.graph.outputs);
}

/** Not by `compileStep`, which lowers for the device that it runs on. */
async function runLoweredFor(
  provider: Provider,
  { build, inputs }: Computation,
  values: HostTensors,
): Promise<Results> {
  const graph = simplify(await trace({ name: 'case', build, inputs, state: {} }));
  const { builder } = lower(graph, { provider, block: 0 });
  const session = await InferenceSession.create(builder.model(), {
    executionProviders: ['cpu'],
    logSeverityLevel: 3,
  });
  const feeds = [...graph.inputs].map(([name, { dtype, shape }]) => {
    const data = values[name];
    if (!data) throw new Error(`no values for '${name}'`);
    return [name, ortTensor(dtype, data, shape)] as const;
  });
  const outputs = await session.run(Object.fromEntries(feeds));
  await session.release();
  return Object.fromEntries(
    Object.entries(outputs).map(([name, tensor]) => [
      name,
      { shape: tensor.dims, dtype: knownDtype(tensor.type), data: hostDataOf(tensor) },
    ]),
  );
}

function withSpecs(values: HostTensors, specs: ReadonlyMap<string, TensorSpec>): Results {
  return Object.fromEntries(
    Object.entries(values).map(([name, data]) => {
      const spec = specs.get(name);
      if (!spec) throw new Error(`'${name}' is no result of the computation`);
      return [name, { shape: spec.shape, dtype: spec.dtype, data }];
    }),
  );
}

function knownDtype(dtype: string): TensorSpec['dtype'] {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new Error(`a result is ${dtype}`);
}

/** The reference may keep truth values in bytes after a cast, so only the compiled result's array is looked at. */
function expectSameSpecs(actual: Results, reference: Results): void {
  const specs = (results: Results) =>
    Object.fromEntries(
      Object.entries(results).map(([name, { shape, dtype }]) => [name, { shape: [...shape], dtype }]),
    );
  expect(specs(actual)).toEqual(specs(reference));
  for (const [name, { data, dtype }] of Object.entries(actual)) {
    expect(data, name).toBeInstanceOf(allocate(dtype, 0).constructor);
  }
}

const dataOf = (results: Results): HostTensors =>
  Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data]));

/** Compares every tensor, relative to the root mean square of the reference. */
export function expectClose(
  actual: HostTensors,
  expected: HostTensors,
  tolerance: number = FLOAT32_TOLERANCE,
): void {
  expect(Object.keys(actual).toSorted()).toEqual(Object.keys(expected).toSorted());
  for (const [name, reference] of Object.entries(expected)) {
    const error = relativeError(actual[name], reference);
    expect(error, `${name} differs by ${error} of its root mean square`).toBeLessThanOrEqual(tolerance);
  }
}

function randomData({ shape, dtype }: TensorSpec, seed: number): HostData {
  const data = signedUnit(seed, sizeOf(shape));
  if (dtype === 'float32') return data;
  return dtype === 'int32'
    ? Int32Array.from(data, (value) => Math.floor(value * 4))
    : Uint8Array.from(data, (v) => (v > 0 ? 1 : 0));
}

function named(results: tf.Tensor | tf.Tensor[]): NamedTensors {
  return Object.fromEntries((Array.isArray(results) ? results : [results]).map((y, i) => [`y${i}`, y]));
}

function plain(fn: (operands: NamedTensors) => tf.Tensor | tf.Tensor[]): StepFunction {
  return (inputs) => ({ outputs: named(fn(inputs)), state: {} });
}

function differentiated(
  fn: (operands: NamedTensors) => tf.Tensor | tf.Tensor[],
  specs: Readonly<Record<string, TensorSpec>>,
): StepFunction {
  return (inputs) => {
    const variables = Object.entries(inputs).filter(([name]) => specs[name]?.dtype === 'float32');
    const loss = (...xs: tf.Tensor[]): tf.Scalar => {
      const replaced = variables.flatMap(([name], i) => (xs[i] ? [[name, xs[i]] as const] : []));
      const operands = { ...inputs, ...Object.fromEntries(replaced) };
      const terms = Object.values(named(fn(operands))).map((y, index) =>
        tf.sum<tf.Scalar>(tf.mul(y, tf.tensor(signedUnit(100 + index, y.size), y.shape))),
      );
      return tf.addN(terms);
    };
    const gradients = tf.grads(loss)(variables.map(([, tensor]) => tensor));
    const outputs = { ...named(fn(inputs)) };
    variables.forEach(([name], i) => Object.assign(outputs, { [`d${name}`]: gradients[i] }));
    return { outputs, state: {} };
  };
}
