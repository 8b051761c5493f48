import { existsSync } from 'node:fs';
import { userError } from '../../contract/errors.ts';
import { SegmentSettings } from '../../contract/segmentation.ts';
import { maskLessonsFile } from '../../domain/data-layout.ts';
import type { MaskLesson } from '../../domain/mask-lesson.ts';
import { ImageProblemError } from '../../core/image/image-problem.ts';
import { NotedReader } from '../../core/image/noted-reader.ts';
import { resolveFile } from '../../core/image/walk.ts';
import type { ScoredLesson } from '../../core/segment/mask-lesson.ts';
import { readMaskLessons, writeMaskLessons } from '../../core/train/mask-lessons-file.ts';
import { MOST_CUT_IMAGES } from '../../core/train/training-spec.ts';
import type { WorkerJobOf } from '../protocol/job.ts';
import { readPixels } from '../threads/image-cutter.ts';
import { inOrder } from '../threads/in-order.ts';
import { segmentThreadCount, SegmentThreads } from '../threads/segment-threads.ts';
import { spread } from '../spread.ts';
import { showsEvenGround } from './even-ground.ts';
import type { JobContext } from './job-context.ts';
import type { ListedImage } from './training-images.ts';

type PretrainJob = WorkerJobOf<'pretrain'>;

/** Share of the cuts that teach: the best by their scores; test/bench/segment/NOTES.md. */
const TEACHING_SHARE = 0.6;
/** Fewer masks than this teach nothing, whatever they show. */
const LEAST_LESSONS = 4;

/**
 * The masks that a run learns from. They are kept in the run's folder, so that a run that is resumed continues with the
 * same ones at once.
 * @throws UserError BAD_INPUT for a collection that shows things on an even ground, or no foregrounds
 */
export async function readOrCutLessons(
  job: PretrainJob,
  images: readonly ListedImage[],
  context: JobContext,
): Promise<MaskLesson[]> {
  const path = maskLessonsFile(job.runFolder);
  if (existsSync(path)) return await readMaskLessons(path);
  const cuts = await cutImages(job, spread(images, MOST_CUT_IMAGES), context);
  const lessons = bestOf(cuts);
  if (lessons.length < LEAST_LESSONS) {
    throw userError('few-masks', { count: lessons.length, least: LEAST_LESSONS });
  }
  await writeMaskLessons(path, lessons);
  return lessons;
}

/** @throws UserError BAD_INPUT for a collection that shows things on an even ground, before any of it is cut */
async function cutImages(
  job: PretrainJob,
  images: readonly ListedImage[],
  { link, signal, cores }: JobContext,
): Promise<ScoredLesson[]> {
  const reader = NotedReader.takeUp(job.readingFolder);
  // What was open when the process before ended is read alone; see [Note: Files that end their reader].
  for (const image of images.filter((image) => reader.isSuspect(resolveFile(job.rootPath, image)))) {
    await readPixels(image, job, reader).catch((error: unknown) => {
      if (!(error instanceof ImageProblemError)) throw error;
    });
  }
  await using threads = new SegmentThreads({
    spec: { ...job, settings: SegmentSettings.parse({}), model: null, notes: reader.spec },
    entry: new URL('./segment-thread.js', import.meta.url),
    threads: segmentThreadCount(images.length, cores),
    encoder: null,
  });
  link.report({ phase: 'comparing-grounds', done: 0, total: null, unit: 'images' });
  if (await showsEvenGround(images, threads, signal)) throw userError('masks-of-even-ground');
  const cuts: ScoredLesson[] = [];
  const { decodedPx } = job.config;
  const cut = (image: ListedImage) => threads.lesson(image, decodedPx);
  let done = 0;
  for await (const { result } of inOrder(images, threads.ahead, cut)) {
    signal.throwIfAborted();
    if (result) cuts.push(result);
    done++;
    // How long the steps will take is not known yet.
    link.report({ phase: 'cutting-images', done, total: images.length, unit: 'images', leftMs: null });
  }
  return cuts;
}

/** The better part of the cuts that found something, in the order of the images. */
function bestOf(cuts: readonly ScoredLesson[]): MaskLesson[] {
  const found = cuts.filter(({ score }) => score > 0);
  const kept = new Set(
    found.toSorted((a, b) => b.score - a.score).slice(0, Math.ceil(TEACHING_SHARE * found.length)),
  );
  return found.filter((cut) => kept.has(cut)).map(({ lesson }) => lesson);
}
