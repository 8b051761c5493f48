import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { DEVICE_IDS, type DeviceId } from '../core/compile/devices/report.ts';
import { ImageProblemError } from '../core/image/image-problem.ts';
import { readVerified } from '../core/image/render.ts';
import { resolveFile } from '../core/image/walk.ts';
import { EmbeddingCache } from '../core/infer/embedding-cache.ts';
import { FeatureExtractor } from '../core/infer/encoder.ts';
import { decodePixels, embed, type Embedding, type ImagePixels } from '../core/infer/evidence.ts';
import { CollectionSample } from '../core/infer/collection-sample.ts';
import { segmentImage, type CollectionModel } from '../core/infer/segment-image.ts';
import { openModel } from '../core/model/weights/open-model.ts';
import type { JobContext } from './job-context.ts';
import type { AnswerOf, WorkerJobOf } from './protocol.ts';

type SegmentJob = WorkerJobOf<'segment'>;
type ListedImage = AnswerOf<'segment/images'>['images'][number];
type Opened = { image: ListedImage; pixels: ImagePixels; embedding: Embedding };

const PAGE = 1_000;
/** Images from which a collection is learned: enough for its kinds of things, few enough for memory. */
const SAMPLE_IMAGES = 256;
/** Embeddings are small beside pixels. */
const EMBEDDING_SHARE = 1 / 4;

/**
 * Cuts the images of a collection into masks: learns what kinds of things it shows from a sample, then goes through
 * all images and saves each by itself. A job that was stopped or killed goes on with the first image without masks.
 */
export async function runSegmentation(job: SegmentJob, context: JobContext): Promise<void> {
  const { link, signal } = context;
  const images = await listImages(context);
  using extractor = await openExtractor(job, context.cores);
  const reader = new ImageReader(job, extractor);
  const model = (await readModel(job.modelFile)) ?? (await learn({ job, images, reader, context }));
  await link.ask({ kind: 'segment/concepts', count: model.concepts.count });
  let done = images.filter(({ isDone }) => isDone).length;
  const report = () => link.report({ phase: 'finding objects', done, total: images.length, unit: 'images' });
  report();
  let next: Promise<Opened | null> | undefined;
  const waiting = images.filter(({ isDone }) => !isDone);
  for (const [at, image] of waiting.entries()) {
    signal.throwIfAborted();
    const opened = await (next ?? reader.open(image));
    // The next image is read and decoded while this one is cut.
    const following = waiting[at + 1];
    next = following && reader.open(following);
    next?.catch(() => undefined);
    const masks = opened
      ? await segmentImage({ ...opened, original: sizeOf(image), settings: job.settings }, model)
      : [];
    await link.ask({ kind: 'segment/save', imageId: image.id, contentHash: image.contentHash, masks });
    done++;
    report();
  }
  await link.ask({ kind: 'segment/finish' });
}

async function listImages({ link, signal }: JobContext): Promise<ListedImage[]> {
  const images: ListedImage[] = [];
  for (let afterId = 0; ;) {
    signal.throwIfAborted();
    const { images: page } = await link.ask({ kind: 'segment/images', afterId, limit: PAGE });
    images.push(...page);
    const last = page.at(-1);
    if (!last || page.length < PAGE) return images;
    afterId = last.id;
  }
}

type LearnTask = {
  job: SegmentJob;
  images: readonly ListedImage[];
  reader: ImageReader;
  context: JobContext;
};

/** Learns from images spread evenly over the collection, and keeps the result for a job that is resumed. */
async function learn({ job, images, reader, context }: LearnTask): Promise<CollectionModel> {
  const { link, signal } = context;
  const count = Math.min(images.length, SAMPLE_IMAGES);
  const sample = new CollectionSample(count);
  for (let at = 0; at < count; at++) {
    signal.throwIfAborted();
    const image = images[Math.floor((at * images.length) / count)];
    const opened = image && (await reader.open(image));
    if (opened) sample.add(opened);
    link.report({ phase: 'learning what there is', done: at + 1, total: count, unit: 'images' });
  }
  const model = await sample.learn(job.settings);
  await mkdir(dirname(job.modelFile), { recursive: true });
  await writeFile(`${job.modelFile}.tmp`, serialize(model));
  await rename(`${job.modelFile}.tmp`, job.modelFile);
  return model;
}

async function readModel(path: string): Promise<CollectionModel | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  // Written by `learn` alone, whole or not at all.
  return bytes && (deserialize(bytes) as CollectionModel);
}

async function openExtractor(job: SegmentJob, threads: number): Promise<FeatureExtractor | null> {
  if (!job.model) return null;
  return new FeatureExtractor(await openModel(job.model), { device: deviceOf(job.device), threads });
}

/** Encoders are run by ONNX Runtime, whichever of its devices; TensorFlow.js devices fall back to its CPU. */
function deviceOf(id: string): DeviceId {
  return DEVICE_IDS.find((known) => known === id && known.startsWith('onnx:')) ?? 'onnx:cpu';
}

function sizeOf({ widthPx, heightPx }: ListedImage) {
  return { widthPx, heightPx };
}

/** Opens images with their embeddings, from the cache where they are there. */
class ImageReader {
  readonly #job: SegmentJob;
  readonly #extractor: FeatureExtractor | null;
  readonly #cache: EmbeddingCache;
  readonly #suffix: string;

  constructor(job: SegmentJob, extractor: FeatureExtractor | null) {
    this.#job = job;
    this.#extractor = extractor;
    const { folder, decodedBytes } = job.cache;
    this.#cache = new EmbeddingCache({ folder, maxBytes: Math.floor(decodedBytes * EMBEDDING_SHARE) });
    const encoder = JSON.stringify([job.model, job.model && job.settings.inputPx]);
    this.#suffix = createHash('sha256').update(encoder).digest('hex').slice(0, 16);
  }

  /** Null for a file that cannot be used any more: its image then has no masks. */
  async open(image: ListedImage): Promise<Opened | null> {
    const { rootPath, limits, settings } = this.#job;
    try {
      const bytes = await readVerified(resolveFile(rootPath, image), image.contentHash, { limits });
      const pixels = await decodePixels(bytes, limits);
      const embedding = await this.#cache.get(`${image.contentHash}-${this.#suffix}`, () =>
        embed(pixels, this.#extractor, settings.inputPx),
      );
      return { image, pixels, embedding };
    } catch (error) {
      if (error instanceof ImageProblemError) return null;
      throw error;
    }
  }
}
