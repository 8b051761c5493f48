import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { serialize } from 'node:v8';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { segmentationFiles } from '../../../src-main/domain/data-layout.ts';
import { RecipeFile } from '../../../src-main/store/recipe-file.ts';
import { drawnImage } from '../../support/drawn-images.ts';
import { graphWithWeightsAt } from '../../support/external-weights.ts';
import { inProcessWorker } from '../../support/in-process-worker.ts';
import { bitmapOf } from '../../support/masks.ts';
import { startService } from '../../support/running-service.ts';
import { startSegmented } from '../../support/segmented-service.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** What another version of the app has learned: this one could not have. */
const LEARNED = serialize({ version: 0 });

/** A segmentation with an encoder that has learned something, frozen as a recipe of two shards. */
async function frozen() {
  const running = startSegmented([
    await drawnImage('a.png', [{ bitmap: bitmapOf('##..', '##..'), className: 'cat' }]),
    await drawnImage('b.png', [{ bitmap: bitmapOf('##..', '####'), className: 'cat' }]),
  ]);
  const { client, collection, service } = running;
  const model = await client.models.import({
    path: graphWithWeightsAt('weights.bin'),
    name: 'encoder',
    mean: [0, 0, 0],
    std: [1, 1, 1],
  });
  const facts = { name: 'planned', device: 'onnx:cpu', createdAtMs: 0, settings: { mode: 'one' } };
  const id = service.store.segmentations.insert({ ...facts, collectionId: collection.id, modelId: model.id });
  const learn = () => {
    const file = segmentationFiles(service.layout, id).model;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, LEARNED);
    service.store.segmentations.setForeground(id, {
      way: 'few-images',
      agreement: null,
      imageCount: 2,
      from: null,
      taughtBy: [],
      hasThingMetric: false,
    });
  };
  const out = tempFolder();
  const write = (count = 2) =>
    client.shards.writeRecipe({ id, path: join(out, 'cats.recipe'), count, overwrite: true });
  return { ...running, id, learn, write, out, model };
}

/** The same files on a machine that knows nothing else. */
function elsewhere(from: string) {
  const folder = tempFolder();
  for (const name of readdirSync(from)) writeFileSync(join(folder, name), readFileSync(join(from, name)));
  const { client, service } = startService({ fork: inProcessWorker });
  const open = (place = { index: 0, count: 2 }, more: { weights?: string; images?: string } = {}) =>
    client.shards.open({ recipe: join(folder, 'cats.recipe'), place, ...more });
  return { folder, client, service, open };
}

const place = { index: 0, count: 2 };

describe('a recipe', () => {
  test('is made from what was learned, not before, and is the same for any number of shards', async () => {
    const { learn, write, out, model } = await frozen();
    await expect(write()).rejects.toMatchObject({ code: 'WRONG_STATE' });
    learn();
    const one = await write(1);
    expect(one).toMatchObject({ imageCount: 2, shardCount: 1, weights: { sha256: model.sha256 } });
    expect((await write(7)).id).toBe(one.id);
    expect(readdirSync(out).toSorted()).toEqual(['cats.recipe', model.file].toSorted());
    using recipe = new RecipeFile(one.path);
    expect(recipe.facts).toMatchObject({
      settings: { mode: 'one' },
      model: { name: 'encoder' },
      shardCount: 7,
    });
    expect([...recipe.images()].map(({ relPath }) => relPath)).toEqual(['a.png', 'b.png']);
  });

  test('is used with the weights it was made with, and by the version that made it', async () => {
    const { learn, write, out, model } = await frozen();
    learn();
    await write();
    const { folder, open, service } = elsewhere(out);
    const weights = join(folder, model.file ?? '');
    const right = readFileSync(weights);
    writeFileSync(weights, 'others');
    await expect(open()).rejects.toMatchObject({
      code: 'MODEL_UNAVAILABLE',
      message: expect.stringContaining('does not contain the weights') as string,
    });
    await expect(open(place, { weights: join(folder, 'none') })).rejects.toMatchObject({
      code: 'MODEL_UNAVAILABLE',
      message: expect.stringContaining('are not at') as string,
    });
    expect(service.store.collections.list()).toEqual([]);
    writeFileSync(join(folder, 'kept elsewhere'), right);
    const { segmentation } = await open(place, { weights: join(folder, 'kept elsewhere') });
    expect(service.store.models.list()).toMatchObject([{ name: 'encoder', sha256: model.sha256 }]);
    expect(
      service.store.segmentations.toSegment({ segmentationId: segmentation.id, afterId: 0, limit: 9 }),
    ).toMatchObject([{ relPath: 'a.png' }]);
    expect(readFileSync(segmentationFiles(service.layout, segmentation.id).model)).toEqual(LEARNED);

    const db = new Database(join(folder, 'cats.recipe'));
    db.exec(`UPDATE recipe SET facts = json_set(facts, '$.appVersion', '9.9.9')`);
    db.close();
    await expect(open()).rejects.toMatchObject({
      message: expect.stringContaining('made by R2O Studio 9.9.9; this is') as string,
    });
  });
});

describe('a shard', () => {
  test('has a data folder of its own: not one that has something else, nor two shards in one', async () => {
    const { learn, write, out, client } = await frozen();
    learn();
    const { path } = await write();
    await expect(client.shards.open({ recipe: path, place })).rejects.toMatchObject({ code: 'WRONG_STATE' });
    await expect(client.shards.write({ path: join(out, 'x') })).rejects.toMatchObject({
      code: 'WRONG_STATE',
    });
    const { open, client: other } = elsewhere(out);
    await open();
    await expect(open({ index: 1, count: 2 })).rejects.toMatchObject({
      message: expect.stringContaining('belongs to another shard') as string,
    });
    await expect(other.shards.write({ path: join(out, 'x') })).rejects.toMatchObject({
      message: 'The shard is not finished.',
    });
    await expect(open({ index: 2, count: 2 })).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });

  test('is never segmented with anything else than what the collection taught', async () => {
    const { learn, write, out } = await frozen();
    learn();
    await write();
    const { open, client } = elsewhere(out);
    const { job } = await open();
    for (;;) {
      const { state, error } = await client.jobs.get({ id: job?.id ?? 0 });
      if (state === 'failed') {
        expect(error?.message).toContain('What this segmentation has learned is missing');
        break;
      }
      expect(['queued', 'running']).toContain(state);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
});
