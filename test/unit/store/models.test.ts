import { describe, expect, test } from 'vitest';
import { ModelId, RunId } from '../../../src-main/contract/ids.ts';
import { ModelCard, type Model } from '../../../src-main/contract/model.ts';
import { weightsOf } from '../../../src-main/domain/model-weights.ts';
import { hashOf, TestStore } from '../../support/store.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const card = ModelCard.parse({
  viewPx: 224,
  batchesTracked: 7,
  licence: 'CC BY 4.0',
  training: {
    collectionName: 'pets',
    imageCount: 240,
    steps: 10,
    preset: 'quick',
    seed: 1,
    device: 'onnx:cpu',
    config: { batch: 8, schedule: { warmup: 2 } },
    curves: [{ name: 'loss', points: [[0, 4]] }],
  },
});
const trained: Omit<Model, 'id'> = {
  name: 'pets',
  origin: 'run',
  architecture: 'resnet18',
  file: 'resnet18-1.safetensors',
  sha256: hashOf(1),
  runId: null,
  card,
  createdAtMs: 5,
};
const baseline: Omit<Model, 'id'> = {
  name: 'baseline',
  origin: 'untrained',
  architecture: 'resnet50',
  file: null,
  sha256: null,
  runId: null,
  card: ModelCard.parse({ seed: 3 }),
  createdAtMs: 6,
};

describe('models', () => {
  test('come back as they were inserted, newest first', () => {
    using test = new TestStore(tempFolder());
    const { models } = test.store;
    const [first, second] = [models.insert(trained), models.insert(baseline)];
    expect(models.list()).toEqual([
      { id: second, ...baseline },
      { id: first, ...trained },
    ]);
    expect(models.get(first)).toEqual({ id: first, ...trained });
    expect(models.get(ModelId.parse(99))).toBeUndefined();
  });

  test('are renamed and removed one by one', () => {
    using test = new TestStore(tempFolder());
    const { models } = test.store;
    const [first, second] = [models.insert(trained), models.insert(baseline)];
    models.rename(first, 'cats and dogs');
    models.remove(second);
    expect(models.list().map(({ name }) => name)).toEqual(['cats and dogs']);
  });

  test('belong to their run, and outlive it', () => {
    using test = new TestStore(tempFolder());
    test.db.exec(`
      INSERT INTO runs (id, name, preset, config, device, seed, image_count, total_steps, created_at_ms)
      VALUES (4, 'r', 'quick', '{}', 'onnx:cpu', 1, 1, 1, 0)`);
    const { models } = test.store;
    const id = models.insert({ ...trained, runId: RunId.parse(4) });
    models.insert(baseline);
    expect(models.ofRun(RunId.parse(4)).map((model) => model.id)).toEqual([id]);
    test.db.exec('DELETE FROM runs');
    expect(models.get(id)?.runId).toBeNull();
  });

  test('leave the segmentations made with them', () => {
    using test = new TestStore(tempFolder());
    const id = test.store.models.insert(trained);
    const collectionId = test.collection();
    const segmentation = { collectionId, name: 's', settings: {}, device: 'onnx:cpu', createdAtMs: 0 };
    const segmentationId = test.store.segmentations.insert(segmentation);
    test.db.prepare('UPDATE segmentations SET model_id = ?').run(id);
    test.store.models.remove(id);
    expect(test.store.segmentations.get(segmentationId)?.name).toBe('s');
  });

  test('whose card an older version wrote get what it lacks as unknown', () => {
    using test = new TestStore(tempFolder());
    const id = test.store.models.insert(baseline);
    test.db.exec(`UPDATE models SET card = '{}'`);
    expect(test.store.models.get(id)?.card).toEqual(ModelCard.parse({}));
  });

  test('are found by a worker in their file, or drawn from their seed', () => {
    const id = ModelId.parse(1);
    expect(weightsOf({ id, ...trained }, '/data/models')).toEqual({
      kind: 'file',
      path: '/data/models/resnet18-1.safetensors',
      sha256: hashOf(1),
    });
    expect(weightsOf({ id, ...baseline }, '/data/models')).toEqual({
      kind: 'untrained',
      architecture: 'resnet50',
      seed: 3,
    });
  });
});
