import type { Metadata, Sharp } from 'sharp';
import type { Brightness, LevelRange } from '../../contract/brightness.ts';
import type { ImageFormat } from '../../contract/image.ts';
import { hasRealAlpha, type TiffTags } from './tiff-tags.ts';

/**
 * [Note: Brightness] Samples of 8 bits are brightness; those of microscopes and cameras with more bits are often not:
 * 12 bits in 16, or counts of photons, are nearly black when 65,535 is white. So a collection has one rule, which
 * thumbnails, pages, training, segmentation and exports all follow: for each kind of sample in it, one value is black
 * and one is white, and what is between is linear. Automatically, they are the percentiles 0.1 and 99.9 of samples
 * of up to 64 images, measured when the first scan meets the kind, and kept. Where these are at least half of all
 * that 16 bits can hold, as in photographs, nothing is stretched. An image whose own values all are in the lowest
 * sixteenth of such a range, as one of another camera, would be black: it is shown by its own percentiles.
 */
export type DeepSamples = {
  /** File format and type of the samples: `tiff uint16`. */
  kind: string;
  depth: DeepDepth;
  /** Colour space to decode in: that of the file, so that nothing is converted before it is stretched. */
  space: 'grey16' | 'rgb16' | 'b-w' | 'srgb' | 'scrgb' | 'multiband';
  /** Of a pixel: of those in the file, which are used. */
  used: { colours: 1 | 3; hasAlpha: boolean };
  /** What is not used of the file, as a sentence; null where all is. */
  note: string | null;
};

const ARRAYS = {
  uchar: Uint8Array,
  ushort: Uint16Array,
  short: Int16Array,
  uint: Uint32Array,
  int: Int32Array,
  float: Float32Array,
  double: Float64Array,
} as const;
type DeepDepth = keyof typeof ARRAYS;
const TYPE_NAMES: Record<DeepDepth, string> = {
  uchar: 'uint8',
  ushort: 'uint16',
  short: 'int16',
  uint: 'uint32',
  int: 'int32',
  float: 'float32',
  double: 'float64',
};
/** All that the samples can hold; floating point is taken to be from 0 to 1. */
const FULL_RANGES: Record<DeepDepth, LevelRange> = {
  uchar: { from: 0, to: 255 },
  ushort: { from: 0, to: 65_535 },
  short: { from: -32_768, to: 32_767 },
  uint: { from: 0, to: 2 ** 32 - 1 },
  int: { from: -(2 ** 31), to: 2 ** 31 - 1 },
  float: { from: 0, to: 1 },
  double: { from: 0, to: 1 },
};
const LOW = 0.001;
const HIGH = 0.999;
/** Samples of an image that are measured. */
const MEASURED_SAMPLES = 16_384;
/** Of the full range of 16 bits. */
const PLAIN_SHARE = 0.5;

/**
 * What an image with more than 8 bits per sample holds, for PNG and TIFF.
 * @param tags of a TIFF, if they were read
 * @returns undefined where samples are brightness already: 8 bits, CMYK, Lab; TIFF with further channels of 8 bits is
 *   one whose range is known
 */
export function deepSamplesOf(
  format: ImageFormat,
  metadata: Metadata,
  tags?: TiffTags,
): DeepSamples | undefined {
  const { depth, space, channels } = metadata;
  if ((format !== 'png' && format !== 'tiff') || !isDeep(depth) || !isKnownSpace(space)) return undefined;
  const isColour = space === 'rgb16' || space === 'srgb' || space === 'scrgb';
  const colours = isColour && channels >= 3 ? 3 : 1;
  const hasAlpha = metadata.hasAlpha && depth === 'ushort' && (format === 'png' || hasRealAlpha(tags));
  const unused = channels - colours - Number(hasAlpha);
  // Of 8 bits, only what decoders would take for transparency.
  if (depth === 'uchar' && (format === 'png' || isColour || unused === 0 || hasRealAlpha(tags)))
    return undefined;
  return {
    kind: `${format} ${TYPE_NAMES[depth]}`,
    depth,
    space,
    used: { colours, hasAlpha },
    note: unused > 0 ? `The file contains ${channels} channels; only the first ${colours === 1 ? 'is' : 'three are'} used.` : null, // prettier-ignore
  };
}

/**
 * The values that are black and white for samples of a kind, by the rule of the collection.
 * @returns null where that was not measured yet
 */
export function rangeOf({ kind, depth }: DeepSamples, brightness: Brightness | undefined): LevelRange | null {
  if (depth === 'uchar') return FULL_RANGES.uchar;
  switch (brightness?.setting.kind) {
    case 'range':
      return brightness.setting.range;
    case 'full':
      return FULL_RANGES[depth];
    case 'automatic':
    case undefined:
      return brightness?.measured[kind] ?? null;
  }
}

