import type { ContentHash } from '../../contract/ids.ts';
import { ImageProblemError } from '../../core/image/image-problem.ts';
import { NotedReader, type NotedReaderSpec } from '../../core/image/noted-reader.ts';
import { readVerified } from '../../core/image/render.ts';
import { refuseGoneFolder, resolveFile } from '../../core/image/walk.ts';
import {
  sampleImage,
  type FirstCut,
  type ImageSample,
  type SampleSpec,
} from '../../core/segment/collection-sample.ts';
import { conceptsOf } from '../../core/segment/concepts.ts';
import type { EmbeddingCache } from '../../core/segment/embedding-cache.ts';
import type { RemoteEncoder } from '../../core/segment/encoder.ts';
import type { Correction } from '../../core/segment/head/corrected-head.ts';
import { correctionOf, type ReviewedObject } from '../../core/segment/head/correction-of.ts';
import { decodePixels, embed, type Embedding, type ImagePixels } from '../../core/segment/embed-image.ts';
import {
  fileObjects,
  hasEvenGround,
  segmentImage,
  type CollectionModel,
} from '../../core/segment/segment-image.ts';
import type { FoundMask, SegmentTask } from '../../core/segment/segment-task.ts';
import { maskLessonOf, type ScoredLesson } from '../../core/segment/mask-lesson.ts';
import { superpixelDescriptors } from '../../core/segment/superpixel-rows.ts';
import type { WorkerJobOf } from '../protocol/job.ts';
import { embeddingKey, openEmbeddings } from './embedding-entries.ts';

/** What of a job says how its images are cut. */
export type CutSpec = Pick<WorkerJobOf<'segment'>, 'rootPath' | 'limits' | 'cache' | 'settings' | 'model'> & {
  notes: NotedReaderSpec;
};

/** An image to cut: its file, and the size of the upright original. */
export type CutImage = {
  relPath: string;
  pathBytes: Uint8Array | null;
  contentHash: ContentHash;
  widthPx: number;
  heightPx: number;
};

/** The file of an image, as far as it is needed to read it. */
export type ImageFile = Pick<CutImage, 'relPath' | 'pathBytes' | 'contentHash'>;

/** What an image adds to a sample, and the masks that it has until the collection is learned. */
export type SampledImage = {
  sample: ImageSample;
  first: FirstCut | null;
  /** How long it took to cut it, without reading and encoding it. */
  cutMs: number;
};

/** The masks of an image, or why it could not be read. */
export type CutResult = { masks: FoundMask[] } | { unread: string };

type Opened = { pixels: ImagePixels; embedding: Embedding };
type Read<T> = { value: T } | { unread: string };

/** Samples and segments the images of one job, each separately. */
export class ImageCutter {
  readonly #spec: CutSpec;
  readonly #encoder: RemoteEncoder | null;
  readonly #reader: NotedReader;
  readonly #cache: EmbeddingCache;

  /** @param encoder null for a job without an encoder */
  constructor(spec: CutSpec, encoder: RemoteEncoder | null) {
    this.#spec = spec;
    this.#encoder = encoder;
    this.#reader = new NotedReader(spec.notes);
    this.#cache = openEmbeddings(spec.cache);
  }

  /**
   * What a sample keeps of an image, and its first cut; null for a file that can no longer be used.
   * @throws UserError when the collection's folder is gone
   */
  async sample(image: CutImage, spec: SampleSpec): Promise<SampledImage | null> {
    const opened = await this.#open(image);
    if ('unread' in opened) return null;
    const startedMs = performance.now();
    const sampled = sampleImage({ ...opened.value, ...this.#place(image) }, spec);
    return { ...sampled, cutMs: performance.now() - startedMs };
  }

  /**
   * The masks of an image that was cut before the collection was learned.
   * @throws UserError when the collection's folder is gone
   */
  async file(image: CutImage, { objects, colours }: FirstCut, model: CollectionModel): Promise<CutResult> {
    const read = await this.#read(() => this.#embedding(image, () => this.#pixels(image)));
    if ('unread' in read) return read;
    const embedding = read.value;
    const concepts = conceptsOf(model.concepts, superpixelDescriptors(embedding, colours));
    return { masks: fileObjects({ embedding, ...this.#place(image) }, objects, concepts) };
  }

  /**
   * Whether an image shows things on an even ground; null for a file that can no longer be used.
   * @throws UserError when the collection's folder is gone
   */
  async ground(image: ImageFile): Promise<boolean | null> {
    const read = await this.#read(() => this.#pixels(image));
    return 'value' in read ? hasEvenGround(read.value) : null;
  }

  /**
   * What an image can teach a network; null for a file that can no longer be used.
   * @throws UserError when the collection's folder is gone
   */
  async lesson(image: ImageFile, sidePx: number): Promise<ScoredLesson | null> {
    const opened = await this.#open(image);
    if ('unread' in opened) return null;
    const { pixels, embedding } = opened.value;
    return await maskLessonOf(pixels, embedding, sidePx);
  }

  /**
   * What a person's work on an image teaches; null for a file that can no longer be used.
   * @throws UserError when the collection's folder is gone
   */
  async correction(image: ImageFile, objects: readonly ReviewedObject[]): Promise<Correction | null> {
    const opened = await this.#open(image);
    return 'unread' in opened ? null : correctionOf(opened.value, objects);
  }

  /** The masks of an image. @throws UserError when the collection's folder is gone */
  async cut(image: CutImage, model: CollectionModel): Promise<CutResult> {
    const opened = await this.#open(image);
    if ('unread' in opened) return opened;
    return { masks: await segmentImage({ ...opened.value, ...this.#place(image) }, model) };
  }

  #place({ widthPx, heightPx }: CutImage): Pick<SegmentTask, 'original' | 'settings'> {
    return { original: { widthPx, heightPx }, settings: this.#spec.settings };
  }

  #open(image: ImageFile): Promise<Read<Opened>> {
    return this.#read(async () => {
      const pixels = await this.#pixels(image);
      return { pixels, embedding: await this.#embedding(image, () => Promise.resolve(pixels)) };
    });
  }

  #embedding(image: ImageFile, pixels: () => Promise<ImagePixels>): Promise<Embedding> {
    const { inputPx } = this.#spec.settings;
    return this.#cache.get(embeddingKey(image.contentHash, this.#spec), async () =>
      embed(await pixels(), this.#encoder, inputPx),
    );
  }

  #pixels(image: ImageFile): Promise<ImagePixels> {
    return readPixels(image, this.#spec, this.#reader);
  }

  /** What is read of an image, or why the file can no longer be used. */
  async #read<T>(read: () => Promise<T>): Promise<Read<T>> {
    try {
      return { value: await read() };
    } catch (error) {
      if (!(error instanceof ImageProblemError)) throw error;
      await refuseGoneFolder(this.#spec.rootPath);
      return { unread: error.problem.detail };
    }
  }
}

/** @throws ImageProblemError when the file can no longer be used */
export function readPixels(
  image: ImageFile,
  { rootPath, limits }: Pick<CutSpec, 'rootPath' | 'limits'>,
  reader: NotedReader,
): Promise<ImagePixels> {
  const path = resolveFile(rootPath, image);
  return reader.read(path, async () =>
    decodePixels(await readVerified(path, image.contentHash, { limits }), limits),
  );
}
