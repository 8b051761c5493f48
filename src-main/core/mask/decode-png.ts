import { deflateSync, inflateSync } from 'node:zlib';
import { decode } from 'fast-png';
import type { NumberPicture } from './png.ts';
import { GREY, GREY_ALPHA, headerChunk, PALETTE, PNG_SIGNATURE, pngChunk, RGB, RGB_ALPHA } from './png-chunks.ts'; // prettier-ignore

/** The samples of a PNG as they are stored: not scaled, and palette entries by their place. */
export type PngPicture = {
  /** [heightPx, widthPx, channels], row-major. */
  data: Uint8Array | Uint16Array;
  widthPx: number;
  heightPx: number;
  /** Grey or place in the palette, grey and alpha, RGB, RGB and alpha. */
  channels: number;
  bitDepth: number;
  /** Red, green, blue and, where the file has any transparency, alpha of each place. */
  palette: readonly (readonly number[])[] | null;
  /** The grey level or the RGB colour that is transparent wherever it occurs. */
  transparent: readonly number[] | null;
};

/** Signature and header of every PNG. */
const PNG_HEADER_BYTES = 33;

/**
 * The size of a PNG on the word of its header, before anything of it is decoded.
 * @param bytes at least `PNG_HEADER_BYTES` of its start
 * @returns null where it is no PNG
 */
export function readPngSize(bytes: Uint8Array): { widthPx: number; heightPx: number } | null {
  const head = bufferOf(bytes);
  const isPng = head.length >= PNG_HEADER_BYTES && head.subarray(0, 8).equals(PNG_SIGNATURE);
  if (!isPng || head.toString('latin1', 12, 16) !== 'IHDR') return null;
  return { widthPx: head.readUInt32BE(16), heightPx: head.readUInt32BE(20) };
}

/**
 * The numbers of a PNG: its grey levels, or its places in the palette. Colour pictures whose colours are all grey
 * count as grey, for many tools save masks like that; transparency is looked through.
 *
 * Memory: about 32 bytes a pixel at most, for 16 bits of red, green, blue and alpha. Compare `readPngSize` with the size that
 * is expected first.
 * @returns null where colours are true ones, which stand for no numbers
 * @throws Error if the bytes are not a PNG, or a damaged one
 */
export function decodePngNumbers(bytes: Uint8Array): NumberPicture | null {
  return numbersOf(decodePng(bytes));
}

/** `decodePngNumbers` for a picture that is decoded already. */
export function numbersOf({ data, widthPx, heightPx, channels }: PngPicture): NumberPicture | null {
  if (channels === 1) return { data, widthPx, heightPx };
  const grey = greyOf(data, channels);
  return grey && { data: grey, widthPx, heightPx };
}

/**
 * The samples of a PNG, of any bit depth, interlaced or not. Memory as `decodePngNumbers`.
 * @throws Error if the bytes are not a PNG, or a damaged one
 */
export function decodePng(bytes: Uint8Array): PngPicture {
  const file = readChunks(bytes);
  const { widthPx, heightPx, bitDepth } = file;
  const isPackedInterlaced = file.isInterlaced && bitDepth < 8;
  const { data, palette, transparency, channels } = decode(
    Buffer.concat([PNG_SIGNATURE, ...(isPackedInterlaced ? onePixel(file) : file.chunks)]),
  );
  return {
    data: isPackedInterlaced ? joinPasses(file) : samplesOf(data, file),
    widthPx,
    heightPx,
    channels,
    bitDepth,
    palette: file.colourType === PALETTE ? (palette ?? null) : null,
    transparent: transparency ? Array.from(transparency) : null,
  };
}

/** What decoding the pixels needs; texts and colour profiles are compressed, too, and of any size. */
const PIXEL_CHUNKS = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);
/** Encoders may write some bytes behind the last row. */
const SPARE_BYTES = 65_536;
/** Channels of a pixel, by the colour type of the header. */
const CHANNELS: Readonly<Record<number, number>> = { [GREY]: 1, [RGB]: 3, [PALETTE]: 1, [GREY_ALPHA]: 2, [RGB_ALPHA]: 4 }; // prettier-ignore

type PngFile = {
  widthPx: number;
  heightPx: number;
  bitDepth: number;
  colourType: number;
  isInterlaced: boolean;
  /** Whole chunks that are about pixels, in their order. */
  chunks: Buffer[];
  /** All rows of all passes, each with its filter in front. */
  rows: Buffer;
};

/**
 * The header of a PNG, its chunks that are about pixels, and the inflated rows.
 * @throws Error where the pixels are more bytes than the header says
 */
function readChunks(bytes: Uint8Array): PngFile {
  const size = readPngSize(bytes);
  if (!size) throw new Error('it does not start like a PNG');
  const png = bufferOf(bytes);
  const [bitDepth = 0, colourType = 0] = png.subarray(24, 26);
  const chunks: Buffer[] = [];
  const packed: Buffer[] = [];
  const hasAlpha = colourType === GREY_ALPHA || colourType === RGB_ALPHA;
  for (let at = PNG_SIGNATURE.length; at + 12 <= png.length;) {
    const end = at + 12 + png.readUInt32BE(at);
    if (end > png.length) throw new Error('it ends before the picture is complete');
    const type = png.toString('latin1', at + 4, at + 8);
    // Next to an alpha channel, a transparent colour has no meaning.
    if (PIXEL_CHUNKS.has(type) && !(type === 'tRNS' && hasAlpha)) chunks.push(png.subarray(at, end));
    if (type === 'IDAT') packed.push(png.subarray(at + 8, end - 4));
    if (type === 'IEND') break;
    at = end;
  }
  const header = { ...size, bitDepth, colourType };
  const rows = inflate(Buffer.concat(packed), header);
  return { ...header, isInterlaced: png[28] === 1, chunks, rows };
}

