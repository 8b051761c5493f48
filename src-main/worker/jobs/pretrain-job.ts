import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ImageProblemError } from '../../core/image/image-problem.ts';
import { NotedReader } from '../../core/image/noted-reader.ts';
import { resolveFile } from '../../core/image/walk.ts';
import { ARCHITECTURES } from '../../core/model/architectures.ts';
import { backboneOf } from '../../core/model/backbone.ts';
import { ImageSource, type ImageSourceSpec, type OpenedImage } from '../../core/train/image-source.ts';
import { previewSteps } from '../../core/train/preview-steps.ts';
import type { StepBatch } from '../../core/train/batch.ts';
import { Previewer } from '../../core/train/preview.ts';
import { totalStepsOf, train, type TrainEvent } from '../../core/train/train.ts';
import { learnsFromMasks, ratesAt, superpixelSpecOf } from '../../core/train/training-spec.ts';
import { checkpointName, torchPlanFolder } from '../../domain/data-layout.ts';
import { torchDeviceOf } from '../../domain/torch-device.ts';
import { explainFailure } from '../explain-failure.ts';
import type { RunMetric } from '../../contract/run.ts';
import type { JobContext } from './job-context.ts';
import { learnFromMasks } from './mask-training-job.ts';
import { openTrainer, ownDeviceOf, type OpenedRun, type OpenedTrainer } from './open-trainer.ts';
import type { WorkerJobOf } from '../protocol/job.ts';
import { RunRecorder, type SavedStep } from './run-recorder.ts';
import { JobStopped } from '../stop-signal.ts';
import { writeTorchJob } from './torch-job.ts';
import { openTorchRun } from './torch-run.ts';
import { ThreadedBatches } from '../threads/threaded-batches.ts';
import { readOrMakeImageList, type ListedImage } from './training-images.ts';
import { makeFolder } from '../../domain/make-folder.ts';

type PretrainJob = WorkerJobOf<'pretrain'>;

/** Memory for decoded images that are kept between epochs, over all threads. */
const KEPT_BYTES = 512 * 2 ** 20;
/** A thread of batches keeps up with the engine on this many cores. */
const CORES_A_BATCH_THREAD = 4;
const BATCHES_AHEAD = 2;
/** Superpixels are small compared with pixels: a fraction of what decoded pixels may take. */
const SUPERPIXEL_SHARE = 1 / 16;

/**
 * Pretrains an encoder: from the beginning, or from a checkpoint as if it had never stopped. Whatever ends it (the
 * last step, a pause, a stop), the state is saved first; a stop also keeps the encoder as a model.
 */
export async function runPretraining(job: PretrainJob, context: JobContext): Promise<void> {
  const saved: SavedStep = { step: job.checkpoint?.step };
  try {
    await (learnsFromMasks(job.config) ? learnFromMasks : pretrain)(job, context, saved);
  } catch (error) {
    throw explainFailure(error, job, saved);
  }
}

async function pretrain(job: PretrainJob, context: JobContext, saved: SavedStep): Promise<void> {
  const { link, cores } = context;
  await makeFolder(job.runFolder);
  link.report({ phase: 'listing-images', done: 0, total: null, unit: 'images' });
  const images = await readOrMakeImageList(job, context);
  const totalSteps = totalStepsOf(job.config, images.length);
  const reader = NotedReader.takeUp(job.readingFolder);
  const sources = sourceOf(job, reader);
  const source = new ImageSource({ ...sources, memoryBytes: KEPT_BYTES }, reader);
  for (const image of images) {
    if (reader.isSuspect(resolveFile(job.rootPath, image))) await openUsable(source, image);
  }
  const run = { images, source, totalSteps, saved };
  if (job.planTo === null && torchDeviceOf(job.device)) {
    const folder = torchPlanFolder(job.runFolder);
    await using opened = await openTorchRun(job, { images, source, totalSteps, folder }, context);
    await trainRun(job, { ...run, opened }, context);
    await rm(folder, { recursive: true, force: true });
    return;
  }
  link.report({ phase: 'preparing-network', done: 0, total: null, unit: 'images' });
  await using own = await openTrainer(job, {
    device: ownDeviceOf(job.device),
    threads: cores,
    tensorflowFolder: job.tensorflowFolder,
  });
  if (job.planTo === null) {
    const batches = () => batchesOf(job, { images, sources, cores, endStep: totalSteps });
    await trainRun(job, { ...run, opened: { ...own, batches } }, context);
  } else {
    await planRun(job, { ...run, opened: own }, context);
  }
}

/** A run as it is trained: what it trains on, and with what. */
type TrainedRun<T> = {
  images: readonly ListedImage[];
  source: ImageSource;
  totalSteps: number;
  saved: SavedStep;
  opened: T;
};

/** Writes what PyTorch needs into `planTo`, and trains nothing. */
async function planRun(
  job: PretrainJob,
  { images, source, totalSteps, saved, opened }: TrainedRun<OpenedTrainer>,
  { link, signal }: JobContext,
): Promise<void> {
  const { trainer, startStep, previews } = opened;
  const encoder = () => trainer.encoder('online');
  await new RunRecorder({
    job,
    link,
    trainer,
    encoder,
    previews: () => previews,
    totalSteps,
    saved,
  }).checkpoint(startStep);
  const checkpoint = join(job.runFolder, checkpointName(startStep));
  const plan = { job, images, source, checkpoint, startStep, totalSteps, signal, link };
  await writeTorchJob(job.planTo ?? '', plan);
}

