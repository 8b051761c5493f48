import type { PngPicture } from '../mask/decode-png.ts';

/** How bright each pixel of a mask picture is: [heightPx, widthPx], row-major, `full` being white. */
export type MaskLevels = { data: Uint16Array; widthPx: number; heightPx: number; full: number };

/** Colours whose channels differ by less are grey that went through JPEG. */
const MAX_TINT = 0.04;
/** Opaque pixels are those of a black and white mask if this share of them is nearly black or white. */
const BLACK_AND_WHITE_SHARE = 0.9;
const NEARLY_BLACK = 0.1;

/**
 * The levels of a mask picture: its colours count, and not their places in a palette. Where the object is cut out and
 * what is around it is transparent, the levels are those of opacity.
 * @returns one sentence where neither shows which pixels are inside
 */
export function levelsOf(picture: PngPicture): MaskLevels | string {
  const { widthPx, heightPx } = picture;
  const { grey, alpha, full } = channelsOf(picture);
  const as = (data: Uint16Array): MaskLevels => ({ data, widthPx, heightPx, full });
  if (alpha) {
    if (!alpha.some((value) => value > 0)) {
      return 'All of it is transparent: save the mask in black and white, without transparency.';
    }
    // White in every pixel, or a photograph: the object is what is opaque.
    if (!grey || !isBlackAndWhite(grey, alpha, full)) return as(alpha);
    return as(grey.map((value, pixel) => (isLight(alpha[pixel] ?? 0, full) ? value : 0)));
  }
  if (grey) return as(grey);
  return picture.palette
    ? 'Its palette has colours other than grey, so its values look like numbers of classes or objects: use the format index-png, or save the mask in black and white.'
    : 'It is in colour, but a mask is black and white: save it as white on black.';
}

type Channels = {
  /** Null where colours are true ones. */
  grey: Uint16Array | null;
  /** Null where every pixel is opaque. */
  alpha: Uint16Array | null;
  full: number;
};

function channelsOf(picture: PngPicture): Channels {
  const { data, channels, palette, transparent } = picture;
  const full = palette ? 255 : 2 ** picture.bitDepth - 1;
  const pixels = picture.widthPx * picture.heightPx;
  if (channels === 1) return lookUp(data, coloursOfNumbers(picture, full), full);
  const grey = new Uint16Array(pixels);
  const alpha = new Uint16Array(pixels).fill(full);
  const hasColour = channels >= 3;
  const hasAlpha = channels === 2 || channels === 4;
  let isGrey = true;
  for (let pixel = 0, at = 0; pixel < pixels; pixel++, at += channels) {
    const red = data[at] ?? 0;
    const green = hasColour ? (data[at + 1] ?? 0) : red;
    const blue = hasColour ? (data[at + 2] ?? 0) : red;
    const isClear = transparent?.[0] === red && transparent[1] === green && transparent[2] === blue;
    const opacity = hasAlpha ? (data[at + channels - 1] ?? full) : isClear ? 0 : full;
    const level = greyOf(red, green, blue, full);
    // What cannot be seen has no colour.
    if (level < 0 && opacity > 0) isGrey = false;
    grey[pixel] = Math.max(0, level);
    alpha[pixel] = opacity;
  }
  return { grey: isGrey ? grey : null, alpha: alpha.every((value) => value === full) ? null : alpha, full };
}

/** Grey level and opacity of a number of a picture with one channel; the level is -1 for true colours. */
type Colour = { level: number; opacity: number };

function coloursOfNumbers({ bitDepth, palette, transparent }: PngPicture, full: number): Colour[] {
  return Array.from({ length: 2 ** bitDepth }, (_, number) => {
    if (!palette) return { level: number, opacity: transparent?.[0] === number ? 0 : full };
    const [red = 0, green = 0, blue = 0, opacity = full] = palette[number] ?? [];
    return { level: greyOf(red, green, blue, full), opacity };
  });
}

function lookUp(data: PngPicture['data'], colours: readonly Colour[], full: number): Channels {
  const levels = Uint16Array.from(colours, ({ level }) => Math.max(0, level));
  const used = new Uint8Array(colours.length);
  const grey = new Uint16Array(data.length);
  for (let pixel = 0; pixel < data.length; pixel++) {
    const number = data[pixel] ?? 0;
    used[number] = 1;
    grey[pixel] = levels[number] ?? 0;
  }
  const seen = colours.filter((_, number) => used[number] === 1);
  const isGrey = seen.every(({ level, opacity }) => level >= 0 || opacity === 0);
  const isOpaque = seen.every(({ opacity }) => opacity === full);
  const alpha = isOpaque ? null : grey.map((_, pixel) => colours[data[pixel] ?? 0]?.opacity ?? full);
  return { grey: isGrey ? grey : null, alpha, full };
}

/** The grey level of a colour, or -1 for one that is not grey. */
function greyOf(red: number, green: number, blue: number, full: number): number {
  if (red === green && green === blue) return red;
  const tint = Math.max(red, green, blue) - Math.min(red, green, blue);
  return tint > full * MAX_TINT ? -1 : Math.round((red + green + blue) / 3);
}

/** Whether the opaque pixels are a complete mask: black and white, and both occur. */
function isBlackAndWhite(grey: Uint16Array, alpha: Uint16Array, full: number): boolean {
  let opaque = 0;
  let black = 0;
  let white = 0;
  grey.forEach((value, pixel) => {
    if (!isLight(alpha[pixel] ?? 0, full)) return;
    opaque++;
    if (value <= full * NEARLY_BLACK) black++;
    if (value >= full * (1 - NEARLY_BLACK)) white++;
  });
  return black > 0 && white > 0 && black + white >= opaque * BLACK_AND_WHITE_SHARE;
}

/** Whether a level is in the upper half. */
export function isLight(level: number, full: number): boolean {
  return level * 2 > full;
}
