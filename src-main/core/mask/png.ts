import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { GREY, headerChunk, PALETTE, PNG_SIGNATURE, pngChunk, RGB } from './png-chunks.ts';

/** A picture of numbers: [heightPx, widthPx], row-major, 8 or 16 bits each. */
export type NumberPicture = { data: Uint8Array | Uint16Array; widthPx: number; heightPx: number };

export type PngOptions = {
  /** Colours of the numbers from 0, as `#rrggbb`: viewers show them, and the numbers stay what they are. */
  palette?: readonly string[];
};

const deflateAsync = promisify(deflate);
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
  const head = headerChunk({
    widthPx,
    heightPx,
    bitDepth: isWide ? 16 : 8,
    colourType: palette ? PALETTE : GREY,
  });
  return assemble({ head, extra: palette ? [pngChunk('PLTE', paletteBytes(palette))] : [], bytes, rowBytes });
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
  const head = headerChunk({ widthPx, heightPx, bitDepth: 8, colourType: RGB });
  return assemble({ head, extra: [], bytes, rowBytes: widthPx * 3 });
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
  const end = pngChunk('IEND', Buffer.alloc(0));
  return Buffer.concat([PNG_SIGNATURE, head, ...extra, pngChunk('IDAT', packed), end]);
}

function paletteBytes(palette: readonly string[]): Buffer {
  return Buffer.from(palette.map((colour) => colour.slice(1)).join(''), 'hex');
}

function bigEndian(data: Uint16Array): Uint8Array {
  const bytes = Buffer.from(data.slice().buffer);
  // All processors that this runs on keep the lower byte first.
  return bytes.swap16();
}
