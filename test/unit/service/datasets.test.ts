import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { DatasetRecipe } from '../../../src-main/contract/dataset.ts';
import { ExportOptions } from '../../../src-main/contract/export.ts';
import { DatasetVersionId } from '../../../src-main/contract/ids.ts';
import { parseImagePath, readImage } from '../../../src-main/service/image-files.ts';
import { drawnImage, type DrawnImage } from '../../support/drawn-images.ts';
import { bitmapOf } from '../../support/masks.ts';
import { waitForState } from '../../support/running-service.ts';
import { saveDrawn, startSegmented, type SegmentedService } from '../../support/segmented-service.ts';
import { reviewMask } from '../../support/store.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const large = bitmapOf('########', '########', '########', '........', '........', '........');
const small = bitmapOf('........', '........', '........', '........', '..##....', '..##....');

const pets = async (): Promise<DrawnImage[]> => [
  await drawnImage('a.png', [
    { bitmap: large, className: 'cat', score: 0.9, review: 'accepted' },
    { bitmap: small, className: 'dog', score: 0.2 },
  ]),
  await drawnImage('b.png', [
    { bitmap: large, className: 'background', score: 0.8 },
    { bitmap: small, className: 'kitten', score: 0.7, review: 'edited' },
  ]),
  await drawnImage('c.png', [{ bitmap: small, className: 'dog', score: 0.6, review: 'rejected' }]),
];

const recipe = (running: SegmentedService, part: object = {}) =>
  DatasetRecipe.parse({ segmentationIds: [running.segmentationId], ...part });
const create = (running: SegmentedService, part: object = {}, name = 'pets') =>
  running.client.datasets.create({ name, recipe: recipe(running, part) });

/** Paths with the classes of their masks. */
function contents({ service }: SegmentedService, id: DatasetVersionId): Record<string, string[]> {
  const names = new Map(
    service.store.datasets.version(id)?.classes.map(({ number, name }) => [number, name]),
  );
  const images = service.store.datasetRows.page({ versionId: id, afterId: 0, limit: 500 });
  return Object.fromEntries(
    images.map((image) => [
      image.relPath,
      service.store.datasetRows.masksOf(image.id).map(({ classNumber }) => names.get(classNumber) ?? '?'),
    ]),
  );
}

