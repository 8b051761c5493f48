import { readFile } from 'node:fs/promises';
import type { Metadata, Sharp } from 'sharp';
import { toErrorInfo, UserError } from '../../contract/errors.ts';
import { ImageFacts, type ImageFormat } from '../../contract/image.ts';
import { decodeBmp, readBmpHeader, type RawPixels } from './bmp.ts';
import { problemOfDecoder } from './decoder-problem.ts';
import { deepSamplesOf, readDeepPixels } from './deep-samples.ts';
import { decodeHeic } from './heic.ts';
import { wrapAsTiff } from './icc-tiff.ts';
import { refuseSize, type ImageLimits } from './image-limits.ts';
import { openDeep, type DeepImage } from './open-deep.ts';
import { ImageProblemError } from './image-problem.ts';
import { pngFrames } from './png-frames.ts';
import { orientationInText, withOrientation } from './png-orientation.ts';
import { sharp } from './sharp-setup.ts';
import { inSharpTurn } from './sharp-turns.ts';
import { readTiffTags, withUnsignedSamples } from './tiff-tags.ts';
import { isHalfFloat, unreadTiff } from './unread-tiff.ts';
import { sniff, SNIFF_BYTES, type Sniffed } from './sniff.ts';

/** Facts of an image from its header; hash and brightness cover the whole file and are computed elsewhere. */
export type ImageHeader = Omit<ImageFacts, 'contentHash' | 'brightness'>;

/** The bytes of a file or, for files too large to hold in memory, its path. */
export type ImageSource = Buffer | string;

/** An image whose header was read and found within the limits. */
export type OpenImage = {
  header: ImageHeader;
  /**
   * Decodes, upright, through `build`, which decides what happens to the pixels. `note` says where the decoder
   * could complete the image only by overlooking something.
   * @throws ImageProblemError `truncated` or `corrupt`
   */
  decode: <T>(build: (pixels: Sharp) => Promise<T>) => Promise<{ result: T; note: string | null }>;
  /** Of images whose samples are not brightness; see [Note: Brightness]. */
  deep?: DeepImage;
};

/** At the default limit of 200 megapixels, a JPEG takes 1.2 s and an AVIF about 10; forged ones take for ever. */
const MAX_DECODE_SECONDS = 120;

/**
 * Reads the header of an image.
 * @param source whole file
 * @param format as detected by `sniff`
 * @throws ImageProblemError with the reason that this file cannot be used
 */
export async function openImage(
  source: ImageSource,
  format: ImageFormat,
  limits: ImageLimits,
): Promise<OpenImage> {
  const image = await blamingFile(format, () => openWithDecoder(source, format, limits));
  refuseOddHeader(image.header);
  const { decode, deep } = image;
  return {
    ...image,
    decode: (build) => blamingFile(format, () => decode(build)),
    ...(deep && { deep: { ...deep, measure: () => blamingFile(format, () => deep.measure()) } }),
  };
}

function openWithDecoder(
  source: ImageSource,
  format: ImageFormat,
  limits: ImageLimits,
): OpenImage | Promise<OpenImage> {
  if (typeof source !== 'string' && format === 'bmp') return openBmp(source, limits);
  if (typeof source !== 'string' && format === 'heic') return openHeic(source, limits);
  return openWithSharp(source, format, limits);
}

/** Whatever a decoder stumbles over, or throws in place of an Error, is one file's problem and ends no job. */
async function blamingFile<T>(format: ImageFormat, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof UserError) throw thrown;
    const { message } = toErrorInfo(thrown);
    throw new ImageProblemError(
      'corrupt',
      `The ${format.toUpperCase()} file is damaged (${message}): copy or export it again.`,
      { cause: thrown },
    );
  }
}

/** @throws ImageProblemError `corrupt` where a header says what cannot be kept: zero bits, no colour space */
function refuseOddHeader(header: ImageHeader): void {
  const checked = ImageFacts.omit({ contentHash: true, brightness: true }).safeParse(header);
  if (checked.success) return;
  const [issue] = checked.error.issues;
  throw new ImageProblemError(
    'corrupt',
    `The ${header.format.toUpperCase()} file is damaged (its header has an impossible ${issue?.path.join('.') ?? 'value'}): copy or export it again.`,
  );
}

