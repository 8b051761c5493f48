import type { RgbImage } from './decode.ts';
import { sharp } from './sharp-setup.ts';
import { inSharpTurn } from './sharp-turns.ts';

/** The image at another size, filtered so that nothing aliases; aspect ratio as asked for. */
export async function resizeRgb(
  { data, widthPx, heightPx }: RgbImage,
  size: { widthPx: number; heightPx: number },
): Promise<RgbImage> {
  if (size.widthPx === widthPx && size.heightPx === heightPx) return { data, widthPx, heightPx };
  const raw = { width: widthPx, height: heightPx, channels: 3 } as const;
  const resized = await inSharpTurn(() =>
    sharp(data, { raw })
      .resize({ width: size.widthPx, height: size.heightPx, fit: 'fill' })
      .raw({ depth: 'uchar' })
      .toBuffer(),
  );
  return { data: resized, ...size };
}

/** The size that fits a square of `sidePx`, aspect ratio kept; never larger than the image. */
export function sizeWithin(
  { widthPx, heightPx }: { widthPx: number; heightPx: number },
  sidePx: number,
): { widthPx: number; heightPx: number } {
  const scale = Math.min(1, sidePx / Math.max(widthPx, heightPx));
  return {
    widthPx: Math.max(1, Math.round(widthPx * scale)),
    heightPx: Math.max(1, Math.round(heightPx * scale)),
  };
}
