import type { InstanceMatch } from '../../domain/evaluation-summary.ts';
import type { TrueObjects } from './object-labels.ts';

/** One predicted object: `mask` [heightPx, widthPx], and the score by which predictions are ranked. */
export type Prediction = { mask: ArrayLike<number>; score: number };

const MATCH_IOU = 0.5;

/**
 * Matches predictions with true objects, best score first, each object at most once.
 */
export function matchInstances(
  predictions: readonly Prediction[],
  { labels, objects, ignored }: TrueObjects,
): InstanceMatch {
  const areas = new Map(objects.map((object) => [object, 0]));
  for (const label of Array.from(labels)) {
    const area = areas.get(label);
    if (area !== undefined) areas.set(label, area + 1);
  }
  const best = new Map(objects.map((object) => [object, 0]));
  const found = new Set<number>();
  const ranked = predictions.toSorted((a, b) => b.score - a.score);
  const matched = ranked.map(({ mask, score }) => {
    const overlaps = overlapsOf(mask, labels, ignored);
    let hit: { object: number; iou: number } | undefined;
    let bestIou = 0;
    for (const [object, shared] of overlaps.byLabel) {
      const area = areas.get(object);
      if (area === undefined) continue;
      const iou = shared / (area + overlaps.areaPx - shared);
      best.set(object, Math.max(best.get(object) ?? 0, iou));
      bestIou = Math.max(bestIou, iou);
      if (iou >= MATCH_IOU && !found.has(object) && iou > (hit?.iou ?? 0)) hit = { object, iou };
    }
    if (hit) found.add(hit.object);
    return { score, isHit: hit !== undefined, iou: bestIou };
  });
  return { truthCount: objects.length, bestIous: [...best.values()], predictions: matched };
}

function overlapsOf(mask: ArrayLike<number>, labels: ArrayLike<number>, ignored: number) {
  const byLabel = new Map<number, number>();
  let areaPx = 0;
  for (let pixel = 0; pixel < labels.length; pixel++) {
    if (!mask[pixel]) continue;
    const label = labels[pixel] ?? ignored;
    if (label === ignored) continue;
    areaPx++;
    byLabel.set(label, (byLabel.get(label) ?? 0) + 1);
  }
  return { byLabel, areaPx };
}
