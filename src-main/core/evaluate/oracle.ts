import { FOREGROUND, IGNORED, type Truth } from './truth.ts';

/** What choosing regions by looking at the truth could reach: bounds for everything that chooses without. */
export type OracleBounds = {
  /** IoU of the best single region. */
  bestRegion: number;
  /** IoU of the best union of regions. */
  bestUnion: number;
};

/**
 * Bounds of the foreground's IoU for given regions; null where the truth has no foreground.
 *
 * The best union takes regions in the order of their share of foreground: for any union, putting in a region whose
 * share is above the union's IoU raises it, so the best one is a prefix of that order.
 * @param regions [heightPx, widthPx] region of each pixel; below 0 belongs to none
 */
export function oracleBounds(regions: ArrayLike<number>, truth: Truth): OracleBounds | null {
  const inside = new Map<number, number>();
  const outside = new Map<number, number>();
  let foregroundPx = 0;
  truth.pixels.forEach((value, pixel) => {
    const region = regions[pixel] ?? -1;
    if (value === FOREGROUND) foregroundPx++;
    if (value === IGNORED || region < 0) return;
    const counts = value === FOREGROUND ? inside : outside;
    counts.set(region, (counts.get(region) ?? 0) + 1);
  });
  if (foregroundPx === 0) return null;
  const sizes = [...inside].map(([region, px]) => ({ inside: px, outside: outside.get(region) ?? 0 }));
  sizes.sort((a, b) => b.inside / (b.inside + b.outside) - a.inside / (a.inside + a.outside));
  const iou = (insidePx: number, outsidePx: number) => insidePx / (foregroundPx + outsidePx);
  const bounds = { bestRegion: 0, bestUnion: 0 };
  const union = { inside: 0, outside: 0 };
  for (const size of sizes) {
    union.inside += size.inside;
    union.outside += size.outside;
    bounds.bestRegion = Math.max(bounds.bestRegion, iou(size.inside, size.outside));
    bounds.bestUnion = Math.max(bounds.bestUnion, iou(union.inside, union.outside));
  }
  return bounds;
}
