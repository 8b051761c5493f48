import { scoreForeground } from '../../core/evaluate/foreground.ts';
import { matchInstances } from '../../core/evaluate/instances.ts';
import { oracleBounds } from '../../core/evaluate/oracle.ts';
import type { Truth } from '../../core/evaluate/truth.ts';
import { paintMask } from '../../core/mask/crop.ts';
import { decodeRle, runsOf } from '../../core/mask/rle.ts';
import type { MaskShape } from '../../domain/mask-shape.ts';
import type { ScoredImage } from '../../domain/evaluation-summary.ts';
import type { CallOf, ResultOf } from '../protocol/call.ts';
import { readPictures, readUnpacked, type ImageTruth } from './truth-files.ts';

type Scored = CallOf<'score-masks'>['images'][number];

/**
 * Compares masks with ground truth, see `readPictures` and `readUnpacked`. Masks are brought to the truth's size.
 * @throws UserError BAD_INPUT for a truth file that is no image
 */
export async function scoreMasks(call: CallOf<'score-masks'>): Promise<ResultOf<'score-masks'>> {
  const { folder, isUnpacked } = call.truth;
  const read = isUnpacked ? readUnpacked : readPictures;
  const result: ResultOf<'score-masks'> = { images: [], usedNames: [], missingTruth: 0 };
  for (const image of call.images) {
    const found = await read(folder, image);
    if (found) {
      result.images.push(scoreImage(image, found));
      result.usedNames.push(found.name);
    } else result.missingTruth++;
  }
  return result;
}

function scoreImage(image: Scored, { truth, objects: trueObjects }: ImageTruth): ScoredImage {
  const masks = image.masks.filter(({ level }) => level === 0);
  const objects = masks.map(({ shape, score }) => ({ mask: onGrid(shape, truth), score }));
  const foreground = new Uint8Array(truth.pixels.length);
  for (const { mask } of objects) mask.forEach((inside, pixel) => inside && (foreground[pixel] = 1));
  // The finest level that is stored: in modes that cut the whole image, and without regions, the objects themselves.
  const regions = image.masks.filter(({ level }) => level === 1);
  const bounds = oracleBounds(regionMap(regions.length > 0 ? regions : masks, truth), truth);
  return {
    scores: {
      relPath: image.relPath,
      ...scoreForeground(foreground, truth, trueObjects),
      bestRegion: bounds?.bestRegion ?? null,
      bestUnion: bounds?.bestUnion ?? null,
      score: meanScore(masks),
    },
    objects: trueObjects ? matchInstances(objects, trueObjects) : null,
  };
}

/** Mean of the scores of an image's objects, each by its area: what of the foreground can be trusted. */
function meanScore(masks: Scored['masks']): number {
  const areas = masks.map(({ shape }) =>
    runsOf(shape).reduce((sum, length, index) => (index % 2 === 1 ? sum + length : sum), 0),
  );
  const total = areas.reduce((sum, px) => sum + px, 0);
  return masks.reduce((sum, { score }, at) => sum + score * (areas[at] ?? 0), 0) / Math.max(total, 1);
}

function regionMap(regions: readonly { shape: MaskShape }[], truth: Truth): Int16Array {
  const map = new Int16Array(truth.pixels.length).fill(-1);
  regions.forEach(({ shape }, at) => {
    onGrid(shape, truth).forEach((inside, pixel) => inside && (map[pixel] = at));
  });
  return map;
}

/** A mask on the truth's grid, nearest pixels where the sizes differ. */
function onGrid(shape: MaskShape, { widthPx, heightPx }: Truth): Uint8Array {
  if (shape.gridWidth === widthPx && shape.gridHeight === heightPx) {
    const labels = new Uint8Array(widthPx * heightPx);
    paintMask(labels, shape, 1);
    return labels;
  }
  const { data } = decodeRle(shape);
  return Uint8Array.from({ length: widthPx * heightPx }, (_, pixel) => {
    const x = Math.floor((((pixel % widthPx) + 0.5) * shape.gridWidth) / widthPx);
    const y = Math.floor(((Math.floor(pixel / widthPx) + 0.5) * shape.gridHeight) / heightPx);
    return data[y * shape.gridWidth + x] ?? 0;
  });
}