type Header = Pick<PngFile, 'widthPx' | 'heightPx' | 'bitDepth' | 'colourType'>;

/** Stops where the bytes are more than all rows need, interlaced or not. */
function inflate(packed: Buffer, { widthPx, heightPx, bitDepth, colourType }: Header): Buffer {
  const channels = CHANNELS[colourType] ?? 4;
  const rowBytes = Math.ceil((widthPx * channels * Math.min(bitDepth, 16)) / 8) + 8;
  try {
    return inflateSync(packed, { maxOutputLength: rowBytes * heightPx * 2 + SPARE_BYTES });
  } catch (cause) {
    throw new Error('its pixels are damaged', { cause });
  }
}

/** Samples one by one, of what fast-png gives, which leaves those below 8 bits packed. */
function samplesOf(data: ArrayLike<number>, { widthPx, heightPx, bitDepth }: Header) {
  if (bitDepth === 16) return Uint16Array.from(data);
  const bytes = Uint8Array.from(data);
  return bitDepth === 8 ? bytes : unpack(bytes, { widthPx, heightPx, bitDepth });
}

/** The seven passes of an interlaced picture: where each starts, and its steps. Source: PNG, 3rd edition, §8.1. */
const PASSES = [
  { x: 0, y: 0, stepX: 8, stepY: 8 },
  { x: 4, y: 0, stepX: 8, stepY: 8 },
  { x: 0, y: 4, stepX: 4, stepY: 8 },
  { x: 2, y: 0, stepX: 4, stepY: 4 },
  { x: 0, y: 2, stepX: 2, stepY: 4 },
  { x: 1, y: 0, stepX: 2, stepY: 2 },
  { x: 0, y: 1, stepX: 1, stepY: 2 },
];

/** The samples of an interlaced picture below 8 bits, which fast-png cannot read: each pass is a separate picture. */
function joinPasses({ widthPx, heightPx, bitDepth, rows }: PngFile): Uint8Array {
  const joined = new Uint8Array(widthPx * heightPx);
  let from = 0;
  for (const { x, y, stepX, stepY } of PASSES) {
    const size = { widthPx: Math.ceil((widthPx - x) / stepX), heightPx: Math.ceil((heightPx - y) / stepY) };
    if (size.widthPx <= 0 || size.heightPx <= 0) continue;
    const passBytes = (1 + Math.ceil((size.widthPx * bitDepth) / 8)) * size.heightPx;
    const header = { ...size, bitDepth, colourType: GREY };
    const pass = decode(greyPng(header, rows.subarray(from, from + passBytes)));
    const samples = samplesOf(pass.data, header);
    for (let row = 0; row < size.heightPx; row++) {
      const at = (y + row * stepY) * widthPx + x;
      for (let column = 0; column < size.widthPx; column++) {
        joined[at + column * stepX] = samples[row * size.widthPx + column] ?? 0;
      }
    }
    from += passBytes;
  }
  return joined;
}

/** The file with a single pixel: only its palette and transparency are read from it. */
function onePixel({ chunks, bitDepth, colourType }: PngFile): Buffer[] {
  const isKept = (chunk: Buffer) => ['PLTE', 'tRNS'].includes(chunk.toString('latin1', 4, 8));
  const header = headerChunk({ widthPx: 1, heightPx: 1, bitDepth, colourType });
  const pixel = pngChunk('IDAT', deflateSync(Buffer.alloc(2)));
  return [header, ...chunks.filter(isKept), pixel, pngChunk('IEND', Buffer.alloc(0))];
}

function greyPng(header: Header, rows: Buffer): Buffer {
  const end = pngChunk('IEND', Buffer.alloc(0));
  return Buffer.concat([PNG_SIGNATURE, headerChunk(header), pngChunk('IDAT', deflateSync(rows)), end]);
}

/** The first of each pixel's channels, where the colour channels agree. */
function greyOf(data: ArrayLike<number>, channels: number): Uint16Array | null {
  const grey = new Uint16Array(data.length / channels);
  for (let pixel = 0; pixel < grey.length; pixel++) {
    const at = pixel * channels;
    const value = data[at] ?? 0;
    if (channels >= 3 && (data[at + 1] !== value || data[at + 2] !== value)) return null;
    grey[pixel] = value;
  }
  return grey;
}

type PackedSize = { widthPx: number; heightPx: number; bitDepth: number };

/** Rows of samples smaller than a byte, each row starting at a new byte. */
function unpack(packed: Uint8Array, { widthPx, heightPx, bitDepth }: PackedSize): Uint8Array {
  const data = new Uint8Array(widthPx * heightPx);
  const perByte = 8 / bitDepth;
  const rowBytes = Math.ceil(widthPx / perByte);
  const sample = (1 << bitDepth) - 1;
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const shift = 8 - bitDepth * ((x % perByte) + 1);
      data[y * widthPx + x] = ((packed[y * rowBytes + Math.floor(x / perByte)] ?? 0) >> shift) & sample;
    }
  }
  return data;
}

const bufferOf = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
