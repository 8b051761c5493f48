import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../src-main/contract/contract.ts';
import type { Collection } from '../../src-main/contract/collection.ts';
import { ExportFormat } from '../../src-main/contract/export.ts';
import type { ExportId } from '../../src-main/contract/ids.ts';
import type { Job } from '../../src-main/contract/job.ts';
import { isEnded, isPausable } from '../../src-main/contract/job-state.ts';
import { MaskFileFormat } from '../../src-main/contract/mask-import.ts';
import type { Segmentation } from '../../src-main/contract/segmentation.ts';
import type { Chance } from './campaign.ts';
import { download } from './page-visit.ts';
import type { Served } from './served.ts';

/** Kept at most: what is older is removed as new work is done, so that what is there does not grow by design. */
const KEPT = 2;
const TINY = {
  encoder: 'resnet18-half',
  viewPx: 64,
  batchSize: 4,
  hidden: 32,
  embedding: 16,
  superpixels: 20,
  epochs: 1,
  previews: 2,
  previewImages: 2,
  checkpointMinutes: 0.01,
} as const;
const POLL_MS = 100;
/** Nothing here takes this long. */
const STUCK_MS = 300_000;

/** What work is done on. */
type Target = { served: Served; client: Client; folders: readonly string[] };
type Work = { name: string; run: (load: Target, chance: Chance) => Promise<void> };

/** Listed as often as it is to be done; pretraining takes the longest by far. */
export const WORKS: readonly [Work, ...Work[]] = [
  { name: 'pretraining', run: pretrain },
  ...Array<Work>(2).fill({ name: 'segmentation', run: segment }),
  ...Array<Work>(3).fill({ name: 'scan', run: scan }),
  ...Array<Work>(3).fill({ name: 'export and import', run: exportMasks }),
  ...Array<Work>(2).fill({ name: 'pages', run: () => Promise.resolve() }),
  { name: 'clicks', run: click },
  { name: 'likeness', run: compareObjects },
  { name: 'look-alikes', run: compareImages },
  { name: 'tags', run: tag },
  { name: 'written files', run: writeFiles },
  { name: 'removal', run: removeCollection },
];

async function scan({ client, folders }: Target, chance: Chance): Promise<void> {
  const path = anyOf(folders, chance);
  const known = (await client.collections.list()).find(({ rootPath }) => rootPath === path);
  const job = known
    ? await client.collections.rescan({ id: known.id, isVerifying: chance.draw() < 0.5 })
    : (await client.collections.add({ path })).job;
  await finish(client, job, chance);
}

async function removeCollection({ client }: Target, chance: Chance): Promise<void> {
  const known = await client.collections.list();
  if (known.length > 0) await client.collections.remove({ id: anyOf(known, chance).id });
}

async function pretrain(load: Target, chance: Chance): Promise<void> {
  const { client } = load;
  const { id: collectionId } = await anyCollection(load, chance);
  const { job } = await client.runs.start({
    collectionId,
    overrides: TINY,
    device: 'onnx:cpu',
  });
  await finish(client, job, chance);
  for (const { id } of (await client.runs.list({})).slice(KEPT)) await client.runs.remove({ id });
  for (const { id } of (await client.models.list()).slice(KEPT)) await client.models.remove({ id });
}

async function segment(load: Target, chance: Chance): Promise<void> {
  const { client } = load;
  const { id: collectionId } = await anyCollection(load, chance);
  const [model] = await client.models.list();
  const { segmentation, job } = await client.segmentations.start({
    collectionId,
    settings: { conceptCount: 3, inputPx: 64, seed: chance.whole(0, 4) },
    ...(model && chance.draw() < 0.5 ? { modelId: model.id } : {}),
  });
  await finish(client, job, chance);
  await review(client, segmentation.id);
  for (const { id } of (await client.segmentations.list({})).slice(KEPT))
    await client.segmentations.remove({ id });
}

/** Accepts the masks of an image, divides nothing, and takes it back. */
async function review(client: Client, id: Segmentation['id']): Promise<void> {
  const { items } = await client.segmentations.galleryIds({ id, cursor: null, limit: 1 });
  for (const imageId of items) {
    const masks = await client.masks.ofImage({ id, imageId });
    if (masks.length === 0) continue;
    await client.masks.review({ ids: masks.map((mask) => mask.id), review: 'accepted' });
    await client.masks.undo({ id, imageId });
  }
}

/** Exports a segmentation in some format, imports what can be imported again, and deletes it all. */
async function exportMasks(load: Target, chance: Chance): Promise<void> {
  const { client, served } = load;
  const segmentation = await anySegmentation(load, chance);
  const version = await client.datasets.create({
    name: 'load',
    recipe: { segmentationIds: [segmentation.id], keepEmptyImages: true },
  });
  const outPath = join(served.folder, 'exported');
  const format = anyOf(ExportFormat.options, chance);
  const { export: exported, job } = await client.exports.start({
    versionId: version.id,
    options: { format, outPath },
  });
  await finish(client, job, chance);
  const readable = MaskFileFormat.safeParse(format);
  if (readable.success) {
    const { job } = await client.maskImports.start({
      segmentationId: segmentation.id,
      path: outPath,
      format: readable.data,
    });
    await finish(client, job, chance);
  }
  await loadArchive(load, exported.id, chance);
  await client.datasets.remove({ id: version.id });
  rmSync(outPath, { recursive: true });
}

