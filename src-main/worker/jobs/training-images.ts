import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { userError } from '../../contract/errors.ts';
import { ContentHash, ImageId } from '../../contract/ids.ts';
import { writeTextAtomically } from '../../core/weights/atomic-file.ts';
import { imageListFile } from '../../domain/data-layout.ts';
import { FileKey } from '../../domain/scan.ts';
import { totalStepsOf } from '../../core/train/train.ts';
import type { JobContext } from './job-context.ts';
import type { WorkerJobOf } from '../protocol/job.ts';

const PAGE = 1_000;

/** `pathBytes` as base64, which JSON can hold. */
const ListFile = z.array(
  z.object({
    id: ImageId,
    relPath: z.string(),
    pathBytes: z.base64().nullable(),
    contentHash: ContentHash,
  }),
);

/** An image of the list that a run trains on. */
export type ListedImage = FileKey & { id: ImageId; contentHash: ContentHash };

/**
 * The images of a run: those that the collection had when the run started, each content once. Kept in the run's folder,
 * because a rescan between two resumes must not change what a step sees.
 */
export async function readOrMakeImageList(
  job: WorkerJobOf<'pretrain'>,
  { link, signal }: JobContext,
): Promise<ListedImage[]> {
  const path = imageListFile(job.runFolder);
  const saved = await readFile(path, 'utf8').catch(() => undefined);
  if (saved !== undefined) return parseList(saved);
  const images = new Map<string, ListedImage>();
  for (let afterId = 0; ;) {
    signal.throwIfAborted();
    const { images: page } = await link.ask({ kind: 'pretrain/images', afterId, limit: PAGE });
    for (const image of page) if (!images.has(image.contentHash)) images.set(image.contentHash, image);
    const last = page.at(-1);
    if (!last || page.length < PAGE) break;
    afterId = last.id;
  }
  // By content, because ids depend on which file a scan happened to open first.
  const list = [...images.values()].sort((a, b) => (a.contentHash < b.contentHash ? -1 : 1));
  refuseTooFew(list.length, job.config.batchSize);
  await link.ask({
    kind: 'pretrain/begin',
    imageCount: list.length,
    totalSteps: totalStepsOf(job.config, list.length),
  });
  await writeList(path, list);
  return list;
}

function refuseTooFew(imageCount: number, batchSize: number): void {
  if (imageCount >= batchSize) return;
  throw userError('images-left', { count: imageCount, batchSize });
}

function parseList(text: string): ListedImage[] {
  return ListFile.parse(JSON.parse(text)).map((image) => ({
    ...image,
    pathBytes: image.pathBytes === null ? null : Buffer.from(image.pathBytes, 'base64'),
  }));
}

async function writeList(path: string, images: readonly ListedImage[]): Promise<void> {
  const list = images.map((image) => ({
    ...image,
    pathBytes: image.pathBytes && Buffer.from(image.pathBytes).toString('base64'),
  }));
  await writeTextAtomically(path, JSON.stringify(list));
}
