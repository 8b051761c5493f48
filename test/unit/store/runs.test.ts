import { expect, onTestFinished, test } from 'vitest';
import { ContentHash, ImageId, RunId } from '../../../src-main/contract/ids.ts';
import { configure } from '../../../src-main/core/train/configure.ts';
import type { RunRepository } from '../../../src-main/store/runs.ts';
import { TestStore } from '../../support/store.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const HASH = ContentHash.parse('cd'.repeat(32));
const IMAGE = ImageId.parse(7);

function openRuns(): { store: TestStore; runs: RunRepository; id: RunId } {
  const store = new TestStore(tempFolder());
  onTestFinished(() => store[Symbol.dispose]());
  const { runs } = store.store;
  const id = runs.insert({
    collectionId: store.collection(),
    parentModelId: null,
    name: 'pets, quick',
    preset: 'quick',
    config: configure('quick', 240, {}),
    device: 'onnx:cpu',
    imageCount: 240,
    totalSteps: 300,
    createdAtMs: 5,
  });
  return { store, runs, id };
}

test('a run is read as it was inserted, and outlives its collection', () => {
  const { store, runs, id } = openRuns();
  const run = runs.get(id);
  expect(run).toMatchObject({ name: 'pets, quick', step: 0, checkpointStep: null, best: null, state: null });
  expect(run?.config).toEqual(configure('quick', 240, {}));
  expect(runs.list(run?.collectionId ?? undefined)).toEqual([run]);
  expect(runs.checkpoint(id)).toBeUndefined();
  store.db.prepare('DELETE FROM collections').run();
  expect(runs.list()).toEqual([{ ...run, collectionId: null }]);
});

test('curves are thinned to means, and a step that is trained again replaces its values', () => {
  const { runs, id } = openRuns();
  const points = [1, 3, 5, 7, 9].map((value, step) => ({ name: 'loss' as const, step, value }));
  runs.saveMetrics(id, points);
  runs.saveMetrics(id, [
    { name: 'loss', step: 4, value: 19 },
    { name: 'stability', step: 4, value: 0.5 },
  ]);
  expect(runs.curves(id, { names: ['loss'], maxPoints: 10 })).toEqual([
    {
      name: 'loss',
      points: [
        [0, 1],
        [1, 3],
        [2, 5],
        [3, 7],
        [4, 19],
      ],
    },
  ]);
  // Five steps in at most two points: widths of three.
  expect(runs.curves(id, { maxPoints: 2 })).toEqual([
    {
      name: 'loss',
      points: [
        [2, 3],
        [4, 13],
      ],
    },
    { name: 'stability', points: [[4, 0.5]] },
  ]);
});

test('previews are listed by step and read as PNG', () => {
  const { runs, id } = openRuns();
  for (const step of [10, 0]) {
    runs.savePreview({
      runId: id,
      step,
      images: [{ imageId: IMAGE, contentHash: HASH, png: Uint8Array.of(step, 1) }],
    });
  }
  expect(runs.previews(id)).toEqual({ steps: [0, 10], images: [{ imageId: IMAGE, contentHash: HASH }] });
  expect(runs.previewPng(id, 10, IMAGE)).toEqual(Buffer.of(10, 1));
  expect(runs.previewPng(id, 11, IMAGE)).toBeUndefined();
});

test('a checkpoint moves the step, and is where the run resumes', () => {
  const { runs, id } = openRuns();
  const checkpoint = { file: 'checkpoint-30.safetensors', sha256: Buffer.alloc(32, 3), step: 30 };
  runs.setCheckpoint(id, checkpoint);
  expect(runs.checkpoint(id)).toEqual(checkpoint);
  expect(runs.get(id)).toMatchObject({ step: 30, checkpointStep: 30 });
});

test('images that a run went on without are named once, and no more than a hundred of them', () => {
  const { runs, id } = openRuns();
  const image = (number: number) => ({ relPath: `${number}.jpg`, detail: 'gone' });
  runs.addSkipped(id, [image(1), image(2), image(2)]);
  runs.addSkipped(id, [image(2), image(3)]);
  expect(runs.get(id)?.skippedImages).toEqual([image(1), image(2), image(3)]);
  runs.addSkipped(
    id,
    Array.from({ length: 500 }, (_, number) => image(number)),
  );
  expect(runs.get(id)?.skippedImages).toHaveLength(100);
});

test('removing a run takes its curves and previews along', () => {
  const { store, runs, id } = openRuns();
  runs.saveMetrics(id, [{ name: 'loss', step: 0, value: 1 }]);
  runs.savePreview({
    runId: id,
    step: 0,
    images: [{ imageId: IMAGE, contentHash: HASH, png: Uint8Array.of(1) }],
  });
  runs.remove(id);
  expect(runs.get(id)).toBeUndefined();
  for (const table of ['run_metrics', 'run_previews']) {
    expect(store.db.prepare(`SELECT count(*) FROM ${table}`).pluck().get()).toBe(0);
  }
});
