import type { Sharp } from 'sharp';
import { DEFAULT_IMAGE_LIMITS, type ImageLimits } from './image-limits.ts';
import { openImageBytes } from './open-image.ts';

/** Upright image: `data` is [heightPx, widthPx, 3] uint8, interleaved sRGB. */
export type RgbImage = { data: Uint8Array; widthPx: number; heightPx: number };

/**
 * What shines through transparent pixels, everywhere in the app: middle grey, because objects cut out for
 * a white page and for a black one both keep their outline on it. The user sees what the model sees.
 */
const BACKGROUND = { r: 128, g: 128, b: 128 } as const;

/**
 * Decodes a file to upright 8-bit sRGB pixels.
 *
 * Profiles (wide gamut, CMYK) are converted to sRGB, 16 bits become 8, transparency is laid over `BACKGROUND`,
 * and only the first frame or page is used. With `maxSidePx`, the image is scaled down to fit a square of that
 * side, never up; JPEG and WebP then skip most of the decoding work.
 * @param bytes the whole file
 * @throws ImageProblemError with the reason that the file cannot be used
 */
export async function decodeImage(
  bytes: Uint8Array,
  { maxSidePx, limits = DEFAULT_IMAGE_LIMITS }: { maxSidePx?: number; limits?: ImageLimits } = {},
): Promise<RgbImage> {
  const image = await openImageBytes(bytes, limits);
  const { result } = await image.decode((pixels) =>
    asOpaqueSrgb(pixels, maxSidePx).raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true }),
  );
  const { data, info } = result;
  if (info.channels !== 3) throw new Error(`sharp gave ${info.channels} channels where sRGB was asked for`);
  return { data, widthPx: info.width, heightPx: info.height };
}

/** Adds to a pipeline what makes every image alike: sRGB, no alpha, and no side longer than `maxSidePx`. */
export function asOpaqueSrgb(pixels: Sharp, maxSidePx?: number): Sharp {
  const sized =
    maxSidePx === undefined
      ? pixels
      : pixels.resize({ width: maxSidePx, height: maxSidePx, fit: 'inside', withoutEnlargement: true });
  return sized.flatten({ background: BACKGROUND }).toColourspace('srgb');
}
