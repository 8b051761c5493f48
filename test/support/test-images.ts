import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, constants as zlib, deflateRawSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';

/** Interleaved RGB test picture, [heightPx, widthPx, 3] uint8. */
export type TestPicture = { data: Buffer; widthPx: number; heightPx: number };

/** The colours of `quadrants`, far enough apart to survive lossy coding. */
export const QUADRANT_COLOURS = {
  topLeft: [230, 30, 30],
  topRight: [30, 200, 30],
  bottomLeft: [30, 30, 230],
  bottomRight: [240, 240, 240],
} as const;

/** Four quadrants of different colours: shows every turn and mirroring. */
export function quadrants(widthPx = 96, heightPx = 64): TestPicture {
  return paint(widthPx, heightPx, (x, y) => {
    const { topLeft, topRight, bottomLeft, bottomRight } = QUADRANT_COLOURS;
    if (y < heightPx / 2) return x < widthPx / 2 ? topLeft : topRight;
    return x < widthPx / 2 ? bottomLeft : bottomRight;
  });
}

/** Smooth light, a few discs and fine grain: codes to about the size that a photo of its dimensions has. */
export function photoLike(widthPx: number, heightPx: number, seed = 1): TestPicture {
  let state = seed * 2_654_435_761 + 1;
  const grain = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  const discs = Array.from({ length: 6 }, () => ({
    x: grain() * widthPx,
    y: grain() * heightPx,
    radius: (0.05 + grain() * 0.15) * widthPx,
    colour: [grain() * 255, grain() * 255, grain() * 255],
  }));
  return paint(widthPx, heightPx, (x, y) => {
    const disc = discs.find((d) => Math.hypot(x - d.x, y - d.y) < d.radius);
    const light = 60 + (100 * x) / widthPx + (60 * y) / heightPx;
    const base = disc?.colour ?? [light, light * 0.9, 255 - light];
    const noise = (grain() - 0.5) * 16;
    return base.map((value) => Math.max(0, Math.min(255, value + noise)));
  });
}

