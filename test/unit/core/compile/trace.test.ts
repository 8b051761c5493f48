import { describe, expect, it } from 'vitest';
import { printGraph } from '../../../../src-main/core/compile/ir/graph.ts';
import { simplify } from '../../../../src-main/core/compile/passes/simplify.ts';
import { trace, type StepFunction } from '../../../../src-main/core/compile/trace/trace.ts';
import { weightOf } from '../../../../src-main/core/model/parameters.ts';
import { tf } from '../../../../src-main/core/tensor/tfjs.ts';

const vector = { shape: [2], dtype: 'float32' } as const;

function traced(build: StepFunction) {
  return trace({ name: 'step', build, inputs: { x: vector }, state: { w: vector } });
}

type Tensors = Readonly<Record<string, tf.Tensor>>;
const x = (inputs: Tensors) => weightOf(inputs, 'x');
const w = (state: Tensors) => weightOf(state, 'w');

describe('tracing', () => {
  it('prints inputs, state, one line a node, outputs and next state', async () => {
    const graph = await traced((inputs, state) => ({
      outputs: { sum: tf.sum(tf.mul(x(inputs), w(state))) },
      state: { w: tf.sub(w(state), x(inputs)) },
    }));
    expect(printGraph(graph)).toBe(
      [
        'graph step',
        'input x %0 : float32[2]',
        'state w %1 : float32[2]',
        '%2 = binary fn="mul" %0, %1 : float32[2]',
        '%3 = reduce fn="sum" axes=[0] keepDims=false %2 : float32[]',
        '%4 = binary fn="sub" %1, %0 : float32[2]',
        'output sum %3 : float32[]',
        'next w %4 : float32[2]',
      ].join('\n'),
    );
  });

  it('names the op whose result is read', async () => {
    const reading = traced((inputs) => ({
      outputs: { y: tf.scalar(tf.square(x(inputs)).dataSync()[0] ?? 0) },
      state: {},
    }));
    await expect(reading).rejects.toThrow(/cannot read tensor data: the result of 'unary' .*fn="square"/);
  });

  it('names a kernel that it does not know', async () => {
    const unknown = traced((inputs) => ({ outputs: { y: tf.erf(x(inputs)) }, state: {} }));
    await expect(unknown).rejects.toThrow(/Erf/);
  });

  it('names an attribute that the compiler does not support', async () => {
    const image = { shape: [1, 8, 8, 1], dtype: 'float32' } as const;
    const dilated = trace({
      name: 'step',
      build: (inputs) => ({
        outputs: { y: tf.conv2d(x(inputs) as tf.Tensor4D, tf.ones([3, 3, 1, 1]), 1, 'valid', 'NHWC', 2) },
        state: {},
      }),
      inputs: { x: image },
      state: {},
    });
    await expect(dilated).rejects.toThrow(/Conv2D: attribute 'dilations' is \[?2/);
  });

  it('refuses state that changes its shape', async () => {
    const growing = traced((_, state) => ({ outputs: {}, state: { w: tf.concat([w(state), w(state)]) } }));
    await expect(growing).rejects.toThrow("changes state 'w' from [2] to [4]");
  });

  it('leaves the TensorFlow.js backend and tensor count as they were, also after an error', async () => {
    await tf.setBackend('cpu');
    const before = tf.memory().numTensors;
    await traced((inputs) => ({ outputs: { y: tf.square(x(inputs)) }, state: {} }));
    await expect(
      traced(() => {
        throw new Error('mine');
      }),
    ).rejects.toThrow('mine');
    expect(tf.getBackend()).toBe('cpu');
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('passes', () => {
  const lines = async (build: StepFunction) =>
    printGraph(simplify(await traced(build)))
      .split('\n')
      .filter((line) => line.startsWith('%'));

  it('drop what nothing depends on', async () => {
    const build: StepFunction = (inputs) => {
      tf.exp(x(inputs));
      return { outputs: { y: tf.neg(x(inputs)) }, state: {} };
    };
    expect(await lines(build)).toEqual(['%2 = unary fn="neg" %0 : float32[2]']);
  });

  it('compute equal expressions once', async () => {
    const build: StepFunction = (inputs) => ({
      outputs: { y: tf.mul(tf.exp(x(inputs)), tf.exp(x(inputs))) },
      state: {},
    });
    expect((await lines(build)).filter((line) => line.includes('exp'))).toHaveLength(1);
  });

  it('evaluate constants and drop neutral operations', async () => {
    const build: StepFunction = (inputs) => {
      const one = tf.sqrt(tf.mul(tf.scalar(0.5), 2));
      return { outputs: { y: tf.mul(tf.add(x(inputs), 0), one) }, state: {} };
    };
    const graph = simplify(await traced(build));
    expect(graph.outputs.get('y')).toBe(graph.inputs.get('x'));
  });

  it('do not store the tensor of ones that the gradient of a sum multiplies by', async () => {
    const build: StepFunction = (inputs) => ({
      outputs: { y: tf.grad((v: tf.Tensor) => tf.sum(tf.square(v)))(x(inputs)) },
      state: {},
    });
    expect((await lines(build)).filter((line) => line.includes('splat'))).toEqual([
      expect.stringMatching(/splat value=2 : float32\[\]/),
    ]);
  });

  const normalised = (inputs: Tensors, state: Tensors) => {
    const [scale, mean] = [w(state) as tf.Tensor1D, tf.zerosLike(w(state)) as tf.Tensor1D];
    return tf.batchNorm(x(inputs), mean, tf.onesLike(mean), mean, scale);
  };
  const simplifiedImage = async (build: StepFunction) => {
    const image = { shape: [1, 2, 2, 2], dtype: 'float32' } as const;
    return simplify(await trace({ name: 'step', build, inputs: { x: image }, state: { w: vector } }));
  };

  it('fuse a residual and a rectifier into the affine before them', async () => {
    const graph = await simplifiedImage((inputs, state) => ({
      outputs: { y: tf.relu(tf.add(normalised(inputs, state), tf.square(x(inputs)))) },
      state: {},
    }));
    const last = graph.nodes.at(-1);
    expect(last?.operation).toEqual({ op: 'affine', activation: 'relu' });
    expect(last?.inputs).toHaveLength(4);
  });

  it.each<[string, (y: tf.Tensor, inputs: Tensors) => tf.Tensor]>([
    ['a rectifier', (y) => tf.relu(y)],
    ['an addition', (y, inputs) => tf.add(y, x(inputs))],
  ])('do not fuse %s into an affine that is an output itself', async (_, after) => {
    const graph = await simplifiedImage((inputs, state) => {
      const y = normalised(inputs, state);
      return { outputs: { y, z: after(y, inputs) }, state: {} };
    });
    const affines = graph.nodes.filter(({ operation }) => operation.op === 'affine');
    expect(affines.map(({ operation }) => operation)).toEqual([{ op: 'affine', activation: 'none' }]);
    expect(affines[0]?.outputs).toEqual([graph.outputs.get('y')]);
    expect(graph.nodes.at(-1)?.inputs).toContain(graph.outputs.get('y'));
  });
});