describe('a dataset', () => {
  test('takes what is not rejected and no background, best masks first', async () => {
    const running = startSegmented(await pets());
    const version = await create(running);
    expect(contents(running, version.id)).toEqual({ 'a.png': ['cat', 'dog'], 'b.png': ['kitten'] });
    expect(version).toMatchObject({ number: 1, counts: { images: 2, masks: 3, leftOut: { empty: 1 } } });
    expect(version.classes.map(({ number, name }) => [number, name])).toEqual([[1, 'cat'], [2, 'dog'], [3, 'kitten']]); // prettier-ignore
  });

  test.each<[string, object, Record<string, string[]>]>([
    ['concepts', { concepts: ['dog', 'background'] }, { 'a.png': ['dog'], 'b.png': ['background'] }],
    ['review states', { reviews: ['rejected', 'edited'] }, { 'b.png': ['kitten'], 'c.png': ['dog'] }],
    ['scores', { minScore: 0.7 }, { 'a.png': ['cat'], 'b.png': ['kitten'] }],
    ['small areas', { minAreaPx: 5 }, { 'a.png': ['cat'] }],
    ['large areas', { maxAreaPx: 5 }, { 'a.png': ['dog'], 'b.png': ['kitten'] }],
    ['levels', { level: 1, keepEmptyImages: true }, { 'a.png': [], 'b.png': [], 'c.png': [] }],
    ['ignored concepts', { classes: { ignore: ['dog'] } }, { 'a.png': ['cat'], 'b.png': ['kitten'] }],
    [
      'merged classes',
      { classes: { rename: { kitten: 'cat' } } },
      { 'a.png': ['cat', 'dog'], 'b.png': ['cat'] },
    ],
    ['one class', { classes: { oneClass: 'pet' } }, { 'a.png': ['pet', 'pet'], 'b.png': ['pet'] }],
  ])('is filtered and named by %s, and counted beforehand', async (_, part, expected) => {
    const running = startSegmented(await pets());
    const preview = await running.client.datasets.preview({ recipe: recipe(running, part) });
    const version = await create(running, part);
    expect(contents(running, version.id)).toEqual(expected);
    const { images, masks, leftOut } = version.counts;
    expect(preview).toMatchObject({ images, masks, leftOut });
    expect(version.recipe).toEqual(recipe(running, part));
  });

  test('counts the masks of each class by split, and shows beforehand what every concept has', async () => {
    const running = startSegmented(await pets());
    const part = { classes: { rename: { kitten: 'cat' }, ignore: ['dog'] }, minScore: 0.3 };
    const { concepts } = await running.client.datasets.preview({ recipe: recipe(running, part) });
    expect(concepts.map(({ name, masks, className }) => [name, masks, className])).toEqual([
      ['background', 1, null],
      ['cat', 1, 'cat'],
      ['dog', 0, null],
      ['kitten', 1, 'cat'],
    ]);
    const { counts } = await create(running, {
      ...part,
      split: { train: 1, val: 0, test: 0, seed: 1, by: 'image' },
    });
    expect(counts.classes).toEqual([{ number: 1, train: 2, val: 0, test: 0 }]);
  });

  test('counts a concept that was merged into another as that one', async () => {
    const running = startSegmented(await pets());
    const concepts = running.service.store.datasetRows.concepts(running.segmentationId);
    const id = (name: string) => concepts.find((one) => one.name === name)?.id ?? 0;
    const { default: Database } = await import('better-sqlite3');
    const db = new Database(join(running.dataFolder, 'studio.sqlite'));
    db.prepare('UPDATE concepts SET merged_into = ? WHERE id = ?').run(id('cat'), id('kitten'));
    db.close();
    const { id: version } = await create(running);
    expect(contents(running, version)['b.png']).toEqual(['cat']);
    const { concepts: shown } = await running.client.datasets.preview({ recipe: recipe(running) });
    expect(shown.find(({ name }) => name === 'cat')).toMatchObject({ masks: 2, className: 'cat' });
    expect(shown.some(({ name }) => name === 'kitten')).toBe(false);
  });

  test('leaves images out whose file has changed or is gone, and says so', async () => {
    const running = startSegmented(await pets());
    const { client, collection, folder } = running;
    writeFileSync(join(folder, 'a.png'), (await drawnImage('another.png', [])).bytes);
    rmSync(join(folder, 'b.png'));
    await waitForState(client, (await client.collections.rescan({ id: collection.id })).id, 'done');
    const version = await create(running, { reviews: ['rejected'] });
    expect(version.counts).toMatchObject({ images: 1, leftOut: { changed: 1, missing: 1, empty: 0 } });
    await expect(create(running)).rejects.toMatchObject({
      message: expect.stringContaining('1 images have changed since they were segmented') as string,
    });
  });

  test('that would be empty is refused with the reason, and leaves nothing', async () => {
    const running = startSegmented(await pets());
    await expect(create(running, { minScore: 0.99 })).rejects.toMatchObject({
      message: "The dataset 'pets' would be empty: 3 images have no mask that passes the filters.",
    });
    expect(await running.client.datasets.list()).toEqual([]);
    expect(running.service.store.datasets.removeChunk()).toBe(true);
  });

  test.each<[string, object, string]>([
    ['a concept that there is not', { concepts: ['bird'] }, "There is no concept 'bird'"],
    ['a class of nothing', { classes: { rename: { bird: 'x' } } }, "There is no concept 'bird'"],
    ['another segmentation', { segmentationIds: [99] }, 'There is no segmentation 99'],
  ])('of %s is refused', async (_, part, message) => {
    const running = startSegmented(await pets());
    await expect(create(running, part)).rejects.toThrow(message);
    await expect(running.client.datasets.preview({ recipe: recipe(running, part) })).rejects.toThrow(message);
  });

  test('of two segmentations of one collection is refused', async () => {
    const running = startSegmented(await pets());
    const other = saveDrawn(running, running.collection, await pets());
    await expect(create(running, { segmentationIds: [running.segmentationId, other] })).rejects.toThrow('belong to the same collection'); // prettier-ignore
  });

  test('keeps copies of one file in one split', async () => {
    const [first] = await pets();
    if (!first) throw new Error('no image');
    const copies = Array.from({ length: 6 }, (_, index) => ({ ...first, relPath: `copy-${index}.png` }));
    const running = startSegmented([...(await pets()), ...copies]);
    const { counts } = await create(running, {
      split: { train: 0.5, val: 0.5, test: 0, seed: 3, by: 'image' },
    });
    expect([counts.splits.train.images, counts.splits.val.images].sort()).toEqual([1, 7]);
  });
});

