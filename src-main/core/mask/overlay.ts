import { comparePainting, type Stacked } from '../../contract/mask-stack.ts';
import type { MaskShape } from '../../domain/mask-shape.ts';
import { eachStretch } from './crop.ts';

/** A mask over an image: `#rrggbb`; one that was rejected is drawn as a faint outline alone. */
export type OverlayMask = Stacked & { shape: MaskShape; colour: string; isRejected: boolean };
/** Interleaved RGB: `data` is [heightPx, widthPx, 3] uint8. */
type RgbImage = { data: Uint8Array; widthPx: number; heightPx: number };

const FILL_ALPHA = 92;
const LINE_ALPHA = 255;
const REJECTED_ALPHA = 150;
const REJECTED_RGB = [200, 200, 200] as const;

/**
 * An image with masks in their colours: filled, and with a line along their borders. Where they overlap,
 * `comparePainting` says which is in front.
 * @param image of any size; the grids of the masks are stretched over it
 */
export function drawMasks(image: RgbImage, masks: readonly OverlayMask[]): RgbImage {
  const { widthPx, heightPx } = image;
  const labels = new Uint16Array(widthPx * heightPx);
  const order = masks
    .map((mask, index) => ({ mask, label: index + 1 }))
    .sort((a, b) => comparePainting(a.mask, b.mask));
  for (const { mask, label } of order) sampleMask(labels, { widthPx, heightPx }, mask.shape, label);
  return { data: paint(image, labels, masks), widthPx, heightPx };
}

type Size = { widthPx: number; heightPx: number };

/** Writes a number where the centres of the image's pixels are inside the mask. */
function sampleMask(labels: Uint16Array, { widthPx, heightPx }: Size, shape: MaskShape, value: number): void {
  const { gridWidth, gridHeight } = shape;
  const columnsOf = columnsByGrid(widthPx, gridWidth);
  eachStretch(shape, (gridX, from, to) => {
    const first = Math.ceil((from * heightPx) / gridHeight - 0.5);
    const end = Math.ceil((to * heightPx) / gridHeight - 0.5);
    const lastX = columnsOf[gridX + 1] ?? 0;
    for (let x = columnsOf[gridX] ?? 0; x < lastX; x++) {
      for (let y = first; y < end; y++) labels[y * widthPx + x] = value;
    }
  });
}

/** The first column of the image whose centre is in a column of the grid, or past it. */
function columnsByGrid(widthPx: number, gridWidth: number): Int32Array {
  return Int32Array.from({ length: gridWidth + 1 }, (_, gridX) =>
    Math.ceil((gridX * widthPx) / gridWidth - 0.5),
  );
}

function paint(
  { data, widthPx, heightPx }: RgbImage,
  labels: Uint16Array,
  masks: readonly OverlayMask[],
): Uint8Array {
  const drawn = Uint8Array.from(data);
  const colours = masks.map(({ colour, isRejected }) => (isRejected ? REJECTED_RGB : rgbOf(colour)));
  for (let y = 0, pixel = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, pixel++) {
      const label = labels[pixel] ?? 0;
      const mask = masks[label - 1];
      const rgb = colours[label - 1];
      if (label === 0 || !mask || !rgb) continue;
      const isLine =
        (x > 0 && labels[pixel - 1] !== label) ||
        (x < widthPx - 1 && labels[pixel + 1] !== label) ||
        (y > 0 && labels[pixel - widthPx] !== label) ||
        (y < heightPx - 1 && labels[pixel + widthPx] !== label);
      if (mask.isRejected && !isLine) continue;
      blend(drawn, 3 * pixel, rgb, mask.isRejected ? REJECTED_ALPHA : isLine ? LINE_ALPHA : FILL_ALPHA);
    }
  }
  return drawn;
}

/** @param alpha 0 to 255 */
function blend(data: Uint8Array, at: number, rgb: readonly [number, number, number], alpha: number): void {
  for (let channel = 0; channel < 3; channel++) {
    const below = data[at + channel] ?? 0;
    data[at + channel] = Math.round(below + ((rgb[channel] ?? 0) - below) * (alpha / 255));
  }
}

function rgbOf(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 0xff, value & 0xff];
}
