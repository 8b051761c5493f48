import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { gridOfClaim } from '../../../../src-main/core/mask-files/image-grid.ts';
import { readBinaryPng, readIndexPng } from '../../../../src-main/core/mask-files/png-masks.ts';
import { encodePng } from '../../../../src-main/core/mask/png.ts';
import { masksIn } from '../../../support/mask-records.ts';
import { pngFile, type PngPlan } from '../../../support/png-files.ts';
import { hasShared, sharedPath, sharedReason } from '../../../support/shared.ts';
import { photoLike } from '../../../support/test-images.ts';

const file = { name: 'a.png', imageName: 'a', gridOf: gridOfClaim };
const SIDE = 40;
/** A square of 20 x 20 pixels, from (10, 10) on. */
const isInside = (x: number, y: number) => x >= 10 && x < 30 && y >= 10 && y < 30;
const OBJECT = { areaPx: 400, box: { x: 10, y: 10, width: 20, height: 20 } };

type Kind = Pick<PngPlan, 'bitDepth' | 'colourType'> & Partial<PngPlan>;
/** The square in the samples of a kind of PNG. */
const picture = (kind: Kind, inside: readonly number[], outside: readonly number[]) =>
  pngFile({
    widthPx: SIDE,
    heightPx: SIDE,
    samplesAt: (x, y) => (isInside(x, y) ? inside : outside),
    ...kind,
  });
const grey = (levelAt: (x: number, y: number) => number) =>
  pngFile({
    widthPx: SIDE,
    heightPx: SIDE,
    bitDepth: 8,
    colourType: 0,
    samplesAt: (x, y) => [levelAt(x, y)],
  });

const areaOf = (bytes: Uint8Array) => masksIn(readBinaryPng(bytes, file)).masks;
const problemOf = (bytes: Uint8Array, read = readBinaryPng) => {
  const record = read(bytes, file);
  return record.kind === 'problem' ? record.detail : record;
};

const RGB = { bitDepth: 8, colourType: 2 } as const;
const RGBA = { bitDepth: 8, colourType: 6 } as const;
const WHITE = [255, 255, 255];
const BLACK = [0, 0, 0];

