import type { Brightness } from '../../contract/brightness.ts';
import { ImageProblemError } from './image-problem.ts';

/** How images are opened: limits, which are user settings, and the rule of their collection. */
export type ImageLimits = {
  /** Images with more pixels are refused on the word of their header, before a pixel is decoded. */
  maxPixels: number;
  /** Files with more bytes are refused before they are read. */
  maxFileBytes: number;
  /** See [Note: Brightness]; without one, 16 bits are shown as they are and others by their own percentiles. */
  brightness?: Brightness | undefined;
};

export const DEFAULT_IMAGE_LIMITS: ImageLimits = { maxPixels: 200_000_000, maxFileBytes: 2 ** 30 };

/** @throws ImageProblemError `too-many-pixels`, or `corrupt` for a size that no image can have */
export function refuseSize(widthPx: number, heightPx: number, { maxPixels }: ImageLimits): void {
  if (![widthPx, heightPx].every((side) => Number.isSafeInteger(side) && side > 0)) {
    throw new ImageProblemError(
      'corrupt',
      `The file is damaged (its size is given as ${widthPx} x ${heightPx} pixels): copy or export it again.`,
    );
  }
  if (widthPx * heightPx <= maxPixels) return;
  throw new ImageProblemError(
    'too-many-pixels',
    `The image is ${widthPx} x ${heightPx} pixels (${megapixels(widthPx * heightPx)}); the limit is ` +
      `${megapixels(maxPixels)}. Raise the limit in the settings, or scale the image down.`,
  );
}

/** @throws ImageProblemError `too-large-file` */
export function refuseTooLargeFile(sizeBytes: number, { maxFileBytes }: ImageLimits): void {
  if (sizeBytes <= maxFileBytes) return;
  throw new ImageProblemError(
    'too-large-file',
    `The file is ${mebibytes(sizeBytes)}; the limit is ${mebibytes(maxFileBytes)}. ` +
      'Raise the limit in the settings, or export a smaller image.',
  );
}

const megapixels = (pixels: number) =>
  `${Number((pixels / 1e6).toPrecision(3)).toLocaleString('en')} megapixels`;
const mebibytes = (bytes: number) => `${Number((bytes / 2 ** 20).toPrecision(3)).toLocaleString('en')} MiB`;
