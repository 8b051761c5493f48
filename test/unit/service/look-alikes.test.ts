import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DatasetRecipe } from '../../../src-main/contract/dataset.ts';
import { CollectionId, ImageId } from '../../../src-main/contract/ids.ts';
import type { Bitmap } from '../../../src-main/core/mask/rle.ts';
import type { DrawnImage } from '../../support/drawn-images.ts';
import { waitForState } from '../../support/running-service.ts';
import { startSegmented, type SegmentedService } from '../../support/segmented-service.ts';
import { photoLike, sharpOf } from '../../support/test-images.ts';

type Look = { seed: number; widthPx: number; blur?: number };

/** A photo of a seed; equal seeds show the same. */
async function photo(relPath: string, { seed, widthPx, blur = 0 }: Look): Promise<DrawnImage> {
  const heightPx = (widthPx * 3) / 4;
  const whole = sharpOf(photoLike(320, 240, seed)).resize(widthPx, heightPx);
  const bytes = await (blur > 0 ? whole.blur(blur) : whole).png().toBuffer();
  const bitmap: Bitmap = { data: new Uint8Array(widthPx * heightPx), widthPx, heightPx };
  bitmap.data.fill(1, 0, 500);
  return { relPath, bytes, widthPx, heightPx, masks: [{ bitmap, className: 'thing' }] };
}

type Opened = SegmentedService & { idOf: (relPath: string) => ImageId };

/** Two copies of one photo in different sizes, one of them twice and blurred, and others. */
async function opened(more: readonly [string, Look][] = []): Promise<Opened> {
  const looks: [string, Look][] = [
    ['a-small.png', { seed: 1, widthPx: 160 }],
    ['b-large.png', { seed: 1, widthPx: 320 }],
    ['c-blurred.png', { seed: 1, widthPx: 320, blur: 2 }],
    ['d-other.png', { seed: 2, widthPx: 320 }],
    ['e-third.png', { seed: 3, widthPx: 240 }],
    ...more,
  ];
  const running = startSegmented(await Promise.all(looks.map(([name, look]) => photo(name, look))));
  const { items } = await running.client.images.page({ collectionId: running.collection.id, limit: 500 });
  const ids = new Map(items.map(({ relPath, id }) => [relPath, id]));
  return { ...running, idOf: (relPath) => ids.get(relPath) ?? expect.fail(relPath) };
}

async function compare({ client, collection: { id } }: Opened): Promise<void> {
  await waitForState(client, (await client.lookAlikes.compare({ id })).id, 'done');
}

async function groupsOf({ client, collection: { id } }: Opened): Promise<string[][]> {
  const { items } = await client.lookAlikes.groups({ id, grade: 'same' });
  return items.map(({ images }) =>
    images.map(({ relPath, isHidden }) => (isHidden ? `(${relPath})` : relPath)),
  );
}

const recipe = ({ segmentationId }: Opened, split = {}) =>
  DatasetRecipe.parse({
    segmentationIds: [segmentationId],
    split: { train: 0.5, val: 0.5, test: 0, seed: 1, by: 'image', ...split },
  });
const code = (name: string) => expect.objectContaining({ code: name }) as Error;

