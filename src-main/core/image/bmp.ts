import { ImageProblemError } from './image-problem.ts';

/** What the headers of a BMP file say. Rows are stored bottom up unless `isTopDown`. */
export type BmpHeader = {
  widthPx: number;
  heightPx: number;
  isTopDown: boolean;
  bitsPerPixel: 1 | 4 | 8 | 16 | 24 | 32;
  /** Offset of the first stored row, in bytes. */
  pixelsAt: number;
  /** RGB triples of an indexed image; empty for the others. */
  palette: Uint8Array;
  /** Bit masks of the channels of a 16 or 32-bit pixel; `alpha` is 0 where there is none. */
  masks: { red: number; green: number; blue: number; alpha: number };
};

/** Interleaved 8-bit samples: RGB for `channels` 3, RGBA with unassociated alpha for 4. */
export type RawPixels = { data: Uint8Array; widthPx: number; heightPx: number; channels: 3 | 4 };

const BI_RGB = 0;
const BI_BITFIELDS = 3;
const BI_ALPHABITFIELDS = 6;
const FILE_HEADER_BYTES = 14;
const CORE_HEADER_BYTES = 12;

/**
 * Reads the headers and the palette of a BMP file.
 *
 * Written here because no maintained decoder reads what people have: fast-bmp 4 ignores palettes, refuses
 * 4 and 16-bit files and those 32-bit files that carry no masks, and reads top-down files as 4 billion rows.
 * Its encoder serves as the yardstick in the tests.
 * Source: Microsoft, "Bitmap Storage", and [MS-WMF] 2.2.2.
 * @throws ImageProblemError `corrupt`, `truncated`, or `unsupported-format` for run-length coding and the like
 */
export function readBmpHeader(bytes: Uint8Array): BmpHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < FILE_HEADER_BYTES + CORE_HEADER_BYTES) throw truncated();
  const headerBytes = view.getUint32(14, true);
  if (bytes.length < FILE_HEADER_BYTES + headerBytes) throw truncated();
  const isCore = headerBytes === CORE_HEADER_BYTES;
  const widthPx = isCore ? view.getUint16(18, true) : view.getInt32(18, true);
  const storedHeight = isCore ? view.getUint16(20, true) : view.getInt32(22, true);
  const bitsPerPixel = view.getUint16(isCore ? 24 : 28, true);
  const compression = isCore ? BI_RGB : view.getUint32(30, true);
  if (widthPx <= 0 || storedHeight === 0) throw corrupt('its width or height is zero');
  if (!isKnownDepth(bitsPerPixel)) throw unsupported(`with ${bitsPerPixel} bits per pixel`);
  if (![BI_RGB, BI_BITFIELDS, BI_ALPHABITFIELDS].includes(compression)) throw unsupported('with compression');
  return {
    widthPx,
    heightPx: Math.abs(storedHeight),
    isTopDown: storedHeight < 0,
    bitsPerPixel,
    pixelsAt: view.getUint32(10, true),
    palette: bitsPerPixel <= 8 ? readPalette(bytes, view, bitsPerPixel) : new Uint8Array(0),
    masks: readMasks(view, { bitsPerPixel, compression, headerBytes }),
  };
}

/**
 * The pixels of an uncompressed BMP file, top row first.
 * @throws ImageProblemError `truncated` when rows are missing
 */
export function decodeBmp(bytes: Uint8Array, header: BmpHeader): RawPixels {
  const { widthPx, heightPx, bitsPerPixel, pixelsAt } = header;
  // Rows are padded to four bytes.
  const rowBytes = Math.ceil((widthPx * bitsPerPixel) / 32) * 4;
  const lastRowBytes = Math.ceil((widthPx * bitsPerPixel) / 8);
  if (pixelsAt + rowBytes * (heightPx - 1) + lastRowBytes > bytes.length) throw truncated();
  const channels = header.masks.alpha === 0 ? 3 : 4;
  const data = new Uint8Array(widthPx * heightPx * channels);
  const readRow = rowReader(bytes, header);
  for (let y = 0; y < heightPx; y++) {
    const storedRow = header.isTopDown ? y : heightPx - 1 - y;
    readRow(pixelsAt + storedRow * rowBytes, data, y * widthPx * channels);
  }
  const pixels = { data, widthPx, heightPx, channels } satisfies RawPixels;
  if (channels === 4) makeOpaqueIfUnused(pixels);
  return pixels;
}

type RowReader = (from: number, target: Uint8Array, to: number) => void;

function rowReader(bytes: Uint8Array, header: BmpHeader): RowReader {
  if (header.bitsPerPixel <= 8) return indexedRowReader(bytes, header);
  if (header.bitsPerPixel === 24) return rgbRowReader(bytes, header);
  return maskedRowReader(bytes, header);
}

