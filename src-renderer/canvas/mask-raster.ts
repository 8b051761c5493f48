import type { ColumnBitmap } from './column-bitmap.ts';

/**
 * Masks on the screen, at the screen's own resolution.
 *
 * [Note: Screen labels] Masks are painted as numbers into a buffer of the size of the viewport, column by column, so
 * that a stretch of a mask is one fill; then the numbers get colours and lines. All that is kept of a mask are its
 * stretches. So a picture of any size costs what the viewport costs, lines are one pixel of the screen thin at every
 * scale, pixels of the grid are exact at high zoom, and the number under the pointer identifies the mask.
 */
export type ScreenLabels = { data: Uint16Array; width: number; height: number };

/** Where the grid lies: its pixel (x, y) covers the screen from (left + x * scale, top + y * scale) on. */
export type Placement = { left: number; top: number; scale: number };

/** Colours of a label as bytes: red, green, blue, and the alphas of its area and of its line. */
export type LabelStyle = {
  rgb: readonly [number, number, number];
  fill: number;
  line: number;
  lineWidth: number;
};

const BLOCK = 16;

export function screenLabels(width: number, height: number): ScreenLabels {
  return { data: new Uint16Array(width * height), width, height };
}

/** The first pixel of the screen whose centre is at or after a position on the grid. */
function screenAt(place: number, start: number, scale: number): number {
  return Math.ceil(start + place * scale - 0.5);
}

/** @param stretches as `stretchesOf` gives them */
export function paintStretches(
  labels: ScreenLabels,
  at: Placement,
  stretches: Int32Array,
  label: number,
): void {
  const { data, width, height } = labels;
  const { left, top, scale } = at;
  for (let index = 0; index < stretches.length; index += 3) {
    const x = stretches[index] ?? 0;
    const first = Math.max(0, screenAt(x, left, scale));
    const end = Math.min(width, screenAt(x + 1, left, scale));
    if (first >= end) continue;
    const from = Math.max(0, screenAt(stretches[index + 1] ?? 0, top, scale));
    const to = Math.min(height, screenAt(stretches[index + 2] ?? 0, top, scale));
    for (let column = first; column < end && from < to; column++) {
      data.fill(label, column * height + from, column * height + to);
    }
  }
}

/** As `paintStretches`, for a mask under the brush. */
export function paintBitmap(labels: ScreenLabels, at: Placement, bitmap: ColumnBitmap, label: number): void {
  const { data, width, height } = labels;
  const { left, top, scale } = at;
  const first = Math.max(0, screenAt(0, left, scale));
  const end = Math.min(width, screenAt(bitmap.width, left, scale));
  const from = Math.max(0, screenAt(0, top, scale));
  const to = Math.min(height, screenAt(bitmap.height, top, scale));
  const rows = Int32Array.from({ length: Math.max(0, to - from) }, (_, row) =>
    Math.floor((from + row + 0.5 - top) / scale),
  );
  for (let column = first; column < end; column++) {
    const base = Math.floor((column + 0.5 - left) / scale) * bitmap.height;
    const target = column * height + from;
    for (let row = 0; row < rows.length; row++) {
      if (bitmap.data[base + (rows[row] ?? 0)] === 1) data[target + row] = label;
    }
  }
}

/**
 * Gives the labels their colours.
 * @param styles by label less one; labels without one stay clear
 * @param out [height, width], as the words of an ImageData on a little-endian machine, which all that run this are
 */
export function colourLabels(labels: ScreenLabels, styles: readonly LabelStyle[], out: Uint32Array): void {
  const { data, width, height } = labels;
  const fills = Uint32Array.from([0, ...styles.map((style) => wordOf(style, style.fill))]);
  const lines = Uint32Array.from([0, ...styles.map((style) => wordOf(style, style.line))]);
  const widths = Uint8Array.from([0, ...styles.map(({ lineWidth }) => lineWidth)]);
  // The buffers run in different directions: blocks keep both in the processor's cache.
  for (let block = 0; block < width; block += BLOCK) {
    const end = Math.min(width, block + BLOCK);
    for (let y = 0; y < height; y++) {
      for (let x = block; x < end; x++) {
        const at = x * height + y;
        const label = data[at] ?? 0;
        const isLine = label !== 0 && isBorder(labels, { at, x, y, label, reach: widths[label] ?? 0 });
        out[y * width + x] = (isLine ? lines[label] : fills[label]) ?? 0;
      }
    }
  }
}

type Place = { at: number; x: number; y: number; label: number; reach: number };

/** Whether another label, or none, lies within reach. The edge of the screen is no border. */
function isBorder({ data, width, height }: ScreenLabels, { at, x, y, label, reach }: Place): boolean {
  for (let step = 1; step <= reach; step++) {
    if (
      (y >= step && data[at - step] !== label) ||
      (y + step < height && data[at + step] !== label) ||
      (x >= step && data[at - step * height] !== label) ||
      (x + step < width && data[at + step * height] !== label)
    )
      return true;
  }
  return false;
}

function wordOf({ rgb: [red, green, blue] }: LabelStyle, alpha: number): number {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** `#rrggbb` as bytes. */
export function rgbOf(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 0xff, value & 0xff];
}