/** Trains to the last step, or until the job is stopped: by the app's own engine or another one. */
async function trainRun<B extends StepBatch>(
  job: PretrainJob,
  { images, source, totalSteps, saved, opened }: TrainedRun<OpenedRun<B>>,
  { link, signal }: JobContext,
): Promise<void> {
  const { config } = job;
  const { trainer, startStep } = opened;
  const chosen = await openPreviewImages(job, images, source);
  const previewer = new Previewer(
    chosen.map((image) => image.opened),
    config,
    opened.previews,
  );
  const recorder = new RunRecorder({
    job,
    link,
    trainer,
    encoder: () => trainer.encoder('online'),
    previews: () => previewer.previous,
    totalSteps,
    saved,
  });
  const takePreview = async (step: number) => {
    const { regionCount } = ratesAt(config, images.length, Math.max(step - 1, 0));
    const preview = await previewer.take(trainer, step, regionCount);
    const shown = chosen.map((image) => image.listed);
    await recorder.preview(step, preview, shown);
  };
  await using batches = opened.batches();
  const previewAt = new Set(previewSteps(totalSteps, chosen.length > 0 ? config.previews : 0));
  const run = { trainer, batches, imageCount: images.length, startStep, totalSteps, signal };
  let done = startStep;
  try {
    if (startStep === 0 && previewAt.has(0)) await takePreview(0);
    for await (const event of train(run)) {
      done = event.step + 1;
      await recorder.step(event.step, valuesOf(event, config.batchSize), event.skipped);
      const { batchSize } = config;
      link.report({
        phase: 'pretraining',
        done: done * batchSize,
        total: totalSteps * batchSize,
        unit: 'images',
      });
      if (previewAt.has(done)) await takePreview(done);
      if (recorder.isCheckpointDue()) await recorder.checkpoint(done);
    }
  } catch (error) {
    if (!(error instanceof JobStopped)) throw error;
    await recorder.checkpoint(done);
    if (error.reason === 'cancel' && done > 0) await recorder.model(done, false);
    throw error;
  }
  await recorder.checkpoint(totalSteps);
  await recorder.model(totalSteps, true);
}

function valuesOf(
  { rates, metrics, waitMs, stepMs }: TrainEvent,
  batchSize: number,
): Partial<Record<RunMetric, number>> {
  const { update, clusterEntropy, visibleShare } = metrics;
  const { learningRate, regionCount, emaDecay } = rates;
  return {
    ...update,
    ...(clusterEntropy === undefined ? {} : { clusterEntropy }),
    visibleShare,
    learningRate,
    regionCount,
    emaDecay,
    imagesPerS: (batchSize / stepMs) * 1_000,
    waitMs,
  };
}

type PreviewImage = { listed: ListedImage; opened: OpenedImage };

/** Images spread over the list, each replaced by its neighbour where it cannot be read. */
async function openPreviewImages(
  job: PretrainJob,
  images: readonly ListedImage[],
  source: ImageSource,
): Promise<PreviewImage[]> {
  const count = Math.min(job.config.previewImages, images.length);
  const chosen: PreviewImage[] = [];
  for (let at = 0; at < count; at++) {
    const first = Math.floor((at * images.length) / count);
    const after = Math.floor(((at + 1) * images.length) / count);
    for (const listed of images.slice(first, after)) {
      const opened = await openUsable(source, listed);
      if (!opened) continue;
      chosen.push({ listed, opened });
      break;
    }
  }
  return chosen;
}

/** Undefined for an image that can no longer be read: batches report it. */
async function openUsable(source: ImageSource, image: ListedImage): Promise<OpenedImage | undefined> {
  try {
    return await source.open(image);
  } catch (error) {
    if (error instanceof ImageProblemError) return undefined;
    throw error;
  }
}

/** Where images are read from, by everyone in the job. */
type Sources = Omit<ImageSourceSpec, 'memoryBytes'>;

type BatchTask = { images: readonly ListedImage[]; sources: Sources; cores: number; endStep: number };

function batchesOf({ config }: PretrainJob, { images, sources, cores, endStep }: BatchTask): ThreadedBatches {
  const threads = Math.max(1, Math.floor(cores / CORES_A_BATCH_THREAD));
  const { batchSize, epochImages, seed, parity } = config;
  return new ThreadedBatches({
    spec: { ...sources, memoryBytes: KEPT_BYTES / threads, images, batchSize, epochImages, seed, parity },
    entry: new URL('./batch-thread.js', import.meta.url),
    threads,
    ahead: BATCHES_AHEAD + threads - 1,
    endStep,
  });
}

function sourceOf({ rootPath, config, limits, cache }: PretrainJob, reader: NotedReader): Sources {
  return {
    rootPath,
    superpixels: superpixelSpecOf(config),
    clusteredStride: backboneOf(ARCHITECTURES[config.encoder]).clustered.stride,
    limits,
    cache: {
      folder: cache.folder,
      decodedBytes: cache.decodedBytes,
      superpixelBytes: cache.decodedBytes * SUPERPIXEL_SHARE,
    },
    notes: reader.spec,
  };
}