/** A picture in sharp's hands, ready to be written in any format. */
export function sharpOf({ data, widthPx: width, heightPx: height }: TestPicture): Sharp {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/**
 * A JPEG that shows `upright` once its EXIF orientation is applied.
 * Source: Exif 2.32 §4.6.4 A, tag 274: which visual edges row 0 and column 0 of the stored pixels are.
 */
export async function orientedJpeg(upright: TestPicture, orientation: number): Promise<Buffer> {
  const { widthPx: w, heightPx: h, data } = upright;
  const isTurned = orientation >= 5;
  const visualOf: Record<number, (row: number, column: number) => [x: number, y: number]> = {
    1: (row, column) => [column, row],
    2: (row, column) => [w - 1 - column, row],
    3: (row, column) => [w - 1 - column, h - 1 - row],
    4: (row, column) => [column, h - 1 - row],
    5: (row, column) => [row, column],
    6: (row, column) => [w - 1 - row, column],
    7: (row, column) => [w - 1 - row, h - 1 - column],
    8: (row, column) => [row, h - 1 - column],
  };
  const stored = paint(isTurned ? h : w, isTurned ? w : h, (column, row) => {
    const [x, y] = visualOf[orientation]?.(row, column) ?? [column, row];
    return [...data.subarray((y * w + x) * 3, (y * w + x) * 3 + 3)];
  });
  return sharpOf(stored).jpeg({ quality: 92 }).withMetadata({ orientation }).toBuffer();
}

/** GIF or WebP animation: the first frame shows `quadrants`, the others grey. */
export async function animation(format: 'gif' | 'webp', frames = 3): Promise<Buffer> {
  const first = quadrants();
  const grey = paint(first.widthPx, first.heightPx, () => [90, 90, 90]);
  const pages = [first, ...Array.from({ length: frames - 1 }, () => grey)];
  const pngs = await Promise.all(pages.map((page) => sharpOf(page).png().toBuffer()));
  return sharp(pngs, { join: { animated: true } })
    .toFormat(format)
    .toBuffer();
}

/** A PNG with 16 bits a channel. */
export async function sixteenBitPng(picture: TestPicture): Promise<Buffer> {
  const { widthPx: width, heightPx: height } = picture;
  const wide = Uint16Array.from(picture.data, (value) => value * 257);
  return sharp(wide, { raw: { width, height, channels: 3 } })
    .toColourspace('rgb16')
    .png()
    .toBuffer();
}

/** The samples of a TIFF, pixel by pixel, and what else its directory says. */
export type TiffPlan = {
  widthPx: number;
  heightPx: number;
  sample: keyof typeof TIFF_SAMPLES;
  samplesAt: (x: number, y: number) => readonly number[];
  /** Further tags with one value, or others than the plain ones: `[259, 50000]` claims ZSTD. */
  tags?: readonly [tag: number, value: number][];
};

const TIFF_SAMPLES = {
  uint8: { array: Uint8Array, format: 1 },
  uint16: { array: Uint16Array, format: 1 },
  uint32: { array: Uint32Array, format: 1 },
  int16: { array: Int16Array, format: 2 },
  int32: { array: Int32Array, format: 2 },
  float32: { array: Float32Array, format: 3 },
  float64: { array: Float64Array, format: 3 },
} as const;

/** A TIFF as microscopes and ImageJ write them: uncompressed, in one strip. Source: TIFF 6.0. */
export function scienceTiff({ widthPx, heightPx, sample, samplesAt, tags = [] }: TiffPlan): Buffer {
  const { array, format } = TIFF_SAMPLES[sample];
  const places = Array.from({ length: widthPx * heightPx }, (_, at) =>
    samplesAt(at % widthPx, Math.floor(at / widthPx)),
  );
  const values = array.from(places.flat());
  const pixels = Buffer.from(values.buffer);
  const samplesPerPixel = places[0]?.length ?? 1;
  const bits = array.BYTES_PER_ELEMENT * 8;
  const entries = new Map<number, number>([
    ...([[256, widthPx], [257, heightPx], [258, bits], [259, 1], [262, 1]] as const), // prettier-ignore
    ...([[273, 8], [277, samplesPerPixel], [278, heightPx], [279, pixels.length], [339, format]] as const), // prettier-ignore
    ...tags,
  ]);
  const sorted = [...entries].sort(([a], [b]) => a - b);
  const bitsAt = 8 + pixels.length + 2 + sorted.length * 12 + 4;
  // Types and bits of several samples do not fit their entries.
  const perSample = samplesPerPixel > 2 ? 2 * samplesPerPixel : 0;
  const file = Buffer.alloc(bitsAt + 2 * perSample);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(8 + pixels.length, 4);
  file.set(pixels, 8);
  file.writeUInt16LE(sorted.length, 8 + pixels.length);
  sorted.forEach(([tag, value], index) => {
    const at = 8 + pixels.length + 2 + index * 12;
    const isOfEach = tag === 258 || tag === 339;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(isOfEach ? 3 : 4, at + 2);
    file.writeUInt32LE(isOfEach ? samplesPerPixel : 1, at + 4);
    if (!isOfEach) file.writeUInt32LE(value, at + 8);
    const from = perSample === 0 ? at + 8 : bitsAt + (tag === 339 ? perSample : 0);
    if (isOfEach) for (let c = 0; c < samplesPerPixel; c++) file.writeUInt16LE(value, from + c * 2);
    if (isOfEach && perSample > 0) file.writeUInt32LE(from, at + 8);
  });
  return file;
}

/** An uncompressed RGB TIFF, in either byte order, with the samples given. Source: TIFF 6.0. */
export function tiffOf(
  picture: TestPicture,
  { sample, isBigEndian = false }: { sample: 'uint8' | 'uint16' | 'float32'; isBigEndian?: boolean },
): Buffer {
  const bits = { uint8: 8, uint16: 16, float32: 32 }[sample];
  const bytes = bits / 8;
  const pixels = Buffer.alloc(picture.data.length * bytes);
  const view = new DataView(pixels.buffer, pixels.byteOffset);
  picture.data.forEach((value, index) => {
    if (sample === 'uint8') view.setUint8(index, value);
    if (sample === 'uint16') view.setUint16(index * 2, value * 257, !isBigEndian);
    if (sample === 'float32') view.setFloat32(index * 4, value / 255, !isBigEndian);
  });
  const tags: [number, number][] = [
    ...([[256, picture.widthPx], [257, picture.heightPx], [258, bits], [259, 1], [262, 2]] as [number, number][]), // prettier-ignore
    ...([[273, 8], [277, 3], [278, picture.heightPx], [279, pixels.length]] as [number, number][]), // prettier-ignore
    ...(sample === 'float32' ? ([[339, 3]] as [number, number][]) : []),
  ];
  const file = Buffer.alloc(8 + pixels.length + 2 + tags.length * 12 + 4);
  const out = new DataView(file.buffer, file.byteOffset);
  const isLittle = !isBigEndian;
  file.write(isLittle ? 'II' : 'MM', 'latin1');
  out.setUint16(2, 42, isLittle);
  out.setUint32(4, 8 + pixels.length, isLittle);
  file.set(pixels, 8);
  out.setUint16(8 + pixels.length, tags.length, isLittle);
  tags.forEach(([tag, value], index) => {
    const at = 8 + pixels.length + 2 + index * 12;
    out.setUint16(at, tag, isLittle);
    out.setUint16(at + 2, 4, isLittle);
    out.setUint32(at + 4, 1, isLittle);
    out.setUint32(at + 8, value, isLittle);
  });
  return file;
}

/**
 * A valid black 1-bit PNG of side * side pixels that takes a thousandth of them in bytes: a decompression bomb.
 * @param side a multiple of 100
 */
export function pngBomb(side = 60_000): Buffer {
  const rowBytes = 1 + Math.ceil(side / 8);
  // After a full flush, a deflate block refers to nothing before it and can be repeated.
  const block = deflateRawSync(Buffer.alloc((rowBytes * side) / 100), { finishFlush: zlib.Z_FULL_FLUSH });
  const adler = Buffer.alloc(4);
  adler.writeUInt16BE((rowBytes * side) % 65_521, 0);
  adler.writeUInt16BE(1, 2);
  const deflated = Buffer.concat([
    Buffer.from([0x78, 0x01]),
    ...Array.from({ length: 100 }, () => block),
    Buffer.from([0x03, 0x00]),
    adler,
  ]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 1;
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    ...[signature, pngChunk('IHDR', header), pngChunk('IDAT', deflated), pngChunk('IEND', Buffer.alloc(0))],
  ]);
}

