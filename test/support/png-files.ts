import { deflateSync } from 'node:zlib';
import { PNG_SIGNATURE, pngChunk } from '../../src-main/core/mask/png-chunks.ts';

/** A PNG of any kind that the standard knows, sample by sample. */
export type PngPlan = {
  widthPx: number;
  heightPx: number;
  bitDepth: 1 | 2 | 4 | 8 | 16;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha. */
  colourType: 0 | 2 | 3 | 4 | 6;
  isInterlaced?: boolean;
  /** Bytes of PLTE: red, green, blue. */
  palette?: readonly number[];
  /** Bytes of tRNS. */
  transparency?: readonly number[];
  /** Further chunks before the pixels: type and content. */
  chunks?: readonly [type: string, content: Uint8Array][];
  samplesAt: (x: number, y: number) => readonly number[];
};

const WHOLE = [[0, 0, 1, 1]];
const ADAM7 = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]]; // prettier-ignore

/** Writes such a file. Source: PNG, 3rd edition (W3C), §8.1 for interlacing. */
export function pngFile(plan: PngPlan): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(plan.widthPx, 0);
  header.writeUInt32BE(plan.heightPx, 4);
  header.set([plan.bitDepth, plan.colourType, 0, 0, plan.isInterlaced ? 1 : 0], 8);
  const rows: Buffer[] = [];
  for (const [startX = 0, startY = 0, stepX = 1, stepY = 1] of plan.isInterlaced ? ADAM7 : WHOLE) {
    if (startX >= plan.widthPx) continue;
    for (let y = startY; y < plan.heightPx; y += stepY) {
      const samples: number[] = [];
      for (let x = startX; x < plan.widthPx; x += stepX) samples.push(...plan.samplesAt(x, y));
      rows.push(Buffer.from([0]), packed(samples, plan.bitDepth));
    }
  }
  return Buffer.concat([
    PNG_SIGNATURE,
    pngChunk('IHDR', header),
    ...(plan.palette ? [pngChunk('PLTE', Buffer.from(plan.palette))] : []),
    ...(plan.transparency ? [pngChunk('tRNS', Buffer.from(plan.transparency))] : []),
    ...(plan.chunks ?? []).map(([type, content]) => pngChunk(type, content)),
    pngChunk('IDAT', deflateSync(Buffer.concat(rows))),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function packed(samples: readonly number[], bitDepth: number): Buffer {
  if (bitDepth === 16) return Buffer.from(samples.flatMap((value) => [value >> 8, value & 255]));
  const bytes = Buffer.alloc(Math.ceil((samples.length * bitDepth) / 8));
  samples.forEach((value, index) => {
    const at = (index * bitDepth) >> 3;
    bytes[at] = (bytes[at] ?? 0) | (value << (8 - bitDepth - ((index * bitDepth) & 7)));
  });
  return bytes;
}
