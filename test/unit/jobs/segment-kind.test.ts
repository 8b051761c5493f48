import { expect, test } from 'vitest';
import type { ForegroundNote } from '../../../src-main/contract/segmentation.ts';
import type { CollectionId, ModelId, SegmentationId } from '../../../src-main/contract/ids.ts';
import { segmentationFiles } from '../../../src-main/domain/data-layout.ts';
import { segmentKind } from '../../../src-main/jobs/segment-kind.ts';
import { DEFAULT_SETTINGS } from '../../../src-main/contract/settings.ts';
import { drawnImage } from '../../support/drawn-images.ts';
import { graphWithWeightsAt } from '../../support/external-weights.ts';
import { bitmapOf } from '../../support/masks.ts';
import { startSegmented } from '../../support/segmented-service.ts';

const LEARNED: ForegroundNote = {
  way: 'head',
  agreement: 0.8,
  imageCount: 40,
  from: null,
  taughtBy: [],
  hasThingMetric: false,
};

/** A collection to segment, and others that can be segmented as the tests say. */
async function setUp() {
  const running = startSegmented([
    await drawnImage('a.png', [{ bitmap: bitmapOf('##..', '##..'), className: 'cat' }]),
  ]);
  const { client, collection, service } = running;
  const { store, layout } = service;
  const addModel = async (name: string) => {
    const path = graphWithWeightsAt('weights.bin');
    return (await client.models.import({ path, name, mean: [0, 0, 0], std: [1, 1, 1] })).id;
  };
  const modelId = await addModel('first');
  const addCollection = (name: string): CollectionId =>
    store.collections.insert({ name, rootPath: `/photos/${name}`, createdAtMs: 0 });

  type Segmented = { modelId?: ModelId; note?: Partial<ForegroundNote>; inputPx?: number; isDone?: boolean };
  const segment = (collectionId: CollectionId, options: Segmented = {}): SegmentationId => {
    const { modelId: model = modelId, note = {}, inputPx = 320, isDone = true } = options;
    const facts = { name: 'objects', device: 'onnx:cpu', createdAtMs: 0, settings: { inputPx } };
    const id = store.segmentations.insert({ ...facts, collectionId, modelId: model });
    store.segmentations.setForeground(id, { ...LEARNED, ...note });
    const spec = { kind: 'segment', segmentationId: id } as const;
    const jobId = store.jobs.insert({ spec, title: 'Segment', createdAtMs: 0 });
    if (isDone) store.jobs.transition({ id: jobId, from: ['queued'], to: 'done', error: null, nowMs: 1 });
    store.segmentations.setJob(id, jobId);
    return id;
  };
  const kind = segmentKind({
    store,
    layout,
    settings: () => DEFAULT_SETTINGS,
    version: '',
    nowMs: () => 0,
    publish: () => undefined,
  });
  const here = segment(collection.id);
  const headsOf = () => kind.prepare({ kind: 'segment', segmentationId: here }).heads;
  return { collection, layout, modelId, addModel, addCollection, segment, headsOf };
}

test('a collection learns from what the latest segmentation of each other one has learned with its encoder', async () => {
  const { collection, layout, addModel, addCollection, segment, headsOf } = await setUp();
  const [cats, dogs] = [addCollection('cats'), addCollection('dogs')];
  segment(cats);
  const latest = segment(cats);
  const taughtBy = [{ segmentationId: latest, collection: 'cats' }];
  // The same file imported again is the same encoder.
  const other = segment(dogs, { modelId: await addModel('again'), note: { taughtBy } });
  segment(collection.id);
  const fileOf = (id: SegmentationId) => {
    const { model: modelFile, lessons: lessonsFile } = segmentationFiles(layout, id);
    return { segmentationId: id, modelFile, lessonsFile };
  };
  expect(headsOf()).toEqual([
    { ...fileOf(other), collection: 'dogs', taughtBy, imageCount: 40 },
    { ...fileOf(latest), collection: 'cats', taughtBy: [], imageCount: 40 },
  ]);
});

test('images that entered the encoder in another size teach no lessons, but their head is tried', async () => {
  const { addCollection, segment, headsOf } = await setUp();
  segment(addCollection('large'), { inputPx: 480 });
  expect(headsOf()).toMatchObject([{ collection: 'large', lessonsFile: null }]);
});

test('nothing is learned from segmentations that are unfinished, were taught by others only, or use no head', async () => {
  const { addCollection, segment, headsOf } = await setUp();
  segment(addCollection('running'), { isDone: false });
  segment(addCollection('plain'), { note: { way: 'disagreement' } });
  segment(addCollection('borrowed'), { note: { from: segment(addCollection('lent')) } });
  expect(headsOf().map(({ collection }) => collection)).toEqual(['lent']);
});
