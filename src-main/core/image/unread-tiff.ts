import { TIFF_TAGS, type TiffTags } from './tiff-tags.ts';

/** More channels than these sharp does not take. */
const MAX_CHANNELS = 5;
const READ_BITS = [1, 2, 4, 8, 16, 32];
/** Values of the tag `SampleFormat`. */
const FLOATING_POINT = 3;
const COMPLEX = [5, 6];
/** White is zero, black is zero, RGB, palette, CMYK, YCbCr, Lab. Source: TIFF 6.0 §8. */
const READ_PHOTOMETRICS = [0, 1, 2, 3, 5, 6, 8];
/** What libtiff decodes as sharp ships it. Numbers: TIFF 6.0, its supplements, and libtiff's `tiff.h`. */
const READ_COMPRESSIONS = new Set([1, 2, 3, 4, 5, 7, 8, 32_766, 32_771, 32_773, 32_809, 32_946, 34_676, 34_677]); // prettier-ignore
const COMPRESSION_NAMES: Readonly<Record<number, string>> = {
  6: 'the JPEG of TIFF 6.0',
  9: 'JBIG',
  10: 'JBIG',
  33_003: 'JPEG 2000',
  33_004: 'JPEG 2000',
  33_005: 'JPEG 2000',
  34_661: 'JBIG',
  34_712: 'JPEG 2000',
  34_887: 'LERC',
  34_892: 'the lossy JPEG of DNG',
  34_925: 'LZMA',
  34_933: 'PNG',
  34_934: 'JPEG XR',
  50_000: 'ZSTD',
  50_001: 'WebP',
  50_002: 'JPEG XL',
  52_546: 'JPEG XL',
};

/**
 * What makes a TIFF file, which may be whole, unreadable here: its compression, its samples or its channels.
 * @returns one sentence with the next step; undefined where it has nothing of that kind
 */
export function unreadTiff(tags: TiffTags): string | undefined {
  const compression = tags.get(TIFF_TAGS.compression) ?? 1;
  if (!READ_COMPRESSIONS.has(compression)) {
    const name = COMPRESSION_NAMES[compression] ?? `method ${compression}`;
    return `This TIFF file is compressed with ${name}, which cannot be read: save it with LZW, Deflate or no compression.`;
  }
  const channels = tags.get(TIFF_TAGS.samplesPerPixel) ?? 1;
  if (channels > MAX_CHANNELS) {
    return `This TIFF file has ${channels} channels, but at most ${MAX_CHANNELS} can be read: export one channel, or RGB.`;
  }
  const samples = unreadSamples(tags);
  return (
    samples &&
    `This TIFF file has ${samples}, which cannot be read: save it as grey or RGB with 8, 16 or 32 bits.`
  );
}

/** Floating point with 16 bits, which libvips takes for whole numbers. */
export function isHalfFloat(tags: TiffTags): boolean {
  return tags.get(TIFF_TAGS.sampleFormat) === FLOATING_POINT && tags.get(TIFF_TAGS.bitsPerSample) === 16;
}

function unreadSamples(tags: TiffTags): string | undefined {
  const bits = tags.get(TIFF_TAGS.bitsPerSample) ?? 1;
  const format = tags.get(TIFF_TAGS.sampleFormat) ?? 1;
  if (COMPLEX.includes(format)) return 'complex numbers as samples';
  if (!READ_BITS.includes(bits) || isHalfFloat(tags)) {
    return `samples with ${bits} bits${format === FLOATING_POINT ? ' of floating point' : ''}`;
  }
  const photometric = tags.get(TIFF_TAGS.photometric) ?? 1;
  return READ_PHOTOMETRICS.includes(photometric) ? undefined : `colours of the kind ${photometric}`;
}