describe('images that look alike', () => {
  test('are grouped, the largest and sharpest first', async () => {
    const scene = await opened();
    const { client, collection } = scene;
    expect(await client.lookAlikes.state({ id: collection.id })).toEqual({
      comparison: null,
      hiddenCount: 0,
      job: null,
    });
    await compare(scene);
    expect(await groupsOf(scene)).toEqual([['b-large.png', 'c-blurred.png', 'a-small.png']]);
    expect(await client.lookAlikes.state({ id: collection.id })).toMatchObject({
      comparison: { comparedCount: 5, skippedCount: 0, groups: { same: 1, similar: 0 }, isOutdated: false },
      hiddenCount: 0,
      job: null,
    });
  });

  test('are hidden but for the best, left out of datasets and pretraining, and shown again in one step', async () => {
    const scene = await opened();
    const { client, collection, idOf, service } = scene;
    const { id } = collection;
    await expect(client.lookAlikes.keepBest({ id, grade: 'same' })).rejects.toThrow(code('WRONG_STATE'));
    await compare(scene);
    const done = await client.lookAlikes.keepBest({ id, grade: 'same' });
    expect(done).toEqual({ changed: 2, step: 1 });
    expect(await groupsOf(scene)).toEqual([['b-large.png', '(c-blurred.png)', '(a-small.png)']]);
    expect(await client.lookAlikes.keepBest({ id, grade: 'same' })).toEqual({ changed: 0, step: null });

    const preview = await client.datasets.preview({ recipe: recipe(scene) });
    expect(preview).toMatchObject({ images: 3, leftOut: { hidden: 2 } });
    const made = await client.datasets.create({ name: 'best', recipe: recipe(scene) });
    expect(made.counts).toMatchObject({ images: 3, leftOut: { hidden: 2 } });
    const usable = () => service.store.images.usable({ collectionId: id, afterId: 0, limit: 9 });
    expect(usable().map(({ relPath }) => relPath)).toEqual(['b-large.png', 'd-other.png', 'e-third.png']);
    expect(service.store.lookAlikes.hiddenContents(id)).toBe(2);

    // What was shown by hand since is not touched by undoing.
    await client.lookAlikes.setHidden({ imageIds: [idOf('a-small.png')], isHidden: false });
    await client.lookAlikes.setHidden({ imageIds: [idOf('d-other.png')], isHidden: true });
    expect(await client.lookAlikes.undoHide({ step: done.step ?? 0 })).toEqual({ changed: 1 });
    expect(usable().map(({ relPath }) => relPath)).toEqual([
      'a-small.png',
      'b-large.png',
      'c-blurred.png',
      'e-third.png',
    ]);
  });

  test('keep the next best one where the best has been hidden by hand', async () => {
    const scene = await opened();
    const { client, collection, idOf } = scene;
    await compare(scene);
    await client.lookAlikes.setHidden({ imageIds: [idOf('b-large.png')], isHidden: true });
    const { items } = await client.lookAlikes.groups({ id: collection.id, grade: 'same' });
    const group = items[0]?.number ?? expect.fail('no group');
    await client.lookAlikes.keepBest({ id: collection.id, grade: 'same', group });
    expect(await groupsOf(scene)).toEqual([['(b-large.png)', 'c-blurred.png', '(a-small.png)']]);
  });

  test('stay together in new splits; those of a version from before are reported', async () => {
    const scene = await opened(
      Array.from({ length: 8 }, (_, at): [string, Look] => [`f-${at}.png`, { seed: 20 + at, widthPx: 160 }]),
    );
    const { client } = scene;
    const leaksOf = async (seed: number) => {
      const made = await client.datasets.create({ name: `seed ${seed}`, recipe: recipe(scene, { seed }) });
      return client.lookAlikes.leaks({ id: made.id });
    };
    const made = await client.datasets.create({ name: 'before', recipe: recipe(scene, { seed: 1 }) });
    expect(await client.lookAlikes.leaks({ id: made.id })).toMatchObject({ groups: 0, uncompared: 13 });
    const versions = await Promise.all(
      [2, 3, 4, 5, 6].map((seed) =>
        client.datasets.create({ name: `${seed}`, recipe: recipe(scene, { seed }) }),
      ),
    );
    await compare(scene);
    const before = await Promise.all(versions.map(({ id }) => client.lookAlikes.leaks({ id })));
    // One of these seeds parts them; drawn photos share their light, so others may be found similar.
    const parted = before
      .flatMap(({ examples }) => examples.map((members) => members.map(({ relPath }) => relPath).sort()))
      .find((names) => names.includes('a-small.png'));
    expect(parted).toEqual(['a-small.png', 'b-large.png', 'c-blurred.png']);
    expect(before.map(({ uncompared }) => uncompared)).toEqual([0, 0, 0, 0, 0]);
    for (const seed of [12, 13, 14, 15, 16]) {
      expect(await leaksOf(seed)).toEqual({ groups: 0, images: 0, uncompared: 0, examples: [] });
    }
  });

  test('are compared without files that are gone, and refused where nothing is', async () => {
    const scene = await opened();
    const { client, collection, folder, idOf } = scene;
    rmSync(join(folder, 'a-small.png'));
    await compare(scene);
    expect((await client.lookAlikes.state({ id: collection.id })).comparison).toMatchObject({
      comparedCount: 4,
      skippedCount: 1,
    });
    expect(await groupsOf(scene)).toEqual([['b-large.png', 'c-blurred.png']]);
    const nowhere = CollectionId.parse(99);
    await expect(client.lookAlikes.state({ id: nowhere })).rejects.toThrow(code('NOT_FOUND'));
    await expect(client.lookAlikes.compare({ id: nowhere })).rejects.toThrow(code('NOT_FOUND'));
    const imageIds = [idOf('b-large.png'), ImageId.parse(999)];
    await expect(client.lookAlikes.setHidden({ imageIds, isHidden: true })).rejects.toThrow(
      code('NOT_FOUND'),
    );
    expect((await client.lookAlikes.state({ id: collection.id })).hiddenCount).toBe(0);
    expect(await client.lookAlikes.undoHide({ step: 77 })).toEqual({ changed: 0 });
  });
});
