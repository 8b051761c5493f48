import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, it, test } from 'vitest';
import type { Brightness, LevelRange } from '../../../../src-main/contract/brightness.ts';
import { ContentHash } from '../../../../src-main/contract/ids.ts';
import { decodeImage } from '../../../../src-main/core/image/decode.ts';
import { DEFAULT_IMAGE_LIMITS } from '../../../../src-main/core/image/image-limits.ts';
import { openImageBytes } from '../../../../src-main/core/image/open-image.ts';
import { uprightCopy } from '../../../../src-main/core/image/upright-copy.ts';
import { pictureKey } from '../../../../src-main/domain/picture-key.ts';
import { pngFile } from '../../../support/png-files.ts';
import { hasShared, sharedPath, sharedReason } from '../../../support/shared.ts';
import { quadrants, scienceTiff, sixteenBitPng, tiffOf, type TiffPlan } from '../../../support/test-images.ts'; // prettier-ignore

const SIZE = { widthPx: 64, heightPx: 48 };
/** Rises from `from` at the left border to `to` at the right one. */
const ramp = (from: number, to: number) => (x: number) => from + ((to - from) * x) / (SIZE.widthPx - 1);
const rampTiff = (sample: TiffPlan['sample'], from: number, to: number, tags: TiffPlan['tags'] = []) =>
  scienceTiff({ ...SIZE, sample, tags, samplesAt: (x) => [ramp(from, to)(x)] });
const rampPng = (from: number, to: number) =>
  pngFile({ ...SIZE, bitDepth: 16, colourType: 0, samplesAt: (x) => [Math.round(ramp(from, to)(x))] });

const measured = (kind: string, range: LevelRange): Brightness => ({ setting: { kind: 'automatic' }, measured: { [kind]: range } }); // prettier-ignore
const decode = (bytes: Uint8Array, brightness?: Brightness) =>
  decodeImage(bytes, { limits: { ...DEFAULT_IMAGE_LIMITS, ...(brightness && { brightness }) } });
/** Red of the pixels of the first row. */
const row = ({ data, widthPx }: { data: Uint8Array; widthPx: number }) =>
  Array.from({ length: widthPx }, (_, x) => data[x * 3] ?? NaN);
/** What a range makes of a value, by hand. */
const shown = (value: number, { from, to }: LevelRange) =>
  Math.round(Math.max(0, Math.min(255, ((value - from) / (to - from)) * 255)));

