import { open } from 'node:fs/promises';

/** Signature of a PNG, before its chunks. */
const SIGNATURE_BYTES = 8;
/** An animation says so before its pixels; what comes before that, such as a colour profile, is small. */
const HEAD_BYTES = 2 ** 20;

/**
 * The frames of a PNG, which is an animation if it has an acTL chunk; libvips reads the first of them only.
 * Source: PNG, 3rd edition (W3C), §11.3.6.1.
 */
export async function pngFrames(source: string | Buffer): Promise<number> {
  const png = typeof source === 'string' ? await headOf(source) : source;
  for (let at = SIGNATURE_BYTES; at + 12 <= png.length; at += 12 + png.readUInt32BE(at)) {
    const type = png.toString('latin1', at + 4, at + 8);
    if (type === 'acTL') return Math.max(1, png.readUInt32BE(at + 8));
    if (type === 'IDAT') return 1;
  }
  return 1;
}

async function headOf(path: string): Promise<Buffer> {
  await using file = await open(path);
  const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  return buffer.subarray(0, bytesRead);
}