function indexedRowReader(bytes: Uint8Array, { bitsPerPixel, palette, widthPx }: BmpHeader): RowReader {
  const pixelsPerByte = 8 / bitsPerPixel;
  const mask = (1 << bitsPerPixel) - 1;
  return (from, target, to) => {
    for (let x = 0; x < widthPx; x++) {
      const shift = 8 - bitsPerPixel * ((x % pixelsPerByte) + 1);
      const index = ((bytes[from + Math.floor(x / pixelsPerByte)] ?? 0) >> shift) & mask;
      for (let c = 0; c < 3; c++) target[to + x * 3 + c] = palette[index * 3 + c] ?? 0;
    }
  };
}

function rgbRowReader(bytes: Uint8Array, { widthPx }: BmpHeader): RowReader {
  return (from, target, to) => {
    for (let at = 0; at < widthPx * 3; at += 3) {
      target[to + at] = bytes[from + at + 2] ?? 0;
      target[to + at + 1] = bytes[from + at + 1] ?? 0;
      target[to + at + 2] = bytes[from + at] ?? 0;
    }
  };
}

function maskedRowReader(bytes: Uint8Array, { bitsPerPixel, masks, widthPx }: BmpHeader): RowReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const used = [masks.red, masks.green, masks.blue, ...(masks.alpha === 0 ? [] : [masks.alpha])];
  const samples = used.map(sampleReader);
  const bytesPerPixel = bitsPerPixel / 8;
  return (from, target, to) => {
    for (let x = 0; x < widthPx; x++) {
      const at = from + x * bytesPerPixel;
      const pixel = bytesPerPixel === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
      samples.forEach((sampleOf, c) => (target[to + x * samples.length + c] = sampleOf(pixel)));
    }
  };
}

/** Takes the bits under a mask out of a pixel and stretches them to 0..255. */
function sampleReader(mask: number): (pixel: number) => number {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const max = (mask >>> shift) >>> 0;
  return (pixel) => Math.round(((((pixel & mask) >>> 0) >>> shift) * 255) / max);
}

/** Many programs declare an alpha channel and leave it at zero; then the image is meant to be opaque. */
function makeOpaqueIfUnused({ data }: RawPixels): void {
  for (let at = 3; at < data.length; at += 4) if (data[at] !== 0) return;
  for (let at = 3; at < data.length; at += 4) data[at] = 255;
}

function readPalette(bytes: Uint8Array, view: DataView, bitsPerPixel: number): Uint8Array {
  const headerBytes = view.getUint32(14, true);
  const isCore = headerBytes === CORE_HEADER_BYTES;
  const entryBytes = isCore ? 3 : 4;
  const declared = isCore || headerBytes < 40 ? 0 : view.getUint32(46, true);
  const count = Math.min(declared === 0 ? 2 ** bitsPerPixel : declared, 2 ** bitsPerPixel);
  const palette = new Uint8Array(2 ** bitsPerPixel * 3);
  for (let index = 0; index < count; index++) {
    const at = FILE_HEADER_BYTES + headerBytes + index * entryBytes;
    palette.set([bytes[at + 2] ?? 0, bytes[at + 1] ?? 0, bytes[at] ?? 0], index * 3);
  }
  return palette;
}

type PixelLayout = { bitsPerPixel: number; compression: number; headerBytes: number };

function readMasks(view: DataView, layout: PixelLayout): BmpHeader['masks'] {
  const { bitsPerPixel, compression, headerBytes } = layout;
  if (compression === BI_RGB || bitsPerPixel < 16 || bitsPerPixel === 24) {
    if (bitsPerPixel === 16) return { red: 0x7c00, green: 0x03e0, blue: 0x001f, alpha: 0 };
    return { red: 0xff0000, green: 0xff00, blue: 0xff, alpha: 0 };
  }
  // Whether they belong to the header (56 bytes and more) or follow it (40 bytes), they start at byte 54.
  const hasAlpha = headerBytes >= 56 || compression === BI_ALPHABITFIELDS;
  if (view.byteLength < 54 + (hasAlpha ? 16 : 12)) throw truncated();
  const [red, green, blue] = [view.getUint32(54, true), view.getUint32(58, true), view.getUint32(62, true)];
  if (red === 0 && green === 0 && blue === 0) throw corrupt('its colour masks are empty');
  return { red, green, blue, alpha: hasAlpha ? view.getUint32(66, true) : 0 };
}

function isKnownDepth(bits: number): bits is BmpHeader['bitsPerPixel'] {
  return [1, 4, 8, 16, 24, 32].includes(bits);
}

const truncated = () =>
  new ImageProblemError(
    'truncated',
    'The BMP file ends before the image is complete: copy or export it again.',
  );
const corrupt = (why: string) =>
  new ImageProblemError('corrupt', `The BMP file is damaged (${why}): copy or export it again.`);
const unsupported = (what: string) =>
  new ImageProblemError(
    'unsupported-format',
    `This is a BMP file ${what}, a variant that cannot be read: export it as PNG.`,
  );