describe('samples that are not brightness', () => {
  test.each<[string, Buffer, string, LevelRange]>([
    ['8 of 16 bits', rampTiff('uint16', 64, 104), 'tiff uint16', { from: 64, to: 104 }],
    ['12 of 16 bits in PNG', rampPng(1_024, 1_664), 'png uint16', { from: 1_024, to: 1_664 }],
    ['with signs', rampTiff('int16', -300, 300), 'tiff int16', { from: -300, to: 300 }],
    ['of 32 bits with signs', rampTiff('int32', -70_000, 5), 'tiff int32', { from: -70_000, to: 5 }],
    ['of 32 bits', rampTiff('uint32', 4_096, 70_000), 'tiff uint32', { from: 4_096, to: 70_000 }],
    ['floating point', rampTiff('float32', 0.25, 0.41), 'tiff float32', { from: 0.25, to: 0.41 }],
  ])('%s are stretched to the range of their kind', async (_, bytes, kind, range) => {
    const image = await decode(bytes, measured(kind, range));
    row(image).forEach((level, x) => {
      const value = ramp(range.from, range.to)(x);
      // Whole numbers are stored as one of their neighbours.
      const [low, high] = kind.includes('float') ? [value, value] : [Math.floor(value), Math.ceil(value)];
      expect(level).toBeGreaterThanOrEqual(shown(low, range) - 1);
      expect(level).toBeLessThanOrEqual(shown(high, range) + 1);
    });
    expect([row(image)[0], row(image).at(-1)]).toEqual([0, 255]);
    const { deep, decode: build } = await openImageBytes(bytes, { ...DEFAULT_IMAGE_LIMITS, brightness: measured(kind, range) }); // prettier-ignore
    expect(deep).toMatchObject({ range, samples: { kind } });
    const { note } = await build((pixels) => pixels.raw().toBuffer());
    expect(note).toBe(`Its values from ${range.from} to ${range.to} are shown from black to white.`);
  });

  it('are cut off beyond the range, and linear inside', async () => {
    const image = await decode(rampTiff('uint16', 0, 630), { setting: { kind: 'range', range: { from: 100, to: 355 } }, measured: {} }); // prettier-ignore
    // 10 a pixel: 100 is at 10, 355 between 35 and 36.
    expect(row(image).slice(0, 11)).toEqual(Array.from({ length: 11 }, () => 0));
    expect(row(image).slice(11, 14)).toEqual([10, 20, 30]);
    expect(row(image)[36]).toBe(255);
  });

  it('are shown by all that they can hold where that was chosen', async () => {
    const full: Brightness = { setting: { kind: 'full' }, measured: {} };
    expect(row(await decode(rampTiff('float32', 0, 2), full)).at(-1)).toBe(255);
    expect(row(await decode(rampTiff('int16', -32_768, 32_767), full))[0]).toBe(0);
    const png = rampPng(0, 4_000);
    expect((await decode(png, full)).data).toEqual((await decode(png)).data);
  });

  it('that are NaN or infinite are black or an end, and are not measured', async () => {
    const odd = [NaN, Infinity, -Infinity];
    const tiff = scienceTiff({ ...SIZE, sample: 'float32', samplesAt: (x, y) => [y === 0 && x < 3 ? (odd[x] ?? 0) : ramp(1, 3)(x)] }); // prettier-ignore
    const image = await decode(tiff);
    expect(row(image).slice(0, 3)).toEqual([0, 255, 0]);
    expect(row(image).at(-1)).toBe(255);
  });

  it('of floating point without a rule are shown by their own percentiles', async () => {
    expect(row(await decode(rampTiff('float32', 5, 6)))).toMatchObject({ 0: 0, 63: 255 });
    // An image of one value.
    expect(new Set(row(await decode(rampTiff('float32', 5, 5))))).toEqual(new Set([0]));
  });

  it('of several channels give the first, with a note', async () => {
    for (const sample of ['uint8', 'uint16', 'float32'] as const) {
      const tiff = scienceTiff({ ...SIZE, sample, samplesAt: (x) => [x, 200, 7] });
      const image = await decode(tiff, {
        setting: { kind: 'range', range: { from: 0, to: 255 } },
        measured: {},
      });
      expect(row(image).slice(0, 5)).toEqual([0, 1, 2, 3, 4]);
      expect(image.data.subarray(3 * 9, 3 * 10)).toEqual(Buffer.from([9, 9, 9]));
      const { decode: build } = await openImageBytes(tiff, DEFAULT_IMAGE_LIMITS);
      const { note } = await build((pixels) => pixels.raw().toBuffer());
      expect(note).toMatch(/^The file contains 3 channels; only the first is used\./);
    }
  });

  it('of colours are stretched alike', async () => {
    const tiff = tiffOf(quadrants(), { sample: 'float32' });
    const image = await decode(tiff, { setting: { kind: 'range', range: { from: 0, to: 1 } }, measured: {} });
    expect([...image.data.subarray(0, 3)]).toEqual([230, 30, 30]);
  });

  it('keep the transparency of PNG', async () => {
    const png = pngFile({
      ...SIZE,
      bitDepth: 16,
      colourType: 4,
      samplesAt: (x) => [100, x < 32 ? 0 : 65_535],
    });
    const image = await decode(png, measured('png uint16', { from: 0, to: 100 }));
    expect([row(image)[0], row(image).at(-1)]).toEqual([128, 255]);
  });

  it('with signs are read in colours', async () => {
    const samplesAt = (x: number) => [x - 32, 0, -32];
    const tiff = scienceTiff({ ...SIZE, sample: 'int16', samplesAt, tags: [[262, 2]] });
    const image = await decode(tiff, {
      setting: { kind: 'range', range: { from: -32, to: 32 } },
      measured: {},
    });
    expect([...image.data.subarray(0, 3), ...image.data.subarray(3 * 48, 3 * 49)]).toEqual([
      0, 128, 0, 191, 128, 0,
    ]);
  });

  it('are upright in the stretched picture, too', async () => {
    const tiff = rampTiff('uint16', 0, 63, [[274, 6]]);
    const image = await decode(tiff, measured('tiff uint16', { from: 0, to: 63 }));
    expect(image).toMatchObject({ widthPx: 48, heightPx: 64 });
    expect([image.data[0], image.data.at(-1)]).toEqual([0, 255]);
  });
});

