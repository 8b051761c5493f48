import { connectedComponents, type Grid } from '../segment/components.ts';

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

/**
 * The pieces of a foreground mask as separate objects, by documented rules.
 * @param mask [H, W], 1 inside
 * @param split divides a cleaned mask into parts; connected pieces by default
 * @returns masks [H, W] of 0 and 1, the largest first
 */
export function objectsOf(
  mask: Uint8Array,
  grid: Grid,
  rules: ObjectRules,
  split: (mask: Uint8Array, grid: Grid) => { labels: Int32Array } = connectedComponents,
): Uint8Array[] {
  const pixels = mask.length;
  const filled = fillHoles(mask, grid, rules.maxHoleShare * pixels);
  const { labels } = split(filled, grid);
  const areas = new Map<number, number>();
  for (const label of labels) if (label > 0) areas.set(label, (areas.get(label) ?? 0) + 1);
  const ranked = [...areas].sort((a, b) => b[1] - a[1]);
  const largest = ranked[0]?.[1] ?? 0;
  const kept = ranked.filter(
    ([, area]) => area >= rules.minShare * pixels && area >= rules.minShareOfLargest * largest,
  );
  // A picture whose every piece is a speck keeps the largest: an empty answer helps nobody.
  const chosen = kept.length > 0 ? kept : ranked.slice(0, 1);
  return (rules.isSingle ? chosen.slice(0, 1) : chosen).map(([label]) => maskOf(labels, label));
}

function maskOf(labels: Int32Array, label: number): Uint8Array {
  const mask = new Uint8Array(labels.length);
  for (let pixel = 0; pixel < labels.length; pixel++) if (labels[pixel] === label) mask[pixel] = 1;
  return mask;
}

/** Holes are pieces of the background that do not reach the image's border. */
function fillHoles(mask: Uint8Array, grid: Grid, maxHolePx: number): Uint8Array {
  const { widthPx, heightPx } = grid;
  const outside = mask.map((value) => (value ? 0 : 1));
  const { labels, areasPx } = connectedComponents(outside, grid);
  const isOpen = new Set<number>();
  for (let x = 0; x < widthPx; x++) isOpen.add(labels[x] ?? 0).add(labels[(heightPx - 1) * widthPx + x] ?? 0);
  for (let y = 0; y < heightPx; y++) {
    isOpen.add(labels[y * widthPx] ?? 0).add(labels[y * widthPx + widthPx - 1] ?? 0);
  }
  return mask.map((value, pixel) => {
    const label = labels[pixel] ?? 0;
    if (value || label === 0) return value ? 1 : 0;
    return !isOpen.has(label) && (areasPx[label] ?? 0) <= maxHolePx ? 1 : 0;
  });
}