/** Loads an export as a page does, or leaves in the middle of it. */
async function loadArchive({ served }: Target, id: ExportId, chance: Chance): Promise<void> {
  const { url, token } = served.endpoint;
  const maxBytes = chance.draw() < 0.5 ? chance.whole(0, 20_000) : Infinity;
  await download(`${url}/exports/${id}/archive.zip`, { token, maxBytes });
}

/** Clicks on an image until something looks like an object; nothing is kept. */
async function click(load: Target, chance: Chance): Promise<void> {
  const { client } = load;
  const { id } = await anySegmentation(load, chance);
  const { items } = await client.segmentations.galleryIds({ id, cursor: null });
  if (items.length === 0) return;
  const imageId = anyOf(items, chance);
  await client.masks.click({ id, imageId, given: { box: null, seeds: [] } });
  const seeds = [];
  for (let count = chance.whole(1, 6); count > 0; count--) {
    const points = [{ x: chance.whole(1, 60), y: chance.whole(1, 60) }];
    seeds.push({ points, radius: 0, isInside: chance.draw() < 0.7 });
    await client.masks.click({ id, imageId, given: { box: null, seeds }, isNested: chance.draw() < 0.5 });
  }
}

/** Describes objects, and does with them all that follows from how they look. */
async function compareObjects(load: Target, chance: Chance): Promise<void> {
  const { client } = load;
  // Whose encoder was removed with its collection cannot be described.
  const { id } = await anySegmentation(
    load,
    chance,
    ({ hasModel, modelId }) => !hasModel || modelId !== null,
  );
  await finish(client, await client.similar.describe({ id }), chance);
  const { items } = await client.segmentations.galleryIds({ id, cursor: null });
  for (const imageId of items.slice(0, 3)) await client.similar.images({ id, imageId });
  await client.health.check({ id });
  await client.reviewQueue.advance({ id, count: 3 });
  await client.proposals.make({ id });
  await client.proposals.discard({ id });
  await finish(client, await client.maps.layOut({ id }), chance);
  await client.maps.points({ id, of: 'objects' });
}

async function compareImages(load: Target, chance: Chance): Promise<void> {
  const { client } = load;
  const { id } = await anyCollection(load, chance);
  await finish(client, await client.lookAlikes.compare({ id }), chance);
  const { step } = await client.lookAlikes.keepBest({ id, grade: 'similar' });
  if (step !== null) await client.lookAlikes.undoHide({ step });
}

/** Gives images a tag, finds them by it, and takes it away. */
async function tag(load: Target, chance: Chance): Promise<void> {
  const { client } = load;
  const { id: collectionId } = await anyCollection(load, chance);
  const { items: imageIds } = await client.images.ids({ collectionId, statuses: ['ok'], cursor: null });
  if (imageIds.length === 0) return;
  await client.tags.change({ imageIds, add: ['load'] });
  await client.tags.list({ collectionId });
  await client.tags.change({ imageIds, remove: ['load'] });
}

/** Writes what can be written without a job, over what the last time has written. */
async function writeFiles(load: Target, chance: Chance): Promise<void> {
  const { client, served } = load;
  const { id } = await anySegmentation(load, chance);
  const overwrite = true;
  await client.segmentations.writeSheet({ id, path: join(served.folder, 'sheet.png'), overwrite });
  await client.segmentations.writeSheet({ id, path: join(served.folder, 'sheet.html'), overwrite });
  const [run] = await client.runs.list({});
  if (run) await client.runs.writePreviews({ id: run.id, path: join(served.folder, 'run.png'), overwrite });
  const [model] = await client.models.list();
  if (model)
    await client.models.export({
      id: model.id,
      format: 'safetensors',
      path: join(served.folder, 'model.safetensors'),
      overwrite,
    });
}

/** Waits for a job, which some of the time is paused and resumed on its way. */
async function finish(client: Client, { id }: Pick<Job, 'id'>, chance: Chance): Promise<void> {
  const mayPause = chance.draw() < 0.2;
  const deadlineMs = performance.now() + STUCK_MS;
  let isPaused = false;
  for (;;) {
    const job = await client.jobs.get({ id });
    if (job.state === 'done') return;
    if (isEnded(job.state) || performance.now() > deadlineMs)
      throw new Error(`${job.title} is ${job.state}: ${job.error?.message ?? 'without an error'}`);
    if (job.state === 'paused') await client.jobs.resume({ id });
    else if (mayPause && !isPaused && isPausable(job.state)) {
      isPaused = true;
      await client.jobs.pause({ id });
    }
    await delay(POLL_MS);
  }
}

async function anyCollection(load: Target, chance: Chance): Promise<Collection> {
  const known = await load.client.collections.list();
  if (known.length > 0) return anyOf(known, chance);
  await scan(load, chance);
  return anyCollection(load, chance);
}

async function anySegmentation(
  load: Target,
  chance: Chance,
  isWanted: (segmentation: Segmentation) => boolean = () => true,
): Promise<Segmentation> {
  const known = (await load.client.segmentations.list({})).filter(isWanted);
  if (known.length > 0) return anyOf(known, chance);
  await segment(load, chance);
  return anySegmentation(load, chance, isWanted);
}

function anyOf<T>(choices: readonly T[], { whole }: Chance): T {
  const [first, ...others] = choices;
  if (first === undefined) throw new Error('There is nothing to choose from.');
  return [first, ...others][whole(0, choices.length)] ?? first;
}
