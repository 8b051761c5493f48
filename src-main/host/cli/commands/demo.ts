import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Client } from '../../../contract/contract.ts';
import { DatasetRecipe } from '../../../contract/dataset.ts';
import { ExportOptions } from '../../../contract/export.ts';
import type { CollectionId, ModelId, SegmentationId } from '../../../contract/ids.ts';
import { SegmentSettings } from '../../../contract/segmentation.ts';
import { CallWorker } from '../../../jobs/call-worker.ts';
import { forkNodeWorker } from '../../shared/fork-node-worker.ts';
import { sampleFolder, workerEntry } from '../../shared/paths.ts';
import { followJob } from '../follow-job.ts';
import { countText, formatDuration, table } from '../output.ts';
import { contextOf } from '../context.ts';
import { openSession } from '../session.ts';
import { wholeNumber } from '../whole-number.ts';

const SCENES = '48';
const SCENE_SEED = 2208;
/** Enough to see regions form, in two or three minutes on two cores. */
const EPOCHS = '25';
const EXPORTS = ['coco', 'yolo'] as const;

type Options = { images?: string; scenes: string; epochs: string };

/** One line of the table at the end. */
type StepResult = { step: string; result: string; elapsedMs: number };

/** What the steps pass on. */
type Demo = { client: Client; folder: string; steps: StepResult[] };

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .option('--images <folder>', 'use your own photos instead of synthetic scenes')
    .option('--scenes <n>', 'number of synthetic scenes', SCENES)
    .option('--epochs <n>', 'how often each image is seen during pretraining', EPOCHS)
    .description(
      'try the whole app on synthetic scenes and real pictures, or on your photos, in a separate data folder (or that of --data)',
    )
    .action(async (options: Options, command: Command) => {
      const { output, chosenFolder } = contextOf(command);
      const [scenes, epochs] = [
        wholeNumber(options.scenes, '--scenes'),
        wholeNumber(options.epochs, '--epochs'),
      ];
      const folder = mkdtempSync(join(tmpdir(), 'r2o-demo-'));
      const images =
        options.images === undefined ? await makeScenes(folder, scenes) : resolve(options.images);
      const dataFolder = chosenFolder ?? join(folder, 'data');
      const session = await openSession(dataFolder, output.note);
      const demo: Demo = { client: session.client, folder, steps: [] };
      const collectionId = await scan(demo, images);
      const modelId = await pretrain(demo, collectionId, epochs);
      const segmentationId = await segment(demo, { collectionId, modelId, name: null });
      const isOwn = options.images !== undefined;
      // Of people's own photos, the truth is not known.
      const iou = isOwn ? null : await evaluate(demo, { id: segmentationId, truth: folder });
      const realIou = isOwn ? null : await segmentSample(demo);
      await makeDataset(demo, segmentationId);
      const result = { images, folder, dataFolder, iou, realIou, steps: demo.steps };
      output.result(result, resultLines);
    });
}

function resultLines({
  images,
  folder,
  dataFolder,
  realIou,
  steps,
}: {
  images: string;
  folder: string;
  dataFolder: string;
  realIou: number | null;
  steps: StepResult[];
}) {
  return [
    ...table([
      ['STEP', 'RESULT', 'TIME'],
      ...steps.map(({ step, result, elapsedMs }) => [step, result, formatDuration(elapsedMs)]),
    ]),
    '',
    `Images:        ${images}`,
    `Contact sheet: ${join(folder, 'sheet.png')}`,
    ...(realIou === null
      ? []
      : [
          `Real pictures: ${join(folder, 'sheet-sample-photos.png')}, ${join(folder, 'sheet-sample-nuclei.png')}`,
        ]),
    `Previews:      ${join(folder, 'previews.png')}   (how the regions developed, left to right)`,
    `Exports:       ${EXPORTS.map((format) => join(folder, format)).join(', ')}`,
    `Data folder:   ${dataFolder}`,
    `Explore it:    r2o --data ${dataFolder} serve`,
  ];
}

/** Notes what a step came to, and how long it took. */
async function timed<T>(
  { steps }: Demo,
  step: string,
  work: () => Promise<{ value: T; result: string }>,
): Promise<T> {
  const startedMs = performance.now();
  const { value, result } = await work();
  steps.push({ step, result, elapsedMs: performance.now() - startedMs });
  return value;
}

function scan(demo: Demo, path: string): Promise<CollectionId> {
  const { client } = demo;
  return timed(demo, 'scan', async () => {
    const { collection, job } = await client.collections.add({ path });
    await followJob(client, job.id);
    const { counts } = await client.collections.get({ id: collection.id });
    return { value: collection.id, result: `${counts.usable} images, ${counts.problems} problems` };
  });
}

