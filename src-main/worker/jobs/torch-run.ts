import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { userError } from '../../contract/errors.ts';
import { checkpointName, isCheckpointName } from '../../domain/data-layout.ts';
import type { StepBatch } from '../../core/train/batch.ts';
import { openCheckpoint, writeCheckpoint } from '../../core/train/checkpoint.ts';
import type { ImageSource } from '../../core/train/image-source.ts';
import type { WorkerJobOf } from '../protocol/job.ts';
import { findTorchPython } from '../torch/torch-python.ts';
import { TorchTrainer } from '../torch/torch-trainer.ts';
import type { JobContext } from './job-context.ts';
import { openTrainer, type OpenedRun } from './open-trainer.ts';
import { writeTorchJob } from './torch-job.ts';
import type { ListedImage } from './training-images.ts';
import { makeFolder } from '../../domain/make-folder.ts';

type PretrainJob = WorkerJobOf<'pretrain'>;

type TorchRun = {
  images: readonly ListedImage[];
  source: ImageSource;
  totalSteps: number;
  /** Where its plan is written; what is there of the same images is used again. */
  folder: string;
};

/** A process that prepares batches keeps up with PyTorch on this many cores. */
const CORES_A_BATCH_WORKER = 4;

/**
 * Opens a run in PyTorch: writes its plan, and starts the process that trains it. The caller disposes it.
 * @throws UserError DEVICE_UNAVAILABLE without PyTorch, CHECKPOINT_DAMAGED, and as `writeTorchJob`; TorchError
 */
export async function openTorchRun(
  job: PretrainJob,
  { folder, ...run }: TorchRun,
  { link, signal, cores }: JobContext,
): Promise<OpenedRun<StepBatch> & AsyncDisposable> {
  const python = findTorchPython(job.torch.folder);
  if (python === undefined) {
    throw userError('torch-missing', { device: job.device }, { action: { kind: 'show-devices' } });
  }
  await makeFolder(folder);
  for (const name of await readdir(folder)) if (isCheckpointName(name)) await rm(join(folder, name));
  const { checkpoint, startStep, slots, previews } = await startOf(job, folder, cores);
  await writeTorchJob(folder, { job, ...run, checkpoint, startStep, signal, link });
  link.report({ phase: 'preparing-network', done: 0, total: null, unit: 'images' });
  const process = {
    python,
    planFolder: folder,
    device: job.device.slice('torch:'.length),
    threads: cores,
    batchWorkers: Math.max(1, Math.floor(cores / CORES_A_BATCH_WORKER)),
    options: job.torch.options,
  };
  const trainer = await TorchTrainer.open(job.config, { ...process, startStep, slots }, signal);
  const batches = () => trainer.batches();
  return {
    trainer,
    startStep,
    previews,
    batches,
    [Symbol.asyncDispose]: () => trainer[Symbol.asyncDispose](),
  };
}

/** The run's checkpoint, every byte of it verified; of a new run, one that is written into `folder`. */
async function startOf(job: PretrainJob, folder: string, threads: number) {
  if (job.checkpoint) {
    const path = join(job.runFolder, job.checkpoint.file);
    await using saved = await openCheckpoint(path, job.checkpoint.sha256);
    const previews = await saved.previews();
    return { checkpoint: path, startStep: saved.step, slots: saved.superpixelSlots, previews };
  }
  await using opened = await openTrainer(job, { device: 'onnx:cpu', threads });
  const checkpoint = join(folder, checkpointName(0));
  await writeCheckpoint(checkpoint, opened.trainer, { step: 0, previews: [] });
  return { checkpoint, startStep: 0, slots: opened.trainer.superpixelSlots, previews: [] };
}
