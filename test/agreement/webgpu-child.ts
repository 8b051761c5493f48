/**
 * One tiny training step on ONNX Runtime's WebGPU provider and on eager TensorFlow.js, in a process of
 * its own because the driver is chosen by environment variables. Prints the differences as JSON.
 */
import { compileStep } from '../../src-main/core/compile/runtime/compile-step.ts';
import { EagerState, eagerStep } from '../../src-main/core/compile/runtime/eager-step.ts';
import { EngineState } from '../../src-main/core/compile/runtime/engine-state.ts';
import { engineTarget } from '../../src-main/core/compile/runtime/engine-target.ts';
import { modelNetwork } from '../../src-main/core/model/networks.ts';
import { initialWeights } from '../../src-main/core/model/parameters.ts';
import { trainingState, updateInputs, updateStep } from '../../src-main/core/train/update-step.ts';
import { relativeError } from '../support/relative-error.ts';
import { isGradientNoise, TINY_REGIONS, tinyData, tinyTraining } from '../support/tiny-training.ts';

const spec = tinyTraining();
const initial = initialWeights(modelNetwork(spec.model), 1);
const build = updateStep(spec);
const inputs = updateInputs(spec, TINY_REGIONS);

using state = new EngineState(trainingState(spec), await engineTarget('onnx:webgpu', 2));
using eagerState = new EagerState(trainingState(spec));
await state.restore(initial);
await eagerState.restore(initial);
const compiled = await compileStep({ name: 'update', build, inputs, state });
using eager = eagerStep({ build, inputs, state: eagerState, backend: 'cpu' });
const losses: [number, number][] = [];
for (let step = 0; step < 2; step++) {
  const data = tinyData(spec, step);
  const [ours, reference] = [await compiled.run(data), await eager.run(data)];
  losses.push([ours.loss?.[0] ?? NaN, reference.loss?.[0] ?? NaN]);
  if (step === 0) {
    const [after, expected] = [await state.snapshot(), await eagerState.snapshot()];
    const errors = Object.entries(expected)
      .filter(([name]) => !isGradientNoise(name))
      .map(([name, values]) => [name, relativeError(after[name], values)] as const);
    const worst = errors.toSorted(([, a], [, b]) => b - a)[0];
    console.log(JSON.stringify({ worst }));
  }
}
// The GPU buffers of the state were made by the step's session, and must outlive it.
const held = await state.snapshot();
compiled[Symbol.dispose]();
using recompiled = await compileStep({ name: 'update', build, inputs, state });
const kept = await state.snapshot();
const isKept = Object.entries(held).every(([name, values]) => relativeError(kept[name], values) === 0);
const { loss } = await recompiled.run(tinyData(spec, 2));
console.log(JSON.stringify({ losses, isKept, finalLoss: loss?.[0] }));
process.exit(0);
