import { describe, expect, it } from 'vitest';
import { compileStep } from '../../../../src-main/core/compile/runtime/compile-step.ts';
import { memoryOrder, blockedFilter, NCHW } from '../../../../src-main/core/compile/lower/layout.ts';
import { EngineState } from '../../../../src-main/core/compile/runtime/engine-state.ts';
import { engineTarget } from '../../../../src-main/core/compile/runtime/engine-target.ts';
import { modelNetwork } from '../../../../src-main/core/model/networks.ts';
import { initialWeights } from '../../../../src-main/core/model/parameters.ts';
import { tf } from '../../../../src-main/core/tensor/tfjs.ts';
import {
  clusterInputs,
  clusterStep,
  trainingState,
  updateInputs,
  updateStep,
} from '../../../../src-main/core/train/update-step.ts';
import { signedUnit } from '../../../support/random-data.ts';
import { TINY_REGIONS, tinyData, tinyTraining } from '../../../support/tiny-training.ts';

const spec = tinyTraining();

async function trainer(regions = TINY_REGIONS) {
  const state = new EngineState(trainingState(spec), await engineTarget('onnx:cpu', 2));
  await state.restore(initialWeights(modelNetwork(spec.model), 1));
  const update = await compileStep({
    name: 'update',
    build: updateStep(spec),
    inputs: updateInputs(spec, regions),
    state,
  });
  return { state, update };
}

describe('state of compiled steps', () => {
  it('comes back bit for bit, whatever memory order the step keeps it in', async () => {
    const { state, update } = await trainer();
    const initial = initialWeights(modelNetwork(spec.model), 1);
    const held = await state.snapshot();
    for (const [name, data] of Object.entries(initial)) expect(held[name], name).toEqual(data);
    update[Symbol.dispose]();
    state[Symbol.dispose]();
  });

  it('continues from a snapshot as if never stopped', async () => {
    const first = await trainer();
    for (let step = 0; step < 2; step++) await first.update.run(tinyData(spec, step));
    const snapshot = await first.state.snapshot();
    const expected = await first.update.run(tinyData(spec, 2));

    const second = await trainer();
    await second.state.restore(snapshot);
    expect(await second.update.run(tinyData(spec, 2))).toEqual(expected);
    expect(await second.state.snapshot()).toEqual(await first.state.snapshot());
  });

  it('passes from one compiled step to the next when the number of regions changes', async () => {
    const { state, update } = await trainer();
    await update.run(tinyData(spec, 0));
    const before = await state.snapshot();
    update[Symbol.dispose]();
    using other = await compileStep({
      name: 'update',
      build: updateStep(spec),
      inputs: updateInputs(spec, 2),
      state,
    });
    expect(await state.snapshot()).toEqual(before);
    const masks = new Float32Array(2 * spec.batch * 2 * 4).fill(0.5);
    const { loss } = await other.run({ ...tinyData(spec, 1), masks });
    expect(loss?.[0]).toBeGreaterThan(0);
  });

  it('is shared: the cluster stage reads the target that the update step averages', async () => {
    const { state, update } = await trainer();
    using cluster = await compileStep({
      name: 'cluster',
      build: clusterStep(spec),
      inputs: clusterInputs(spec, 2),
      state,
    });
    const inputs = {
      spanning: signedUnit(1, spec.batch * spec.viewPx ** 2 * 3),
      superpixels: new Float32Array(spec.batch * 2 * (spec.viewPx / 16) ** 2).fill(1),
    };
    const [before] = [await cluster.run(inputs)];
    await update.run(tinyData(spec, 0));
    expect((await cluster.run(inputs)).rows).not.toEqual(before.rows);
  });

  it('refuses a wrong size and an unknown name', async () => {
    using state = new EngineState({ w: { shape: [2], dtype: 'float32' } }, await engineTarget('onnx:cpu', 1));
    await expect(state.restore({ w: new Float32Array(3) })).rejects.toThrow(
      "state 'w' has 2 elements, got 3",
    );
    await expect(state.get('v')).rejects.toThrow("there is no state 'v'");
  });

  it('is overwritten in place only where every reader comes first', async () => {
    const pair = { shape: [2], dtype: 'float32' } as const;
    using state = new EngineState({ a: pair, b: pair }, await engineTarget('onnx:cpu', 1));
    await state.restore({ a: Float32Array.of(1, 2), b: Float32Array.of(10, 20) });
    using step = await compileStep({
      name: 'swap',
      // a is read for b after it could have been replaced; b is not.
      build: (_, { a, b }) => ({
        outputs: {},
        state: { a: tf.add(b as tf.Tensor, 0.5), b: tf.mul(a as tf.Tensor, 2) },
      }),
      inputs: {},
      state,
    });
    expect(step.memory.spareBytes).toBe(16);
    await step.run({});
    expect(await state.snapshot()).toEqual({ a: Float32Array.of(10.5, 20.5), b: Float32Array.of(2, 4) });
  });
});

describe('a step', () => {
  it('is deterministic', async () => {
    const [first, second] = [await trainer(), await trainer()];
    for (let step = 0; step < 3; step++) {
      expect(await first.update.run(tinyData(spec, step))).toEqual(
        await second.update.run(tinyData(spec, step)),
      );
    }
    expect(await first.state.snapshot()).toEqual(await second.state.snapshot());
  });

  it('knows what memory it needs', async () => {
    const { state, update } = await trainer();
    const elements = Object.values(trainingState(spec)).reduce(
      (sum, { shape }) => sum + shape.reduce((size, dim) => size * dim, 1),
      0,
    );
    expect(update.memory.stateBytes).toBe(4 * elements);
    expect(state.sizeBytes).toBe(4 * elements);
    // Online weights are read by the gradient of the layer before them; everything else is in place.
    expect(update.memory.spareBytes).toBeLessThan(0.4 * update.memory.stateBytes);
    expect(update.memory.activationBytes).toBeGreaterThan(1e6);
  });

  it('says which input is missing or has the wrong size', async () => {
    const { update } = await trainer();
    const { views, ...others } = tinyData(spec, 0);
    expect(views).toBeDefined();
    await expect(update.run(others)).rejects.toThrow("update: input 'views' needs");
  });
});

describe('memory order', () => {
  it('of channels first lists each channel plane in turn', () => {
    // [1, 1, 2, 2] NHWC: pixel 0 = (0, 1), pixel 1 = (2, 3).
    expect([...memoryOrder(NCHW, [1, 1, 2, 2])]).toEqual([0, 2, 1, 3]);
  });

  it('of blocked filters keeps a block of inputs by a block of outputs together', () => {
    // [1, 1, 2, 4] HWIO, block 2: outputs (0, 1) of inputs (0, 1), then outputs (2, 3).
    expect([...memoryOrder(blockedFilter(2), [1, 1, 2, 4])]).toEqual([0, 1, 4, 5, 2, 3, 6, 7]);
  });
});
