import { userError } from '../../contract/errors.ts';
import type { ImageId } from '../../contract/ids.ts';
import {
  readCollectionModel,
  readLessons,
  writeCollectionModel,
  writeLessons,
} from '../../core/segment/collection-model-file.ts';
import {
  exampleCount,
  findsForeground,
  learnCollection,
  type CollectionSample,
  type FirstCut,
} from '../../core/segment/collection-sample.ts';
import type { KnownHead } from '../../core/segment/head/learn-foreground.ts';
import type { CollectionModel } from '../../core/segment/segment-image.ts';
import { ImageProblemError } from '../../core/image/image-problem.ts';
import { NotedReader } from '../../core/image/noted-reader.ts';
import { resolveFile } from '../../core/image/walk.ts';
import { readPixels } from '../threads/image-cutter.ts';
import { inOrder } from '../threads/in-order.ts';
import { openSegmentEncoder } from '../threads/segment-encoder.ts';
import { showsEvenGround } from './even-ground.ts';
import { ContentFinder } from './find-by-content.ts';
import type { JobContext } from './job-context.ts';
import { SegmentProgress } from './segment-progress.ts';
import type { AnswerOf } from '../protocol/ask.ts';
import type { WorkerJobOf } from '../protocol/job.ts';
import { segmentThreadCount, SegmentThreads } from '../threads/segment-threads.ts';
import { spread } from '../spread.ts';

type SegmentJob = WorkerJobOf<'segment'>;
type ListedImage = AnswerOf<'segment/images'>['images'][number];

const PAGE = 1_000;
/** Images from which a collection is learned: enough to find its concepts, few enough for memory. */
const SAMPLE_IMAGES = 256;
/** Images that the message names if some of a shard are missing. */
const NAMED = 3;
const ABSENT = 'The folder contains no file with the content of this image.';

/**
 * Segments the images of a collection into masks: learns its concepts from a sample, then goes through
 * all images and saves each separately. A job that was stopped or killed resumes with the first image without masks.
 * An image that cannot be read is named and stays to be done.
 */
export async function runSegmentation(job: SegmentJob, context: JobContext): Promise<void> {
  const { link, signal } = context;
  const progress = new SegmentProgress(link);
  const finder = job.absent === null ? null : new ContentFinder({ ...job, signal });
  if (finder) progress.doing('listing-images');
  const { images, absent } = await imagesInFolder(job, context, finder);
  const waiting = images.filter(({ isDone }) => !isDone);
  const reader = NotedReader.takeUp(job.readingFolder);
  await trySuspects(images, job, reader);
  if (job.model) progress.doing('preparing-network');
  using extractor = job.model && (await openSegmentEncoder(job.model, job.device, context.cores));
  await using threads = new SegmentThreads({
    spec: { ...job, notes: reader.spec },
    entry: new URL('./segment-thread.js', import.meta.url),
    threads: segmentThreadCount(waiting.length, context.cores),
    encoder: extractor && {
      rules: extractor.rules,
      encode: (input) => extractor.features(input),
    },
  });
  const firstCuts = new Map<ImageId, FirstCut>();
  const model =
    (await modelBefore(job)) ??
    (await learn({ job, images, threads, context, progress, firstCuts, dim: extractor?.dim ?? 0 }));
  threads.setModel(model);
  await link.ask({
    kind: 'segment/learned',
    conceptCount: model.concepts.count,
    foreground: model.foreground.note,
  });
  if (job.isLearningOnly) return;
  for (const { id: imageId } of absent) await link.ask({ kind: 'segment/unread', imageId, detail: ABSENT });
  const before = images.length - waiting.length;
  let done = before;
  const report = () => progress.finding({ done, total: images.length, before });
  progress.startFinding();
  report();
  const cut = async (image: ListedImage) => {
    const first = firstCuts.get(image.id);
    firstCuts.delete(image.id);
    const result = await (first ? threads.file(image, first) : threads.cut(image));
    return finder ? finder.orElsewhere(image, result, (found) => threads.cut(found)) : result;
  };
  for await (const { item, result } of inOrder(waiting, threads.ahead, cut)) {
    signal.throwIfAborted();
    const { id: imageId, contentHash } = item;
    if ('unread' in result) {
      await link.ask({ kind: 'segment/unread', imageId, detail: result.unread });
      continue;
    }
    const { masks } = result;
    await link.ask({ kind: 'segment/save', imageId, contentHash, masks, isPreliminary: false });
    done++;
    report();
  }
  await link.ask({ kind: 'segment/finish' });
}

/** The images to segment, and those that are not in the folder. @throws UserError if they must not be left out */
async function imagesInFolder(
  { rootPath, absent: rule }: SegmentJob,
  context: JobContext,
  finder: ContentFinder | null,
): Promise<{ images: ListedImage[]; absent: ListedImage[] }> {
  const images = await listImages(context);
  if (!finder) return { images, absent: [] };
  const done = images.filter(({ isDone }) => isDone);
  const { found, absent } = await finder.locate(images.filter(({ isDone }) => !isDone));
  if (absent.length > 0 && rule === 'refuse') {
    throw userError('shard-images-absent', {
      count: absent.length,
      total: images.length,
      folder: rootPath,
      examples: absent
        .slice(0, NAMED)
        .map(({ relPath }) => relPath)
        .join(', '),
    });
  }
  return { images: [...done, ...found], absent };
}

