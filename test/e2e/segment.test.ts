import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { serialize } from 'node:v8';
import { describe, expect, test } from 'vitest';
import {
  Evaluation,
  SegmentSettings,
  type Concept,
  type Segmentation,
} from '../../src-main/contract/segmentation.ts';
import type { JobProgress } from '../../src-main/contract/job.ts';
import type { CollectionId, ModelId, SegmentationId } from '../../src-main/contract/ids.ts';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import { runCli } from '../support/cli.ts';
import {
  forkBuiltWorker,
  galleryOf,
  startService,
  waitForState,
  type RunningService,
} from '../support/running-service.ts';
import { hasShared, sharedPath, sharedReason } from '../support/shared.ts';
import { haltingFork } from '../support/halting.ts';
import { startPrepared } from '../support/prepared-scenes.ts';
import { tempFolder } from '../support/temp-folder.ts';

type Client = RunningService['client'];

/** More scenes than are read at once, two per thread: one who acts at the first comes before the last is read. */
const scenesBeyondThreads = 2 * availableParallelism() + 3;
const manyScenes = 20;
const FEW_SCENES = 6;

async function scenes(count: number, seed = 11): Promise<string> {
  const folder = tempFolder();
  await writeScenes(folder, { count, seed });
  return join(folder, 'images');
}

async function scanned(client: Client, path: string): Promise<CollectionId> {
  const { collection, job } = await client.collections.add({ path });
  await waitForState(client, job.id, 'done');
  return collection.id;
}

async function segmented(
  client: Client,
  collectionId: CollectionId,
  settings = {},
  modelId?: ModelId,
): Promise<Segmentation> {
  const { segmentation, job } = await client.segmentations.start({
    collectionId,
    settings: SegmentSettings.parse(settings),
    ...(modelId !== undefined && { modelId }),
  });
  await waitForState(client, job.id, 'done');
  return client.segmentations.get({ id: segmentation.id });
}

/** All masks of a segmentation, without what differs from one to the next. */
async function masksOf(client: Client, id: SegmentationId) {
  const items = await galleryOf(client, { id });
  const all = await Promise.all(items.map(({ imageId }) => client.masks.ofImage({ id, imageId })));
  return all.map((masks) =>
    masks.map(({ counts, level, score, areaPx }) => ({ counts, level, score, areaPx })),
  );
}

/** One time and one bar over all phases: from the first measured image on there is a time, and the bar never goes back. */
function expectOneTime(told: readonly JobProgress[]): void {
  const shares = told.flatMap(({ jobShare }) => (jobShare === null ? [] : [jobShare]));
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  const first = told.findIndex(({ etaMs }) => etaMs !== null);
  expect(told.slice(first).every(({ etaMs }) => etaMs !== null)).toBe(true);
  expect(told[first]?.phase).toBe('learning-concepts');
  // Phases that count nothing have names of their own.
  const uncounted = new Set(told.filter(({ total }) => total === null).map(({ phase }) => phase));
  expect([...uncounted]).toEqual(['preparing-network', 'comparing-grounds', 'grouping-concepts']);
}

