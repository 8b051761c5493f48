import type { MaskShape } from '../../contract/mask.ts';
import { eachStretch } from './crop.ts';

/** A mask of an overlay: `#rrggbb`; one that was rejected is drawn as a faint outline alone. */
export type OverlayMask = { shape: MaskShape; areaPx: number; colour: string; isRejected: boolean };
/** [heightPx, widthPx, 4]: red, green, blue, alpha. */
export type Overlay = { data: Uint8Array; widthPx: number; heightPx: number };

const FILL_ALPHA = 92;
const LINE_ALPHA = 255;
const REJECTED_ALPHA = 150;
const REJECTED_RGB = [200, 200, 200] as const;

/**
 * Masks in their colours on nothing, as small as a thumbnail: filled, and with a line along their borders. Smaller
 * masks lie in front.
 * @param side longer side of the overlay, at most that of the grid
 */
export function drawOverlay(masks: readonly OverlayMask[], side: number): Overlay {
  const [first] = masks;
  const { gridWidth, gridHeight } = first?.shape ?? { gridWidth: 1, gridHeight: 1 };
  const scale = Math.min(1, side / Math.max(gridWidth, gridHeight));
  const widthPx = Math.max(1, Math.round(gridWidth * scale));
  const heightPx = Math.max(1, Math.round(gridHeight * scale));
  const labels = new Uint16Array(widthPx * heightPx);
  const order = masks
    .map((_, index) => index)
    .sort((a, b) => (masks[b]?.areaPx ?? 0) - (masks[a]?.areaPx ?? 0));
  for (const index of order) {
    const mask = masks[index];
    if (mask) sampleMask(labels, { widthPx, heightPx }, mask.shape, index + 1);
  }
  return { data: paint(labels, { widthPx, heightPx }, masks), widthPx, heightPx };
}

type Grid = { widthPx: number; heightPx: number };

/** Writes a number where the middles of the small pixels lie in the mask. */
function sampleMask(labels: Uint16Array, { widthPx, heightPx }: Grid, shape: MaskShape, value: number): void {
  const { gridWidth, gridHeight } = shape;
  // The column of the overlay whose middle lies in a column of the grid; few of them have one.
  const columnAt = new Int32Array(gridWidth).fill(-1);
  for (let x = 0; x < widthPx; x++) columnAt[Math.floor(((x + 0.5) * gridWidth) / widthPx)] = x;
  eachStretch(shape, (gridX, from, to) => {
    const x = columnAt[gridX] ?? -1;
    if (x < 0) return;
    const first = Math.ceil((from * heightPx) / gridHeight - 0.5);
    const end = Math.ceil((to * heightPx) / gridHeight - 0.5);
    for (let y = first; y < end; y++) labels[y * widthPx + x] = value;
  });
}

function paint(labels: Uint16Array, { widthPx, heightPx }: Grid, masks: readonly OverlayMask[]): Uint8Array {
  const data = new Uint8Array(labels.length * 4);
  for (let y = 0, pixel = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, pixel++) {
      const label = labels[pixel] ?? 0;
      const mask = masks[label - 1];
      if (!mask) continue;
      const isLine =
        (x > 0 && labels[pixel - 1] !== label) ||
        (x < widthPx - 1 && labels[pixel + 1] !== label) ||
        (y > 0 && labels[pixel - widthPx] !== label) ||
        (y < heightPx - 1 && labels[pixel + widthPx] !== label);
      if (mask.isRejected && !isLine) continue;
      const [red, green, blue] = mask.isRejected ? REJECTED_RGB : rgbOf(mask.colour);
      const alpha = mask.isRejected ? REJECTED_ALPHA : isLine ? LINE_ALPHA : FILL_ALPHA;
      data.set([red, green, blue, alpha], pixel * 4);
    }
  }
  return data;
}

function rgbOf(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 0xff, value & 0xff];
}