/** One of the committed HEIC files; `fixtures/README.md` says how they were made. */
export function heicFixture(
  name: 'quadrants' | 'quadrants-exif6' | 'quadrants-p3' | 'quadrants-10bit',
): Buffer {
  return readFileSync(join(import.meta.dirname, 'fixtures', `${name}.heic`));
}

/** A HEIC file with another size in its `ispe` property (ISO/IEC 23008-12 §6.5.3), or without one. */
export function heicWithSize(heic: Buffer, size: { widthPx: number; heightPx: number } | null): Buffer {
  const out = Buffer.from(heic);
  const at = out.indexOf('ispe', 0, 'latin1');
  if (!size) return out.fill('xspe', at, at + 4, 'latin1');
  out.writeUInt32BE(size.widthPx, at + 8);
  out.writeUInt32BE(size.heightPx, at + 12);
  return out;
}

/** A BMP file whose header gives another size. */
export function bmpWithSize(bmp: Uint8Array, size: { widthPx: number; heightPx: number }): Buffer {
  const out = Buffer.from(bmp);
  out.writeInt32LE(size.widthPx, 18);
  out.writeInt32LE(size.heightPx, 22);
  return out;
}

/** A PNG file whose header gives another width, with the checksum that belongs to it. */
export function pngWithWidth(png: Buffer, widthPx: number): Buffer {
  const out = Buffer.from(png);
  out.writeUInt32BE(widthPx, 16);
  out.writeUInt32BE(crc32(out.subarray(12, 29)), 29);
  return out;
}

