import { decodePng, numbersOf, type PngPicture } from '../mask/decode-png.ts';
import { masksOfLabels } from '../mask/label-map.ts';
import type { NumberPicture } from '../mask/png.ts';
import { runsOf, type EncodedMask } from '../mask/rle.ts';

/** A picture in which numbers or colours stand for classes or objects. */
export type ClassPicture = {
  numbers: NumberPicture;
  /** The colour of each number, as `r,g,b`; null for grey levels, which have none. */
  colours: ReadonlyMap<number, string> | null;
};

/** Pixels without a class, and those that are not to be judged, as Pascal VOC colours them. */
const BACKGROUND_COLOUR = '0,0,0';
const VOID_COLOUR = '224,224,192';
const VOID_NUMBER = 255;
const MAX_COLOURS = 65_536;

/**
 * Reads a picture of classes or objects.
 * @returns undefined for one of more colours than any dataset has classes
 * @throws Error if the bytes are not a PNG, or a damaged one
 */
export function readClassPicture(bytes: Uint8Array): ClassPicture | undefined {
  const picture = decodePng(bytes);
  const { palette } = picture;
  if (palette) {
    const numbers = numbersOf(picture);
    const colours = new Map(palette.map((colour, number) => [number, colour.slice(0, 3).join()]));
    return numbers ? { numbers, colours } : undefined;
  }
  if (picture.channels < 3) {
    const numbers = numbersOf(picture);
    return numbers ? { numbers, colours: null } : undefined;
  }
  return numberedColours(picture);
}

/** Numbers the colours of a picture in the order in which they occur. */
function numberedColours({ data, widthPx, heightPx, channels }: PngPicture): ClassPicture | undefined {
  const numberOf = new Map<number, number>();
  const numbers = new Uint16Array(widthPx * heightPx);
  for (let pixel = 0; pixel < numbers.length; pixel++) {
    const at = pixel * channels;
    const colour = ((data[at] ?? 0) * 65_536 + (data[at + 1] ?? 0)) * 65_536 + (data[at + 2] ?? 0);
    let number = numberOf.get(colour);
    if (number === undefined) {
      number = numberOf.size;
      if (number >= MAX_COLOURS) return undefined;
      numberOf.set(colour, number);
    }
    numbers[pixel] = number;
  }
  const name = (colour: number) =>
    [Math.floor(colour / 65_536 ** 2), Math.floor(colour / 65_536) % 65_536, colour % 65_536].join();
  const colours = new Map([...numberOf].map(([colour, number]) => [number, name(colour)]));
  return { numbers: { data: numbers, widthPx, heightPx }, colours };
}

/** The masks of a picture by their numbers, and what is not to be judged. */
export function masksOfClasses({ numbers, colours }: ClassPicture): {
  masks: Map<number, EncodedMask>;
  ignored: EncodedMask | null;
} {
  const masks = masksOfLabels(numbers);
  const isWide = numbers.data instanceof Uint16Array && !colours;
  let ignored: EncodedMask | null = null;
  for (const [number, mask] of masks) {
    const colour = colours?.get(number);
    const isVoid = colour === VOID_COLOUR || (number === VOID_NUMBER && !isWide && colour === undefined);
    if (isVoid) ignored = mask;
    if (isVoid || (colours ? colour === BACKGROUND_COLOUR : number === 0)) masks.delete(number);
  }
  return { masks, ignored };
}

/** The number of a picture at the first pixel of a mask. */
export function numberAt({ numbers }: ClassPicture, { shape }: EncodedMask): number {
  const [first = 0] = runsOf(shape);
  const x = Math.floor(first / shape.gridHeight);
  const y = first % shape.gridHeight;
  return numbers.data[y * numbers.widthPx + x] ?? 0;
}
