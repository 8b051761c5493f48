import { beforeAll, describe, expect, it } from 'vitest';
import { loadNativeTfjs } from '../../src-main/core/compile/devices/tfjs-probe.ts';
import { openEngine } from '../../src-main/core/compile/runtime/engine.ts';
import { modelNetwork } from '../../src-main/core/model/networks.ts';
import { initialWeights } from '../../src-main/core/model/parameters.ts';
import { tf } from '../../src-main/core/tensor/tfjs.ts';
import { trainingState, updateInputs, updateStep } from '../../src-main/core/train/update-step.ts';
import { expectAgreement } from '../support/agreement.ts';
import { expectGoldenSteps } from '../support/golden-step.ts';
import { hasTensorFlow, TENSORFLOW_FOLDER, tensorFlowReason } from '../support/tensorflow.ts';
import { TINY_REGIONS, tinyData, tinyTraining } from '../support/tiny-training.ts';
import { kernelCases } from './kernel-cases.ts';

const MIB = 2 ** 20;
const device = { device: 'tfjs:tensorflow', tensorflowFolder: TENSORFLOW_FOLDER } as const;

describe.skipIf(!hasTensorFlow)(`on TensorFlow${tensorFlowReason}`, { tags: ['tools'] }, () => {
  beforeAll(() => loadNativeTfjs(device.device, TENSORFLOW_FOLDER));

  describe('a kernel agrees with plain JavaScript, gradients included', () => {
    for (const [name, shapes, fn, options] of kernelCases) {
      it(name, () => expectAgreement(shapes, fn, { ...options, eagerBackend: 'tensorflow' }));
    }
  });

  describe('the update step is that of the official code', () => {
    for (const variant of ['', '_fixed'] as const) {
      it(`base width 8${variant.replace('_', ', ')}: every golden step`, () =>
        expectGoldenSteps({ width: 8, variant }, device));
    }
  });

  it('1,000 steps grow neither memory nor the number of tensors', async () => {
    const spec = tinyTraining();
    using engine = await openEngine(device.device, trainingState(spec), { threads: 2, ...device });
    await engine.state.restore(initialWeights(modelNetwork(spec.model), 1));
    using step = await engine.prepare({
      name: 'update',
      build: updateStep(spec),
      inputs: updateInputs(spec, TINY_REGIONS),
    });
    const data = { ...tinyData(spec, 0), learningRate: Float32Array.of(0.01) };
    const readings: { rss: number; tensors: number }[] = [];
    for (let at = 1; at <= 1_000; at++) {
      await step.run(data);
      // TensorFlow's threads and its allocator take what they need within the first hundred steps.
      if (at === 200 || at === 1_000)
        readings.push({ rss: process.memoryUsage().rss, tensors: tf.memory().numTensors });
    }
    const [early, late] = readings;
    if (!early || !late) throw new Error('two readings are expected');
    console.log(
      'memory after 200 and 1,000 steps, MiB:',
      readings.map(({ rss }) => Math.round(rss / MIB)).join(', '),
    );
    expect(late.tensors).toBe(early.tensors);
    // One copy of this state is 1.4 MiB: a leak of one a step would show as 1,100 MiB.
    expect((late.rss - early.rss) / MIB).toBeLessThan(64);
  });
});
