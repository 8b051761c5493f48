import { encode as encodeBmp } from 'fast-bmp';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage, type RgbImage } from '../../../../src-main/core/image/decode.ts';
import { ImageProblemError } from '../../../../src-main/core/image/image-problem.ts';
import { openImageBytes } from '../../../../src-main/core/image/open-image.ts';
import { DEFAULT_IMAGE_LIMITS } from '../../../../src-main/core/image/image-limits.ts';
import { renderView } from '../../../../src-main/core/image/render.ts';
import {
  animation,
  heicFixture,
  heicWithRotation,
  orientedJpeg,
  photoLike,
  pngBomb,
  QUADRANT_COLOURS,
  quadrants,
  sharpOf,
  sixteenBitPng,
  tiffOf,
} from '../../../support/test-images.ts';

/** Lossy coding and chroma subsampling move the colours of large flat areas by less than this. */
const LOSSY = 14;
/** sharp's built-in CMYK profile cannot print the quadrants' colours; only which is which must survive. */
const CMYK = 110;

function colourAt({ data, widthPx }: RgbImage, x: number, y: number): number[] {
  return [...data.subarray((y * widthPx + x) * 3, (y * widthPx + x) * 3 + 3)];
}

function expectQuadrants(image: RgbImage, tolerance: number): void {
  const { widthPx: w, heightPx: h } = image;
  expect(image.data).toHaveLength(w * h * 3);
  const places = { topLeft: [1, 1], topRight: [3, 1], bottomLeft: [1, 3], bottomRight: [3, 3] } as const;
  for (const [name, [x, y]] of Object.entries(places)) {
    const found = colourAt(image, Math.floor((w * x) / 4), Math.floor((h * y) / 4));
    // Object.entries widens the keys of `places`, which are those of QUADRANT_COLOURS.
    const expected = QUADRANT_COLOURS[name as keyof typeof QUADRANT_COLOURS];
    const distance = Math.max(...expected.map((value, c) => Math.abs(value - (found[c] ?? NaN))));
    expect(distance, `${name} is ${found.join()}`).toBeLessThanOrEqual(tolerance);
  }
}

