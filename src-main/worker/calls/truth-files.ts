import { readFile, writeFile } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { join, parse } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { userError } from '../../contract/errors.ts';
import type { ImageId } from '../../contract/ids.ts';
import type { MaskShape } from '../../domain/mask-shape.ts';
import { objectLabels, type TrueObjects } from '../../core/evaluate/object-labels.ts';
import { BACKGROUND, FOREGROUND, IGNORED, truthFromMask, type Truth } from '../../core/evaluate/truth.ts';
import { sharp } from '../../core/image/sharp-setup.ts';
import { inSharpTurn } from '../../core/image/sharp-turns.ts';
import { paintMask } from '../../core/mask/crop.ts';
import { gridOfClaim, type FileGridOf } from '../../core/mask-files/image-grid.ts';
import { openMasks, readOpened, type MaskFiles } from '../../core/mask-files/mask-folder.ts';
import type { ImageMasks } from '../../core/mask-files/mask-record.ts';
import { ImportableImage } from '../../domain/mask-import-rows.ts';
import { TRUTH_IMAGES } from '../../domain/truth-images.ts';
import { ImageNames, NO_SUCH_IMAGE, type FoundImage } from '../imports/image-names.ts';
import type { CallOf, ResultOf } from '../protocol/call.ts';

/** Ground truth of an image; `objects` is missing where single objects are not distinguished. */
export type ImageTruth = { name: string; truth: Truth; objects: TrueObjects | undefined };

/** Objects are numbered from 1 in unpacked truth; this number is none of them. */
const NO_OBJECT = 0xffffffff;
/** How many reasons are reported individually. */
const PROBLEMS_KEPT = 200;

const Counts = z.object({ areaPx: z.number(), counts: z.string() });
const Unpacked = z.object({
  widthPx: z.number().int().positive(),
  heightPx: z.number().int().positive(),
  masks: z.array(Counts),
  ignored: Counts.nullable(),
});

/** What is said of entries about images that the segmentation does not have: they are counted, not listed. */
const NOT_COMPARED = 'Its image is not compared.';

/**
 * Reads ground truth that a labeling tool wrote, and writes what it says about each image to a separate file: a
 * comparison asks for a few images at a time, and nobody wants to read a file of all of them each time. Images are
 * found as an import finds them.
 * @throws UserError as `openMasks` and `readOpened` do
 */
export async function unpackTruth(call: CallOf<'unpack-truth'>): Promise<ResultOf<'unpack-truth'>> {
  const files = await openMasks(call.path, { format: call.format });
  const names = await listedNames(call, files);
  const report = new TruthReport();
  const written = new Map<ImageId, FoundImage>();
  const gridOf: FileGridOf = (imageName, claimed, { file, hasOtherNames }) => {
    const found = names.find(imageName, file);
    if (typeof found === 'string') {
      if (!hasOtherNames) report.missing(imageName, found);
      return NOT_COMPARED;
    }
    const { widthPx, heightPx } = found.image;
    return claimed ? gridOfClaim(imageName, claimed) : { widthPx, heightPx };
  };
  for await (const { file, ...record } of readOpened(files, { gridOf })) {
    if (record.kind !== 'masks') {
      report.problem(record.name, record.detail);
      continue;
    }
    const found = names.find(record.imageName, file);
    if (typeof found === 'string') throw new Error(`masks of ${record.imageName} were read, but: ${found}`);
    const { imageId } = found.image;
    const other = written.get(imageId);
    if (other) report.problem(record.imageName, TWICE);
    // A name that says for certain that it means this image comes before one that only fits.
    if (other && (other.isCertain || !found.isCertain)) continue;
    written.set(imageId, found);
    await writeFile(unpackedPath(call.folder, imageId), JSON.stringify(unpacked(record)));
  }
  return report.result();
}

const TWICE = 'The files contain its image more than once; only one of them is used.';

/** The names of the images that the service has listed. */
async function listedNames(
  { folder, rootPath, path }: CallOf<'unpack-truth'>,
  { format }: MaskFiles,
): Promise<ImageNames> {
  const names = new ImageNames({ rootPath, importPath: path, format });
  const lines = createInterface({ input: createReadStream(join(folder, TRUTH_IMAGES)), crlfDelay: Infinity });
  for await (const line of lines) names.add(ImportableImage.parse(JSON.parse(line)));
  return names;
}

