import { crc32, deflate, inflateSync } from 'node:zlib';
import { promisify } from 'node:util';
import { decode } from 'fast-png';

/** A picture of numbers: [heightPx, widthPx], row-major, 8 or 16 bits each. */
export type NumberPicture = { data: Uint8Array | Uint16Array; widthPx: number; heightPx: number };

export type PngOptions = {
  /** Colours of the numbers from 0, as `#rrggbb`: viewers show them, and the numbers stay what they are. */
  palette?: readonly string[];
};

const deflateAsync = promisify(deflate);
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const GREY = 0;
const RGB = 2;
const PALETTE = 3;
/** Signature and header of every PNG. */
const PNG_HEADER_BYTES = 33;
/** Label maps are mostly long runs: the fastest level is within some percent of the best, at a tenth of the time. */
const COMPRESSION_LEVEL = 1;

/**
 * A PNG of numbers as they are: no quantisation, no colour conversion, which general encoders do not promise.
 * Source: PNG, 3rd edition (W3C), §5 and §11.
 * @param picture Uint8Array gives 8 bits, Uint16Array 16; with a palette, only 8 bits
 */
export function encodePng(picture: NumberPicture, { palette }: PngOptions = {}): Promise<Buffer> {
  const { data, widthPx, heightPx } = picture;
  const isWide = data instanceof Uint16Array;
  if (isWide && palette) throw new Error('a PNG with a palette holds 8 bits');
  const bytes = isWide ? bigEndian(data) : data;
  const rowBytes = widthPx * (isWide ? 2 : 1);
  const head = header({
    widthPx,
    heightPx,
    bitDepth: isWide ? 16 : 8,
    colourType: palette ? PALETTE : GREY,
  });
  return assemble({ head, extra: palette ? [chunk('PLTE', paletteBytes(palette))] : [], bytes, rowBytes });
}

/** A PNG of numbers up to 2^24 - 1 as panoptic formats hold them: red + 256 green + 65536 blue. */
export function encodeRgbIdPng(ids: Uint32Array, widthPx: number, heightPx: number): Promise<Buffer> {
  const bytes = new Uint8Array(ids.length * 3);
  for (let pixel = 0, at = 0; pixel < ids.length; pixel++) {
    const id = ids[pixel] ?? 0;
    bytes[at++] = id & 0xff;
    bytes[at++] = (id >> 8) & 0xff;
    bytes[at++] = (id >> 16) & 0xff;
  }
  const head = header({ widthPx, heightPx, bitDepth: 8, colourType: RGB });
  return assemble({ head, extra: [], bytes, rowBytes: widthPx * 3 });
}

/**
 * The size of a PNG on the word of its header, before anything of it is decoded.
 * @param bytes at least `PNG_HEADER_BYTES` of its start
 * @returns null where it is no PNG
 */
export function readPngSize(bytes: Uint8Array): { widthPx: number; heightPx: number } | null {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isPng = head.length >= PNG_HEADER_BYTES && head.subarray(0, 8).equals(SIGNATURE);
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
  const png = decode(pixelsOnly(bytes));
  const { width: widthPx, height: heightPx, depth: bitDepth, channels } = png;
  if (channels > 1) {
    const data = greyOf(png.data, channels);
    return data && { data, widthPx, heightPx };
  }
  if (bitDepth === 16) return { data: Uint16Array.from(png.data), widthPx, heightPx };
  const packed = Uint8Array.from(png.data);
  const data = bitDepth === 8 ? packed : unpack(packed, { widthPx, heightPx, bitDepth });
  return { data, widthPx, heightPx };
}

/** What decoding the pixels needs; texts and colour profiles are compressed, too, and of any size. */
const PIXEL_CHUNKS = new Set(['IHDR', 'PLTE', 'IDAT', 'IEND']);
/** Encoders may write some bytes behind the last row. */
const SPARE_BYTES = 65_536;

/**
 * A PNG without the chunks that are not about pixels.
 * @throws Error where the pixels are more bytes than the header says
 */
function pixelsOnly(bytes: Uint8Array): Uint8Array {
  const size = readPngSize(bytes);
  if (!size) throw new Error('it does not start like a PNG');
  const png = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept: Buffer[] = [SIGNATURE];
  const packed: Buffer[] = [];
  for (let at = SIGNATURE.length; at + 12 <= png.length;) {
    const end = at + 12 + png.readUInt32BE(at);
    if (end > png.length) throw new Error('it ends before the picture is complete');
    const type = png.toString('latin1', at + 4, at + 8);
    if (PIXEL_CHUNKS.has(type)) kept.push(png.subarray(at, end));
    if (type === 'IDAT') packed.push(png.subarray(at + 8, end - 4));
    if (type === 'IEND') break;
    at = end;
  }
  refuseExcess(Buffer.concat(packed), size, png[24] ?? 0, CHANNELS[png[25] ?? -1]);
  return Buffer.concat(kept);
}

/** Channels of a pixel, by the colour type of the header. */
const CHANNELS: Readonly<Record<number, number>> = { [GREY]: 1, [RGB]: 3, [PALETTE]: 1, 4: 2, 6: 4 };

/** Inflates once, and stops where the bytes are more than all rows need, interlaced or not. */
function refuseExcess(
  packed: Buffer,
  { widthPx, heightPx }: { widthPx: number; heightPx: number },
  bitDepth: number,
  channels = 4,
): void {
  const rowBytes = Math.ceil((widthPx * channels * Math.min(bitDepth, 16)) / 8) + 8;
  try {
    inflateSync(packed, { maxOutputLength: rowBytes * heightPx * 2 + SPARE_BYTES });
  } catch (cause) {
    throw new Error('its pixels are damaged', { cause });
  }
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

type Parts = { head: Buffer; extra: Buffer[]; bytes: Uint8Array; rowBytes: number };

async function assemble({ head, extra, bytes, rowBytes }: Parts): Promise<Buffer> {
  const rows = bytes.length / rowBytes;
  // Every row starts with its filter: 0, none, which suits label maps.
  const filtered = new Uint8Array(rows * (rowBytes + 1));
  for (let row = 0; row < rows; row++) {
    filtered.set(bytes.subarray(row * rowBytes, (row + 1) * rowBytes), row * (rowBytes + 1) + 1);
  }
  const packed = await deflateAsync(filtered, { level: COMPRESSION_LEVEL });
  const end = chunk('IEND', Buffer.alloc(0));
  return Buffer.concat([SIGNATURE, chunk('IHDR', head), ...extra, chunk('IDAT', packed), end]);
}

type HeaderFields = { widthPx: number; heightPx: number; bitDepth: number; colourType: number };

function header({ widthPx, heightPx, bitDepth, colourType }: HeaderFields): Buffer {
  const bytes = Buffer.alloc(13);
  bytes.writeUInt32BE(widthPx, 0);
  bytes.writeUInt32BE(heightPx, 4);
  bytes[8] = bitDepth;
  bytes[9] = colourType;
  return bytes;
}

function paletteBytes(palette: readonly string[]): Buffer {
  return Buffer.from(palette.map((colour) => colour.slice(1)).join(''), 'hex');
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(content.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}

function bigEndian(data: Uint16Array): Uint8Array {
  const bytes = Buffer.from(data.slice().buffer);
  // All processors that this runs on keep the lower byte first.
  return bytes.swap16();
}