describe('decoding gives upright sRGB pixels', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('for EXIF orientation %i', async (orientation) => {
    const jpeg = await orientedJpeg(quadrants(), orientation);
    const image = await decodeImage(jpeg);
    expect([image.widthPx, image.heightPx]).toEqual([96, 64]);
    expectQuadrants(image, LOSSY);
    const { header } = await openImageBytes(jpeg, DEFAULT_IMAGE_LIMITS);
    expect(header).toMatchObject({ widthPx: 96, heightPx: 64, orientation });
  });

  const formats: [name: string, tolerance: number, bytes: () => Promise<Buffer> | Buffer][] = [
    ['PNG', 0, () => sharpOf(quadrants()).png().toBuffer()],
    ['PNG with 16 bits', 0, () => sixteenBitPng(quadrants())],
    ['PNG with a palette', 4, () => sharpOf(quadrants()).png({ palette: true }).toBuffer()],
    ['WebP', LOSSY, () => sharpOf(quadrants()).webp({ quality: 95 }).toBuffer()],
    ['TIFF', 0, () => sharpOf(quadrants()).tiff({ compression: 'lzw' }).toBuffer()],
    ['TIFF with 16 bits', 1, () => tiffOf(quadrants(), { sample: 'uint16' })],
    ['big-endian TIFF', 1, () => tiffOf(quadrants(), { sample: 'uint16', isBigEndian: true })],
    ['AVIF', LOSSY, () => sharpOf(quadrants()).avif({ quality: 90 }).toBuffer()],
    ['first frame of an animated GIF', 4, () => animation('gif')],
    ['first frame of an animated WebP', LOSSY, () => animation('webp')],
    ['CMYK JPEG', CMYK, () => sharpOf(quadrants()).toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer()],
    ['CMYK TIFF', CMYK, () => sharpOf(quadrants()).toColourspace('cmyk').tiff().toBuffer()],
    ['PNG in Display P3', 2, () => sharpOf(quadrants()).withIccProfile('p3').png().toBuffer()],
    ['HEIC', LOSSY, () => heicFixture('quadrants')],
    ['HEIC with 10 bits', LOSSY, () => heicFixture('quadrants-10bit')],
    ['HEIC in Display P3', LOSSY, () => heicFixture('quadrants-p3')],
  ];
  it.each(formats)('for a %s', async (_, tolerance, bytes) => {
    expectQuadrants(await decodeImage(await bytes()), tolerance);
  });

  it('turning a HEIC by its own rotation once, and by its EXIF orientation never', async () => {
    const stored = await decodeImage(heicFixture('quadrants-exif6'));
    expect([stored.widthPx, stored.heightPx]).toEqual([96, 64]);
    // Three quarter turns anticlockwise are one clockwise: the lower left corner comes to the upper left.
    const turned = await decodeImage(heicWithRotation(heicFixture('quadrants-exif6'), 3));
    expect([turned.widthPx, turned.heightPx]).toEqual([64, 96]);
    expect(colourAt(turned, 5, 5)).toEqual(colourAt(stored, 5, 58));
    expect(colourAt(turned, 58, 90)).toEqual(colourAt(stored, 90, 5));
  });

  it('turning an AVIF once', async () => {
    // For AVIF, sharp writes the orientation as the container's own rotation, and as EXIF beside it.
    const sideways = sharpOf(quadrants()).rotate(270);
    const avif = await sideways.avif({ quality: 90 }).withMetadata({ orientation: 6 }).toBuffer();
    expectQuadrants(await decodeImage(avif), LOSSY);
  });

  it('grey pictures as three equal channels', async () => {
    const image = await decodeImage(await sharpOf(quadrants()).greyscale().png().toBuffer());
    expect(image.data).toHaveLength(96 * 64 * 3);
    expect(new Set(colourAt(image, 3, 3)).size).toBe(1);
  });

  it('with middle grey behind transparent pixels', async () => {
    const clear = { r: 255, g: 0, b: 0, alpha: 0 };
    const half = { r: 255, g: 0, b: 0, alpha: 0.5 };
    const pngOf = (background: typeof clear) =>
      sharp({ create: { width: 8, height: 8, channels: 4, background } })
        .png()
        .toBuffer();
    expect(colourAt(await decodeImage(await pngOf(clear)), 4, 4)).toEqual([128, 128, 128]);
    const mixed = colourAt(await decodeImage(await pngOf(half)), 4, 4);
    [192, 64, 64].forEach((value, c) => expect(Math.abs((mixed[c] ?? 0) - value)).toBeLessThanOrEqual(1));
  });

  it('scaled down to fit a side, and never up', async () => {
    const jpeg = await orientedJpeg(quadrants(960, 640), 6);
    const small = await decodeImage(jpeg, { maxSidePx: 96 });
    expect([small.widthPx, small.heightPx]).toEqual([96, 64]);
    expectQuadrants(small, LOSSY);
    const large = await decodeImage(jpeg, { maxSidePx: 5000 });
    expect([large.widthPx, large.heightPx]).toEqual([960, 640]);
  });
});

describe('a BMP file', () => {
  const { data, widthPx: width, heightPx: height } = quadrants(37, 22);
  const rgb24 = () =>
    Buffer.from(encodeBmp({ data, width, height, channels: 3, components: 3, bitsPerPixel: 24 }));

  it('of 24 bits decodes to exactly what fast-bmp encoded', async () => {
    expect(Buffer.from((await decodeImage(rgb24())).data).equals(data)).toBe(true);
  });

  it('of 8 bits of grey decodes to exactly what fast-bmp encoded', async () => {
    const grey = Uint8Array.from({ length: width * height }, (_, index) => (index * 7) % 256);
    const bmp = encodeBmp({ data: grey, width, height, channels: 1, components: 1, bitsPerPixel: 8 });
    const image = await decodeImage(bmp);
    expect(Array.from(grey.keys(), (at) => image.data[at * 3])).toEqual([...grey]);
  });

  it('of 32 bits with alpha shows the background through', async () => {
    const rgba = Uint8Array.from({ length: width * height * 4 }, (_, at) => (at % 4 === 3 ? 0 : 200));
    rgba[3] = 255;
    const bmp = encodeBmp({
      data: rgba,
      width,
      height,
      channels: 4,
      components: 3,
      bitsPerPixel: 32,
      compression: 3,
    });
    const image = await decodeImage(bmp);
    expect(colourAt(image, 0, 0)).toEqual([200, 200, 200]);
    expect(colourAt(image, 5, 5)).toEqual([128, 128, 128]);
  });

  it('stored top down is upright', async () => {
    const bmp = rgb24();
    bmp.writeInt32LE(-height, 22);
    const image = await decodeImage(bmp);
    expect(colourAt(image, 0, 0)).toEqual([...data.subarray((height - 1) * width * 3).subarray(0, 3)]);
  });

  it('of 4 bits takes its colours from the palette', async () => {
    const image = await decodeImage(bmpWithInfoHeader(4, [0xff, 0, 0, 0, 0, 0, 0xff, 0], [0x01, 0, 0, 0]));
    expect([colourAt(image, 0, 0), colourAt(image, 1, 0)]).toEqual([
      [0, 0, 255],
      [255, 0, 0],
    ]);
  });

  it('of 32 bits without masks ignores the fourth byte', async () => {
    const image = await decodeImage(bmpWithInfoHeader(32, [], [10, 20, 30, 0, 40, 50, 60, 0]));
    expect([colourAt(image, 0, 0), colourAt(image, 1, 0)]).toEqual([
      [30, 20, 10],
      [60, 50, 40],
    ]);
  });

  it('with run-length coding is refused by name', async () => {
    const bmp = rgb24();
    bmp.writeUInt32LE(1, 30);
    await expect(decodeImage(bmp)).rejects.toMatchObject({ problem: { code: 'unsupported-format' } });
  });

  /** Two pixels in one row behind a 40-byte header. */
  function bmpWithInfoHeader(bits: number, palette: number[], row: number[]): Buffer {
    const header = Buffer.alloc(54);
    header.write('BM', 'latin1');
    header.writeUInt32LE(54 + palette.length, 10);
    header.writeUInt32LE(40, 14);
    header.writeInt32LE(2, 18);
    header.writeInt32LE(1, 22);
    header.writeUInt16LE(bits, 28);
    header.writeUInt32LE(palette.length / 4, 46);
    return Buffer.concat([header, Buffer.from(palette), Buffer.from(row)]);
  }
});