/** What could not be used, and the images that the segmentation does not have. */
class TruthReport {
  readonly #missing = new Set<string>();
  readonly #problems: ResultOf<'unpack-truth'>['problems'] = [];

  /** @param why one sentence; said where the name fits something, but not one image */
  missing(imageName: string, why: string): void {
    if (why !== NO_SUCH_IMAGE && !this.#missing.has(imageName)) this.problem(imageName, why);
    this.#missing.add(imageName);
  }

  problem(name: string, detail: string): void {
    if (detail !== NOT_COMPARED && this.#problems.length < PROBLEMS_KEPT)
      this.#problems.push({ name, detail });
  }

  result(): ResultOf<'unpack-truth'> {
    return { missingImages: [...this.#missing], problems: this.#problems };
  }
}

const unpackedPath = (folder: string, imageId: ImageId) => join(folder, `${imageId}.json`);

function unpacked({ widthPx, heightPx, masks, ignored }: ImageMasks): z.infer<typeof Unpacked> {
  const counts = ({ areaPx, shape }: { areaPx: number; shape: MaskShape }) => ({
    areaPx,
    counts: Buffer.from(shape.rle).toString('latin1'),
  });
  return { widthPx, heightPx, masks: masks.map(counts), ignored: ignored && counts(ignored) };
}

/** What `unpackTruth` wrote of an image. */
export async function readUnpacked(
  folder: string,
  { imageId, relPath }: Truthful,
): Promise<ImageTruth | undefined> {
  const text = await readFile(unpackedPath(folder, imageId), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : { name: relPath, ...truthOf(Unpacked.parse(JSON.parse(text))) };
}

/** An image that truth is looked for. */
type Truthful = { imageId: ImageId; relPath: string };

/** Objects in front of others are the smaller ones, as in exports. */
function truthOf({ widthPx, heightPx, masks, ignored }: z.infer<typeof Unpacked>): Omit<ImageTruth, 'name'> {
  const shapeOf = ({ counts }: z.infer<typeof Counts>): MaskShape => ({
    gridWidth: widthPx,
    gridHeight: heightPx,
    rle: Buffer.from(counts, 'latin1'),
  });
  const labels = new Uint32Array(widthPx * heightPx);
  const ranked = masks.toSorted((a, b) => b.areaPx - a.areaPx);
  for (const [index, mask] of ranked.entries()) paintMask(labels, shapeOf(mask), index + 1);
  const pixels = Uint8Array.from(labels, (label) => (label === 0 ? BACKGROUND : FOREGROUND));
  if (ignored) {
    paintMask(pixels, shapeOf(ignored), IGNORED);
    paintMask(labels, shapeOf(ignored), NO_OBJECT);
  }
  // One that is hidden wholly cannot be found.
  const seen = new Set(labels);
  const objects = ranked.map((_, index) => index + 1).filter((number) => seen.has(number));
  return { truth: { pixels, widthPx, heightPx }, objects: { labels, objects, ignored: NO_OBJECT } };
}

/**
 * Truth as pictures: `masks/NAME.png` (or NAME.png in the folder itself) and, if it exists, `labels/NAME.png`.
 * @throws UserError BAD_INPUT for a file that is not an image
 */
export async function readPictures(folder: string, { relPath }: Truthful): Promise<ImageTruth | undefined> {
  const { name } = parse(relPath);
  const mask =
    (await readGrey(join(folder, 'masks', `${name}.png`))) ?? (await readGrey(join(folder, `${name}.png`)));
  if (!mask) return undefined;
  const { values, widthPx, heightPx } = mask;
  const truth = truthFromMask(values, widthPx, heightPx);
  const labels = await readGrey(join(folder, 'labels', `${name}.png`));
  const hasLabels = labels?.widthPx === widthPx && labels.heightPx === heightPx;
  return { name, truth, objects: hasLabels ? objectLabels(labels.values, truth) : undefined };
}

type Grey = { values: Uint8Array; widthPx: number; heightPx: number };

async function readGrey(path: string): Promise<Grey | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  if (!bytes) return undefined;
  try {
    const { data, info } = await inSharpTurn(() =>
      sharp(bytes).extractChannel(0).raw().toBuffer({ resolveWithObject: true }),
    );
    return { values: new Uint8Array(data), widthPx: info.width, heightPx: info.height };
  } catch (cause) {
    throw userError('truth-unread', { path }, { cause });
  }
}
