import { masksOfLabels } from '../mask/label-map.ts';
import { decodePng, numbersOf, readPngSize, type PngPicture } from '../mask/decode-png.ts';
import type { NumberPicture } from '../mask/png.ts';
import { encodeRle } from '../mask/rle.ts';
import { levelsOf } from './mask-levels.ts';
import { splitLevels } from './split-levels.ts';
import type { FileMask, ImageMasks, MaskFileContext, MaskProblem, MaskRecord } from './mask-record.ts';

/** Value of a label file (VOC, Cityscapes) for pixels without ground truth. */
const IGNORED_LABEL = 255;
/** Each costs 16 bytes of memory; the labels of an image of 12 megapixels turn some 100,000 times. */
const MAX_TURNS = 20_000_000;
const IN_COLOUR = 'It is a colour image; numbers of objects are grey levels or places in a palette.';
const PHOTO_CHANGES = 1 / 3;
const PHOTO_LEVELS = 64;

/** More than the picture of any mask takes: most are below 1 MB. */
export const MAX_PNG_BYTES = 500_000_000;

/** The file, and the image that its name stands for. */
export type MaskPng = Pick<MaskFileContext, 'name' | 'gridOf'> & { imageName: string };

/**
 * The one object of a mask PNG, as `levelsOf` and `splitLevels` find it: by colours or opacity; 0 is background,
 * 255 inside and 128 ignored.
 * @param bytes whole file
 */
export function readBinaryPng(bytes: Uint8Array, file: MaskPng): ImageMasks | MaskProblem {
  const { name, imageName } = file;
  const picture = decodeOrProblem(bytes, file);
  if ('kind' in picture) return picture;
  const levels = levelsOf(picture);
  if (typeof levels === 'string') return { kind: 'problem', name, detail: levels };
  const split = splitLevels(levels);
  if (typeof split === 'string') return { kind: 'problem', name, detail: split };
  const { widthPx, heightPx } = picture;
  if (isNoise({ data: split.inside, widthPx, heightPx })) return noise(name);
  const encode = (data: Uint8Array) => encodeRle({ data, widthPx, heightPx });
  const mask = encode(split.inside);
  const masks = mask === null ? [] : [{ ...mask, className: null, score: null }];
  return { kind: 'masks', imageName, widthPx, heightPx, masks, ignored: encode(split.unknown), skipped: 0 };
}

/**
 * The objects of a label PNG, which numbers the pixels of each.
 *
 * 0 is background and 255 ignored, as in Pascal VOC; `hasBackground: false` is for complete partitions of an image,
 * where 0 is a region like the others. In 16-bit pictures 255 is a number like any other.
 * @param bytes whole file
 * @param file `classOf` names the class of a number
 */
export function readIndexPng(
  bytes: Uint8Array,
  file: MaskPng & { hasBackground?: boolean; classOf?: (number: number) => string | null },
): ImageMasks | MaskProblem {
  const { name, imageName } = file;
  const decoded = decodeOrProblem(bytes, file);
  if ('kind' in decoded) return decoded;
  const picture = numbersOf(decoded);
  const problem = picture ? problemOfNumbers(picture, decoded) : IN_COLOUR;
  if (!picture || problem !== undefined) return { kind: 'problem', name, detail: problem ?? IN_COLOUR };
  if (isNoise(picture)) return noise(name);
  const { widthPx, heightPx } = picture;
  const isWide = decoded.bitDepth === 16;
  const byNumber = masksOfLabels(picture);
  const ignored = isWide ? null : (byNumber.get(IGNORED_LABEL) ?? null);
  if (ignored) byNumber.delete(IGNORED_LABEL);
  if (file.hasBackground !== false) byNumber.delete(0);
  const masks: FileMask[] = [...byNumber].map(([number, mask]) => ({
    ...mask,
    className: file.classOf?.(number) ?? null,
    score: null,
  }));
  return { kind: 'masks', imageName, widthPx, heightPx, masks, ignored, skipped: 0 };
}

/** A PNG of one object among several of an image, as `readBinaryPng` gives it. */
export type ObjectPng = { record: ImageMasks | MaskProblem; className: string | null; name: string };

/** Several PNG files of one image, one object each, as one record; those that cannot be used are problems before it. */
export function* joinObjects(imageName: string, parts: readonly ObjectPng[]): Generator<MaskRecord> {
  const joined: { record: ImageMasks | undefined; first: string; skipped: number } = {
    record: undefined,
    first: '',
    skipped: 0,
  };
  for (const { record, className, name } of parts) {
    const problem = record.kind === 'problem' ? record : oddSize(record, name, joined);
    if (problem || record.kind === 'problem') {
      joined.skipped++;
      if (problem) yield problem;
      continue;
    }
    joined.record ??= { ...record, imageName, masks: [] };
    joined.first ||= name;
    joined.record.masks.push(...record.masks.map((mask) => ({ ...mask, className })));
  }
  if (joined.record) yield { ...joined.record, skipped: joined.skipped };
}

function oddSize(
  { widthPx, heightPx }: ImageMasks,
  name: string,
  { record: first, first: firstName }: { record: ImageMasks | undefined; first: string },
): MaskProblem | undefined {
  if (!first || (first.widthPx === widthPx && first.heightPx === heightPx)) return undefined;
  const detail = `It is ${widthPx} x ${heightPx}, but ${firstName} of the same image is ${first.widthPx} x ${first.heightPx}.`;
  return { kind: 'problem', name, detail };
}

/** The picture, after its claimed size has been compared with that of its image. */
function decodeOrProblem(bytes: Uint8Array, { name, imageName, gridOf }: MaskPng): PngPicture | MaskProblem {
  const size = readPngSize(bytes);
  if (!size)
    return { kind: 'problem', name, detail: 'It is not a readable PNG (it does not start like one).' };
  const grid = gridOf(imageName, size);
  if (typeof grid === 'string') return { kind: 'problem', name, detail: grid };
  try {
    return decodePng(bytes);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: 'problem', name, detail: `It is not a readable PNG (${why}).` };
  }
}

/** What shows that the numbers of a picture are not those of objects. */
function problemOfNumbers(picture: NumberPicture, { bitDepth, palette }: PngPicture): string | undefined {
  const { data } = picture;
  const isBlackAndWhite = bitDepth === 8 && !palette && data.every((value) => value === 0 || value === 255);
  if (isBlackAndWhite && data.includes(255)) {
    return 'It has only the values 0 and 255, so it looks like the mask of one object, not like numbers: use the format binary-png.';
  }
  return isPhotograph(picture) ? 'It looks like a photograph, not like numbers of objects.' : undefined;
}

/** A photograph has many levels, and most pixels differ from their neighbour, which those of objects do not. */
function isPhotograph({ data, widthPx }: NumberPicture): boolean {
  let changes = 0;
  for (let at = 1; at < data.length; at++) if (at % widthPx !== 0 && data[at] !== data[at - 1]) changes++;
  return changes > data.length * PHOTO_CHANGES && new Set(data).size >= PHOTO_LEVELS;
}

function noise(name: string): MaskProblem {
  return { kind: 'problem', name, detail: 'It is noise: almost every pixel differs from the one above.' };
}

/** Whether the run lengths of a picture would take gigabytes. */
export const isNoise = (picture: NumberPicture): boolean => countTurns(picture) > MAX_TURNS;

/** Pixels that differ from the one above: how many run lengths there will be. */
function countTurns({ data, widthPx }: NumberPicture): number {
  let turns = 0;
  for (let at = widthPx; at < data.length; at++) if (data[at] !== data[at - widthPx]) turns++;
  return turns;
}
