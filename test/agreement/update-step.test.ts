import { describe, expect, it } from 'vitest';
import { compileStep } from '../../src-main/core/compile/runtime/compile-step.ts';
import { EagerState, eagerStep } from '../../src-main/core/compile/runtime/eager-step.ts';
import { openEngine } from '../../src-main/core/compile/runtime/engine.ts';
import { EngineState } from '../../src-main/core/compile/runtime/engine-state.ts';
import { engineTarget, type EngineTarget } from '../../src-main/core/compile/runtime/engine-target.ts';
import { modelNetwork } from '../../src-main/core/model/networks.ts';
import { initialWeights } from '../../src-main/core/model/parameters.ts';
import { R2O_LARS, type OptimizerSpec } from '../../src-main/core/train/optimizer.ts';
import { trainingState, updateInputs, updateStep } from '../../src-main/core/train/update-step.ts';
import { expectClose } from '../support/agreement.ts';
import { relativeError } from '../support/relative-error.ts';
import { isGradientNoise, TINY_REGIONS, tinyData, tinyTraining } from '../support/tiny-training.ts';

const SGD: OptimizerSpec = { kind: 'sgd', momentum: 0.9, weightDecay: 1e-4 };

const cases: [name: string, width: number, optimizer: OptimizerSpec, target: Partial<EngineTarget>][] = [
  ['LARS, blocked kernels', 16, R2O_LARS, {}],
  ['LARS, without blocked kernels', 8, R2O_LARS, { block: 0 }],
  ['SGD, blocked kernels', 16, SGD, {}],
];

describe('a whole update step, compiled, agrees with eager TensorFlow.js', () => {
  for (const [name, width, optimizer, overrides] of cases) {
    it(name, async () => {
      const spec = tinyTraining({ width, optimizer });
      const initial = initialWeights(modelNetwork(spec.model), 1);
      const build = updateStep(spec);
      const inputs = updateInputs(spec, TINY_REGIONS);
      using state = new EngineState(trainingState(spec), {
        ...(await engineTarget('onnx:cpu', 2)),
        ...overrides,
      });
      using eagerState = new EagerState(trainingState(spec));
      await state.restore(initial);
      await eagerState.restore(initial);
      using compiled = await compileStep({ name: 'update', build, inputs, state });
      using eager = eagerStep({ build, inputs, state: eagerState, backend: 'cpu' });
      const data = tinyData(spec, 0);
      // Ten layers of sums in another order; a decision that flips in float32 would show as 1e-2.
      expectClose(await compiled.run(data), await eager.run(data), 2e-4);
      const after = await state.snapshot();
      for (const [entry, expected] of Object.entries(await eagerState.snapshot())) {
        if (isGradientNoise(entry)) continue;
        expect(relativeError(after[entry], expected), entry).toBeLessThan(2e-3);
      }
    });
  }
});

it('a training that moves from TensorFlow.js to ONNX Runtime goes on with the same state', async () => {
  const spec = tinyTraining({ width: 4 });
  const request = { name: 'update', build: updateStep(spec), inputs: updateInputs(spec, TINY_REGIONS) };
  using before = await openEngine('tfjs:cpu', trainingState(spec), { threads: 2 });
  await before.state.restore(initialWeights(modelNetwork(spec.model), 1));
  using eager = await before.prepare(request);
  await eager.run(tinyData(spec, 0));
  const saved = await before.state.snapshot();

  using after = await openEngine('onnx:cpu', trainingState(spec), { threads: 2 });
  using compiled = await after.prepare(request);
  await after.state.restore(saved);
  expect(await after.state.snapshot()).toEqual(saved);
  // As above: sums in another order.
  expectClose(await compiled.run(tinyData(spec, 1)), await eager.run(tinyData(spec, 1)), 2e-4);
});
