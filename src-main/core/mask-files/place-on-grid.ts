import { encodeRle, type EncodedMask } from '../mask/rle.ts';
import type { GridSize } from './image-grid.ts';

/** A picture whose values other than 0 are inside. */
export type Crop = GridSize & { data: ArrayLike<number> };

/**
 * The part of a picture that lies on the grid.
 * @param corner where its first pixel is; may lie outside
 * @returns null if no pixel of the grid is inside
 */
export function placeOnGrid(
  { data, widthPx, heightPx }: Crop,
  corner: { x: number; y: number },
  grid: GridSize,
): EncodedMask | null {
  const left = Math.max(corner.x, 0);
  const top = Math.max(corner.y, 0);
  const width = Math.min(corner.x + widthPx, grid.widthPx) - left;
  const height = Math.min(corner.y + heightPx, grid.heightPx) - top;
  if (width <= 0 || height <= 0) return null;
  const part = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = (y + top - corner.y) * widthPx + left - corner.x;
    for (let x = 0; x < width; x++) part[y * width + x] = Number(data[row + x] !== 0);
  }
  return encodeRle({ data: part, widthPx: width, heightPx: height }, { corner: { x: left, y: top }, grid });
}
