import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import type { Client } from '../../src-main/contract/contract.ts';
import { ExportFormat } from '../../src-main/contract/export.ts';
import { isEnded, isPausable } from '../../src-main/contract/job-state.ts';
import type { Collection } from '../../src-main/contract/collection.ts';
import type { Job } from '../../src-main/contract/job.ts';
import { connectTo } from '../../src-main/host/cli/owner-connection.ts';
import { MaskFileFormat } from '../../src-main/contract/mask-import.ts';
import type { Run } from '../../src-main/contract/run.ts';
import type { Segmentation } from '../../src-main/contract/segmentation.ts';
import type { Campaign, Chance, Findings } from './campaign.ts';
import { trendOf, type Sample, type Trend } from './growth.ts';
import { visitPage, type OpenPage } from './page-visit.ts';
import { canReadProcesses, stateOf } from './process-state.ts';
import { serve, type Served } from './served.ts';

/** Folders of photos, of which collections are made and removed. */
const FOLDERS = 3;
const SCENES_PER_FOLDER = 8;
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

/**
 * By how much a measure may rise over the judged work, as the line of least squares has it. The heap is what is left when garbage is
 * collected: code that is compiled when it is first used, and what is kept of two pages more or less. Memory has in addition what the
 * allocator does not give back; processes and threads follow a call worker that ends when idle; the database keeps a row for each job.
 */
const MAX_GROWTH: Record<string, number> = {
  'heap MiB': 6,
  'memory MiB': 32,
  handles: 6,
  threads: 2,
  'child processes': 1,
  'temporary files': 0.5,
  'files of the data folder': 12,
  'database MiB': 8,
  'write-ahead log MiB': 4,
  'log KiB': 1,
};

type Load = { served: Served; client: Client; folders: readonly string[] };
type Work = { name: string; run: (load: Load, chance: Chance) => Promise<void> };

/** Listed as often as it is to be done; pretraining takes the longest by far. */
const WORKS: readonly [Work, ...Work[]] = [
  { name: 'pretraining', run: pretrain },
  ...Array<Work>(2).fill({ name: 'segmentation', run: segment }),
  ...Array<Work>(3).fill({ name: 'scan', run: scan }),
  ...Array<Work>(3).fill({ name: 'export and import', run: exportMasks }),
  ...Array<Work>(2).fill({ name: 'pages', run: () => Promise.resolve() }),
  { name: 'removal', run: removeCollection },
];

/** Hours of mixed work on one `r2o serve`, with pages that come and go: it holds no more at the end than after the start. */
export const campaign: Campaign = {
  count: Infinity,
  minutes: 2,
  open: async () => {
    const served = await serve();
    const connection = await connectTo(served.endpoint);
    if (!connection) throw new Error('r2o serve does not answer.');
    const folders = Array.from({ length: FOLDERS }, (_, index) => join(served.folder, `photos-${index}`));
    for (const [index, folder] of folders.entries())
      await writeScenes(folder, { count: SCENES_PER_FOLDER, seed: 100 * index });
    const load: Load = { served, client: connection.client, folders };
    const samples: Sample[] = [];
    return {
      run: async (chance) => {
        const work = chance.pick(WORKS);
        const visits = Array.from({ length: chance.whole(work.name === 'pages' ? 1 : 0, 4) }, async () =>
          visitPage(await connection.newPageUrl(), (page) => look(page, chance)),
        );
        await allOf([work.run(load, chance), ...visits]);
        if (canReadProcesses) samples.push(await stateOf(served));
        return work.name;
      },
      findings: () => judge(samples),
      [Symbol.asyncDispose]: async () => {
        connection.close();
        await served.stop();
      },
    };
  },
};

/** Waits for all, so that nothing goes on into the next case. @throws what the first that failed has thrown */
async function allOf(works: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(works);
  await Promise.all(works);
}

/** What has grown. */
function judge(samples: readonly Sample[]): Findings {
  const findings: Findings = { measured: {}, problems: [] };
  for (const [measure, bound] of Object.entries(MAX_GROWTH)) {
    const trend = trendOf(samples, measure);
    if (!trend) continue;
    findings.measured[measure] = roundAll(trend);
    if (trend.growth > bound) {
      const by = trend.growth.toFixed(1);
      findings.problems.push(`${measure}: ${by} more at the end, where ${bound} are allowed`);
    }
  }
  return findings;
}

function roundAll(trend: Trend): Record<string, number> {
  return Object.fromEntries(Object.entries(trend).map(([name, value]) => [name, Number(value.toFixed(1))]));
}

