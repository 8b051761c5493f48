import { crc32 } from 'node:zlib';

/** The first bytes of every PNG. */
export const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Colour types of the header. Source: PNG, 3rd edition (W3C), §11.2.1. */
export const GREY = 0;
export const RGB = 2;
export const PALETTE = 3;
export const GREY_ALPHA = 4;
export const RGB_ALPHA = 6;

export type PngHeader = { widthPx: number; heightPx: number; bitDepth: number; colourType: number };

/** The header chunk of a picture that is not interlaced. */
export function headerChunk({ widthPx, heightPx, bitDepth, colourType }: PngHeader): Buffer {
  const bytes = Buffer.alloc(13);
  bytes.writeUInt32BE(widthPx, 0);
  bytes.writeUInt32BE(heightPx, 4);
  bytes[8] = bitDepth;
  bytes[9] = colourType;
  return pngChunk('IHDR', bytes);
}

/** A chunk with its length before it and its checksum behind it. */
export function pngChunk(type: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(content.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}