describe('the object of a mask picture', () => {
  const paletteOf = (bitDepth: 1 | 2 | 4 | 8, ...colours: number[][]): Kind => ({
    bitDepth,
    colourType: 3,
    palette: colours.flat(),
  });
  test.each<[string, Buffer]>([
    ['grey', picture({ bitDepth: 8, colourType: 0 }, [255], [0])],
    ['grey of 200', picture({ bitDepth: 8, colourType: 0 }, [200], [0])],
    ['ones and zeros', picture({ bitDepth: 8, colourType: 0 }, [1], [0])],
    ['one bit', picture({ bitDepth: 1, colourType: 0 }, [1], [0])],
    ['one bit, interlaced', picture({ bitDepth: 1, colourType: 0, isInterlaced: true }, [1], [0])],
    ['two bits', picture({ bitDepth: 2, colourType: 0 }, [3], [0])],
    ['four bits, interlaced', picture({ bitDepth: 4, colourType: 0, isInterlaced: true }, [15], [0])],
    ['sixteen bits', picture({ bitDepth: 16, colourType: 0 }, [65_535], [0])],
    ['sixteen bits, interlaced', picture({ bitDepth: 16, colourType: 0, isInterlaced: true }, [65_535], [0])],
    ['eight bits saved as sixteen', picture({ bitDepth: 16, colourType: 0 }, [255], [0])],
    ['RGB', picture(RGB, WHITE, BLACK)],
    ['RGB, interlaced', picture({ ...RGB, isInterlaced: true }, WHITE, BLACK)],
    ['RGB of 16 bits', picture({ bitDepth: 16, colourType: 2 }, [65_535, 65_535, 65_535], BLACK)],
    ['RGB that is not quite grey, as of a JPEG', picture(RGB, [254, 255, 250], [2, 0, 3])],
    ['opaque RGBA', picture(RGBA, [...WHITE, 255], [...BLACK, 255])],
    ['grey with opaque alpha', picture({ bitDepth: 8, colourType: 4 }, [255, 255], [0, 255])],
    ['a palette that begins with black', picture(paletteOf(8, BLACK, WHITE), [1], [0])],
    ['a palette that begins with white', picture(paletteOf(8, WHITE, BLACK), [0], [1])],
    ['a palette of one bit, white first', picture(paletteOf(1, WHITE, BLACK), [0], [1])],
    ['the same, interlaced', picture({ ...paletteOf(1, WHITE, BLACK), isInterlaced: true }, [0], [1])],
    ['a palette of greys in any order', picture(paletteOf(4, [250, 250, 250], WHITE, BLACK), [1], [2])],
    ['white everywhere, the object in alpha', picture(RGBA, [...WHITE, 255], [...WHITE, 0])],
    ['black everywhere, the object in alpha', picture({ bitDepth: 8, colourType: 4 }, [0, 255], [0, 0])],
    ['a palette whose outside is transparent', picture({ ...paletteOf(8, WHITE, [255, 255, 254]), transparency: [0] }, [1], [0])], // prettier-ignore
    ['one transparent grey', picture({ bitDepth: 8, colourType: 0, transparency: [0, 90] }, [80], [90])],
    [
      'one transparent colour',
      picture({ ...RGB, transparency: [0, 9, 0, 8, 0, 7] }, [200, 10, 10], [9, 8, 7]),
    ],
    ['white on black, with a hole where it is transparent', picture({ ...RGBA, samplesAt: (x, y) => (isInside(x, y) ? [...WHITE, 255] : [...BLACK, x < 2 ? 0 : 255]) }, [], [])], // prettier-ignore
  ])('is the same in %s', (_, bytes) => {
    expect(areaOf(bytes)).toMatchObject([OBJECT]);
  });

  test('is a photograph cut out of what is transparent', () => {
    const { data } = photoLike(SIDE, SIDE);
    const cutout = picture({ ...RGBA, samplesAt: (x, y) => [...data.subarray((y * SIDE + x) * 3, (y * SIDE + x) * 3 + 3), isInside(x, y) ? 255 : 0] }, [], []); // prettier-ignore
    expect(areaOf(cutout)).toMatchObject([OBJECT]);
  });

  test('ends in the middle of soft edges', () => {
    const ramp = grey((x) => Math.max(0, Math.min(255, (x - 15) * 25)));
    // (20 - 15) * 25 is 125, (21 - 15) * 25 is 150.
    expect(areaOf(ramp)).toMatchObject([{ box: { x: 21, width: SIDE - 21 } }]);
    const disc = grey((x, y) =>
      Math.round(255 * Math.max(0, Math.min(1, 12.5 - Math.hypot(x - 20, y - 20)))),
    );
    expect(areaOf(disc)).toMatchObject([{ box: { x: 8, y: 8, width: 25, height: 25 } }]);
  });

  test('is found where a mask went through JPEG', async () => {
    const mask = picture({ bitDepth: 8, colourType: 0 }, [255], [0]);
    const blurred = await sharp(await sharp(mask).blur(1.5).jpeg({ quality: 60 }).toBuffer())
      .png()
      .toBuffer();
    const [found] = areaOf(blurred);
    expect(Math.abs((found?.areaPx ?? 0) - OBJECT.areaPx)).toBeLessThan(20);
  });

  test('is the whole image, or nothing, where the picture is so', () => {
    expect(areaOf(grey(() => 255))).toMatchObject([{ areaPx: SIDE * SIDE }]);
    expect(areaOf(grey(() => 0))).toEqual([]);
  });
});

