import type { Box } from '../../contract/mask.ts';
import type { Bitmap } from './rle.ts';

/** Interleaved RGB: `data` is [heightPx, widthPx, 3] uint8. */
type RgbImage = { data: Uint8Array; widthPx: number; heightPx: number };

/** Margin around a mask, as a share of its longer side, and its minimum in pixels. */
const MARGIN = 0.14;
const MIN_MARGIN_PX = 6;
/** What is left of colour and light outside of the mask. */
const SHADE = 0.38;
const LINE = 235;

/**
 * The part of an image that shows a mask with some of what is around it: a square where the image has room for one.
 * @param grid size of the upright image
 */
export function cropAround(box: Box, grid: { widthPx: number; heightPx: number }): Box {
  const longer = Math.max(box.width, box.height);
  const side = Math.ceil(longer + 2 * Math.max(MARGIN * longer, MIN_MARGIN_PX));
  const [x, width] = stretch(box.x, box.width, side, grid.widthPx);
  const [y, height] = stretch(box.y, box.height, side, grid.heightPx);
  return { x, y, width, height };
}

/** A stretch of `side` around another one, moved to where the image is. */
function stretch(from: number, length: number, side: number, end: number): [number, number] {
  const kept = Math.min(side, end);
  const start = Math.round(from + length / 2 - kept / 2);
  return [Math.max(0, Math.min(start, end - kept)), kept];
}

/**
 * Darkens and greys what lies outside of a mask, and draws a line along its inner border.
 * @param image a crop, of any scale
 * @param mask of the part `box` of the grid
 * @param crop the part of the grid that the image shows
 */
export function drawCrop(image: RgbImage, mask: Bitmap, { box, crop }: { box: Box; crop: Box }): RgbImage {
  const { widthPx, heightPx, data } = image;
  const inside = new Uint8Array(widthPx * heightPx);
  for (let y = 0; y < heightPx; y++) {
    const row = Math.floor(crop.y + ((y + 0.5) * crop.height) / heightPx) - box.y;
    if (row < 0 || row >= mask.heightPx) continue;
    for (let x = 0; x < widthPx; x++) {
      const column = Math.floor(crop.x + ((x + 0.5) * crop.width) / widthPx) - box.x;
      const isIn = column >= 0 && column < mask.widthPx && mask.data[row * mask.widthPx + column] !== 0;
      inside[y * widthPx + x] = Number(isIn);
    }
  }
  const drawn = new Uint8Array(data.length);
  for (let y = 0, pixel = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, pixel++) {
      paint(drawn, data, pixel, kindOf(inside, { x, y, pixel, widthPx, heightPx }));
    }
  }
  return { data: drawn, widthPx, heightPx };
}

type Pixel = { x: number; y: number; pixel: number; widthPx: number; heightPx: number };

function kindOf(
  inside: Uint8Array,
  { x, y, pixel, widthPx, heightPx }: Pixel,
): 'inside' | 'line' | 'outside' {
  if (inside[pixel] === 0) return 'outside';
  const isLine =
    (x > 0 && inside[pixel - 1] === 0) ||
    (x < widthPx - 1 && inside[pixel + 1] === 0) ||
    (y > 0 && inside[pixel - widthPx] === 0) ||
    (y < heightPx - 1 && inside[pixel + widthPx] === 0);
  return isLine ? 'line' : 'inside';
}

function paint(
  drawn: Uint8Array,
  data: Uint8Array,
  pixel: number,
  kind: 'inside' | 'line' | 'outside',
): void {
  const at = 3 * pixel;
  const [red = 0, green = 0, blue = 0] = data.subarray(at, at + 3);
  if (kind === 'inside') drawn.set([red, green, blue], at);
  else if (kind === 'line') drawn.set([LINE, LINE, LINE], at);
  else {
    const grey = 0.3 * red + 0.59 * green + 0.11 * blue;
    drawn.set(
      [red, green, blue].map((value) => SHADE * (0.5 * value + 0.5 * grey)),
      at,
    );
  }
}
