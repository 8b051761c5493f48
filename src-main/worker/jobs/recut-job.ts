import { userError } from '../../contract/errors.ts';
import { NotedReader } from '../../core/image/noted-reader.ts';
import { unionIou } from '../../core/mask/union-iou.ts';
import { readCollectionModel } from '../../core/segment/collection-model-file.ts';
import { exampleCount } from '../../core/segment/collection-sample.ts';
import { learnFromCorrections, type Correction } from '../../core/segment/head/corrected-head.ts';
import type { CollectionModel } from '../../core/segment/segment-image.ts';
import type { AnswerOf } from '../protocol/ask.ts';
import type { WorkerJobOf } from '../protocol/job.ts';
import { spread } from '../spread.ts';
import { inOrder } from '../threads/in-order.ts';
import { openSegmentEncoder } from '../threads/segment-encoder.ts';
import { segmentThreadCount, SegmentThreads } from '../threads/segment-threads.ts';
import type { JobContext } from './job-context.ts';

type RecutJob = WorkerJobOf<'recut'>;
type ListedImage = AnswerOf<'recut/images'>['images'][number];

const PAGE = 1_000;
/** Corrected images that teach: more take memory and teach little more. */
const MAX_CORRECTIONS = 400;
/** A foreground is proposed where it has less than this IoU with the present one: a person sees no smaller difference. */
const ALIKE = 0.9;

/**
 * Learns from a person's corrections how foregrounds are found, and, where that predicts these corrections better than the
 * present way does, cuts the images again that nobody has worked on, and proposes what is clearly different. A job that was
 * stopped or killed learns the same again, and resumes with the first image that it has not compared.
 */
export async function runRecut(job: RecutJob, context: JobContext): Promise<void> {
  const { link, signal } = context;
  const images = await listImages(context);
  const kept = await readCollectionModel(job.modelFile);
  if (!kept) throw userError('learned-gone');
  using extractor = await openSegmentEncoder(job.model, job.device, context.cores);
  await using threads = new SegmentThreads({
    spec: { ...job, notes: NotedReader.takeUp(job.readingFolder).spec },
    entry: new URL('./segment-thread.js', import.meta.url),
    threads: segmentThreadCount(images.length, context.cores),
    encoder: { rules: extractor.rules, encode: (input) => extractor.features(input) },
  });
  const most = Math.min(MAX_CORRECTIONS, exampleCount(extractor.dim));
  const corrected = spread(
    images.filter(({ isCorrected }) => isCorrected),
    most,
  );
  const corrections = await readCorrections(corrected, threads, context);
  const { check, model } = await learnFromCorrections(kept.foreground, corrections, {
    seed: job.settings.seed,
    signal,
    onProgress: (done, total) => link.report({ phase: 'learning-corrections', done, total, unit: 'steps' }),
  });
  const { isContinued } = await link.ask({ kind: 'recut/learned', check });
  const open = model ? images.filter(({ isOpen }) => isOpen) : [];
  const waiting = open.filter(({ isCompared }) => !(isContinued && isCompared));
  if (model)
    threads.setModel({ ...kept, foreground: { ...kept.foreground, ...model } } satisfies CollectionModel);
  let cutCount = open.length - waiting.length;
  link.report({ phase: 'cutting-again', done: cutCount, total: open.length, unit: 'images' });
  for await (const { item, result } of inOrder(waiting, threads.ahead, (image) => threads.cut(image))) {
    signal.throwIfAborted();
    if ('masks' in result) {
      cutCount++;
      await compare(item, result.masks, context);
    }
    link.report({ phase: 'cutting-again', done: cutCount, total: open.length, unit: 'images' });
  }
  await link.ask({ kind: 'recut/finish', cutCount });
}

/** Proposes what was found where it differs clearly from what is there. */
async function compare(
  { id: imageId }: ListedImage,
  found: Extract<Awaited<ReturnType<SegmentThreads['cut']>>, { masks: unknown }>['masks'],
  { link }: JobContext,
): Promise<void> {
  const masks = found.filter(({ level }) => level === 0);
  const { objects } = await link.ask({ kind: 'recut/objects', imageId });
  const likeness = unionIou(
    objects.map(({ shape }) => shape),
    masks.map(({ shape }) => shape),
  );
  await link.ask({ kind: 'recut/save', imageId, likeness, masks: likeness < ALIKE ? masks : null });
}

/** What the images teach on which a person has worked; those of which nothing is known or that cannot be read are left out. */
async function readCorrections(
  images: readonly ListedImage[],
  threads: SegmentThreads,
  { link, signal }: JobContext,
): Promise<Correction[]> {
  const corrections: Correction[] = [];
  const read = async (image: ListedImage) => {
    const { objects } = await link.ask({ kind: 'recut/objects', imageId: image.id });
    return threads.correction(image, objects);
  };
  let done = 0;
  for await (const { result } of inOrder(images, threads.ahead, read)) {
    signal.throwIfAborted();
    if (result?.areas.some((px) => px > 0)) corrections.push(result);
    link.report({ phase: 'reading-corrections', done: ++done, total: images.length, unit: 'images' });
  }
  return corrections;
}

/** In the order of their paths: what is learned does not depend on the order in which a scan found them. */
async function listImages({ link, signal }: JobContext): Promise<ListedImage[]> {
  const images: ListedImage[] = [];
  for (let afterId = 0; ;) {
    signal.throwIfAborted();
    const { images: page } = await link.ask({ kind: 'recut/images', afterId, limit: PAGE });
    images.push(...page);
    const last = page.at(-1);
    if (!last) return images.sort((a, b) => (a.relPath < b.relPath ? -1 : Number(a.relPath > b.relPath)));
    afterId = last.id;
  }
}
