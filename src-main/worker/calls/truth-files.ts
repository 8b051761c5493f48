import { readFile, writeFile } from 'node:fs/promises';
import { basename, join, parse } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../contract/errors.ts';
import type { MaskShape } from '../../domain/mask-shape.ts';
import { objectLabels, type TrueObjects } from '../../core/evaluate/object-labels.ts';
import { BACKGROUND, FOREGROUND, IGNORED, truthFromMask, type Truth } from '../../core/evaluate/truth.ts';
import { sharp } from '../../core/image/sharp-setup.ts';
import { paintMask } from '../../core/mask/crop.ts';
import { readMasks } from '../../core/mask-files/mask-folder.ts';
import type { ImageMasks } from '../../core/mask-files/mask-record.ts';
import { exportName } from '../../export/image-names.ts';
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

/**
 * Reads ground truth that a labeling tool wrote, and writes what it says about each image to a separate file: a
 * comparison asks for a few images at a time, and nobody wants to read a file of all of them each time.
 * @throws UserError as `readMasks` does
 */
export async function unpackTruth(call: CallOf<'unpack-truth'>): Promise<ResultOf<'unpack-truth'>> {
  const names = new Set<string>();
  const problems: ResultOf<'unpack-truth'>['problems'] = [];
  const report = (name: string, detail: string) => {
    if (problems.length < PROBLEMS_KEPT) problems.push({ name, detail });
  };
  for await (const record of readMasks(call.path, { format: call.format })) {
    if (record.kind !== 'masks') {
      report(record.name, record.detail);
      continue;
    }
    const name = exportName(record.imageName);
    if (names.has(name)) {
      report(record.imageName, 'The files contain it more than once; the first occurrence is used.');
      continue;
    }
    names.add(name);
    await writeFile(join(call.folder, `${name}.json`), JSON.stringify(unpacked(record)));
  }
  return { names: [...names], problems };
}

function unpacked({ widthPx, heightPx, masks, ignored }: ImageMasks): z.infer<typeof Unpacked> {
  const counts = ({ areaPx, shape }: { areaPx: number; shape: MaskShape }) => ({
    areaPx,
    counts: Buffer.from(shape.rle).toString('latin1'),
  });
  return { widthPx, heightPx, masks: masks.map(counts), ignored: ignored && counts(ignored) };
}

/** What `unpackTruth` wrote of an image, by its path, by the name of its file, or by that which an export gave it. */
export async function readUnpacked(folder: string, relPath: string): Promise<ImageTruth | undefined> {
  for (const name of new Set([exportName(relPath), exportName(basename(relPath))])) {
    const text = await readFile(join(folder, `${name}.json`), 'utf8').catch(() => undefined);
    if (text !== undefined) return { name, ...truthOf(Unpacked.parse(JSON.parse(text))) };
  }
  return undefined;
}

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
export async function readPictures(folder: string, relPath: string): Promise<ImageTruth | undefined> {
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
    const { data, info } = await sharp(bytes).extractChannel(0).raw().toBuffer({ resolveWithObject: true });
    return { values: new Uint8Array(data), widthPx: info.width, heightPx: info.height };
  } catch (cause) {
    throw new UserError('BAD_INPUT', `The ground-truth file ${path} cannot be read as an image.`, {
      hint: 'Ground truth is PNG: 0 background, 255 foreground, 128 ignored.',
      cause,
    });
  }
}
