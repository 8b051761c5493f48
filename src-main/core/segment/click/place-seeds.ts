import type { ClickSeed, ClickSeeds } from '../../../contract/click-seeds.ts';
import type { Bounds, Grid } from '../../superpixel/components.ts';
import type { SuperpixelMap } from '../../superpixel/slic.ts';

/** What a person has said of an object, on the fine grid and on its superpixels. */
export type PlacedSeeds = {
  /** [fine H, W]: 1 said to be inside, -1 outside, 0 nothing said. */
  fixed: Int8Array;
  /** [count]: the same of superpixels. */
  hard: Int8Array;
  /** The box around the object, in pixels of the fine grid, half open; null without one. */
  box: Bounds | null;
};

/** Pixels of the fine grid that a click stands for, on every side of the one that was clicked. */
const CLICK_PX = 2;
/** Share of a superpixel that a stroke has to cover to stand for all of it. */
const COVERED = 0.5;

/**
 * Puts seeds from the original's grid on the superpixels of the fine grid. What was said later holds.
 * @param original grid in whose pixels the seeds are given
 */
export function placeSeeds({ seeds, box }: ClickSeeds, original: Grid, map: SuperpixelMap): PlacedSeeds {
  const scale = { x: map.widthPx / original.widthPx, y: map.heightPx / original.heightPx };
  const fixed = new Int8Array(map.labels.length);
  const touched = new Int8Array(map.count);
  const bounds = box && boundsOn(map, box, scale);
  if (bounds) fixOutside(fixed, map, bounds);
  for (const seed of seeds) {
    const value = seed.isInside ? 1 : -1;
    const points = placesOf(seed, scale);
    const radius = Math.max(CLICK_PX, seed.radius * Math.max(scale.x, scale.y));
    for (const { x, y } of points) {
      paintDisc(fixed, map, { x, y, radius, value });
      touched[map.labels[pixelAt(map, x, y)] ?? 0] = value;
    }
  }
  return { fixed, hard: hardOf(map, fixed, touched), box: bounds };
}

/** Nothing outside of a box belongs to the object. */
function fixOutside(fixed: Int8Array, { widthPx }: Grid, { x0, y0, x1, y1 }: Bounds): void {
  for (let pixel = 0; pixel < fixed.length; pixel++) {
    const x = pixel % widthPx;
    const y = (pixel - x) / widthPx;
    if (x < x0 || x >= x1 || y < y0 || y >= y1) fixed[pixel] = -1;
  }
}

type Scale = { x: number; y: number };
type Place = { x: number; y: number };

/** Places along a seed, no more than a pixel of the fine grid apart. */
function placesOf({ points }: ClickSeed, scale: Scale): Place[] {
  const scaled = points.map(({ x, y }) => ({ x: x * scale.x, y: y * scale.y }));
  return scaled.flatMap((to, at) => {
    const from = scaled[at - 1];
    if (!from) return [to];
    const steps = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y)));
    return Array.from({ length: steps }, (_, step) => ({
      x: from.x + ((to.x - from.x) * (step + 1)) / steps,
      y: from.y + ((to.y - from.y) * (step + 1)) / steps,
    }));
  });
}

function paintDisc(
  fixed: Int8Array,
  { widthPx, heightPx }: Grid,
  { x, y, radius, value }: Place & { radius: number; value: number },
): void {
  for (
    let row = Math.max(0, Math.ceil(y - radius - 0.5));
    row < Math.min(heightPx, y + radius + 0.5);
    row++
  ) {
    for (
      let column = Math.max(0, Math.ceil(x - radius - 0.5));
      column < Math.min(widthPx, x + radius + 0.5);
      column++
    ) {
      const isNear = (column + 0.5 - x) ** 2 + (row + 0.5 - y) ** 2 <= radius * radius;
      if (isNear) fixed[row * widthPx + column] = value;
    }
  }
  fixed[pixelAt({ widthPx, heightPx }, x, y)] = value;
}

/** The pixel at a place; the nearest one where that is beyond the picture. */
function pixelAt({ widthPx, heightPx }: Grid, x: number, y: number): number {
  const column = Math.min(Math.max(Math.floor(x), 0), widthPx - 1);
  const row = Math.min(Math.max(Math.floor(y), 0), heightPx - 1);
  return row * widthPx + column;
}

/** Superpixels that a seed goes through, or that strokes mostly cover. */
function hardOf({ labels, count }: SuperpixelMap, fixed: Int8Array, touched: Int8Array): Int8Array {
  const sums = new Int32Array(count);
  const areas = new Int32Array(count);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const label = labels[pixel] ?? 0;
    areas[label] = (areas[label] ?? 0) + 1;
    sums[label] = (sums[label] ?? 0) + (fixed[pixel] ?? 0);
  }
  return touched.map((value, s) => {
    const share = (sums[s] ?? 0) / Math.max(areas[s] ?? 0, 1);
    return value || (Math.abs(share) >= COVERED ? Math.sign(share) : 0);
  });
}

function boundsOn({ widthPx, heightPx }: Grid, box: NonNullable<ClickSeeds['box']>, scale: Scale): Bounds {
  const within = (value: number, most: number) => Math.min(Math.max(Math.round(value), 0), most);
  return {
    x0: within(box.x * scale.x, widthPx - 1),
    y0: within(box.y * scale.y, heightPx - 1),
    x1: Math.max(within((box.x + box.width) * scale.x, widthPx), within(box.x * scale.x, widthPx - 1) + 1),
    y1: Math.max(within((box.y + box.height) * scale.y, heightPx), within(box.y * scale.y, heightPx - 1) + 1),
  };
}
