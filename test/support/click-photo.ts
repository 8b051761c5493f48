import { sharp } from '../../src-main/core/image/sharp-setup.ts';
import type { DrawnImage } from './drawn-images.ts';

/**
 * An orange square on blue, without masks: an object that one click finds.
 * @param size `px` is the side of the square, whose corner is at (`px` / 2, `px` / 2)
 */
export async function clickPhoto(
  relPath: string,
  {
    widthPx,
    heightPx,
    px,
    ground = '#3050a0',
  }: { widthPx: number; heightPx: number; px: number; ground?: string },
): Promise<DrawnImage> {
  const of = (width: number, height: number, background: string) =>
    sharp({ create: { width, height, channels: 3, background } });
  const square = await of(px, px, '#e08030').png().toBuffer();
  const place = { input: square, left: Math.round(px / 2), top: Math.round(px / 2) };
  const bytes = await of(widthPx, heightPx, ground).composite([place]).png().toBuffer();
  return { relPath, bytes, widthPx, heightPx, masks: [] };
}
