import type { ImageFormat } from '../../contract/image.ts';
import { asOpaqueSrgb } from './decode.ts';
import type { ImageLimits } from './image-limits.ts';
import { openImageBytes, type ImageHeader } from './open-image.ts';

export type UprightCopy = {
  bytes: Uint8Array;
  /** Of the copy, without a dot. */
  extension: string;
  /** Whether the pixels were encoded anew. */
  isConverted: boolean;
};

/** High enough that nobody sees a difference, without subsampled colours. */
const JPEG = { quality: 95, chromaSubsampling: '4:4:4' } as const;

const EXTENSION_OF: Record<ImageFormat, string> = {
  jpeg: 'jpg',
  png: 'png',
  webp: 'webp',
  bmp: 'bmp',
  tiff: 'tif',
  avif: 'avif',
  gif: 'gif',
  heic: 'heic',
};

/**
 * An image as every labeling and training tool reads it: upright by its pixels, 8 bits, one frame, no CMYK, and in
 * a format of the web. Files that are so already stay as they are, to the byte. Others become JPEG where they were
 * one, and PNG otherwise.
 * @param bytes the whole file
 * @param options `onlyJpeg` is for formats whose readers look for `.jpg` and for nothing else
 * @throws ImageProblemError with the reason that the file cannot be used
 */
export async function uprightCopy(
  bytes: Uint8Array,
  { limits, onlyJpeg }: { limits: ImageLimits; onlyJpeg: boolean },
): Promise<UprightCopy> {
  const image = await openImageBytes(bytes, limits);
  const { format } = image.header;
  if (isPlain(image.header) && (format === 'jpeg' || !onlyJpeg)) {
    return { bytes, extension: EXTENSION_OF[format], isConverted: false };
  }
  const isJpeg = format === 'jpeg' || onlyJpeg;
  const { result } = await image.decode((pixels) => {
    const upright = asOpaqueSrgb(pixels);
    return (isJpeg ? upright.jpeg(JPEG) : upright.png({ compressionLevel: 3 })).toBuffer();
  });
  return { bytes: result, extension: isJpeg ? 'jpg' : 'png', isConverted: true };
}

/** The extension that a format's files have, without a dot. */
export function extensionOfFormat(format: ImageFormat): string {
  return EXTENSION_OF[format];
}

function isPlain({ format, orientation, bitDepth, frameCount, colourSpace }: ImageHeader): boolean {
  const isOfTheWeb = format === 'jpeg' || format === 'png' || format === 'webp' || format === 'bmp';
  return isOfTheWeb && orientation === 1 && bitDepth <= 8 && frameCount === 1 && colourSpace !== 'cmyk';
}