function pretrain(demo: Demo, collectionId: CollectionId, epochs: number): Promise<ModelId> {
  const { client, folder } = demo;
  return timed(demo, 'pretrain', async () => {
    const { run, job } = await client.runs.start({ collectionId, overrides: { epochs } });
    await followJob(client, job.id);
    await client.runs.writePreviews({ id: run.id, path: join(folder, 'previews.png') });
    const model = (await client.models.list()).find(({ runId }) => runId === run.id);
    if (!model) throw new Error(`run ${run.id} left no model`);
    const [loss] = await client.runs.curves({ id: run.id, names: ['loss'], maxPoints: 10 });
    const [first, last] = [loss?.points[0]?.[1] ?? NaN, loss?.points.at(-1)?.[1] ?? NaN];
    return {
      value: model.id,
      result: `${countText(run.totalSteps, 'step')}, loss ${first.toFixed(2)} to ${last.toFixed(2)}, ${run.device}`,
    };
  });
}

/** `name` is that of real pictures; null for the images of the demo itself. */
type SegmentTask = { collectionId: CollectionId; modelId: ModelId | null; name: string | null };

function segment(demo: Demo, { collectionId, modelId, name }: SegmentTask): Promise<SegmentationId> {
  const { client, folder } = demo;
  const [step, sheet] = name === null ? ['segment', 'sheet.png'] : [`segment ${name}`, `sheet-${name}.png`];
  return timed(demo, step, async () => {
    const { segmentation, job } = await client.segmentations.start({
      collectionId,
      ...(modelId !== null && { modelId }),
      settings: SegmentSettings.parse({}),
    });
    await followJob(client, job.id);
    await client.segmentations.writeSheet({ id: segmentation.id, path: join(folder, sheet) });
    const { imageCount } = await client.segmentations.get({ id: segmentation.id });
    return { value: segmentation.id, result: `${countText(imageCount, 'image')} segmented into objects` };
  });
}

/** Segments the real pictures that come with the app. @returns the IoU of those whose truth is known */
async function segmentSample(demo: Demo): Promise<number | null> {
  const { client } = demo;
  let iou: number | null = null;
  for (const { collection, job } of await client.collections.addSample()) {
    await followJob(client, job.id);
    const { id: collectionId, name } = collection;
    const id = await segment(demo, { collectionId, modelId: null, name });
    if (name === 'sample-nuclei')
      iou = await evaluate(demo, { id, truth: join(sampleFolder, 'truth', 'nuclei') });
    else await showScore(demo, id, name);
  }
  return iou;
}

/** Without a truth to compare with, the app's own score of its masks. */
function showScore(demo: Demo, id: SegmentationId, name: string): Promise<null> {
  const { client } = demo;
  return timed(demo, `scores of ${name}`, async () => {
    const { items } = await client.segmentations.galleryIds({ id, limit: 100 });
    const masks = await Promise.all(items.map((imageId) => client.masks.ofImage({ id, imageId })));
    const scores = masks.flat().flatMap(({ level, score }) => (level === 0 ? [score] : []));
    const average = scores.reduce((sum, score) => sum + score, 0) / Math.max(scores.length, 1);
    return {
      value: null,
      result: `${countText(scores.length, 'object')}, average score ${average.toFixed(2)}`,
    };
  });
}

function evaluate(demo: Demo, { id, truth }: { id: SegmentationId; truth: string }): Promise<number | null> {
  const { client } = demo;
  return timed(demo, 'evaluate', async () => {
    const { totals } = await client.segmentations.evaluate({ id, truth });
    const percent = (value: number | null) => (value === null ? 'unknown' : value.toFixed(3));
    return { value: totals.iou, result: `mask IoU ${percent(totals.iou)} against the truth` };
  });
}

async function makeDataset(demo: Demo, segmentationId: SegmentationId): Promise<void> {
  const { client, folder } = demo;
  const version = await timed(demo, 'dataset', async () => {
    const recipe = DatasetRecipe.parse({ segmentationIds: [segmentationId] });
    const made = await client.datasets.create({ name: 'demo', recipe });
    const { images, masks, leftOut } = made.counts;
    const without = leftOut.empty > 0 ? `; ${leftOut.empty} images with nothing but background left out` : '';
    const result = `${countText(images, 'image')}, ${countText(masks, 'mask')}, ${made.classes.length} classes${without}`;
    return { value: made, result };
  });
  for (const format of EXPORTS) {
    await timed(demo, `export ${format}`, async () => {
      const options = ExportOptions.parse({ format, outPath: join(folder, format) });
      const { job } = await client.exports.start({ versionId: version.id, options });
      await followJob(client, job.id);
      return { value: null, result: join(folder, format) };
    });
  }
}

async function makeScenes(folder: string, count: number): Promise<string> {
  using worker = new CallWorker({
    fork: forkNodeWorker(workerEntry, () => undefined),
    onBug: () => undefined,
  });
  await worker.call({ kind: 'make-scenes', folder, count, seed: SCENE_SEED });
  return join(folder, 'images');
}