/** Whether a range is what decoders show anyway: all that 16 bits can hold. */
export function isPlainRange({ depth }: DeepSamples, range: LevelRange | null): boolean {
  const { from, to } = FULL_RANGES.ushort;
  return depth === 'ushort' && (range === null || (range.from === from && range.to === to));
}

/** Decoded samples: [heightPx, widthPx, channels], of which the colours come first. */
export type DeepPixels = {
  samples: InstanceType<(typeof ARRAYS)[DeepDepth]>;
  widthPx: number;
  heightPx: number;
  channels: number;
};

/** Decodes the samples as they are. Memory: their bytes, up to eight for each. */
export async function readDeepPixels(pixels: Sharp, { depth, space }: DeepSamples): Promise<DeepPixels> {
  const { data, info } = await pixels
    .toColourspace(space)
    // Signed samples of 16 bits are decoded as their bits, see `withUnsignedSamples`.
    .raw({ depth: depth === 'short' ? 'ushort' : depth })
    .toBuffer({ resolveWithObject: true });
  // Copied only where the buffer does not start at a multiple of its elements' size.
  const bytes = data.byteOffset % 8 === 0 ? data : new Uint8Array(data);
  const array = ARRAYS[depth];
  const samples = new array(bytes.buffer, bytes.byteOffset, bytes.byteLength / array.BYTES_PER_ELEMENT);
  return { samples, widthPx: info.width, heightPx: info.height, channels: info.channels };
}

/** Samples of the colours of an image, evenly over it; those that are NaN or infinite are left out. */
export function someSamples({ samples, channels }: DeepPixels, { used }: DeepSamples): Float64Array {
  const pixels = samples.length / channels;
  const step = Math.max(1, Math.floor((pixels * used.colours) / MEASURED_SAMPLES));
  const found: number[] = [];
  for (let at = 0; at < pixels * used.colours; at += step) {
    const value = samples[Math.floor(at / used.colours) * channels + (at % used.colours)] ?? NaN;
    if (Number.isFinite(value)) found.push(value);
  }
  return Float64Array.from(found);
}

/** The range for measured samples of a kind; see [Note: Brightness]. */
export function measuredRange(samples: readonly Float64Array[], { depth }: DeepSamples): LevelRange {
  const sorted = Float64Array.from(samples.flatMap((some) => [...some])).sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const [from, to] = [at(LOW), at(HIGH)];
  const { ushort: full } = FULL_RANGES;
  if (depth === 'ushort' && to - from >= (full.to - full.from) * PLAIN_SHARE) return full;
  // Images of one value.
  return from < to ? { from, to } : { from, to: from + Math.max(1, Math.abs(from) * 1e-6) };
}

/** An image that would be darker than this share of white is not shown by the range of its collection. */
const DARK_SHARE = 1 / 16;

/**
 * The range of a single image that a measured range of its collection would leave black.
 * @param samples of the image
 * @returns null where the collection's range shows it, or nothing would: all of its values are equal
 */
export function ownRange(samples: Float64Array, deep: DeepSamples, range: LevelRange): LevelRange | null {
  const isEven = samples.every((value) => value === samples[0]);
  if (isEven || deep.depth === 'uchar') return null;
  const own = measuredRange([samples], deep);
  return own.to - range.from < (range.to - range.from) * DARK_SHARE ? own : null;
}

/** Interleaved: grey or RGB, with alpha or without. */
type EightBits = { data: Uint8Array; widthPx: number; heightPx: number; channels: 1 | 2 | 3 | 4 };

/** The image with 8 bits per sample: `from` is black, `to` is white; NaN is black. */
export function stretched(
  pixels: DeepPixels,
  { used, depth }: DeepSamples,
  { from, to }: LevelRange,
): EightBits {
  const { samples, widthPx, heightPx, channels } = pixels;
  const { colours, hasAlpha } = used;
  const kept = colours === 1 ? (hasAlpha ? 2 : 1) : hasAlpha ? 4 : 3;
  const data = new Uint8ClampedArray(widthPx * heightPx * kept);
  const scale = 255 / (to - from);
  const alphaScale = 255 / FULL_RANGES[depth].to;
  for (let pixel = 0, at = 0, into = 0; pixel < widthPx * heightPx; pixel++, at += channels) {
    // A clamped array rounds, and takes NaN as 0 and infinities as its ends.
    for (let colour = 0; colour < colours; colour++)
      data[into++] = ((samples[at + colour] ?? 0) - from) * scale;
    if (hasAlpha) data[into++] = (samples[at + channels - 1] ?? 0) * alphaScale;
  }
  return { data: new Uint8Array(data.buffer), widthPx, heightPx, channels: kept };
}

const isDeep = (depth: string): depth is DeepDepth => depth in ARRAYS;

const SPACES: readonly string[] = ['grey16', 'rgb16', 'b-w', 'srgb', 'scrgb', 'multiband'] satisfies DeepSamples['space'][]; // prettier-ignore
const isKnownSpace = (space: string): space is DeepSamples['space'] => SPACES.includes(space);
