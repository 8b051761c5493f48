import { expect } from 'vitest';
import { compileStep } from '../../src-main/core/compile/runtime/compile-step.ts';
import type { DeviceId } from '../../src-main/core/compile/devices/report.ts';
import { EagerState, eagerStep } from '../../src-main/core/compile/runtime/eager-step.ts';
import type { TensorSpec } from '../../src-main/core/compile/ir/tensor-spec.ts';
import { EngineState } from '../../src-main/core/compile/runtime/engine-state.ts';
import type { HostTensors } from '../../src-main/core/compile/runtime/step.ts';
import { engineTarget, type EngineTarget } from '../../src-main/core/compile/runtime/engine-target.ts';
import type { NamedTensors, StepFunction } from '../../src-main/core/compile/trace/trace.ts';
import type { HostData } from '../../src-main/core/tensor/dtype.ts';
import { sizeOf } from '../../src-main/core/tensor/shape.ts';
import { tf } from '../../src-main/core/tensor/tfjs.ts';
import { signedUnit } from './random-data.ts';
import { relativeError } from './relative-error.ts';

export type AgreementOptions = {
  device?: DeviceId;
  /** Overrides parts of the target, such as the block that this CPU has. */
  target?: Partial<EngineTarget>;
  /** Largest difference, relative to the tensor's root mean square. */
  tolerance?: number;
  /** Given instead of random values in [-1, 1). */
  values?: HostTensors;
  isDifferentiated?: boolean;
};

/**
 * float32 has 24 bits: 6e-8 a rounding. Sums of a few thousand products, added up in another order,
 * agree to about the square root of their number times that.
 */
const FLOAT32_TOLERANCE = 2e-5;

/**
 * Runs a function compiled and on eager tfjs `cpu`, and compares its results and, for float32
 * operands, the gradients of their sum weighted by fixed random numbers.
 * @param shapes float32 operands by name, or full specs
 */
export async function expectAgreement(
  shapes: Readonly<Record<string, readonly number[] | TensorSpec>>,
  fn: (operands: Readonly<Record<string, tf.Tensor>>) => tf.Tensor | tf.Tensor[],
  options: AgreementOptions = {},
): Promise<void> {
  const inputs = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      Array.isArray(shape) ? { shape, dtype: 'float32' as const } : (shape as TensorSpec),
    ]),
  );
  const values = Object.fromEntries(
    Object.entries(inputs).map(([name, spec], index) => [
      name,
      options.values?.[name] ?? randomData(spec, index + 1),
    ]),
  );
  const build = options.isDifferentiated === false ? plain(fn) : differentiated(fn, inputs);
  const target = { ...(await engineTarget(options.device ?? 'onnx:cpu', 2)), ...options.target };
  using state = new EngineState({}, target);
  using compiled = await compileStep({ name: 'case', build, inputs, state });
  using eager = eagerStep({ build, inputs, state: new EagerState({}), backend: 'cpu' });
  expectClose(await compiled.run(values), await eager.run(values), options.tolerance);
}

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
