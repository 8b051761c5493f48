import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { masksOfLabels } from '../../../../src-main/core/mask/label-map.ts';
import { decodePngNumbers } from '../../../../src-main/core/mask/decode-png.ts';
import { encodePng, encodeRgbIdPng } from '../../../../src-main/core/mask/png.ts';
import { decodeRle } from '../../../../src-main/core/mask/rle.ts';
import { hasPython, pythonReason, readPython } from '../../../support/python.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const pictures = (max: number) =>
  fc
    .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }))
    .chain(([widthPx, heightPx]) =>
      fc
        .array(fc.integer({ min: 0, max }), { minLength: widthPx * heightPx, maxLength: widthPx * heightPx })
        .map((values) => ({ values, widthPx, heightPx })),
    );

describe('a PNG of numbers', () => {
  test('of 8 bits comes back exactly, with a palette or without', async () => {
    await fc.assert(
      fc.asyncProperty(pictures(255), fc.boolean(), async ({ values, widthPx, heightPx }, hasPalette) => {
        const palette = Array.from(
          { length: 256 },
          (_, index) => `#${index.toString(16).padStart(2, '0')}00ff`,
        );
        const picture = { data: Uint8Array.from(values), widthPx, heightPx };
        const png = await encodePng(picture, hasPalette ? { palette } : {});
        expect(decodePngNumbers(png)).toEqual(picture);
      }),
    );
  });

  test('of 16 bits comes back exactly', async () => {
    await fc.assert(
      fc.asyncProperty(pictures(65_535), async ({ values, widthPx, heightPx }) => {
        const picture = { data: Uint16Array.from(values), widthPx, heightPx };
        expect(decodePngNumbers(await encodePng(picture))).toEqual(picture);
      }),
    );
  });

  test('is read alike by sharp', async () => {
    const data = Uint8Array.of(0, 1, 2, 253, 254, 255);
    const png = await encodePng({ data, widthPx: 3, heightPx: 2 });
    const { data: read, info } = await sharp(png)
      .toColourspace('b-w')
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, info.channels]).toEqual([3, 2, 1]);
    expect([...read]).toEqual([...data]);
    const ids = await encodeRgbIdPng(Uint32Array.of(1, 256, 65_536, 16_777_215), 2, 2);
    expect([...(await sharp(ids).raw().toBuffer())]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1, 255, 255, 255]);
  });

  test.each([1, 2, 4] as const)('with %i bits a pixel, as other tools write them, is read', async (bits) => {
    const colours = 2 ** bits;
    const values = Uint8Array.from({ length: 35 }, (_, at) => at % colours);
    // Grey levels that sharp puts into a palette of that many bits.
    const grey = Buffer.from(values.map((value) => Math.round((value * 255) / (colours - 1))));
    const png = await sharp(grey, { raw: { width: 7, height: 5, channels: 1 } })
      .png({ palette: true, colours, dither: 0 })
      .toBuffer();
    const read = decodePngNumbers(png);
    if (!read) throw new Error('not read');
    // The palette has an order of its own: what counts is which pixels are alike.
    const firstOf = (data: ArrayLike<number>) => Array.from(data, (value) => Array.from(data).indexOf(value));
    expect(firstOf(read.data)).toEqual(firstOf(values));
  });

  test('in colours that are all grey is read as grey; true colours are no numbers', async () => {
    const rgb = (pixels: number[]) =>
      sharp(Buffer.from(pixels), { raw: { width: 2, height: 1, channels: 3 } })
        .png()
        .toBuffer();
    expect([...(decodePngNumbers(await rgb([0, 0, 0, 255, 255, 255]))?.data ?? [])]).toEqual([0, 255]);
    const primaries = [[255, 0, 0], [0, 255, 0], [0, 0, 255]]; // prettier-ignore
    for (const colour of primaries)
      expect(decodePngNumbers(await rgb([0, 0, 0, ...colour])), String(colour)).toBeNull();
  });

  test.skipIf(!hasPython('PIL'))(
    `has the palette that PIL reads${pythonReason('PIL')}`,
    { tags: ['tools'] },
    async () => {
      const file = join(tempFolder(), 'label.png');
      const palette = ['#000000', '#ff0000', '#00ff00'];
      writeFileSync(
        file,
        await encodePng({ data: Uint8Array.of(0, 1, 2, 1), widthPx: 2, heightPx: 2 }, { palette }),
      );
      const read = readPython(
        `import sys, json, PIL.Image as I
image = I.open(sys.argv[1])
print(json.dumps([image.mode, list(image.getdata()), image.getpalette()[:9]]))`,
        file,
      );
      expect(read).toEqual(['P', [0, 1, 2, 1], [0, 0, 0, 255, 0, 0, 0, 255, 0]]);
    },
  );
});

test('the masks of a label map partition it', () => {
  fc.assert(
    fc.property(pictures(3), ({ values, widthPx, heightPx }) => {
      const masks = masksOfLabels({ data: values, widthPx, heightPx });
      expect([...masks.keys()]).toEqual([...new Set(values)].sort((a, b) => a - b));
      for (const [label, { shape, areaPx }] of masks) {
        expect([...decodeRle(shape).data]).toEqual(values.map((value) => Number(value === label)));
        expect(areaPx).toBe(values.filter((value) => value === label).length);
      }
    }),
  );
});
