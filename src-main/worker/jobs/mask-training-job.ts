import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { maskLessonsFile } from '../../domain/data-layout.ts';
import { openCheckpoint } from '../../core/train/checkpoint.ts';
import { MaskTrainer, trainOnMasks } from '../../core/train/mask-trainer.ts';
import { totalStepsOf } from '../../core/train/train.ts';
import type { WorkerJobOf } from '../protocol/job.ts';
import { JobStopped } from '../stop-signal.ts';
import type { JobContext } from './job-context.ts';
import { readOrCutLessons } from './mask-lessons.ts';
import { deviceOf, parentEncoder } from './open-trainer.ts';
import { RunRecorder, type SavedStep } from './run-recorder.ts';
import { readOrMakeImageList } from './training-images.ts';
import { makeFolder } from '../../domain/make-folder.ts';

type PretrainJob = WorkerJobOf<'pretrain'>;

/**
 * Trains an encoder on the collection's own masks: cuts a sample of its images, and learns from the better part of the
 * cuts. As with R2O, whatever ends it, the state is saved first, and a resumed run computes what the undisturbed one
 * would have.
 */
export async function learnFromMasks(job: PretrainJob, context: JobContext, saved: SavedStep): Promise<void> {
  const { config } = job;
  const { link, signal, cores } = context;
  await makeFolder(job.runFolder);
  link.report({ phase: 'listing-images', done: 0, total: null, unit: 'images' });
  const images = await readOrMakeImageList(job, context);
  const lessons = await readOrCutLessons(job, images, context);
  link.report({ phase: 'preparing-network', done: 0, total: null, unit: 'images' });
  const totalSteps = totalStepsOf(config, images.length);
  await using trainer = await MaskTrainer.open({
    config,
    device: deviceOf(job.device),
    threads: cores,
    tensorflowFolder: job.tensorflowFolder,
  });
  const startStep = await begin(trainer, job);
  const recorder = new RunRecorder({
    job,
    link,
    trainer,
    encoder: () => trainer.encoder(),
    previews: () => [],
    totalSteps,
    saved,
  });
  let done = startStep;
  const run = { trainer, lessons, imageCount: images.length, startStep, totalSteps, signal };
  try {
    for await (const { step, loss, learningRate, stepMs } of trainOnMasks(run)) {
      done = step + 1;
      const { batchSize } = config;
      await recorder.step(step, { loss, learningRate, imagesPerS: (batchSize / stepMs) * 1_000 });
      const counts = { done: done * batchSize, total: totalSteps * batchSize };
      link.report({ phase: 'pretraining', ...counts, unit: 'images' });
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
  await rm(maskLessonsFile(job.runFolder), { force: true });
}

/** Puts weights in place: those of the checkpoint, of the parent, or random ones. @returns the next step to do */
async function begin(trainer: MaskTrainer, job: PretrainJob): Promise<number> {
  const { checkpoint } = job;
  if (!checkpoint) {
    await trainer.begin(await parentEncoder(job));
    return 0;
  }
  await using saved = await openCheckpoint(join(job.runFolder, checkpoint.file), checkpoint.sha256);
  await saved.restore(trainer);
  return saved.step;
}
