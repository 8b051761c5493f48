import { connectedComponents, type Grid } from '../superpixel/components.ts';

export type ObjectRules = {
  /** Pieces below this share of the image are specks: they are dropped. */
  minShare: number;
  /** Pieces below this share of the largest one are dropped too. */
  minShareOfLargest: number;
  /** Holes below this share of the image are filled. */
  maxHoleShare: number;
  /** Only the largest piece stays. */
  isSingle: boolean;
};

/** Objects of an image: `labels` [H, W] holds the number of the object from 1, the largest first; 0 is outside. */
export type ObjectMap = { labels: Int32Array; areasPx: number[] };

/** Divides a mask [H, W]: the number of the part from 1 for each pixel, 0 outside. */
export type Divide = (mask: Uint8Array, grid: Grid) => { labels: Int32Array };

/**
 * The pieces of a foreground mask as separate objects, by documented rules.
 * @param mask [H, W], 1 inside
 * @param divide divides a cleaned mask into parts; connected pieces by default
 */
export function objectsOf(
  mask: Uint8Array,
  grid: Grid,
  rules: ObjectRules,
  divide: Divide = connectedComponents,
): ObjectMap {
  const pixels = mask.length;
  const { labels } = divide(fillHoles(mask, grid, rules.maxHoleShare * pixels), grid);
  const areas = areasOf(labels);
  const ranked = [...areas].map((area, label) => ({ label, area })).slice(1);
  ranked.sort((a, b) => b.area - a.area || a.label - b.label);
  const largest = ranked[0]?.area ?? 0;
  const kept = ranked.filter(
    ({ area }) => area >= rules.minShare * pixels && area >= rules.minShareOfLargest * largest,
  );
  // A picture whose every piece is a speck keeps the largest: an empty answer helps nobody.
  const chosen = (kept.length > 0 ? kept : ranked).slice(
    0,
    rules.isSingle || kept.length === 0 ? 1 : undefined,
  );
  const numbers = new Int32Array(areas.length);
  chosen.forEach(({ label }, at) => (numbers[label] = at + 1));
  const renumbered = new Int32Array(labels.length);
  for (let pixel = 0; pixel < labels.length; pixel++) renumbered[pixel] = numbers[labels[pixel] ?? 0] ?? 0;
  return { labels: renumbered, areasPx: chosen.map(({ area }) => area) };
}

/** Pixels of each label, from 0. */
function areasOf(labels: Int32Array): Int32Array {
  let most = 0;
  for (const label of labels) most = Math.max(most, label);
  const areas = new Int32Array(most + 1);
  for (const label of labels) areas[label] = (areas[label] ?? 0) + 1;
  return areas;
}

/** Holes are pieces of the background that do not reach the image's border. */
function fillHoles(mask: Uint8Array, grid: Grid, maxHolePx: number): Uint8Array {
  const { widthPx, heightPx } = grid;
  const outside = new Uint8Array(mask.length);
  for (let pixel = 0; pixel < mask.length; pixel++) outside[pixel] = mask[pixel] ? 0 : 1;
  const { labels, areasPx } = connectedComponents(outside, grid);
  const isFilled = new Uint8Array(areasPx.length);
  for (let label = 0; label < isFilled.length; label++)
    isFilled[label] = (areasPx[label] ?? 0) <= maxHolePx ? 1 : 0;
  const keepOpen = (pixel: number) => (isFilled[labels[pixel] ?? 0] = 0);
  for (let x = 0; x < widthPx; x++) {
    keepOpen(x);
    keepOpen((heightPx - 1) * widthPx + x);
  }
  for (let y = 0; y < heightPx; y++) {
    keepOpen(y * widthPx);
    keepOpen(y * widthPx + widthPx - 1);
  }
  // The mask itself, which is not numbered.
  isFilled[0] = 1;
  const filled = new Uint8Array(mask.length);
  for (let pixel = 0; pixel < mask.length; pixel++) filled[pixel] = isFilled[labels[pixel] ?? 0] ?? 0;
  return filled;
}
