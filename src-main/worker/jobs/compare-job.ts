import { duplicateGroups } from '../../core/image/duplicate-groups.ts';
import { fingerprintOf } from '../../core/image/fingerprint.ts';
import { ImageProblemError } from '../../core/image/image-problem.ts';
import { lookAlikes, type LookAlike } from '../../core/image/look-alike.ts';
import { NotedReader } from '../../core/image/noted-reader.ts';
import { readVerified } from '../../core/image/render.ts';
import { ThumbnailCache } from '../../core/image/thumbnail-cache.ts';
import { refuseGoneFolder, resolveFile } from '../../core/image/walk.ts';
import { readDescriptions } from '../../core/segment/describe/description-file.ts';
import type { AnswerOf, AskOf } from '../protocol/ask.ts';
import type { WorkerJobOf } from '../protocol/job.ts';
import type { JobContext } from './job-context.ts';

type CompareJob = WorkerJobOf<'compare'>;
type ListedImage = AnswerOf<'compare/images'>['images'][number];
type Print = NonNullable<ListedImage['print']>;
type ComparedImage = ListedImage & { print: Print };

const PAGE = 1_000;
/** Fingerprints that are saved at once; what a stopped job has not saved, it does again. */
const SAVED_AT_ONCE = 64;
const GROUPS_AT_ONCE = 100;
/** Images whose pairs are compared before the job listens again. */
const ROWS_AT_ONCE = 100;

/**
 * Compares the images of a collection: takes the fingerprint of each, from its thumbnail, and then compares each with
 * each. Of a collection that has been described, the vectors of images confirm which are similar.
 */
export async function runComparison(job: CompareJob, context: JobContext): Promise<void> {
  const { link } = context;
  const images = await listImages(context);
  const compared = await withPrints(images, job, context);
  const pairs = await findPairs(compared, job, context);
  const facts = compared.map(({ print: { sharpness }, ...image }) => ({ ...image, sharpness }));
  const groups = duplicateGroups(facts, pairs).map(({ grade, members }) => ({
    grade,
    imageIds: members.flatMap((at) => compared[at]?.id ?? []),
  }));
  for (let first = 0; first === 0 || first < groups.length; first += GROUPS_AT_ONCE) {
    const some = groups.slice(first, first + GROUPS_AT_ONCE);
    await link.ask({ kind: 'compare/groups', firstNumber: first, groups: some });
  }
  const count = (wanted: string) => groups.filter(({ grade }) => grade === wanted).length;
  await link.ask({
    kind: 'compare/finish',
    comparedCount: compared.length,
    skippedCount: images.length - compared.length,
    sameCount: count('same'),
    similarCount: count('similar'),
  });
}

/** The images that could be read, with their fingerprints. */
async function withPrints(
  images: readonly ListedImage[],
  job: CompareJob,
  { link, signal }: JobContext,
): Promise<ComparedImage[]> {
  const reader = new PrintReader(job);
  const compared: ComparedImage[] = [];
  let unsaved: AskOf<'compare/save'>['prints'] = [];
  const save = async () => {
    if (unsaved.length > 0) await link.ask({ kind: 'compare/save', prints: unsaved });
    unsaved = [];
  };
  for (const [done, image] of images.entries()) {
    signal.throwIfAborted();
    if (done % 10 === 0) link.report({ phase: 'reading-images', done, total: images.length, unit: 'images' });
    const print = image.print ?? (await reader.read(image));
    if (!print) continue;
    compared.push({ ...image, print });
    if (!image.print) unsaved.push({ imageId: image.id, contentHash: image.contentHash, ...print });
    if (unsaved.length >= SAVED_AT_ONCE) await save();
  }
  await save();
  return compared;
}

async function findPairs(
  images: readonly ComparedImage[],
  { vectorsFile }: CompareJob,
  { link, signal }: JobContext,
): Promise<LookAlike[]> {
  const prints = images.map(({ print: { hash, signature } }) => ({
    hash: new Uint32Array(Uint8Array.from(hash).buffer),
    signature: Uint8Array.from(signature),
  }));
  const cosine = vectorsFile === null ? undefined : await cosines(vectorsFile, images);
  const pairs: LookAlike[] = [];
  let done = 0;
  for (const found of lookAlikes(prints, cosine)) {
    pairs.push(...found);
    if (++done % ROWS_AT_ONCE > 0) continue;
    link.report({ phase: 'comparing-images', done, total: images.length, unit: 'images' });
    await new Promise(setImmediate);
    signal.throwIfAborted();
  }
  return pairs;
}

/** The cosines of the vectors of images, as far as these are known. */
async function cosines(file: string, images: readonly ComparedImage[]) {
  const descriptions = await readDescriptions(file);
  if (!descriptions) return undefined;
  const { vectors, dim, maskIds, imageIds } = descriptions;
  const rows = new Map<number, number>();
  maskIds.forEach((maskId, row) => {
    if (maskId === 0) rows.set(imageIds[row] ?? 0, row);
  });
  return (a: number, b: number): number | undefined => {
    const [rowA, rowB] = [rows.get(images[a]?.id ?? 0), rows.get(images[b]?.id ?? 0)];
    if (rowA === undefined || rowB === undefined) return undefined;
    let sum = 0;
    for (let d = 0; d < dim; d++) sum += (vectors[rowA * dim + d] ?? 0) * (vectors[rowB * dim + d] ?? 0);
    return sum;
  };
}

/** Reads fingerprints of images from their thumbnails. */
class PrintReader {
  readonly #job: CompareJob;
  readonly #reader: NotedReader;
  readonly #thumbnails: ThumbnailCache;

  constructor(job: CompareJob) {
    this.#job = job;
    this.#reader = NotedReader.takeUp(job.readingFolder);
    const { folder, thumbnailBytes } = job.cache;
    this.#thumbnails = new ThumbnailCache({ folder, maxBytes: thumbnailBytes });
  }

  /** @returns undefined for a file that can no longer be used. @throws UserError when the collection's folder is gone */
  async read(image: ListedImage): Promise<Print | undefined> {
    const { rootPath, limits } = this.#job;
    const path = resolveFile(rootPath, image);
    try {
      const load = () => readVerified(path, image.contentHash, { limits });
      const webp = await this.#reader.read(path, () =>
        this.#thumbnails.ensure(image.contentHash, load, limits),
      );
      const { hash, signature, sharpness } = await fingerprintOf(webp);
      return { hash: new Uint8Array(hash.buffer), signature, sharpness };
    } catch (error) {
      if (!(error instanceof ImageProblemError)) throw error;
      await refuseGoneFolder(rootPath);
      return undefined;
    }
  }
}

async function listImages({ link, signal }: JobContext): Promise<ListedImage[]> {
  const images: ListedImage[] = [];
  for (let afterId = 0; ;) {
    signal.throwIfAborted();
    const { images: page } = await link.ask({ kind: 'compare/images', afterId, limit: PAGE });
    images.push(...page);
    const last = page.at(-1);
    if (!last) return images;
    afterId = last.id;
  }
}