/**
 * Sniffs and opens the bytes of a file that is known to be an image.
 * @throws ImageProblemError as `openImage`, and if the bytes are not an image of a supported format
 */
export async function openImageBytes(bytes: Uint8Array, limits: ImageLimits): Promise<OpenImage> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return openImage(buffer, formatOrThrow(sniff(buffer.subarray(0, SNIFF_BYTES), '')), limits);
}

/**
 * The format, for files that are read.
 * @throws ImageProblemError `svg-refused`, `unsupported-format` or `not-an-image`
 */
export function formatOrThrow(sniffed: Sniffed): ImageFormat {
  switch (sniffed.kind) {
    case 'image':
      return sniffed.format;
    case 'svg':
      throw new ImageProblemError(
        'svg-refused',
        'SVG files contain drawing instructions that can load other files, not pixels: ' +
          'export it as PNG.',
      );
    case 'foreign':
      throw new ImageProblemError(
        'unsupported-format',
        `This is ${sniffed.name}, which cannot be read: export ${sniffed.isPicture ? 'it' : 'its pictures'} as PNG, JPEG or TIFF.`,
      );
    case 'other':
      throw new ImageProblemError(
        'not-an-image',
        sniffed.name === null
          ? 'The content does not match any known image format: the file may be damaged at its start or have the wrong name.'
          : `The content is ${sniffed.name}, not an image: rename or remove the file.`,
      );
  }
}

async function openWithSharp(
  file: ImageSource,
  format: ImageFormat,
  limits: ImageLimits,
): Promise<OpenImage> {
  const settings = { limitInputPixels: limits.maxPixels, sequentialRead: true } as const;
  const found = await readMetadata(file, format);
  const source = await asDecodersTakeIt(file, format, found);
  const metadata = source === file ? found : await readMetadata(source, format);
  const { width, height } = metadata;
  refuseSize(width, height, limits);
  const tags = format === 'tiff' && typeof file !== 'string' ? readTiffTags(file) : undefined;
  if (tags && isHalfFloat(tags)) throw new ImageProblemError('unsupported-format', unreadTiff(tags) ?? '');
  const deep = deepSamplesOf(format, { ...metadata, depth: found.depth }, tags);
  if (!deep) refuseUnusualSamples(metadata);
  const pixels = (failOn: 'warning' | 'error') =>
    sharp(source, { ...settings, failOn })
      .autoOrient()
      .timeout({ seconds: MAX_DECODE_SECONDS });

  const frames = format === 'png' ? await pngFrames(file) : (metadata.pages ?? 1);
  const header = headerOf(metadata, format, frames);
  if (deep) {
    const readPixels = () => decodeLeniently((upright) => readDeepPixels(upright, deep));
    return {
      header,
      ...openDeep(deep, { readPixels, plain: decodeLeniently, brightness: limits.brightness }),
    };
  }
  return {
    header,
    decode: async (build) => {
      // Only libjpeg's warnings concern the pixels; those of other libraries are about odd but harmless tags.
      if (format === 'jpeg') {
        const result = await inSharpTurn(() => build(pixels('warning'))).catch((error: unknown) =>
          asWarning(error),
        );
        if (!(result instanceof DecoderWarning)) return { result, note: null };
        const lenient = await decodeLeniently(build);
        return { result: lenient, note: result.note };
      }
      return { result: await decodeLeniently(build), note: null };
    },
  };

  function decodeLeniently<T>(build: (pixels: Sharp) => Promise<T>): Promise<T> {
    return inSharpTurn(() => build(pixels('error'))).catch((error: unknown) => {
      throw problemOfDecoder(error, { format, source });
    });
  }
}

function readMetadata(source: ImageSource, format: ImageFormat): Promise<Metadata> {
  return inSharpTurn(() =>
    sharp(source, { limitInputPixels: false, sequentialRead: true, failOn: 'error' }).metadata(),
  ).catch((error: unknown) => {
    throw problemOfDecoder(error, { format, source });
  });
}

