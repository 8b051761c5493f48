import { expect, test } from 'vitest';
import type { CompileStage } from '../../../../src-main/core/compile/runtime/compile-stage.ts';
import { openEngine } from '../../../../src-main/core/compile/runtime/engine.ts';
import { tf } from '../../../../src-main/core/tensor/tfjs.ts';

test('whoever compiles a step can read its graph at each stage, from the first call to ONNX', async () => {
  const stages: (Omit<CompileStage, 'print'> & { text: string })[] = [];
  using engine = await openEngine('onnx:cpu', {}, { threads: 1 });
  using step = await engine.prepare({
    name: 'add twice',
    inputs: { x: { shape: [3], dtype: 'float32' } },
    build: ({ x }) => {
      if (!x) throw new Error('no x');
      // The second sum is the same as the first, and the third is read by nobody.
      tf.sub(x, 7);
      return { outputs: { y: tf.mul(tf.add(x, 1), tf.add(x, 1)) }, state: {} };
    },
    onStage: ({ print, ...stage }) => void stages.push({ ...stage, text: print() }),
  });
  const names = stages.map(({ name }) => name);
  expect(names).toEqual([
    'traced',
    'eliminate dead',
    'expand batch normalization',
    'fold constants',
    'share common',
    'fuse rectifier gradients',
    'eliminate dead',
    'fuse into producers',
    'eliminate dead',
    'lowered',
    'loaded',
  ]);
  const countIn = (name: string, operation: string) =>
    stages.find((stage) => stage.name === name)?.text.split(operation).length ?? 0;
  expect(countIn('traced', 'fn="sub"') - 1).toBe(1);
  expect(countIn('eliminate dead', 'fn="sub"') - 1).toBe(0);
  expect(countIn('eliminate dead', 'fn="add"') - 1).toBe(2);
  expect(countIn('share common', 'fn="add"') - 1).toBe(1);
  expect(stages.at(-1)?.text).toMatch(/^graph add twice\ninput x : float32\[3\]\n/);
  expect(stages.at(-1)?.text).toMatch(/= Add\(x, const_0\)/);
  expect(stages.every(({ elapsedMs }) => elapsedMs >= 0)).toBe(true);
  expect((await step.run({ x: Float32Array.of(0, 1, 2) })).y).toEqual(Float32Array.of(1, 4, 9));
});
