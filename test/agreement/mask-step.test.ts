import { expect, it } from 'vitest';
import { compileStep } from '../../src-main/core/compile/runtime/compile-step.ts';
import { EngineState } from '../../src-main/core/compile/runtime/engine-state.ts';
import { engineTarget } from '../../src-main/core/compile/runtime/engine-target.ts';
import type { HostTensors } from '../../src-main/core/compile/runtime/step.ts';
import { adamWScales } from '../../src-main/core/model/adam-w.ts';
import { maskNetwork } from '../../src-main/core/model/mask-network.ts';
import type { ParameterSpec } from '../../src-main/core/model/parameters.ts';
import type { HostData } from '../../src-main/core/tensor/dtype.ts';
import {
  maskInputs,
  maskStep,
  maskTrainingState,
  type MaskTrainingSpec,
} from '../../src-main/core/train/mask-step.ts';
import { toTorchOrder } from '../../src-main/core/weights/torch-layout.ts';
import { readGoldenJson } from '../support/golden.ts';
import { goldenStatistics, goldenWeights } from '../support/golden-weights.ts';
import { signedUnit } from '../support/random-data.ts';

type Numbers = { l2: number; first: number[] };
type Golden = {
  width: number;
  batch: number;
  imagePx: number;
  headWidth: number;
  base: number;
  learningRate: number;
  weightDecay: number;
  steps: {
    loss: number;
    logits: Numbers;
    parameters: Record<string, Numbers & { gradientL2: number }>;
    statistics: Record<string, Numbers>;
  }[];
};

const golden = readGoldenJson('cases/9_mask_step.json') as Golden;
const spec: MaskTrainingSpec = {
  encoder: { block: 'basic', depths: [1, 1, 1, 1], width: golden.width },
  headWidth: golden.headWidth,
  batch: golden.batch,
  imagePx: golden.imagePx,
  weightDecay: golden.weightDecay,
};
const network = maskNetwork(spec);
const initial = { ...goldenWeights(network, golden.base), ...goldenStatistics(network) };

/** Images and masks as the fixture drew them for step `step`. */
function dataOf(step: number): HostTensors {
  const { batch, imagePx } = spec;
  const { meanScale, squareScale } = adamWScales(step);
  return {
    images: signedUnit(1000 + step, batch * imagePx ** 2 * 3),
    targets: signedUnit(2000 + step, batch * (imagePx / 4) ** 2).map((u) =>
      Math.min(Math.max(u * 1.5, 0), 1),
    ),
    learningRate: Float32Array.of(golden.learningRate),
    meanScale: Float32Array.of(meanScale),
    squareScale: Float32Array.of(squareScale),
  };
}

function expectNumbers(
  actual: HostData | undefined,
  { l2, first }: Numbers,
  tolerance: number,
  name: string,
) {
  const values = Array.from(actual ?? []);
  expect(Math.abs(Math.hypot(...values) - l2) / l2, `${name}, length`).toBeLessThan(tolerance);
  const largest = l2 / Math.sqrt(values.length);
  first.forEach((value, at) => {
    expect(Math.abs((values[at] ?? NaN) - value) / largest, `${name}[${at}]`).toBeLessThan(tolerance);
  });
}

const inTorchOrder = (data: HostData, parameter: ParameterSpec) =>
  toTorchOrder(data as Float32Array<ArrayBuffer>, parameter);

it('a step of learning encoder and head from masks equals PyTorch over two steps', async () => {
  using state = new EngineState(maskTrainingState(spec), await engineTarget('onnx:cpu', 2));
  await state.restore(initial);
  using step = await compileStep({ name: 'masks', build: maskStep(spec), inputs: maskInputs(spec), state });
  for (const [at, expected] of golden.steps.entries()) {
    const { loss, logits } = await step.run(dataOf(at));
    expect(Math.abs((loss?.[0] ?? NaN) - expected.loss)).toBeLessThan(1e-5);
    expectNumbers(logits, expected.logits, 1e-4, 'logits');
    for (const parameter of network.parameters) {
      const numbers = expected.parameters[parameter.name];
      if (!numbers) throw new Error(`the fixture has no '${parameter.name}'`);
      if (at === 0) {
        // The first average of a gradient is a tenth of it.
        const length = Math.hypot(...(await state.get(`mean.${parameter.name}`))) * 10;
        expect(Math.abs(length / numbers.gradientL2 - 1), parameter.name).toBeLessThan(1e-3);
      }
      const values = inTorchOrder(await state.get(parameter.name), parameter);
      // The first steps of Adam follow a gradient's sign: of a gradient that is next to nothing, float32 may miss it.
      expectNumbers(values, numbers, 1e-3, parameter.name);
    }
    for (const [name, numbers] of Object.entries(expected.statistics)) {
      expectNumbers(await state.get(name), numbers, 1e-4, name);
    }
  }
});
