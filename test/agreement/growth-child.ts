/** 500 training steps of a tiny network; prints memory after 100 and after 500 as JSON. */
import { compileStep } from '../../src-main/core/compile/runtime/compile-step.ts';
import { EngineState } from '../../src-main/core/compile/runtime/engine-state.ts';
import { engineTarget } from '../../src-main/core/compile/runtime/engine-target.ts';
import { modelNetwork } from '../../src-main/core/model/networks.ts';
import { initialWeights } from '../../src-main/core/model/parameters.ts';
import { tf } from '../../src-main/core/tensor/tfjs.ts';
import {
  clusterInputs,
  clusterStep,
  trainingState,
  updateInputs,
  updateStep,
} from '../../src-main/core/train/update-step.ts';
import { signedUnit } from '../support/random-data.ts';
import { TINY_REGIONS, tinyData, tinyTraining } from '../support/tiny-training.ts';

const spec = tinyTraining();
using state = new EngineState(trainingState(spec), await engineTarget('onnx:cpu', 2));
await state.restore(initialWeights(modelNetwork(spec.model), 1));
using cluster = await compileStep({
  name: 'cluster',
  build: clusterStep(spec),
  inputs: clusterInputs(spec, 2),
  state,
});
using update = await compileStep({
  name: 'update',
  build: updateStep(spec),
  inputs: updateInputs(spec, TINY_REGIONS),
  state,
});
const spanning = signedUnit(1, spec.batch * spec.viewPx ** 2 * 3);
const superpixels = new Float32Array(spec.batch * 2 * (spec.viewPx / 16) ** 2).fill(1);
const data = { ...tinyData(spec, 0), learningRate: Float32Array.of(0.01) };

const readings = [];
for (let step = 1; step <= 500; step++) {
  await cluster.run({ spanning, superpixels });
  await update.run(data);
  if (step === 100 || step === 500) {
    globalThis.gc?.();
    const { rss, external } = process.memoryUsage();
    readings.push({ rss, external, tensors: tf.memory().numTensors });
  }
}
console.log(JSON.stringify(readings));
process.exit(0);
