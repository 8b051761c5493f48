import type { Grid } from '../superpixel/components.ts';

/** A neck this much narrower than the thinner of both parts divides them. */
const NECK = 0.75;
/** Parts less thick than this many pixels are not cut off. */
const MIN_THICKNESS_PX = 2;

/**
 * Divides pieces of a mask at their necks: watershed on the distance to the outline. Round things that touch, such as
 * cells, come apart; a long thing of even width stays whole.
 * @param mask [H, W], 1 inside
 * @returns [H, W] number of the part from 1, 0 outside
 */
export function splitTouching(mask: Uint8Array, grid: Grid): { labels: Int32Array; count: number } {
  const distance = distanceToOutside(mask, grid);
  const order = Int32Array.from(inside(mask)).sort((a, b) => (distance[b] ?? 0) - (distance[a] ?? 0));
  const basin = new Int32Array(mask.length);
  const peaks = [0];
  const parent = [0];
  const rootOf = (label: number): number => {
    let root = label;
    while (parent[root] !== root) root = parent[root] ?? root;
    return root;
  };
  for (const pixel of order) {
    const level = distance[pixel] ?? 0;
    const roots = new Set(
      neighbours(pixel, grid)
        .map((near) => basin[near] ?? 0)
        .filter((label) => label > 0)
        .map(rootOf),
    );
    const [first, ...others] = [...roots].sort((a, b) => (peaks[b] ?? 0) - (peaks[a] ?? 0));
    if (first === undefined) {
      parent.push(peaks.length);
      basin[pixel] = peaks.length;
      peaks.push(level);
      continue;
    }
    basin[pixel] = first;
    for (const other of others) {
      const peak = peaks[other] ?? 0;
      if (peak < MIN_THICKNESS_PX || level >= NECK * peak) parent[other] = first;
    }
  }
  return renumbered(basin, rootOf);
}

function* inside(mask: Uint8Array): Generator<number> {
  for (let pixel = 0; pixel < mask.length; pixel++) if (mask[pixel]) yield pixel;
}

function neighbours(pixel: number, { widthPx, heightPx }: Grid): number[] {
  const x = pixel % widthPx;
  const near: number[] = [];
  for (let dy = -widthPx; dy <= widthPx; dy += widthPx) {
    for (let dx = -1; dx <= 1; dx++) {
      const other = pixel + dy + dx;
      const isOnGrid =
        x + dx >= 0 && x + dx < widthPx && other >= 0 && other < widthPx * heightPx && other !== pixel;
      if (isOnGrid) near.push(other);
    }
  }
  return near;
}

function renumbered(basin: Int32Array, rootOf: (label: number) => number) {
  const numbers = new Map<number, number>();
  const labels = basin.map((label) => {
    if (label === 0) return 0;
    const root = rootOf(label);
    const number = numbers.get(root) ?? numbers.size + 1;
    numbers.set(root, number);
    return number;
  });
  return { labels, count: numbers.size };
}

/** Chamfer distance (3, 4) / 3 to the nearest pixel outside; the image's border is no outside. */
function distanceToOutside(mask: Uint8Array, { widthPx, heightPx }: Grid): Float32Array {
  const far = widthPx + heightPx;
  const distance = Float32Array.from(mask, (isInside) => (isInside ? far : 0));
  const relax = (pixel: number, other: number, step: number) => {
    const value = (distance[other] ?? 0) + step;
    if (value < (distance[pixel] ?? 0)) distance[pixel] = value;
  };
  const sweep = (isForward: boolean) => {
    const sign = isForward ? 1 : -1;
    for (let row = 0; row < heightPx; row++) {
      const y = isForward ? row : heightPx - 1 - row;
      for (let column = 0; column < widthPx; column++) {
        const x = isForward ? column : widthPx - 1 - column;
        const pixel = y * widthPx + x;
        const hasRowBefore = isForward ? y > 0 : y < heightPx - 1;
        const before = pixel - sign * widthPx;
        const hasBehind = x - sign >= 0 && x - sign < widthPx;
        const hasAhead = x + sign >= 0 && x + sign < widthPx;
        if (hasBehind) relax(pixel, pixel - sign, 1);
        if (!hasRowBefore) continue;
        relax(pixel, before, 1);
        if (hasBehind) relax(pixel, before - sign, 4 / 3);
        if (hasAhead) relax(pixel, before + sign, 4 / 3);
      }
    }
  };
  sweep(true);
  sweep(false);
  return distance;
}
