import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { JobId, type SegmentationId } from '../../../src-main/contract/ids.ts';
import type { ForegroundNote } from '../../../src-main/contract/segmentation.ts';
import { DEFAULT_SETTINGS } from '../../../src-main/contract/settings.ts';
import { encodeRle } from '../../../src-main/core/mask/rle.ts';
import { segmentKind } from '../../../src-main/jobs/segment-kind.ts';
import { drawnImage } from '../../support/drawn-images.ts';
import { cocoRle, importMasks } from '../../support/mask-imports.ts';
import { bitmapOf } from '../../support/masks.ts';
import { startSegmented, type SegmentedService } from '../../support/segmented-service.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const left = bitmapOf('##..', '##..');
const right = bitmapOf('...#', '...#');
const middle = bitmapOf('..#.', '..#.');

/** A segmentation that was paused before it had concepts, with an image that has masks nevertheless. */
async function pausedBeforeConcepts() {
  const running = startSegmented(
    await Promise.all(
      ['a.png', 'b.png'].map((name) => drawnImage(name, [{ bitmap: left, className: 'other' }])),
    ),
  );
  const { store } = running.service;
  const [image, other] = store.images.page({
    collectionId: running.collection.id,
    cursor: null,
    limit: 9,
  }).items;
  if (!image?.facts || !other?.facts) throw new Error('no image');
  const facts = { name: 'paused', device: 'onnx:cpu', createdAtMs: 0, settings: { conceptCount: 5 } };
  const segmentationId = store.segmentations.insert({
    ...facts,
    collectionId: running.collection.id,
    modelId: null,
  });
  const { contentHash } = image.facts;
  const saved = { segmentationId, imageId: image.id, contentHash, finishedAtMs: 0 };
  store.segmentations.saveImage({ ...saved, isPreliminary: true, masks: [] });
  return { ...running, segmentationId, next: { imageId: other.id, contentHash: other.facts.contentHash } };
}

/** A COCO file of one image, with a mask of each class. */
function writeCoco(...classNames: string[]): string {
  const file = join(tempFolder(), 'corrected.json');
  const json = {
    images: [{ id: 1, file_name: 'a.png', width: 4, height: 2 }],
    categories: classNames.map((name, index) => ({ id: index + 1, name })),
    annotations: classNames.map((_, index) => ({
      id: index + 1,
      image_id: 1,
      category_id: index + 1,
      segmentation: cocoRle(index === 0 ? left : right),
    })),
  };
  writeFileSync(file, JSON.stringify(json));
  return file;
}

function kindOf({ service }: SegmentedService) {
  const { store, layout } = service;
  const settings = () => DEFAULT_SETTINGS;
  return segmentKind({ store, layout, settings, version: '', nowMs: () => 0, publish: () => undefined });
}

const conceptsOf = async ({ client }: SegmentedService, id: SegmentationId) =>
  (await client.concepts.list({ id })).map(({ number, name, maskCount }) => ({ number, name, maskCount }));

test('concepts of an import are none of those that a resumed segmentation finds', async () => {
  const paused = await pausedBeforeConcepts();
  const { segmentationId, next } = paused;
  await importMasks(paused, writeCoco('cat', 'dog'), 'coco');
  const numbers = (await conceptsOf(paused, segmentationId)).map(({ number }) => number);
  expect(numbers, 'behind the five that it may find').toEqual([6, 7]);

  const kind = kindOf(paused);
  const spec = { kind: 'segment', segmentationId } as const;
  const job = { id: JobId.parse(1), spec };
  const foreground: ForegroundNote = {
    way: 'disagreement',
    agreement: 0.5,
    imageCount: 1,
    from: null,
    taughtBy: [],
    hasThingMetric: false,
  };
  kind.answer({ kind: 'segment/learned', conceptCount: 3, foreground }, job);
  const mask = encodeRle(middle);
  if (!mask) throw new Error('an empty mask');
  const masks = [{ ...mask, concept: 0, level: 0, score: 0.5 }];
  kind.answer({ kind: 'segment/save', ...next, isPreliminary: false, masks }, job);
  expect(await conceptsOf(paused, segmentationId)).toEqual([
    { number: 1, name: null, maskCount: 1 },
    { number: 2, name: null, maskCount: 0 },
    { number: 3, name: null, maskCount: 0 },
    { number: 6, name: 'cat', maskCount: 1 },
    { number: 7, name: 'dog', maskCount: 1 },
  ]);
});