describe('a picture that is not one of an object', () => {
  const NUMBERS = /look like numbers of classes or objects.*use the format index-png/;
  test.each<[string, Buffer, RegExp]>([
    ['an object of the value 2', picture({ bitDepth: 8, colourType: 0 }, [2], [0]), /values are 0, 2, .*index-png/], // prettier-ignore
    ['an object of the value 2, in 16 bits', picture({ bitDepth: 16, colourType: 0 }, [2], [0]), NUMBERS],
    ['two classes and pixels of none', grey((x, y) => (isInside(x, y) ? (x < 20 ? 1 : 2) : x < 5 ? 255 : 0)), NUMBERS], // prettier-ignore
    ['one class and pixels of none', grey((x, y) => (isInside(x, y) ? 1 : x < 5 ? 255 : 0)), NUMBERS],
    ['classes beyond 128', grey((x, y) => (isInside(x, y) ? (x < 20 ? 150 : 220) : 0)), NUMBERS],
    ['objects numbered in 16 bits', picture({ bitDepth: 16, colourType: 0 }, [11_002], [0]), NUMBERS],
    ['the seventh colour of a palette', picture({ bitDepth: 4, colourType: 3, palette: [...Array.from({ length: 21 }, () => 0), 200, 30, 30] }, [7], [0]), NUMBERS], // prettier-ignore
    ['an object in red', picture(RGB, [200, 30, 30], BLACK), /in colour.*white on black/],
    ['all transparent', picture(RGBA, [...WHITE, 0], [...BLACK, 0]), /All of it is transparent/],
    [
      'a photograph',
      grey((x, y) => photoLike(SIDE, SIDE).data[(y * SIDE + x) * 3] ?? 0),
      /photograph|numbers/,
    ],
  ])('is named: %s', (_, bytes, reason) => {
    expect(problemOf(bytes)).toMatch(reason);
  });
});

describe('numbers of objects', () => {
  test.each([1, 2, 4, 8] as const)('of %i bits are the same with a palette and interlaced', (bitDepth) => {
    const most = 2 ** bitDepth - 1;
    for (const kind of [
      { colourType: 0 },
      { colourType: 3, palette: Array.from({ length: 2 ** bitDepth * 3 }, (_, at) => at % 251) },
    ] as const)
      // prettier-ignore
      for (const isInterlaced of [false, true]) {
        const bytes = pngFile({ widthPx: 13, heightPx: 11, bitDepth, isInterlaced, ...kind, samplesAt: (x, y) => [(x * 3 + y) & most] }); // prettier-ignore
        const { masks, ignored } = masksIn(readIndexPng(bytes, { ...file, hasBackground: false }));
        const found = masks.reduce((sum, { areaPx }) => sum + areaPx, ignored?.areaPx ?? 0);
        expect(found).toBe(13 * 11);
        const ones = Array.from({ length: 13 * 11 }, (_, at) => ((at % 13) * 3 + Math.floor(at / 13)) & most);
        expect(masks[1]?.areaPx).toBe(ones.filter((one) => one === [...new Set(ones)].sort((a, b) => a - b)[1]).length); // prettier-ignore
      }
  });

  test('that are black and white are the mask of one object', () => {
    expect(problemOf(picture({ bitDepth: 8, colourType: 0 }, [255], [0]), readIndexPng)).toMatch(
      /only the values 0 and 255.*use the format binary-png/,
    );
  });

  test('are not the levels of a photograph', async () => {
    const { data, widthPx, heightPx } = photoLike(160, 120);
    const red = Uint8Array.from({ length: widthPx * heightPx }, (_, at) => data[at * 3] ?? 0);
    expect(problemOf(await encodePng({ data: red, widthPx, heightPx }), readIndexPng)).toMatch(/photograph/);
  });
});

describe.skipIf(!hasShared)(`mask pictures of other programs${sharedReason}`, () => {
  const read = (kind: string) =>
    readBinaryPng(readFileSync(sharedPath('cases', 'png', kind, 'only.png')), file);
  test.each(['L', 'RGB', 'pil_quantize', 'pal_white_first', 'alpha_cutout', 'interl'])('%s', (kind) => {
    expect(masksIn(read(kind)).masks).toMatchObject([{ areaPx: 1_600 }]);
  });
  test.each(['value2', 'pal_red7'])('%s is named with what to do', (kind) => {
    expect(read(kind)).toMatchObject({
      kind: 'problem',
      detail: expect.stringMatching(/index-png/) as string,
    });
  });
});
