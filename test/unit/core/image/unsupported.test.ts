import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../../src-main/core/image/decode.ts';
import { hasShared, sharedPath, sharedReason } from '../../../support/shared.ts';
import { quadrants, scienceTiff, sharpOf, tiffOf, type TiffPlan } from '../../../support/test-images.ts';

const problemOf = async (bytes: Uint8Array) => {
  const error: unknown = await decodeImage(bytes).catch((thrown: unknown) => thrown);
  return error instanceof Error && 'problem' in error ? error.problem : error;
};
const grey = (tags: [number, number][]) =>
  scienceTiff({ widthPx: 16, heightPx: 12, sample: 'uint8', samplesAt: (x, y) => [x * y], tags });

describe('a file that is whole, but cannot be read, is unsupported', () => {
  it.each([
    [50_000, 'ZSTD'],
    [50_001, 'WebP'],
    [50_002, 'JPEG XL'],
    [34_712, 'JPEG 2000'],
    [34_887, 'LERC'],
    [34_925, 'LZMA'],
    [34_661, 'JBIG'],
    [12_345, 'method 12345'],
  ])('as a TIFF with compression %i', async (compression, name) => {
    const detail = `This TIFF file is compressed with ${name}, which cannot be read: save it with LZW, Deflate or no compression.`;
    expect(await problemOf(grey([[259, compression]]))).toEqual({ code: 'unsupported-format', detail });
  });

  it.each<[string, TiffPlan['sample'], [number, number][]]>([
    ['samples with 16 bits of floating point', 'uint16', [[339, 3]]],
    ['samples with 64 bits of floating point', 'float64', []],
    ['samples with 12 bits', 'uint16', [[258, 12]]],
    ['complex numbers as samples', 'uint32', [[339, 5]]],
    ['colours of the kind 32803', 'uint16', [[262, 32_803]]],
  ])('as a TIFF with %s', async (what, sample, tags) => {
    const tiff = scienceTiff({ widthPx: 8, heightPx: 6, sample, samplesAt: (x) => [x], tags });
    expect(await problemOf(tiff)).toEqual({
      code: 'unsupported-format',
      detail: `This TIFF file has ${what}, which cannot be read: save it as grey or RGB with 8, 16 or 32 bits.`,
    });
  });

  it('as a TIFF with six channels', async () => {
    const tiff = scienceTiff({
      widthPx: 8,
      heightPx: 8,
      sample: 'uint16',
      samplesAt: () => [1, 2, 3, 4, 5, 6],
    });
    expect(await problemOf(tiff)).toEqual({
      code: 'unsupported-format',
      detail: 'This TIFF file has 6 channels, but at most 5 can be read: export one channel, or RGB.',
    });
  });

  it.each([
    ['is lossless JPEG', 1, 0xc3],
    ['is hierarchical JPEG', 1, 0xcd],
    ['has 12 bits per sample', 4, 12],
  ])('as a JPEG that %s', async (what, at, value) => {
    const jpeg = await sharpOf(quadrants()).jpeg().toBuffer();
    jpeg[jpeg.indexOf('\xff\xc0', 0, 'latin1') + at] = value;
    expect(await problemOf(jpeg)).toEqual({
      code: 'unsupported-format',
      detail: `This JPEG file ${what}, which cannot be read: export it as PNG or as a JPEG with 8 bits.`,
    });
  });

  it('and one that is cut short or damaged is not', async () => {
    const tiff = tiffOf(quadrants(), { sample: 'uint8' });
    expect(await problemOf(tiff.subarray(0, tiff.length / 2))).toMatchObject({ code: 'truncated' });
    const jpeg = await sharpOf(quadrants()).jpeg().toBuffer();
    expect(await problemOf(jpeg.fill(0, 20, 200))).toMatchObject({ code: 'corrupt' });
  });

  it('and what a library says of one ends as a sentence does', async () => {
    const png = await sharpOf(quadrants()).png().toBuffer();
    // The width, which its checksum covers, is zero.
    expect(await problemOf(png.fill(0, 16, 20))).toMatchObject({
      detail: expect.stringMatching(
        /^The PNG file is damaged \([^()]*\w\): copy or export it again\.$/,
      ) as string,
    });
  });
});

describe.skipIf(!hasShared)(`files of other programs${sharedReason}`, () => {
  it.each(['pil_zstd.tif', 'six_band.tif'])('%s is unsupported', async (name) => {
    expect(await problemOf(readFileSync(sharedPath('cases', 'images', name)))).toMatchObject({
      code: 'unsupported-format',
      detail: expect.stringMatching(/ZSTD|6 channels/) as string,
    });
  });
  it('zero-size.heic is damaged', async () => {
    expect(await problemOf(readFileSync(sharedPath('cases', 'images', 'zero-size.heic')))).toMatchObject({
      code: 'corrupt',
    });
  });
});
