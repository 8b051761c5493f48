import type { ImageFormat } from '../../contract/image.ts';
import { pictureKey } from '../../domain/picture-key.ts';
import type { Inspection } from '../../domain/scan.ts';
import type { DeepSamples } from './deep-samples.ts';
import { extensionOf, promiseOf } from './file-names.ts';
import type { ImageLimits } from './image-limits.ts';
import { ImageProblemError } from './image-problem.ts';
import { formatOrThrow, openImage, type ImageHeader } from './open-image.ts';
import { readOriginal, type Original } from './original-file.ts';
import { sniff, type Sniffed } from './sniff.ts';
import { makeThumbnail, type ThumbnailCache } from './thumbnail-cache.ts';

export type InspectOptions = {
  limits: ImageLimits;
  /** Where the thumbnail goes. */
  thumbnails: ThumbnailCache;
  signal: AbortSignal;
  /** Whether files wait until the brightness range of their kind is measured; see `UnmeasuredImage`. */
  isMeasuring?: boolean;
};

/** The brightness range of an image's kind was not measured yet; `samples` are some of its values. */
export class UnmeasuredImage extends Error {
  readonly deep: DeepSamples;
  readonly samples: Float64Array;

  constructor(deep: DeepSamples, samples: Float64Array) {
    super(`no brightness range for ${deep.kind}`);
    this.deep = deep;
    this.samples = samples;
  }
}

/** Files beyond this are hashed in passing and decoded from disk instead of being held in memory. */
const MAX_BYTES_IN_MEMORY = 128 * 2 ** 20;

/**
 * Opens a file read-only, decodes all of it, stores its thumbnail and reports what it is, or why it is unusable.
 *
 * Memory: the file (up to 128 MiB, beyond that a chunk; HEIC and BMP always the file) and what sharp needs of
 * its pixels. Keep about two inspections a core in flight, see [Note: Sharp's settings].
 * @param path as `resolveFile` gives it
 * @throws the signal's reason when aborted, and UserError `DISK_FULL` or `DATA_FOLDER_UNUSABLE` when the
 *   thumbnail cannot be stored, and `UnmeasuredImage` where that was asked for; never because of the file itself
 */
export async function inspectFile(path: string | Buffer, options: InspectOptions): Promise<Inspection> {
  try {
    return await readOriginal(path, options, (original) => inspectOriginal(original, path, options));
  } catch (error) {
    if (!(error instanceof ImageProblemError)) throw error;
    return { facts: null, problem: error.problem, note: null };
  }
}

async function inspectOriginal(
  original: Original,
  path: string | Buffer,
  { limits, thumbnails, signal, isMeasuring = false }: InspectOptions,
): Promise<Inspection> {
  const extension = extensionOf(path.toString());
  const format = formatOrThrow(sniffNamed(original.head, extension));
  const { source, contentHash } = await readSource(original, path, format);
  signal.throwIfAborted();
  const image = await openImage(source, format, limits);
  signal.throwIfAborted();
  if (isMeasuring && image.deep?.range === null) {
    throw new UnmeasuredImage(image.deep.samples, await image.deep.measure());
  }
  // Making the thumbnail reads every row of the image: which proves that the file is complete.
  const { webp, brightness, note } = await makeThumbnail(image);
  signal.throwIfAborted();
  await thumbnails.write(pictureKey(contentHash, limits.brightness), webp);
  const notes = [noteOnName(extension, format), noteOnFrames(image.header), note];
  return {
    facts: { contentHash, ...image.header, brightness },
    problem: null,
    note: notes.filter((part) => part !== null).join(' ') || null,
  };
}

/** What the content is; where it says nothing, a name of pictures that are not read does. */
function sniffNamed(head: Buffer, extension: string): Sniffed {
  const sniffed = sniff(head, extension);
  const isUnknown = sniffed.kind === 'other' && sniffed.name === null;
  if (!isUnknown || promiseOf(extension).kind !== 'foreign-image') return sniffed;
  return { kind: 'foreign', name: `a .${extension} file`, isPicture: true };
}

async function readSource(original: Original, path: string | Buffer, format: ImageFormat) {
  // libvips takes brackets at the end of a path for options.
  const isPathForSharp = typeof path === 'string' && !path.endsWith(']');
  const needsBytes = format === 'heic' || format === 'bmp' || !isPathForSharp;
  if (needsBytes || original.sizeBytes <= MAX_BYTES_IN_MEMORY) {
    const { bytes, contentHash } = await original.readWhole();
    return { source: bytes, contentHash };
  }
  return { source: path, contentHash: await original.readHash() };
}

function noteOnName(extension: string, format: ImageFormat): string | null {
  const promise = promiseOf(extension);
  const isRight =
    promise.kind === 'image' && (promise.format === format || isHeifFamily(promise.format, format));
  if (isRight || extension === '') return null;
  return `The name ends in .${extension}, but the content is ${format.toUpperCase()}, so it is read as that.`;
}

/** `.heif` names a container, in which both HEIC and AVIF may lie. */
function isHeifFamily(promised: ImageFormat, found: ImageFormat): boolean {
  return promised === 'heic' && found === 'avif';
}

function noteOnFrames({ frameCount, format }: ImageHeader): string | null {
  if (frameCount === 1) return null;
  if (format === 'heic') return `The file contains ${frameCount} images; only the main one is used.`;
  return `The file contains ${frameCount} ${format === 'tiff' ? 'pages' : 'frames'}; only the first is used.`;
}
