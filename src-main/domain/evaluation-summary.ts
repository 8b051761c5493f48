import { z } from 'zod';
import { ImageId } from '../contract/ids.ts';
import { MaskShape } from './mask-shape.ts';
import { ImageScores, type ObjectScores } from '../contract/segmentation.ts';

/** An image as it is compared with ground truth. */
export const ImageToScore = z.object({
  imageId: ImageId,
  relPath: z.string(),
  masks: z.array(z.object({ shape: MaskShape, score: z.number(), level: z.number().int() })),
});

/** The objects of one image against the true ones. */
export const InstanceMatch = z.object({
  /** Number of true objects. */
  truthCount: z.number().int(),
  /** For each true object the IoU of the best prediction, whichever it is. */
  bestIous: z.array(z.number()),
  /** Score of each prediction, and whether it found an object that none with a higher score had found. */
  predictions: z.array(z.object({ score: z.number(), isHit: z.boolean(), iou: z.number() })),
});
export type InstanceMatch = z.infer<typeof InstanceMatch>;

/** Scores of one image; `objects` is null where no labels were there. */
export const ScoredImage = z.object({ scores: ImageScores, objects: InstanceMatch.nullable() });
export type ScoredImage = z.infer<typeof ScoredImage>;

/** Adds up the matches of all images. */
export function summariseObjects(matches: readonly InstanceMatch[]): ObjectScores {
  const truthCount = matches.reduce((sum, match) => sum + match.truthCount, 0);
  const ranked = matches.flatMap(({ predictions }) => predictions).sort((a, b) => b.score - a.score);
  const hits = ranked.filter(({ isHit }) => isHit).length;
  const recall = truthCount === 0 ? 0 : hits / truthCount;
  const precision = ranked.length === 0 ? 0 : hits / ranked.length;
  const bestIous = matches.flatMap((match) => match.bestIous);
  return {
    truthCount,
    predictionCount: ranked.length,
    recall,
    precision,
    f1: recall + precision === 0 ? 0 : (2 * recall * precision) / (recall + precision),
    meanBestIou: bestIous.reduce((sum, iou) => sum + iou, 0) / Math.max(bestIous.length, 1),
    averagePrecision: averagePrecision(ranked, truthCount),
    iouQuarters: quarterMeans(ranked.map(({ iou }) => iou)),
  };
}

/**
 * Means of the quarters of a list that is sorted by score: falling ones say that the score ranks.
 * @returns four numbers, or none for a list of less than four
 */
export function quarterMeans(ranked: readonly number[]): number[] {
  if (ranked.length < 4) return [];
  return [0, 1, 2, 3].map((quarter) => {
    const [start, end] = [quarter, quarter + 1].map((at) => Math.round((at * ranked.length) / 4));
    const part = ranked.slice(start, end);
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}

/** Every-point interpolation, as PASCAL VOC 2010 and later. */
function averagePrecision(ranked: readonly { isHit: boolean }[], truthCount: number): number {
  const points: { precision: number; isHit: boolean }[] = [];
  let hits = 0;
  ranked.forEach(({ isHit }, at) => {
    if (isHit) hits++;
    points.push({ precision: hits / (at + 1), isHit });
  });
  let ceiling = 0;
  let sum = 0;
  for (const { precision, isHit } of points.toReversed()) {
    ceiling = Math.max(ceiling, precision);
    if (isHit) sum += ceiling;
  }
  return truthCount === 0 ? 0 : sum / truthCount;
}
