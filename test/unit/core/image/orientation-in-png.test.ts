import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage, type RgbImage } from '../../../../src-main/core/image/decode.ts';
import { DEFAULT_IMAGE_LIMITS } from '../../../../src-main/core/image/image-limits.ts';
import { openImageBytes } from '../../../../src-main/core/image/open-image.ts';
import { uprightCopy } from '../../../../src-main/core/image/upright-copy.ts';
import { pngFile } from '../../../support/png-files.ts';
import { hasShared, sharedPath, sharedReason } from '../../../support/shared.ts';

/** An EXIF block of one tag, in either byte order. */
function exif(orientation: number, order: 'II' | 'MM' = 'MM'): Buffer {
  const bytes = Buffer.alloc(26);
  const isLittle = order === 'II';
  const words: [at: number, value: number, size: 2 | 4][] = [[2, 42, 2], [4, 8, 4], [8, 1, 2], [10, 0x112, 2], [12, 3, 2], [14, 1, 4], [18, orientation, 2]]; // prettier-ignore
  bytes.write(order, 'latin1');
  for (const [at, value, size] of words) {
    if (isLittle) bytes.writeUIntLE(value, at, size);
    else bytes.writeUIntBE(value, at, size);
  }
  return bytes;
}

const latin1 = (text: string) => Buffer.from(text, 'latin1');
/** As ImageMagick writes it: name, length, then lines of 72 hexadecimal digits. */
const rawProfile = (bytes: Buffer) =>
  `\nexif\n${String(bytes.length).padStart(8)}\n${bytes.toString('hex').replace(/(.{72})/g, '$1\n')}\n`;
const marked = (bytes: Buffer) => Buffer.concat([latin1('Exif\0\0'), bytes]);
const xmp = (orientation: string) =>
  `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" ${orientation}</rdf:RDF></x:xmpmeta>`;
const iTxt = (keyword: string, text: string): [string, Buffer] => ['iTXt', Buffer.concat([latin1(`${keyword}\0\0\0\0\0`), Buffer.from(text)])]; // prettier-ignore

const WAYS: [name: string, chunk: (orientation: number) => [string, Buffer]][] = [
  ['eXIf', (orientation) => ['eXIf', exif(orientation, 'II')]],
  ['a zTXt profile', (orientation) => ['zTXt', Buffer.concat([latin1('Raw profile type exif\0\0'), deflateSync(latin1(rawProfile(marked(exif(orientation)))))])]], // prettier-ignore
  ['a tEXt profile', (orientation) => ['tEXt', latin1(`Raw profile type APP1\0${rawProfile(marked(exif(orientation, 'II')))}`)]], // prettier-ignore
  ['an iTXt profile', (orientation) => iTxt('Raw profile type exif', rawProfile(exif(orientation)))],
  ['an attribute of XMP', (orientation) => iTxt('XML:com.adobe.xmp', xmp(`tiff:Orientation="${orientation}"/>`))], // prettier-ignore
  ['an element of XMP', (orientation) => iTxt('XML:com.adobe.xmp', xmp(`><tiff:Orientation>${orientation}</tiff:Orientation></rdf:Description>`))], // prettier-ignore
];

/** 5 x 3 pixels whose upper left one is white. */
const cornerPng = (...chunks: [string, Buffer][]) =>
  pngFile({ widthPx: 5, heightPx: 3, bitDepth: 8, colourType: 0, chunks, samplesAt: (x, y) => [x === 0 && y === 0 ? 255 : 0] }); // prettier-ignore
const whiteOf = ({ data, widthPx }: RgbImage) => {
  const at = data.indexOf(255) / 3;
  return [at % widthPx, Math.floor(at / widthPx)];
};
/** Where EXIF's orientations put the upper left stored pixel of 5 x 3 (Exif 2.32 §4.6.4 A, tag 274). */
const CORNERS: Record<number, number[]> = { 1: [0, 0], 2: [4, 0], 3: [4, 2], 4: [0, 2], 5: [0, 0], 6: [2, 0], 7: [2, 4], 8: [0, 4] }; // prettier-ignore

describe('the orientation of a PNG', () => {
  describe.each(WAYS)('in %s', (_, chunk) => {
    it.each([1, 2, 3, 4, 5, 6, 7, 8])('%i is applied', async (orientation) => {
      const png = cornerPng(chunk(orientation));
      expect(whiteOf(await decodeImage(png))).toEqual(CORNERS[orientation]);
      const { header } = await openImageBytes(png, DEFAULT_IMAGE_LIMITS);
      const [widthPx, heightPx] = orientation < 5 ? [5, 3] : [3, 5];
      expect(header).toMatchObject({ orientation, widthPx, heightPx });
    });

    it('is gone from an upright copy', async () => {
      const { bytes, isConverted } = await uprightCopy(cornerPng(chunk(6)), { limits: DEFAULT_IMAGE_LIMITS, onlyJpeg: false }); // prettier-ignore
      expect(isConverted).toBe(true);
      const { orientation, comments, width, height, ...rest } = await sharp(bytes).metadata();
      expect({ orientation, comments, width, height }).toEqual({ width: 3, height: 5 });
      expect(rest).not.toHaveProperty('xmp');
    });
  });

  it('in eXIf is used before those in texts', async () => {
    const other = WAYS[1]?.[1](3);
    expect(whiteOf(await decodeImage(cornerPng(['eXIf', exif(6)], ...(other ? [other] : []))))).toEqual(CORNERS[6]); // prettier-ignore
  });

  it.each([
    ['no number', 'Raw profile type exif\0\nexif\n 4\nzzzz\n'],
    ['a length beyond its end', `Raw profile type exif\0${rawProfile(exif(6).subarray(0, 12))}`],
    ['an orientation that does not exist', `Raw profile type exif\0${rawProfile(exif(9))}`],
  ])('is upright where a profile has %s', async (_, text) => {
    expect(whiteOf(await decodeImage(cornerPng(['tEXt', latin1(text)])))).toEqual(CORNERS[1]);
  });
});

describe.skipIf(!hasShared)(`PNG of other programs${sharedReason}`, () => {
  it.each(['ztxt_exif6.png', 'exif6.png'])('%s is shown upright', async (name) => {
    const bytes = readFileSync(sharedPath('cases', 'images', name));
    expect(await decodeImage(bytes)).toMatchObject({ widthPx: 120, heightPx: 160 });
    const copy = await uprightCopy(bytes, { limits: DEFAULT_IMAGE_LIMITS, onlyJpeg: false });
    const { orientation, width, height } = await sharp(copy.bytes).metadata();
    expect({ orientation, width, height }).toEqual({ width: 120, height: 160 });
  });
});
