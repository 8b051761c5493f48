import { masksOfLabels } from '../mask/label-map.ts';
import { decodePngNumbers, readPngSize, type NumberPicture } from '../mask/png.ts';
import { encodeRle, type EncodedMask } from '../mask/rle.ts';
import type { FileMask, ImageMasks, MaskFileContext, MaskProblem, MaskRecord } from './mask-record.ts';

/** Value in a mask's file for pixels without ground truth. */
const IGNORED_GREY = 128;
/** Value of a label file (VOC, Cityscapes) that says the same. */
const IGNORED_LABEL = 255;
/** Each costs 16 bytes of memory; the labels of an image of 12 megapixels turn some 100,000 times. */
const MAX_TURNS = 20_000_000;

/** The file, and the image that its name stands for. */
export type MaskPng = Pick<MaskFileContext, 'name' | 'gridOf'> & { imageName: string };

/**
 * The one object of a mask PNG.
 *
 * 0 is background, 255 inside and 128 ignored; of other grey levels, those above 127 are inside. A picture without
 * any level above 1 is one of truth values: there 1 is inside.
 * @param bytes whole file
 */
export function readBinaryPng(bytes: Uint8Array, file: MaskPng): ImageMasks | MaskProblem {
  const picture = decodeOrProblem(bytes, file);
  if ('kind' in picture) return picture;
  const { widthPx, heightPx } = picture;
  const { mask, ignored } = splitGrey(picture);
  const masks = mask === null ? [] : [{ ...mask, className: null, score: null }];
  return { kind: 'masks', imageName: file.imageName, widthPx, heightPx, masks, ignored, skipped: 0 };
}

/**
 * The objects of a label PNG, which numbers the pixels of each.
 *
 * 0 is background and 255 ignored, as in Pascal VOC; `hasBackground: false` is for complete partitions of an image,
 * where 0 is a region like the others. In 16-bit pictures 255 is a number like any other.
 * @param bytes whole file
 * @param file `classNames` by number, where numbers are classes and not objects
 */
export function readIndexPng(
  bytes: Uint8Array,
  file: MaskPng & { hasBackground?: boolean; classNames?: ReadonlyMap<number, string> },
): MaskRecord {
  const picture = decodeOrProblem(bytes, file);
  if ('kind' in picture) return picture;
  const { widthPx, heightPx, data } = picture;
  const isWide = data instanceof Uint16Array;
  const byNumber = masksOfLabels(picture);
  const ignored = isWide ? null : (byNumber.get(IGNORED_LABEL) ?? null);
  if (ignored) byNumber.delete(IGNORED_LABEL);
  if (file.hasBackground !== false) byNumber.delete(0);
  const masks: FileMask[] = [...byNumber].map(([number, mask]) => ({
    ...mask,
    className: file.classNames?.get(number) ?? null,
    score: null,
  }));
  return { kind: 'masks', imageName: file.imageName, widthPx, heightPx, masks, ignored, skipped: 0 };
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
function decodeOrProblem(
  bytes: Uint8Array,
  { name, imageName, gridOf }: MaskPng,
): NumberPicture | MaskProblem {
  const size = readPngSize(bytes);
  if (!size)
    return { kind: 'problem', name, detail: 'It is not a readable PNG (it does not start like one).' };
  const grid = gridOf(imageName, size);
  if (typeof grid === 'string') return { kind: 'problem', name, detail: grid };
  let picture: NumberPicture | null;
  try {
    picture = decodePngNumbers(bytes);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: 'problem', name, detail: `It is not a readable PNG (${why}).` };
  }
  if (!picture) {
    return { kind: 'problem', name, detail: 'It is a colour image; masks are grey or have a palette.' };
  }
  if (countTurns(picture) <= MAX_TURNS) return picture;
  return { kind: 'problem', name, detail: 'It is noise: almost every pixel differs from the one above.' };
}

/** Pixels that differ from the one above: how many run lengths there will be. */
function countTurns({ data, widthPx }: NumberPicture): number {
  let turns = 0;
  for (let at = widthPx; at < data.length; at++) if (data[at] !== data[at - widthPx]) turns++;
  return turns;
}

function splitGrey({ data, widthPx, heightPx }: NumberPicture): {
  mask: EncodedMask | null;
  ignored: EncodedMask | null;
} {
  const isTruth = data.every((value) => value <= 1);
  const inside = new Uint8Array(data.length);
  const unknown = new Uint8Array(data.length);
  data.forEach((value, at) => {
    if (isTruth) inside[at] = value;
    else if (value === IGNORED_GREY) unknown[at] = 1;
    else inside[at] = Number(value >= IGNORED_GREY);
  });
  const encode = (pixels: Uint8Array) => encodeRle({ data: pixels, widthPx, heightPx });
  return { mask: encode(inside), ignored: encode(unknown) };
}
