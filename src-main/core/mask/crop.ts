import type { Box } from '../../contract/mask.ts';
import type { MaskShape } from '../../domain/mask-shape.ts';
import { runsOf, type Bitmap } from './rle.ts';

/** Calls `use` with every vertical stretch of inside pixels: column `x`, rows `from` up to but not with `to`. */
export function eachStretch(shape: MaskShape, use: (x: number, from: number, to: number) => void): void {
  const { gridHeight } = shape;
  let position = 0;
  runsOf(shape).forEach((length, index) => {
    const end = position + length;
    if (index % 2 === 1) {
      for (let at = position; at < end;) {
        const x = Math.floor(at / gridHeight);
        const from = at - x * gridHeight;
        const to = Math.min(gridHeight, from + end - at);
        use(x, from, to);
        at += to - from;
      }
    }
    position = end;
  });
}

/**
 * The part of a mask inside its box, as a bitmap of the box's size: small objects on large images then cost as
 * little as they are.
 * @param box the mask's own: nothing of it lies outside
 */
export function decodeCrop(shape: MaskShape, box: Box): Bitmap {
  const data = new Uint8Array(box.width * box.height);
  eachStretch(shape, (x, from, to) => {
    for (let y = from; y < to; y++) data[(y - box.y) * box.width + x - box.x] = 1;
  });
  return { data, widthPx: box.width, heightPx: box.height };
}

/**
 * Writes a number over the pixels of a mask.
 * @param labels [gridHeight, gridWidth]
 */
export function paintMask(
  labels: Uint8Array | Uint16Array | Uint32Array,
  shape: MaskShape,
  value: number,
): void {
  const { gridWidth } = shape;
  eachStretch(shape, (x, from, to) => {
    for (let at = from * gridWidth + x; at < to * gridWidth; at += gridWidth) labels[at] = value;
  });
}
