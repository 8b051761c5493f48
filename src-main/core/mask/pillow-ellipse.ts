import type { Grid } from './fill-polygon.ts';
import { fillRow } from './pixel-polygon.ts';
import { encodeRle, type EncodedMask } from './rle.ts';

/** First and last pixels of an ellipse; whole numbers, which may lie outside of the grid. */
export type EllipseBounds = { left: number; top: number; right: number; bottom: number };

/** Up to this diameter, all steps of Pillow's drawing are whole numbers that can be computed exactly. */
const MAX_EXACT_PX = 9_000;

/**
 * The mask of an ellipse as Pillow fills it.
 * Source: `ImageDraw.ellipse` of Pillow 12.3, libImaging/Draw.c; checked against it to the pixel for diameters up to
 * 9,000 pixels; larger ones have the nearest pixels in each row.
 * @returns null if it holds no pixel of the grid
 */
export function pillowEllipseMask(bounds: EllipseBounds, { widthPx, heightPx }: Grid): EncodedMask | null {
  const { left, top, right, bottom } = bounds;
  const [width, height] = [right - left, bottom - top];
  const first = { x: Math.max(left, 0), y: Math.max(top, 0) };
  const size = {
    widthPx: Math.min(right + 1, widthPx) - first.x,
    heightPx: Math.min(bottom + 1, heightPx) - first.y,
  };
  if (size.widthPx <= 0 || size.heightPx <= 0) return null;
  const bitmap = { data: new Uint8Array(size.widthPx * size.heightPx), ...size };
  const isExact = Math.max(width, height) <= MAX_EXACT_PX;
  const halfWidths = isExact ? steppedHalfWidths(width, height) : undefined;
  for (let y = 0; y < size.heightPx; y++) {
    // Twice the distance from the middle: a whole number, as are half widths.
    const away = Math.abs(2 * (y + first.y - top) - height);
    const half = halfWidths?.get(away) ?? nearestHalfWidth(away, width, height);
    fillRow(bitmap, y, left - first.x + (width - half) / 2, left - first.x + (width + half) / 2);
  }
  return encodeRle(bitmap, { corner: first, grid: { widthPx, heightPx } });
}

/**
 * The half width of each row: a walk from the right end to the top that takes, of the pixel above, the one to the left and
 * the one between them, the nearest to the curve. Everything is counted in half pixels, so that the middle has a whole place.
 */
function steppedHalfWidths(width: number, height: number): Map<number, number> {
  const [a2, b2] = [width * width, height * height];
  const miss = (x: number, y: number) => Math.abs(a2 * y * y + b2 * x * x - a2 * b2);
  const widths = new Map<number, number>();
  let [x, y] = [width, height % 2];
  for (;;) {
    if (!widths.has(y)) widths.set(y, x);
    if (x === width % 2 && y === height) return widths;
    const above = { x, y: y + 2 };
    const choices = x > 1 ? [above, { x: x - 2, y: y + 2 }, { x: x - 2, y }] : [above];
    const best = choices.reduce((a, b) => (miss(b.x, b.y) < miss(a.x, a.y) ? b : a));
    [x, y] = [best.x, best.y];
  }
}

function nearestHalfWidth(away: number, width: number, height: number): number {
  const half = width * Math.sqrt(Math.max(0, 1 - (away / height) ** 2));
  const odd = width % 2;
  return 2 * Math.round((half - odd) / 2) + odd;
}