async function scan({ client, folders }: Load, chance: Chance): Promise<void> {
  const path = anyOf(folders, chance);
  const known = (await client.collections.list()).find(({ rootPath }) => rootPath === path);
  const job = known
    ? await client.collections.rescan({ id: known.id, isVerifying: chance.draw() < 0.5 })
    : (await client.collections.add({ path })).job;
  await finish(client, job, chance);
}

async function removeCollection({ client }: Load, chance: Chance): Promise<void> {
  const known = await client.collections.list();
  if (known.length > 0) await client.collections.remove({ id: anyOf(known, chance).id });
}

async function pretrain(load: Load, chance: Chance): Promise<void> {
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

async function segment(load: Load, chance: Chance): Promise<void> {
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
async function exportMasks(load: Load, chance: Chance): Promise<void> {
  const { client, served } = load;
  const segmentation = await anySegmentation(load, chance);
  const version = await client.datasets.create({
    name: 'load',
    recipe: { segmentationIds: [segmentation.id], keepEmptyImages: true },
  });
  const outPath = join(served.folder, 'exported');
  const format = anyOf(ExportFormat.options, chance);
  const { job } = await client.exports.start({ versionId: version.id, options: { format, outPath } });
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
  await client.datasets.remove({ id: version.id });
  rmSync(outPath, { recursive: true });
}

/** Reads what the page shows first, and its pictures. */
async function look({ client, picture }: OpenPage, chance: Chance): Promise<void> {
  const [collections, segmentations, runs] = await Promise.all([
    client.collections.list(),
    client.segmentations.list({}),
    client.runs.list({}),
    client.models.list(),
    client.datasets.list(),
    client.jobs.page({ cursor: null }),
    client.settings.get(),
    client.system.storage(),
  ]);
  const targets = [
    ...(await Promise.all(collections.map(({ id }) => photosOf(client, id)))).flat(),
    ...(await Promise.all(segmentations.map(({ id }) => masksOf(client, id)))).flat(),
    ...(await Promise.all(runs.map(({ id }) => previewsOf(client, id)))).flat(),
  ];
  const wanted = targets.filter(() => chance.draw() < 0.4);
  const statuses = await Promise.all(wanted.map(picture));
  const at = statuses.findIndex((status) => status >= 500 || status === 401);
  if (at >= 0) throw new Error(`${wanted[at]} is answered ${statuses[at]}.`);
}

async function photosOf(client: Client, collectionId: Collection['id']): Promise<string[]> {
  const { items } = await client.images.ids({ collectionId, statuses: ['ok'], cursor: null });
  return items.flatMap((id) => [`/images/${id}/thumbnail`, `/images/${id}/view`]);
}

async function masksOf(client: Client, id: Segmentation['id']): Promise<string[]> {
  const { items: imageIds } = await client.segmentations.galleryIds({ id, cursor: null });
  const tiles = await client.segmentations.galleryTiles({ id, imageIds });
  const concepts = await client.concepts.list({ id });
  return [
    `/segmentations/${id}/sheet.png`,
    ...tiles.map(({ imageId, version }) => `/segmentations/${id}/drawn/${imageId}/${version}.webp`),
    ...concepts.flatMap(({ exemplars }) =>
      exemplars.map((mask) => `/masks/${mask.id}/${mask.revision}/crop.webp`),
    ),
  ];
}

async function previewsOf(client: Client, id: Run['id']): Promise<string[]> {
  const [{ steps, images }] = await Promise.all([client.runs.previews({ id }), client.runs.curves({ id })]);
  return steps.flatMap((step) => images.map(({ imageId }) => `/runs/${id}/previews/${step}/${imageId}.png`));
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

async function anyCollection(load: Load, chance: Chance): Promise<Collection> {
  const known = await load.client.collections.list();
  if (known.length > 0) return anyOf(known, chance);
  await scan(load, chance);
  return anyCollection(load, chance);
}

async function anySegmentation(load: Load, chance: Chance): Promise<Segmentation> {
  const known = await load.client.segmentations.list({});
  if (known.length > 0) return anyOf(known, chance);
  await segment(load, chance);
  return anySegmentation(load, chance);
}

function anyOf<T>(choices: readonly T[], { whole }: Chance): T {
  const [first, ...others] = choices;
  if (first === undefined) throw new Error('There is nothing to choose from.');
  return [first, ...others][whole(0, choices.length)] ?? first;
}