describe('a file that cannot be decoded', () => {
  const photo = photoLike(160, 120, 3);
  const encoders: [string, () => Promise<Buffer> | Buffer][] = [
    ['JPEG', () => sharpOf(photo).jpeg().toBuffer()],
    ['progressive JPEG', () => sharpOf(photo).jpeg({ progressive: true }).toBuffer()],
    ['PNG', () => sharpOf(photo).png().toBuffer()],
    ['WebP', () => sharpOf(photo).webp().toBuffer()],
    ['TIFF', () => sharpOf(photo).tiff({ compression: 'lzw' }).toBuffer()],
    ['GIF', () => sharpOf(photo).gif().toBuffer()],
    ['AVIF', () => sharpOf(photo).avif({ effort: 0 }).toBuffer()],
    ['HEIC', () => heicFixture('quadrants')],
  ];

  it.each(encoders)('is recognised wherever a %s is cut', async (_, encode) => {
    const whole = await encode();
    const fraction = fc.double({ min: 0.05, max: 0.97, noNaN: true });
    await fc.assert(
      fc.asyncProperty(fraction, async (part) => {
        const cut = whole.subarray(0, Math.floor(whole.length * part));
        const error: unknown = await decodeImage(cut, { maxSidePx: 320 }).catch((e: unknown) => e);
        expect(error).toBeInstanceOf(ImageProblemError);
        expect(error).toMatchObject({ problem: { code: 'truncated' } });
      }),
      { numRuns: 12, seed: 5 },
    );
  });

  it.each(encoders)(
    'is a problem or a picture, and never a crash, when a %s has wrong bytes',
    async (_, encode) => {
      const whole = await encode();
      const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), {
        minLength: 1,
        maxLength: 8,
      });
      await fc.assert(
        fc.asyncProperty(damage, async (changes) => {
          const damaged = Buffer.from(whole);
          for (const [at, value] of changes) damaged[at] = value;
          const outcome = await decodeImage(damaged, { maxSidePx: 64 }).catch((error: unknown) => error);
          if (outcome instanceof Error) expect(outcome).toBeInstanceOf(ImageProblemError);
        }),
        { numRuns: 25, seed: 6 },
      );
    },
  );

  it('because it would fill the memory is refused by its header', async () => {
    await expect(decodeImage(pngBomb())).rejects.toMatchObject({ problem: { code: 'too-many-pixels' } });
    const limits = { ...DEFAULT_IMAGE_LIMITS, maxPixels: 1000 };
    await expect(decodeImage(heicFixture('quadrants'), { limits })).rejects.toMatchObject({
      problem: { code: 'too-many-pixels' },
    });
  });
});

describe('a view', () => {
  it('of a HEIC is an upright WebP that fits the side', async () => {
    const webp = await renderView(heicWithRotation(heicFixture('quadrants-exif6'), 3), { maxSidePx: 48 });
    const { format, width, height, orientation } = await sharp(webp).metadata();
    expect({ format, width, height, orientation }).toEqual({ format: 'webp', width: 32, height: 48 });
  });
});