/** A PNG whose orientation is in a text, and a TIFF with signed samples, as copies that sharp reads rightly. */
async function asDecodersTakeIt(
  source: ImageSource,
  format: ImageFormat,
  metadata: Metadata,
): Promise<ImageSource> {
  const orientation = format === 'png' ? orientationInText(metadata) : undefined;
  if (orientation !== undefined) return withOrientation(await bytesOf(source), orientation);
  const isSigned = format === 'tiff' && metadata.depth === 'short';
  return isSigned ? withUnsignedSamples(await bytesOf(source)) : source;
}

const bytesOf = async (source: ImageSource) => (typeof source === 'string' ? await readFile(source) : source);

/** What the decoder complained of; whether it matters, the lenient second attempt shows. */
class DecoderWarning {
  readonly note: string;

  constructor(message: string) {
    const firstLine = message.split('\n')[0] ?? '';
    this.note = `The decoder found irregular data (${firstLine}): check whether the image is complete.`;
  }
}

function asWarning(error: unknown): DecoderWarning {
  if (error instanceof Error) return new DecoderWarning(error.message);
  throw error;
}

function headerOf(metadata: Metadata, format: ImageFormat, frameCount: number): ImageHeader {
  const orientation = metadata.orientation ?? 1;
  const isKnown = orientation >= 1 && orientation <= 8;
  return {
    format,
    widthPx: metadata.autoOrient.width,
    heightPx: metadata.autoOrient.height,
    orientation: isKnown ? orientation : 1,
    colourSpace: metadata.space,
    bitDepth: metadata.bitsPerSample ?? (metadata.depth === 'ushort' ? 16 : 8),
    hasAlpha: metadata.hasAlpha,
    frameCount,
  };
}

/** Numbers that are no brightness by any rule: complex ones, and further channels of CMYK. */
function refuseUnusualSamples({ depth, channels }: Metadata): void {
  const isIntegerSample = depth === 'uchar' || depth === 'ushort';
  if (isIntegerSample && channels <= 5) return;
  const what = isIntegerSample ? `${channels} bands` : `samples of type ${depth}`;
  throw new ImageProblemError(
    'unsupported-format',
    `This TIFF file contains ${what}, which cannot be shown as colours: export it with 8 or 16 bits and at most 4 channels.`,
  );
}

function openBmp(bytes: Buffer, limits: ImageLimits): OpenImage {
  const bmp = readBmpHeader(bytes);
  refuseSize(bmp.widthPx, bmp.heightPx, limits);
  const header: ImageHeader = {
    format: 'bmp',
    widthPx: bmp.widthPx,
    heightPx: bmp.heightPx,
    orientation: 1,
    colourSpace: 'srgb',
    bitDepth: 8,
    hasAlpha: bmp.masks.alpha !== 0,
    frameCount: 1,
  };
  return {
    header,
    decode: async (build) => {
      const pixels = decodeBmp(bytes, bmp);
      return { result: await inSharpTurn(() => build(sharpOfPixels(pixels))), note: null };
    },
  };
}

function openHeic(bytes: Buffer, limits: ImageLimits): OpenImage {
  const { header, pixels } = decodeHeic(bytes, ({ widthPx, heightPx }) =>
    refuseSize(widthPx, heightPx, limits),
  );
  const { widthPx, heightPx, hasAlpha, bitDepth, imageCount: frameCount, icc } = header;
  return {
    header: {
      format: 'heic',
      widthPx,
      heightPx,
      orientation: 1,
      colourSpace: 'srgb',
      bitDepth,
      hasAlpha,
      frameCount,
    },
    decode: async (build) => ({
      result: await inSharpTurn(() =>
        build(icc === null ? sharpOfPixels(pixels) : sharp(wrapAsTiff(pixels, icc))),
      ),
      note: null,
    }),
  };
}

function sharpOfPixels({ data, widthPx: width, heightPx: height, channels }: RawPixels): Sharp {
  return sharp(data, { raw: { width, height, channels } });
}