/** Reads alone what was open when the process before ended; see [Note: Files that end their reader]. */
async function trySuspects(
  images: readonly ListedImage[],
  job: SegmentJob,
  reader: NotedReader,
): Promise<void> {
  for (const image of images.filter((image) => reader.isSuspect(resolveFile(job.rootPath, image)))) {
    // A problem of the file is reported where its masks are wanted.
    await readPixels(image, job, reader).catch((error: unknown) => {
      if (!(error instanceof ImageProblemError)) throw error;
    });
  }
}

/**
 * In the order in which people see them: what is finished comes after what was, and nothing moves on the screen. What
 * is learned from a sample then does not depend on the order in which a scan found them, either.
 */
async function listImages({ link, signal }: JobContext): Promise<ListedImage[]> {
  const images: ListedImage[] = [];
  for (let afterId = 0; ;) {
    signal.throwIfAborted();
    const { images: page } = await link.ask({ kind: 'segment/images', afterId, limit: PAGE });
    images.push(...page);
    const last = page.at(-1);
    if (!last || page.length < PAGE) {
      return images.sort((a, b) => (a.relPath < b.relPath ? -1 : Number(a.relPath > b.relPath)));
    }
    afterId = last.id;
  }
}

type LearnTask = {
  job: SegmentJob;
  images: readonly ListedImage[];
  threads: SegmentThreads;
  context: JobContext;
  progress: SegmentProgress;
  /** Where the first cuts of images are kept that have no final masks yet. */
  firstCuts: Map<ImageId, FirstCut>;
  /** Channels of the encoder's maps together; 0 without an encoder. */
  dim: number;
};

/**
 * Learns from images spread evenly over the collection, and keeps the result for a job that is resumed. Each of them is
 * cut for it, so it has masks from then on: see [Note: Preliminary masks].
 */
async function learn(task: LearnTask): Promise<CollectionModel> {
  const { job, images, threads, context, progress, firstCuts, dim } = task;
  const { signal } = context;
  const { mode } = job.settings;
  const isSought = findsForeground(mode);
  // Decided first, and cheaply: it determines what else is read of the images.
  if (isSought) progress.doing('comparing-grounds');
  const isEvenGround = isSought && (await showsEvenGround(images, threads, signal));
  const teachesHead = dim > 0 && isSought && !isEvenGround;
  const sample = spread(distinct(images), teachesHead ? exampleCount(dim) : SAMPLE_IMAGES);
  const samples: CollectionSample['samples'][number][] = [];
  progress.startSampling({
    waiting: images.filter(({ isDone }) => !isDone).length,
    sampledWaiting: sample.filter(({ isDone }) => !isDone).length,
    sample: sample.length,
    dim: teachesHead ? dim : 0,
    heads: job.heads.length,
    threads: threads.count,
  });
  const sampleOne = (image: ListedImage) =>
    threads.sample(image, { imageCount: sample.length, teachesHead, isEvenGround });
  for await (const { item, result } of inOrder(sample, threads.ahead, sampleOne)) {
    signal.throwIfAborted();
    const { relPath, contentHash } = item;
    if (result) samples.push({ ...result.sample, image: { relPath, contentHash } });
    if (result?.first && !item.isDone) {
      if (!result.first.isRough) firstCuts.set(item.id, result.first);
      await showFirst(item, result.first, context);
    }
    progress.sampled(result?.cutMs ?? null);
  }
  progress.startLearning();
  const { model, lessons } = await learnCollection({ samples, isEvenGround }, job.settings, {
    known: await readHeads(job),
    signal,
    onProgress: (learning) => progress.learning(learning),
    cut: (image) => threads.foreground(image),
  });
  if (lessons) await writeLessons(job.lessonsFile, lessons);
  await writeCollectionModel(job.modelFile, model);
  return model;
}

/** Saves the masks of an image that has none, or only those of another version of its file. */
async function showFirst(image: ListedImage, { objects }: FirstCut, { link }: JobContext): Promise<void> {
  if (image.isPreliminary) return;
  const masks = objects.map(({ members: _, ...mask }) => ({ ...mask, concept: null }));
  const { id: imageId, contentHash } = image;
  await link.ask({ kind: 'segment/save', imageId, contentHash, masks, isPreliminary: true });
}

/**
 * What was learned before; undefined if it has to be learned.
 * @throws UserError if it cannot be used, or is needed but missing
 */
async function modelBefore({
  modelFile,
  model,
  isNewOnly,
  absent,
}: SegmentJob): Promise<CollectionModel | undefined> {
  const kept = await readCollectionModel(modelFile);
  // A shard is segmented with what the whole collection taught, or not at all.
  if (!kept && (isNewOnly || absent !== null)) {
    throw userError('learned-missing');
  }
  if (kept && model === null && kept.concepts.rowModel.features !== null) {
    throw userError('this-encoder-removed');
  }
  return kept;
}

/** The first image of each content: copies teach nothing, and a head tested on copies of what taught it always agrees. */
function distinct(images: readonly ListedImage[]): ListedImage[] {
  const first = new Map(images.toReversed().map((image) => [image.contentHash, image]));
  return images.filter((image) => first.get(image.contentHash) === image);
}

/** The heads that other collections taught this encoder, as far as their files are still there. */
async function readHeads({ heads }: SegmentJob): Promise<KnownHead[]> {
  const known = heads.map(async ({ modelFile, lessonsFile, ...teacher }): Promise<KnownHead[]> => {
    const learned = await readCollectionModel(modelFile);
    if (!learned?.foreground.head) return [];
    const { head, things } = learned.foreground;
    const lessons = lessonsFile === null ? undefined : await readLessons(lessonsFile);
    return [{ ...teacher, head, things, lessons: lessons ?? null }];
  });
  return (await Promise.all(known)).flat();
}