describe('what is brightness already', () => {
  const brightness: Brightness = { setting: { kind: 'range', range: { from: 100, to: 200 } }, measured: { 'png uint8': { from: 1, to: 2 } } }; // prettier-ignore
  it('is not touched: 8 bits', async () => {
    const { data, widthPx, heightPx } = quadrants();
    const raw = sharp(data, { raw: { width: widthPx, height: heightPx, channels: 3 } });
    for (const bytes of [
      await raw.clone().png().toBuffer(),
      await raw.clone().jpeg().toBuffer(),
      tiffOf(quadrants(), { sample: 'uint8' }),
    ])
      // prettier-ignore
      expect((await decode(bytes, brightness)).data).toEqual((await decode(bytes)).data);
  });

  it('is not touched: 16 bits whose range is full', async () => {
    const png = await sixteenBitPng(quadrants());
    const full = await decode(png, measured('png uint16', { from: 0, to: 65_535 }));
    expect(full.data).toEqual((await decode(png)).data);
    expect([...full.data.subarray(0, 3)]).toEqual([230, 30, 30]);
  });
});

describe('an upright copy', () => {
  it('has the brightness of the collection, in 8 bits', async () => {
    const brightness = measured('tiff uint16', { from: 64, to: 104 });
    const { bytes } = await uprightCopy(rampTiff('uint16', 64, 104), { limits: { ...DEFAULT_IMAGE_LIMITS, brightness }, onlyJpeg: false }); // prettier-ignore
    const { depth } = await sharp(bytes).metadata();
    const { channels } = await sharp(bytes).stats();
    expect(depth).toBe('uchar');
    expect(channels[0]).toMatchObject({ min: 0, max: 255 });
  });
});

describe('the key of cached pictures', () => {
  const hash = ContentHash.parse('a'.repeat(64));
  it('is the content alone as long as nothing is stretched, and another one for each range', () => {
    expect(pictureKey(hash, undefined)).toBe(hash);
    expect(pictureKey(hash, { setting: { kind: 'automatic' }, measured: {} })).toBe(hash);
    const rules: Brightness[] = [
      measured('a', { from: 0, to: 1 }),
      measured('a', { from: 0, to: 2 }),
      measured('b', { from: 0, to: 1 }),
      { setting: { kind: 'full' }, measured: {} },
      { setting: { kind: 'range', range: { from: 0, to: 1 } }, measured: {} },
    ];
    const keys = rules.map((rule) => pictureKey(hash, rule));
    expect(new Set([hash, ...keys]).size).toBe(rules.length + 1);
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{64}-[0-9a-f]{8}$/);
  });
});

describe.skipIf(!hasShared)(`images of other programs${sharedReason}`, () => {
  it.each(['counts.tif', 'cam12in16.png', 'float01.tif', 'uint32.tif'])('%s is visible', async (name) => {
    const bytes = readFileSync(sharedPath('cases', 'images', name));
    const limits = {
      ...DEFAULT_IMAGE_LIMITS,
      brightness: { setting: { kind: 'automatic' }, measured: {} },
    } as const;
    const { deep } = await openImageBytes(bytes, limits);
    const samples = [...((await deep?.measure()) ?? [])].sort((a, b) => a - b);
    const range = { from: samples[0] ?? 0, to: samples.at(-1) ?? 1 };
    const image = await decode(bytes, measured(deep?.samples.kind ?? '', range));
    expect([Math.min(...image.data), Math.max(...image.data)]).toEqual([0, 255]);
  });
});