/**
 * Adds an `irot` property to a HEIC file with one image, as phones write it for pictures taken upright.
 * Source: ISO/IEC 23008-12 §6.5.10 (`irot`), §9.3 (`ipma`); ISO/IEC 14496-12 §8.11.3 (`iloc`).
 * @param quarterTurns anticlockwise, 0..3
 */
export function heicWithRotation(heic: Buffer, quarterTurns: number): Buffer {
  const at = (type: string) => heic.indexOf(type, 0, 'latin1') - 4;
  const sizeAt = (box: number) => heic.readUInt32BE(box);
  const [ipco, ipma] = [at('ipco'), at('ipma')];
  const propertyCount = countBoxes(heic.subarray(ipco + 8, ipco + sizeAt(ipco)));
  const irot = Buffer.from([0, 0, 0, 9, ...Buffer.from('irot'), quarterTurns]);
  // ipma: full box header, entry count, then for the one image: item id (16 bits), count, one byte a property.
  const countAt = ipma + 12 + 4 + 2;
  const associations = heic[countAt] ?? 0;
  const essential = 0x80;
  const out = Buffer.concat([
    heic.subarray(0, ipco + sizeAt(ipco)),
    irot,
    heic.subarray(ipco + sizeAt(ipco), countAt + 1 + associations),
    Buffer.from([essential | (propertyCount + 1)]),
    heic.subarray(countAt + 1 + associations),
  ]);
  const added = irot.length + 1;
  for (const [type, growth] of [
    ['meta', added],
    ['iprp', added],
    ['ipco', irot.length],
  ] as const)
    // prettier-ignore
    out.writeUInt32BE(sizeAt(at(type)) + growth, at(type));
  out.writeUInt32BE(sizeAt(ipma) + 1, ipma + irot.length);
  out[countAt + irot.length] = associations + 1;
  shiftItemOffsets(out, at('iloc'), added);
  return out;
}

function countBoxes(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) count++;
  return count;
}

/** Item data lies behind the boxes that have grown: its offsets move along. */
function shiftItemOffsets(file: Buffer, iloc: number, by: number): void {
  const version = file[iloc + 8] ?? 0;
  const offsetBytes = (file[iloc + 12] ?? 0) >> 4;
  const lengthBytes = (file[iloc + 12] ?? 0) & 15;
  const baseBytes = (file[iloc + 13] ?? 0) >> 4;
  const items = file.readUInt16BE(iloc + 14);
  let at = iloc + 16;
  for (let item = 0; item < items; item++) {
    at += 2 + (version === 0 ? 0 : 2) + 2 + baseBytes;
    const extents = file.readUInt16BE(at);
    at += 2;
    for (let extent = 0; extent < extents; extent++) {
      file.writeUInt32BE(file.readUInt32BE(at) + by, at);
      at += offsetBytes + lengthBytes;
    }
  }
}

function pngChunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(content.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

function paint(
  widthPx: number,
  heightPx: number,
  colourAt: (x: number, y: number) => readonly number[],
): TestPicture {
  const data = Buffer.alloc(widthPx * heightPx * 3);
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) data.set(colourAt(x, y), (y * widthPx + x) * 3);
  }
  return { data, widthPx, heightPx };
}
