import { phrase, type Phrase } from '../../../contract/error-texts/error-text.ts';
import type { HostData } from '../../tensor/dtype.ts';
import { EagerState, eagerStep } from '../runtime/eager-step.ts';
import type { HostTensors } from '../runtime/step.ts';
import { probeCases, probeValues, type ProbeCase } from './probe-cases.ts';

/**
 * Largest difference of an element, as a share of the root mean square of its tensor. Float32 in another order of
 * summation differs by 1e-5; GPUs that round products of convolutions to 10 or 11 bits (TF32, half precision) by up
 * to 4e-3, which trains as well. A wrong tile, index or edge differs by about 1.
 */
const TOLERANCE = 1e-2;

/** Runs a case on the device that is compared. */
export type RunCase = (probeCase: ProbeCase, values: HostTensors) => Promise<HostTensors>;

/** The first result that is wrong, by the name of its computation. */
export type WrongResult = { operator: string; result: string; error: number };

/**
 * Compares a device element by element with plain JavaScript, on seeded random data of odd shapes: everything that
 * training computes, with its gradients.
 * @returns the first wrong result; undefined where all are right
 * @throws Error as `run` does, naming the computation
 */
export async function compareDevice(
  run: RunCase,
  cases: readonly ProbeCase[] = probeCases(),
): Promise<WrongResult | undefined> {
  for (const probeCase of cases) {
    const values = probeValues(probeCase);
    const expected = await runEager(probeCase, values, 'cpu');
    const actual = await run(probeCase, values).catch((error: unknown) => {
      throw new Error(`${probeCase.name}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    });
    for (const [result, reference] of Object.entries(expected)) {
      const error = largestError(actual[result], reference);
      if (!(error <= TOLERANCE)) return { operator: probeCase.name, result, error };
    }
  }
  return undefined;
}

/** Runs a case op by op on a backend of TensorFlow.js. */
export async function runEager(
  { inputs, build }: ProbeCase,
  values: HostTensors,
  backend: 'cpu' | 'tensorflow',
): Promise<HostTensors> {
  using step = eagerStep({ build, inputs, state: new EagerState({}), backend });
  return await step.run(values);
}

/** One sentence for a list of devices. */
export function describeWrong({ operator, result, error }: WrongResult): Phrase {
  const where = {
    operator,
    result: result === 'result' ? phrase('the-result') : phrase('the-gradient', { gradient: result }),
  };
  return Number.isFinite(error)
    ? phrase('wrong-results', { ...where, times: error.toPrecision(2) })
    : phrase('wrong-numbers', where);
}

/** Over the root mean square of the reference; infinite for NaN or another length. */
function largestError(actual: HostData | undefined, reference: HostData): number {
  if (actual?.length !== reference.length) return Infinity;
  let [squares, largest] = [0, 0];
  for (let at = 0; at < reference.length; at++) {
    const expected = reference[at] ?? 0;
    const difference = Math.abs((actual[at] ?? NaN) - expected);
    if (Number.isNaN(difference)) return Infinity;
    squares += expected * expected;
    largest = Math.max(largest, difference);
  }
  const rms = Math.sqrt(squares / reference.length);
  return rms === 0 ? largest : largest / rms;
}
