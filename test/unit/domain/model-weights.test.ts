import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Model, ModelCard } from '../../../src-main/contract/model.ts';
import { isSameEncoder, newModelFile, weightsOf } from '../../../src-main/domain/model-weights.ts';

const [ONE, OTHER] = ['a'.repeat(64), 'b'.repeat(64)];

function model(change: object = {}, seed: number | null = null): Model {
  return Model.parse({
    id: 1,
    name: 'encoder',
    origin: 'imported',
    architecture: 'resnet18',
    file: 'a.safetensors',
    sha256: ONE,
    runId: null,
    card: ModelCard.parse({ seed }),
    createdAtMs: 0,
    ...change,
  });
}
const untrained = (seed: number | null, architecture = 'resnet18') =>
  model({ origin: 'untrained', file: null, sha256: null, architecture }, seed);

describe('the weights of a model', () => {
  test('are its file, or what its seed draws', () => {
    expect(weightsOf(model(), '/models')).toEqual({
      kind: 'file',
      path: join('/models', 'a.safetensors'),
      sha256: ONE,
    });
    expect(weightsOf(untrained(7), '/models')).toEqual({
      kind: 'untrained',
      architecture: 'resnet18',
      seed: 7,
    });
    expect(weightsOf(untrained(null), '/models')).toMatchObject({ seed: 0 });
  });

  test.each([
    ['imported twice', model(), model({ id: 2, name: 'copy', file: 'b.safetensors' }), true],
    ['of other content', model(), model({ sha256: OTHER }), false],
    ['untrained with the same seed', untrained(1), untrained(1), true],
    ['untrained with another seed', untrained(1), untrained(2), false],
    ['untrained of another network', untrained(1), untrained(1, 'resnet50'), false],
    ['trained and untrained', model(), untrained(1), false],
  ])('are those of the same encoder or not: %s', (_, one, other, isSame) => {
    expect(isSameEncoder(one, other)).toBe(isSame);
    expect(isSameEncoder(other, one)).toBe(isSame);
  });

  test('get a file of their own', () => {
    expect(newModelFile('resnet18')).toMatch(/^resnet18-[\da-f-]{36}\.safetensors$/);
    expect(newModelFile('graph', 'onnx')).toMatch(/\.onnx$/);
    expect(newModelFile('resnet18')).not.toBe(newModelFile('resnet18'));
  });
});