describe('segmenting', () => {
  test('a worker killed while it learns, and again while it finds, comes to the same result', async () => {
    // The first masks, while the collection is learned, are saved once for each image, then those that stay.
    const { fork, halted } = haltingFork(
      forkBuiltWorker,
      { kind: 'segment/save', after: 2 },
      { kind: 'segment/save', after: FEW_SCENES },
    );
    const {
      service,
      client,
      bugs,
      segmentation: undisturbed,
    } = await startPrepared({ count: FEW_SCENES, seed: 11 }, { fork });
    const { collectionId } = undisturbed;
    expect(undisturbed).toMatchObject({ imageCount: FEW_SCENES, state: 'done', modelId: null });
    expect(undisturbed.finishedAtMs).not.toBeNull();

    const { segmentation, job } = await client.segmentations.start({
      collectionId,
      settings: SegmentSettings.parse({}),
      name: 'killed',
    });
    const { id } = segmentation;
    await halted();
    process.kill(service.queue.workerPid ?? Number.NaN, 'SIGKILL');
    await waitForState(client, job.id, 'interrupted');
    // These masks are preliminary: the images do not count as done.
    expect((await client.segmentations.get({ id })).imageCount).toBe(0);
    const imageId = (await galleryOf(client, { id }))[0]?.imageId ?? fail();
    const first = (await client.masks.ofImage({ id, imageId }))[0] ?? fail();
    // The concepts are still being learned: this mask is there all the same, and can be reviewed.
    expect(first).toMatchObject({ level: 0, conceptId: null });
    await client.masks.review({ ids: [first.id], review: 'accepted' });

    const resumed = await client.segmentations.resume({ id });
    expect(resumed.job.id).toBe(job.id);
    await halted();
    expect((await client.segmentations.get({ id })).imageCount).toBeGreaterThan(0);
    process.kill(service.queue.workerPid ?? Number.NaN, 'SIGKILL');
    await waitForState(client, job.id, 'interrupted');
    await client.segmentations.resume({ id });
    await waitForState(client, job.id, 'done');
    expect(await masksOf(client, id)).toEqual(await masksOf(client, undisturbed.id));
    // What had been found first is the same row, with its concept, and what the user did to it can be undone.
    const [kept] = await client.masks.ofImage({ id, imageId });
    expect(kept).toMatchObject({ id: first.id, review: 'accepted' });
    expect(kept?.conceptId).not.toBeNull();
    await client.masks.undo({ id, imageId });
    expect((await client.masks.ofImage({ id, imageId }))[0]).toEqual({ ...kept, review: 'pending' });
    expect(bugs).toEqual([]);
  });

  test('a folder that goes away stops it, and nothing is taken for an image without objects', async () => {
    const { fork, halted, release } = haltingFork(forkBuiltWorker, { kind: 'segment/save', after: 0 });
    const { client, bugs } = startService({ fork });
    const folder = await scenes(scenesBeyondThreads);
    const collectionId = await scanned(client, folder);
    const { segmentation, job } = await client.segmentations.start({
      collectionId,
      settings: SegmentSettings.parse({}),
    });
    const { id } = segmentation;
    await halted();
    renameSync(folder, `${folder}-away`);
    release();
    const { error } = await waitForState(client, job.id, 'failed');
    expect(error).toMatchObject({
      code: 'FOLDER_NOT_FOUND',
      hint: expect.stringContaining('drive') as string,
    });
    expect((await client.segmentations.get({ id })).imageCount).toBeLessThan(scenesBeyondThreads);
    renameSync(`${folder}-away`, folder);
    await client.segmentations.resume({ id });
    await waitForState(client, job.id, 'done');
    for (const masks of await masksOf(client, id)) expect(masks.length).toBeGreaterThan(0);
    expect(bugs).toEqual([]);
  });

  test('a collection of which every file is gone is refused with what to do about it', async () => {
    const { client, bugs } = startService();
    const folder = await scenes(3);
    const collectionId = await scanned(client, folder);
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    for (const mode of ['auto', 'everything'] as const) {
      const settings = SegmentSettings.parse({ mode });
      const { job } = await client.segmentations.start({ collectionId, settings });
      const { error } = await waitForState(client, job.id, 'failed');
      expect(error).toMatchObject({
        code: 'FOLDER_NOT_FOUND',
        message: `The folder '${folder}' is empty.`,
        hint: expect.stringContaining('remove the collection') as string,
        action: { kind: 'locate-folder', collectionId },
      });
    }
    expect(bugs).toEqual([]);
  });

  test('copies of an image teach as one image: a head that they agree on says nothing', async () => {
    const { client, bugs } = startService();
    const folder = await scenes(2, 13);
    const [first] = readdirSync(folder).sort();
    for (let copy = 0; copy < manyScenes; copy++) {
      copyFileSync(join(folder, first ?? fail()), join(folder, `copy-${copy}.png`));
    }
    const { id: modelId } = await client.models.addUntrained({ architecture: 'resnet18-half' });
    const { id, foreground } = await segmented(client, await scanned(client, folder), {}, modelId);
    expect(foreground).toMatchObject({ way: 'few-images' });
    const [found, ...copies] = (await masksOf(client, id)).slice(0, manyScenes);
    for (const copy of copies) expect(copy).toEqual(found);
    expect(bugs).toEqual([]);
  });

  test('regions cover the image, concepts are shared, and other settings use the same embeddings', async () => {
    const { service, client } = startService();
    const collectionId = await scanned(client, await scenes(4));
    const { id } = await segmented(client, collectionId, { mode: 'everything', conceptCount: 5 });
    const embeddings = () => listFiles(join(service.layout.cache, 'embeddings'));
    const cached = embeddings();
    expect(cached).toHaveLength(4);
    const items = await galleryOf(client, { id });
    for (const { imageId } of items) {
      const image = await client.images.get({ id: imageId });
      const masks = await client.masks.ofImage({ id, imageId });
      const area = masks.reduce((sum, { areaPx }) => sum + areaPx, 0);
      const pixels = (image.facts?.widthPx ?? 0) * (image.facts?.heightPx ?? 0);
      expect(area).toBe(pixels);
    }
    const concepts = await client.concepts.list({ id });
    expect(concepts.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
    expect(Math.max(...concepts.map(({ imageCount }) => imageCount))).toBeGreaterThan(1);
    const fixed = await segmented(client, collectionId, { mode: 'fixed-k', regionCount: 3 });
    for (const item of await galleryOf(client, { id: fixed.id })) expect(item.maskCount).toBe(3);
    const times = cached.map((file) => statSync(file).mtimeMs);
    expect(embeddings().map((file) => statSync(file).mtimeMs)).toEqual(times);
  });

  test('only new images are added to a finished segmentation, and nothing else of it changes', async () => {
    const { service, client, bugs } = startService();
    const [folder, more] = [await scenes(5), await scenes(8, 21)];
    const collectionId = await scanned(client, folder);
    const { id } = await segmented(client, collectionId);
    const rows = async () => {
      const items = await galleryOf(client, { id });
      const masks = items.map(({ imageId }) => client.masks.ofImage({ id, imageId }));
      return new Map((await Promise.all(masks)).map((own, at) => [items[at]?.imageId, own]));
    };
    const [concept] = await client.concepts.list({ id });
    if (!concept) throw new Error('no concept');
    await client.concepts.update({ id: concept.id, name: 'thing', isBackground: !concept.isBackground });
    // What people delete does not come back with the images that are added.
    const others = (await client.concepts.list({ id })).filter(({ name }) => name !== 'thing');
    const rarest = others.toSorted((a, b) => a.maskCount - b.maskCount)[0];
    await client.concepts.remove({ id: rarest?.id ?? fail() });
    const concepts = await client.concepts.list({ id });
    const before = await rows();

    const [removed, changed] = readdirSync(folder).sort();
    const added = readdirSync(more).sort().slice(0, 3);
    rmSync(join(folder, removed ?? fail()));
    copyFileSync(join(more, readdirSync(more).sort()[5] ?? fail()), join(folder, changed ?? fail()));
    for (const name of added) copyFileSync(join(more, name), join(folder, `new-${name}`));
    await waitForState(client, (await client.collections.rescan({ id: collectionId })).id, 'done');
    expect(await client.segmentations.changes({ id })).toEqual({
      newCount: 3,
      changedCount: 1,
      missingCount: 1,
    });

    const model = () => readFileSync(join(service.layout.segmentations, `${id}.model`));
    const learned = model();
    const { job } = await client.segmentations.resume({ id, isNewOnly: true });
    await waitForState(client, job.id, 'done');
    expect(model()).toEqual(learned);
    const after = await rows();
    expect(after.size).toBe(8);
    for (const [imageId, masks] of before) expect(after.get(imageId)).toEqual(masks);
    const found = [...after].filter(([imageId]) => !before.has(imageId)).flatMap(([, masks]) => masks);
    expect(found.some(({ conceptId }) => conceptId !== null)).toBe(true);
    const decided = ({ id: of, name, isBackground }: Concept) => ({ of, name, isBackground });
    expect((await client.concepts.list({ id })).map(decided)).toEqual(concepts.map(decided));
    expect(await client.segmentations.changes({ id })).toEqual({
      newCount: 0,
      changedCount: 1,
      missingCount: 1,
    });

    // The other way takes in the changed one too.
    await waitForState(client, (await client.segmentations.resume({ id })).job.id, 'done');
    expect(await client.segmentations.changes({ id })).toMatchObject({ changedCount: 0 });
    // Without what was learned, nothing is learned anew on the quiet.
    rmSync(join(service.layout.segmentations, `${id}.model`));
    const lost = await client.segmentations.resume({ id, isNewOnly: true });
    expect((await waitForState(client, lost.job.id, 'failed')).error).toMatchObject({ code: 'WRONG_STATE' });
    expect(bugs).toEqual([]);
  });

  // Two heads are learned here.
  test('says how foregrounds were found, and learns again what an older app had kept', async () => {
    const { service, client, bugs } = startService();
    const { id: modelId } = await client.models.addUntrained({ architecture: 'resnet18-half' });
    const [few, many] = [
      await scanned(client, await scenes(4)),
      await scanned(client, await scenes(manyScenes, 12)),
    ];
    const noteOf = async (collectionId: CollectionId, model?: ModelId, settings = {}) =>
      (await segmented(client, collectionId, settings, model)).foreground;
    expect(await noteOf(few)).toMatchObject({ way: 'no-encoder', agreement: null });
    // The next segmentation's file is there already, as that of a job that an older app began.
    mkdirSync(service.layout.segmentations, { recursive: true });
    writeFileSync(join(service.layout.segmentations, '2.model'), serialize({ concepts: 'of an older app' }));
    expect(await noteOf(few, modelId)).toMatchObject({ way: 'few-images', imageCount: 0 });
    const told: JobProgress[] = [];
    const unsubscribe = service.events.subscribe('event', (event) => {
      if (event.type === 'job' && event.job.state === 'running' && event.job.progress)
        told.push(event.job.progress);
    });
    const learned = await noteOf(many, modelId);
    unsubscribe();
    expectOneTime(told);
    expect(learned).toMatchObject({ imageCount: manyScenes, from: null });
    // An untrained network's features say no more of the scenes than their colours do.
    expect(learned?.way).toBe('disagreement');
    // Modes that make every region a mask learn no head: it would take a minute and be thrown away.
    const phases = new Set<string | undefined>();
    service.events.subscribe('event', (event) => {
      if (event.type === 'job') phases.add(event.job.progress?.phase);
    });
    for (const [mode, collectionId] of [
      ['everything', many],
      ['fixed-k', few],
    ] as const) {
      const none = {
        way: 'not-needed',
        agreement: null,
        imageCount: 0,
        from: null,
        taughtBy: [],
        hasThingMetric: false,
      };
      expect(await noteOf(collectionId, modelId, { mode })).toEqual(none);
    }
    expect(phases).toContain('learning-concepts');
    expect(phases).not.toContain('learning-foreground');
    expect(bugs).toEqual([]);
  });

  test('objects of made-up scenes are found about as well as they have been, and drawn on a page', async () => {
    const { client } = startService();
    const images = await scenes(6);
    const collectionId = await scanned(client, images);
    const { id } = await segmented(client, collectionId);
    const { totals } = await client.segmentations.evaluate({ id, truth: dirname(images) });
    // 0.979 is reached: a design that broke falls far lower than this.
    expect(totals.iou).toBeGreaterThan(0.93);
    expect(totals.boundaryF).toBeGreaterThan(0.85);
    expect(totals.corLoc).toBeGreaterThan(0.5);
    expect(totals.iouQuarters).toHaveLength(4);

    const fixed = await segmented(client, collectionId, {
      mode: 'fixed-k',
      regionCount: 4,
    });
    const { totals: bounds } = await client.segmentations.evaluate({ id: fixed.id, truth: dirname(images) });
    expect(bounds.bestUnion).toBeGreaterThan(bounds.bestRegion ?? 1);

    const path = join(dirname(images), 'sheet.html');
    await client.segmentations.writeSheet({ id, path });
    const page = readFileSync(path, 'utf8');
    expect(page.match(/<img src="data:image\/webp;base64,/g)).toHaveLength(6);
    for (const name of readdirSync(images)) expect(page).toContain(name);
  });

  test('masks are reviewed and edited, concepts named and merged, and what is gone is refused', async () => {
    const { client, segmentation } = await startPrepared({ count: FEW_SCENES, seed: 11 });
    const { id } = segmentation;
    const [item] = await galleryOf(client, { id });
    const imageId = item?.imageId ?? fail();
    const [mask] = await client.masks.ofImage({ id, imageId });
    if (!mask) throw new Error('no mask');
    expect(await client.masks.review({ ids: [mask.id], review: 'accepted' })).toMatchObject({ changed: 1 });
    expect(await galleryOf(client, { id, review: 'accepted' })).toHaveLength(1);

    // Column-major runs: 5 pixels of background, 3 inside, the rest outside.
    const counts = packed(5, 3, mask.gridWidth * mask.gridHeight - 8);
    const edited = await client.masks.edit({ id: mask.id, revision: mask.revision, counts });
    expect(edited.changed[0]).toMatchObject({
      areaPx: 3,
      box: { x: 0, y: 5, width: 1, height: 3 },
      review: 'edited',
      revision: 2,
    });
    await expect(client.masks.edit({ id: mask.id, revision: 1, counts })).rejects.toMatchObject({
      code: 'WRONG_STATE',
    });
    await expect(client.masks.edit({ id: mask.id, revision: 2, counts: '9' })).rejects.toMatchObject({
      code: 'BAD_INPUT',
    });

    const [first, second] = await client.concepts.list({ id });
    if (!first || !second) throw new Error('no concepts');
    const named = await client.concepts.update({ id: first.id, name: 'thing', isBackground: true });
    expect(named).toMatchObject({ name: 'thing', isBackground: true, mergedInto: null });
    expect((await client.concepts.update({ id: second.id, mergedInto: first.id })).mergedInto).toBe(first.id);
    const circle = client.concepts.update({ id: first.id, mergedInto: second.id });
    await expect(circle).rejects.toMatchObject({ code: 'BAD_INPUT' });

    await client.segmentations.remove({ id });
    await expect(client.segmentations.get({ id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  for (const { set, files, least } of [
    // Well below what the whole sets score (0.711 and 0.805): a few pictures vary more than that, and a design
    // that broke falls far lower.
    { set: 'pets', files: 6, least: 0.55 },
    { set: 'nuclei', files: 4, least: 0.7 },
  ]) {
    test.skipIf(!hasShared)(`${set} are found, as the command line says${sharedReason}`, async () => {
      const folder = join(tempFolder(), 'images');
      mkdirSync(folder);
      const names = readdirSync(sharedPath('data', set, 'images')).sort();
      const step = Math.floor(names.length / files);
      for (let at = 0; at < files; at++) {
        const name = names[at * step] ?? fail();
        copyFileSync(sharedPath('data', set, 'images', name), join(folder, name));
      }
      const data = join(tempFolder(), 'data');
      expect((await runCli(data, 'collections', 'add', folder, '--name', set)).code).toBe(0);
      const sheet = join(tempFolder(), 'sheet.png');
      const run = await runCli(data, 'segment', set, '--sheet', sheet);
      expect(run.stdout).toContain('done');
      expect(statSync(sheet).size).toBeGreaterThan(10_000);
      const { stdout } = await runCli(data, '--json', 'evaluate', '1', '--truth', sharedPath('data', set));
      const { totals, objects, missingImages } = Evaluation.parse(JSON.parse(stdout));
      expect(totals.imageCount).toBe(files);
      expect(missingImages).toHaveLength(names.length - files);
      expect(totals.iou).toBeGreaterThan(least);
      if (set === 'nuclei') expect(objects?.f1).toBeGreaterThan(0.6);
    });
  }
});

function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.emb'))
    .sort()
    .map((name) => join(folder, name));
}

/** COCO's compressed form of three runs: five bits a character, 32 for more to come. */
function packed(...runs: [number, number, number]): string {
  return runs
    .map((run, index) => {
      let left = run;
      let text = '';
      for (let hasMore = true; hasMore;) {
        const bits = left & 31;
        left >>= 5;
        hasMore = (bits & 16) === 0 ? left !== 0 : left !== -1;
        text += String.fromCharCode(48 + bits + (hasMore ? 32 : 0));
      }
      return index < 3 ? text : '';
    })
    .join('');
}

function fail(): never {
  throw new Error('there is no image');
}
