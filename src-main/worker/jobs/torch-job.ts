import { createHash } from 'node:crypto';
import { copyFile, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { userError } from '../../contract/errors.ts';
import { ImageProblemError } from '../../core/image/image-problem.ts';
import { ARCHITECTURES } from '../../core/model/architectures.ts';
import { superpixelSpecOf } from '../../core/train/training-spec.ts';
import type { ImageSource, OpenedImage } from '../../core/train/image-source.ts';
import { writeTextAtomically } from '../../core/weights/atomic-file.ts';
import { checkpointName } from '../../domain/data-layout.ts';
import type { WorkerJobOf } from '../protocol/job.ts';
import type { ServiceLink } from '../service-link.ts';
import type { ListedImage } from './training-images.ts';
import { makeFolder } from '../../domain/make-folder.ts';

/** Changes with every change of the files; `r2o_torch/job.py` reads no other version. */
const VERSION = 1;
/** Images that are opened together. */
const WINDOW = 8;

const ImageSize = z.object({ widthPx: z.number(), heightPx: z.number(), superpixels: z.number() });
type ImageSize = z.infer<typeof ImageSize>;

type TorchJob = {
  job: WorkerJobOf<'pretrain'>;
  images: readonly ListedImage[];
  source: ImageSource;
  /** The checkpoint from which PyTorch starts, and its step. */
  checkpoint: string;
  startStep: number;
  totalSteps: number;
  signal: AbortSignal;
  link: ServiceLink;
};

/**
 * Writes all that PyTorch needs of a run: its configuration, the checkpoint to start from, and of each image the
 * decoded pixels and the superpixels, so that nothing of them depends on who decodes. What is there already of the same images
 * is kept.
 *
 * `pixels.bin`: [heightPx, widthPx, 3] uint8 of one image after the other; `superpixels.bin`: [images, viewPx, viewPx]
 * uint16, little-endian; `job.json`, written last, with the sizes.
 * @throws UserError IMAGE_UNAVAILABLE for an image that cannot be read, DISK_FULL; the signal's reason
 */
export async function writeTorchJob(folder: string, torch: TorchJob): Promise<void> {
  const { job, startStep, totalSteps } = torch;
  await makeFolder(folder);
  const key = keyOf(torch);
  const path = join(folder, 'job.json');
  const kept = await keptImages(path, key);
  // Until the last file is written, the folder is none that PyTorch takes.
  if (!kept) await rm(path, { force: true });
  const images = kept ?? (await writeImages(folder, torch));
  const checkpoint = join(folder, checkpointName(startStep));
  if (checkpoint !== torch.checkpoint) await copyFile(torch.checkpoint, checkpoint);
  const { config, runId } = job;
  const encoder = ARCHITECTURES[config.encoder];
  const facts = { version: VERSION, runId, totalSteps, key, config, encoder, images };
  await writeTextAtomically(path, JSON.stringify(facts));
}

/** Names all that the pixels and superpixels depend on. */
function keyOf({ job, images }: TorchJob): string {
  const { config, limits } = job;
  const hash = createHash('sha256').update(JSON.stringify([VERSION, superpixelSpecOf(config), limits]));
  for (const { contentHash } of images) hash.update(contentHash);
  return hash.digest('hex');
}

/** The sizes of the images that a folder has, if they are those of `key`. */
async function keptImages(path: string, key: string): Promise<ImageSize[] | undefined> {
  const Kept = z.object({ key: z.literal(key), images: z.array(ImageSize) });
  try {
    return Kept.parse(JSON.parse(await readFile(path, 'utf8'))).images;
  } catch {
    return undefined;
  }
}

async function writeImages(folder: string, torch: TorchJob): Promise<ImageSize[]> {
  const { images, source, signal, link } = torch;
  await using pixels = await open(join(folder, 'pixels.bin'), 'w');
  await using superpixels = await open(join(folder, 'superpixels.bin'), 'w');
  const sizes: ImageSize[] = [];
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
  return sizes;
}

async function openImage(source: ImageSource, image: ListedImage): Promise<OpenedImage> {
  try {
    return await source.open(image);
  } catch (error) {
    if (!(error instanceof ImageProblemError)) throw error;
    throw userError('plan-image-unread', { path: image.relPath, detail: error.problem.detail });
  }
}
