import { masksOfLabels } from '../mask/label-map.ts';
import { decodePngNumbers, type NumberPicture } from '../mask/png.ts';
import { encodeRle, type EncodedMask } from '../mask/rle.ts';
import type { FileMask, ImageMasks, MaskProblem, MaskRecord } from './mask-record.ts';

/** Value in a mask's file for pixels without ground truth. */
const IGNORED_GREY = 128;
/** Value of a label file (VOC, Cityscapes) that says the same. */
const IGNORED_LABEL = 255;

/**
 * The one object of a mask PNG.
 *
 * 0 is background, 255 inside and 128 ignored; of other grey levels, those above 127 are inside. A picture without
 * any level above 1 is one of truth values: there 1 is inside.
 * @param bytes whole file
 */
export function readBinaryPng(bytes: Uint8Array, file: { name: string; imageName: string }): MaskRecord {
  const picture = decodeOrProblem(bytes, file.name);
  if ('kind' in picture) return picture;
  const { widthPx, heightPx } = picture;
  const { mask, ignored } = splitGrey(picture);
  const masks = mask === null ? [] : [{ ...mask, className: null, score: null }];
  return { kind: 'masks', imageName: file.imageName, widthPx, heightPx, masks, ignored };
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
  file: {
    name: string;
    imageName: string;
    hasBackground?: boolean;
    classNames?: ReadonlyMap<number, string>;
  },
): MaskRecord {
  const picture = decodeOrProblem(bytes, file.name);
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
  return { kind: 'masks', imageName: file.imageName, widthPx, heightPx, masks, ignored };
}

/**
 * Several PNG files of one image, one object each, as one record.
 * @param parts as `readBinaryPng` gives them, with the class of each
 */
export function joinObjects(
  imageName: string,
  parts: readonly { record: ImageMasks; className: string | null; name: string }[],
): MaskRecord {
  const [first] = parts;
  if (!first) return { kind: 'problem', name: imageName, detail: 'This image has no masks.' };
  const { widthPx, heightPx } = first.record;
  const odd = parts.find(({ record }) => record.widthPx !== widthPx || record.heightPx !== heightPx);
  if (odd) {
    const detail = `It is ${odd.record.widthPx} x ${odd.record.heightPx}, but ${first.name} of the same image is ${widthPx} x ${heightPx}.`;
    return { kind: 'problem', name: odd.name, detail };
  }
  const masks = parts.flatMap(({ record, className }) =>
    record.masks.map((mask) => ({ ...mask, className })),
  );
  return { kind: 'masks', imageName, widthPx, heightPx, masks, ignored: first.record.ignored };
}

function decodeOrProblem(bytes: Uint8Array, name: string): NumberPicture | MaskProblem {
  let picture: NumberPicture | null;
  try {
    picture = decodePngNumbers(bytes);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: 'problem', name, detail: `It is not a readable PNG (${why}).` };
  }
  if (picture) return picture;
  return { kind: 'problem', name, detail: 'It is a colour image; masks are grey or have a palette.' };
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
