import type { ContentHash } from '../../contract/ids.ts';
import { ImageProblemError } from '../../core/image/image-problem.ts';
import { NotedReader } from '../../core/image/noted-reader.ts';
import { refuseGoneFolder } from '../../core/image/walk.ts';
import {
  DescriptionBuilder,
  keyOf,
  type DescribedRow,
} from '../../core/segment/describe/description-builder.ts';
import { readDescriptions, writeDescriptions } from '../../core/segment/describe/description-file.ts';
import { describeImage } from '../../core/segment/describe/raw-descriptors.ts';
import { embed, graphOf, type Embedding, type ImagePixels } from '../../core/segment/embed-image.ts';
import type { EmbeddingCache } from '../../core/segment/embedding-cache.ts';
import type { FeatureExtractor, RemoteEncoder } from '../../core/segment/encoder.ts';
import { embeddingKey, openEmbeddings } from '../threads/embedding-entries.ts';
import { readPixels } from '../threads/image-cutter.ts';
import { openSegmentEncoder } from '../threads/segment-encoder.ts';
import type { AnswerOf } from '../protocol/ask.ts';
import type { WorkerJobOf } from '../protocol/job.ts';
import type { JobContext } from './job-context.ts';

type DescribeJob = WorkerJobOf<'describe'>;
type ListedImage = AnswerOf<'describe/images'>['images'][number];

const PAGE = 1_000;
/** Images that axes are fitted to. */
const SAMPLE_IMAGES = 256;
/** A job that is stopped repeats at most this much of its work. */
const SAVE_MS = 60_000;

/**
 * Describes the images of a segmentation and their masks by vectors, from the embeddings that segmenting left in the
 * cache; the encoder runs only for those that the cache no longer has. What was described before and has not changed
 * since is kept.
 */
export async function runDescription(job: DescribeJob, context: JobContext): Promise<void> {
  const { link, signal } = context;
  const images = await listImages(context);
  const rows = images.map(rowsOf);
  const before = await readDescriptions(job.vectorsFile);
  const builder = new DescriptionBuilder({ before, sampleImages: SAMPLE_IMAGES });
  const wanted = new Map(rows.flat().map((row) => [keyOf(row), row.revision]));
  const kept = before ? builder.keep(before, wanted) : new Set<number>();
  const due = images.filter((_, at) => rows[at]?.some((row) => !kept.has(keyOf(row))));
  using reader = new EmbeddingReader(job, context);
  let [savedMs, skipped] = [performance.now(), 0];
  const save = async () => {
    const descriptions = builder.build();
    if (descriptions) await writeDescriptions(job.vectorsFile, descriptions);
    savedMs = performance.now();
  };
  for (const [done, image] of spreadFirst(due).entries()) {
    signal.throwIfAborted();
    link.report({ phase: 'describing-objects', done, total: due.length, unit: 'images' });
    const read = await reader.read(image);
    if (!read) {
      skipped++;
      continue;
    }
    const { shapes } = await link.ask({ kind: 'describe/shapes', imageId: image.id });
    const raw = describeImage(
      read,
      shapes.map(({ shape }) => shape),
    );
    builder.add(...newRows(image, shapes, raw, kept));
    if (performance.now() - savedMs > SAVE_MS && before) await save();
  }
  await save();
  const maskCount = rows.flat().filter(({ maskId }) => maskId > 0).length;
  await link.ask({
    kind: 'describe/finish',
    imageCount: images.length - skipped,
    maskCount,
    skippedCount: skipped,
  });
}

/** The rows of an image that are not kept, with their descriptors. */
function newRows(
  image: ListedImage,
  shapes: readonly { id: number }[],
  raw: ReturnType<typeof describeImage>,
  kept: ReadonlySet<number>,
): [DescribedRow[], ReturnType<typeof describeImage>] {
  const known = new Map(rowsOf(image).map((row) => [row.maskId, row]));
  const chosen = [0, ...shapes.map(({ id }) => id)].flatMap((maskId, at) => {
    const row = known.get(maskId);
    return row && !kept.has(keyOf(row)) ? [{ row, at }] : [];
  });
  const { width, values } = raw;
  const taken = new Float32Array(chosen.length * width);
  chosen.forEach(({ at }, to) => taken.set(values.subarray(at * width, (at + 1) * width), to * width));
  return [chosen.map(({ row }) => row), { values: taken, width }];
}

function rowsOf({ id: imageId, contentHash, masks }: ListedImage): DescribedRow[] {
  return [
    { maskId: 0, imageId, revision: contentNumber(contentHash), level: 0 },
    ...masks.map(({ id: maskId, revision, level }) => ({ maskId, imageId, revision, level })),
  ];
}

/** Of the hash so much as fits 31 bits: enough to see that a content has changed. */
const contentNumber = (hash: ContentHash): number => parseInt(hash.slice(0, 8), 16) >>> 1;

/** Those that axes are fitted to come first: they are spread evenly. */
function spreadFirst(images: readonly ListedImage[]): ListedImage[] {
  const count = Math.min(SAMPLE_IMAGES, images.length);
  const first = new Set(
    Array.from({ length: count }, (_, at) => images[Math.floor((at * images.length) / count)]),
  );
  return [...images.filter((image) => first.has(image)), ...images.filter((image) => !first.has(image))];
}

async function listImages({ link, signal }: JobContext): Promise<ListedImage[]> {
  const images: ListedImage[] = [];
  for (let afterId = 0; ;) {
    signal.throwIfAborted();
    const { images: page } = await link.ask({ kind: 'describe/images', afterId, limit: PAGE });
    images.push(...page);
    const last = page.at(-1);
    if (!last) return images;
    afterId = last.id;
  }
}

/** Reads images with their embeddings; the encoder is opened by the first that needs it. */
class EmbeddingReader implements Disposable {
  readonly #job: DescribeJob;
  readonly #cores: number;
  readonly #reader: NotedReader;
  readonly #cache: EmbeddingCache;
  #extractor: FeatureExtractor | undefined;

  constructor(job: DescribeJob, { cores }: JobContext) {
    this.#job = job;
    this.#cores = cores;
    this.#reader = NotedReader.takeUp(job.readingFolder);
    this.#cache = openEmbeddings(job.cache);
  }

  /** @returns undefined for a file that can no longer be used. @throws UserError when the collection's folder is gone */
  async read(image: ListedImage) {
    try {
      const pixels = await readPixels(image, this.#job, this.#reader);
      const embedding = await this.#embedding(image, pixels);
      return { embedding, graph: graphOf(pixels, embedding) };
    } catch (error) {
      if (!(error instanceof ImageProblemError)) throw error;
      await refuseGoneFolder(this.#job.rootPath);
      return undefined;
    }
  }

  [Symbol.dispose](): void {
    this.#extractor?.[Symbol.dispose]();
  }

  #embedding({ contentHash }: ListedImage, pixels: ImagePixels): Promise<Embedding> {
    const { settings } = this.#job;
    return this.#cache.get(embeddingKey(contentHash, this.#job), async () =>
      embed(pixels, await this.#encoder(), settings.inputPx),
    );
  }

  async #encoder(): Promise<RemoteEncoder | null> {
    const { model, device } = this.#job;
    if (!model) return null;
    this.#extractor ??= await openSegmentEncoder(model, device, this.#cores);
    const extractor = this.#extractor;
    return { rules: extractor.rules, encode: (input) => extractor.features(input) };
  }
}