describe('versions', () => {
  test('are numbered, frozen and compared', async () => {
    const running = startSegmented(await pets());
    const { client } = running;
    const one = await create(running, { reviews: ['pending', 'accepted', 'edited', 'rejected'] });
    const { segmentations, images } = running.service.store;
    const page = images.page({ collectionId: running.collection.id, cursor: null, limit: 9 }).items;
    const c = page.find(({ relPath }) => relPath === 'c.png');
    const b = page.find(({ relPath }) => relPath === 'b.png');
    if (!b || !c) throw new Error('no image');
    for (const { id } of segmentations.masksOf(running.segmentationId, b.id))
      reviewMask(running.service.store, id, 'accepted');
    const two = await create(running, { concepts: ['cat', 'kitten'] });
    expect(two.number).toBe(2);
    const diff = await client.datasets.diff({ from: one.id, to: two.id });
    expect(diff.images).toEqual({ removed: 1, added: 0, changed: 2, same: 0 });
    expect(diff.masks).toEqual({ added: 0, removed: 2, changed: 1, same: 1 });
    expect(diff.classes).toEqual({ added: [], removed: ['dog'] });
    // Images whose masks differ have changed, and none that is named is the same.
    expect(diff.images.changed).toBe(
      diff.examples.filter(
        ({ image, masks }) => image === 'changed' && masks.added + masks.removed + masks.changed > 0,
      ).length,
    );
    expect(diff.examples.find(({ relPath }) => relPath === 'c.png')).toMatchObject({ image: 'removed' });
    const back = await client.datasets.diff({ from: two.id, to: one.id });
    expect(back.masks).toEqual({ added: 2, removed: 0, changed: 1, same: 1 });
    expect((await client.datasets.diff({ from: one.id, to: one.id })).examples).toEqual([]);
  });

  test('show a mask that differs as it was and as it is', async () => {
    const running = startSegmented(await pets());
    const { client, service } = running;
    const one = await create(running, { reviews: ['pending', 'accepted', 'edited', 'rejected'] });
    const two = await create(running, { concepts: ['cat', 'kitten'] });
    const { examples } = await client.datasets.diff({ from: one.id, to: two.id });
    const removed = examples.find(({ image }) => image === 'removed');
    expect(removed).toMatchObject({ before: expect.any(Number) as number, after: null });
    const added = (await client.datasets.diff({ from: two.id, to: one.id })).examples.find(
      ({ image }) => image === 'added',
    );
    expect(added).toMatchObject({ before: null, after: removed?.before });
    const request = parseImagePath(`/datasets/masks/${removed?.before}/crop.webp`);
    if (!request) throw new Error('the address of a crop is not understood');
    const { bytes } = await readImage(service, request);
    expect((await sharp(bytes).metadata()).format).toBe('webp');
    const gone = parseImagePath('/datasets/masks/999/crop.webp');
    if (!gone) throw new Error('the address of a crop is not understood');
    await expect(readImage(service, gone)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('outlive the collection that they were made of', async () => {
    const running = startSegmented(await pets());
    const { id } = await create(running);
    await running.client.collections.remove({ id: running.collection.id });
    expect(contents(running, id)).toEqual({ 'a.png': ['cat', 'dog'], 'b.png': ['kitten'] });
  });

  test('show their masks page by page, of one class or one split', async () => {
    const running = startSegmented(await pets());
    const { client } = running;
    const { id, classes } = await create(running);
    const all = (await client.datasets.contents({ id, cursor: null })).items;
    expect(all.map(({ relPath }) => relPath)).toEqual(all.map(({ relPath }) => relPath).toSorted());
    expect(all.length).toBeGreaterThan(2);
    const walked = [];
    for (let cursor: string | null = null, pages = 0; pages < 20; pages++) {
      const page: Awaited<ReturnType<typeof client.datasets.contents>> = await client.datasets.contents({
        id,
        cursor,
        limit: 1,
      });
      walked.push(...page.items);
      cursor = page.nextCursor;
      if (cursor === null) break;
    }
    expect(walked).toEqual(all);
    const dog = classes.find(({ name }) => name === 'dog')?.number ?? 0;
    const dogs = (await client.datasets.contents({ id, classNumber: dog, cursor: null })).items;
    expect(dogs).toEqual(all.filter(({ classNumber }) => classNumber === dog));
    expect(dogs.length).toBeGreaterThan(0);
    const val = (await client.datasets.contents({ id, split: 'val', cursor: null })).items;
    expect(val).toEqual(all.filter(({ split }) => split === 'val'));
    await expect(client.datasets.contents({ id: DatasetVersionId.parse(99), cursor: null })).rejects.toThrow(
      'There is no dataset version',
    );
  });

  test('are deleted one by one, and the dataset with the last', async () => {
    const running = startSegmented(await pets());
    const { client } = running;
    const [one, two] = [await create(running), await create(running)];
    await client.datasets.remove({ id: one.id });
    expect((await client.datasets.list())[0]?.versions.map(({ number }) => number)).toEqual([2]);
    await client.datasets.remove({ id: two.id });
    expect(await client.datasets.list()).toEqual([]);
    await expect(client.datasets.version({ id: two.id })).rejects.toThrow('There is no dataset version');
  });

  test('that were exported never share their number with a later one', async () => {
    const running = startSegmented(await pets());
    const { client, service } = running;
    const [, two] = [await create(running), await create(running)];
    const outPath = join(tempFolder(), 'out');
    service.store.exports.insert(two, ExportOptions.parse({ format: 'csv', outPath }), 0);
    await client.datasets.remove({ id: two.id });
    expect((await create(running)).number).toBe(3);
  });
});
