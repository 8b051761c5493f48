import { copyFile, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { userError } from '../../contract/errors.ts';
import { ImageProblemError } from '../../core/image/image-problem.ts';
import { ARCHITECTURES } from '../../core/model/architectures.ts';
import type { ImageSource, OpenedImage } from '../../core/train/image-source.ts';
import { writeTextAtomically } from '../../core/weights/atomic-file.ts';
import { checkpointName } from '../../domain/data-layout.ts';
import type { WorkerJobOf } from '../protocol/job.ts';
import type { ServiceLink } from '../service-link.ts';
import type { ListedImage } from './training-images.ts';

/** Changes with every change of the files; `r2o_torch/job.py` reads no other version. */
const VERSION = 1;
/** Images that are opened together. */
const WINDOW = 8;

type TorchJob = {
  job: WorkerJobOf<'pretrain'>;
  images: readonly ListedImage[];
  source: ImageSource;
  /** Step of the checkpoint from which PyTorch starts. */
  startStep: number;
  totalSteps: number;
  signal: AbortSignal;
  link: ServiceLink;
};

/**
 * Writes all that PyTorch needs of a run: its configuration, the checkpoint to start from, and of each image the
 * decoded pixels and the superpixels, so that nothing of them depends on who decodes.
 *
 * `pixels.bin`: [heightPx, widthPx, 3] uint8 of one image after the other; `superpixels.bin`: [images, viewPx, viewPx]
 * uint16, little-endian; `job.json`, written last, with the sizes.
 * @throws UserError IMAGE_UNAVAILABLE for an image that cannot be read, DISK_FULL; the signal's reason
 */
export async function writeTorchJob(folder: string, torch: TorchJob): Promise<void> {
  const { job, images, source, startStep, totalSteps, signal, link } = torch;
  await mkdir(folder, { recursive: true });
  await using pixels = await open(join(folder, 'pixels.bin'), 'w');
  await using superpixels = await open(join(folder, 'superpixels.bin'), 'w');
  const sizes: { widthPx: number; heightPx: number; superpixels: number }[] = [];
  for (let at = 0; at < images.length; at += WINDOW) {
    signal.throwIfAborted();
    const some = images.slice(at, at + WINDOW);
    for (const opened of await Promise.all(some.map((image) => openImage(source, image)))) {
      const { labels, count } = opened.superpixels;
      await pixels.write(opened.pixels.data);
      await superpixels.write(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
      const { widthPx, heightPx } = opened.pixels;
      sizes.push({ widthPx, heightPx, superpixels: count });
    }
    link.report({ phase: 'writing-files', done: sizes.length, total: images.length, unit: 'images' });
  }
  const checkpoint = checkpointName(startStep);
  await copyFile(join(job.runFolder, checkpoint), join(folder, checkpoint));
  const { config, runId } = job;
  const facts = {
    version: VERSION,
    runId,
    totalSteps,
    config,
    encoder: ARCHITECTURES[config.encoder],
    images: sizes,
  };
  await writeTextAtomically(join(folder, 'job.json'), JSON.stringify(facts));
}

async function openImage(source: ImageSource, image: ListedImage): Promise<OpenedImage> {
  try {
    return await source.open(image);
  } catch (error) {
    if (!(error instanceof ImageProblemError)) throw error;
    throw userError('plan-image-unread', { path: image.relPath, detail: error.problem.detail });
  }
}
