import { readTiffTags, TIFF_TAGS } from './tiff-tags.ts';

/** More channels than these sharp does not take. */
const MAX_CHANNELS = 5;
const MAX_BITS = 32;
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
 * What makes a TIFF file, which may be whole, unreadable here: its compression, or how many bits or channels it has.
 * @returns one sentence with the next step; undefined where it has nothing of that kind
 */
export function unreadTiff(bytes: Buffer): string | undefined {
  const tags = readTiffTags(bytes);
  if (!tags) return undefined;
  const compression = tags.get(TIFF_TAGS.compression) ?? 1;
  if (!READ_COMPRESSIONS.has(compression)) {
    const name = COMPRESSION_NAMES[compression] ?? `method ${compression}`;
    return `This TIFF file is compressed with ${name}, which cannot be read: save it with LZW, Deflate or no compression.`;
  }
  const bits = tags.get(TIFF_TAGS.bitsPerSample) ?? 1;
  if (bits > MAX_BITS) {
    return `This TIFF file has ${bits} bits per sample, but at most ${MAX_BITS} can be read: save it with 16 or 32 bits.`;
  }
  const channels = tags.get(TIFF_TAGS.samplesPerPixel) ?? 1;
  if (channels <= MAX_CHANNELS) return undefined;
  return `This TIFF file has ${channels} channels, but at most ${MAX_CHANNELS} can be read: export one channel, or RGB.`;
}
