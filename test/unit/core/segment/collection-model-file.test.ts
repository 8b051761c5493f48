import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  readCollectionModel,
  writeCollectionModel,
} from '../../../../src-main/core/segment/collection-model-file.ts';
import { learnConcepts } from '../../../../src-main/core/segment/concepts.ts';
import { PLAIN_WEIGHTS } from '../../../../src-main/core/segment/foreground.ts';
import type { CollectionModel } from '../../../../src-main/core/segment/segment-image.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

async function model(): Promise<CollectionModel> {
  const values = Float32Array.from({ length: 20 * 6 }, (_, at) => at % 7);
  return {
    concepts: await learnConcepts({ values, width: 6 }, { conceptCount: 2, seed: 0 }),
    isEvenGround: false,
    foreground: {
      head: { weights: Float32Array.of(1, 2), bias: 3 },
      things: { axes: Float32Array.of(1, 0, 0, 1), count: 2, minDistance: 16 },
      weights: PLAIN_WEIGHTS,
      note: { way: 'head', agreement: 0.8, imageCount: 240, from: null, taughtBy: [], hasThingMetric: false },
    },
  };
}

test('what a collection taught is read as it was written, with what tells its things apart', async () => {
  const path = join(tempFolder(), 'kept', '1.model');
  const learned = await model();
  await writeCollectionModel(path, learned);
  expect(await readCollectionModel(path)).toEqual(learned);
});

test('a file of an app that did not learn what tells things apart is read, and its heads find what they found', async () => {
  const path = join(tempFolder(), '1.model');
  const learned = await model();
  const { things: _, ...foreground } = learned.foreground;
  await writeCollectionModel(path, { ...learned, foreground } as CollectionModel);
  expect(await readCollectionModel(path)).toEqual({
    ...learned,
    foreground: { ...foreground, things: null },
  });
});
