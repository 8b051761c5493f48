import { boundsOf, connectedComponents, type Bounds } from '../superpixel/components.ts';
import type { TrueObjects } from './object-labels.ts';
import { BACKGROUND, FOREGROUND, filledTruth, IGNORED, type Truth } from './truth.ts';

/** Scores of one image's foreground; ignored pixels count nowhere. */
export type ForegroundScores = {
  /** Intersection over union of the foreground; null where the truth has none. */
  iou: number | null;
  /** Mean of the foreground's and the background's IoU. */
  meanIou: number | null;
  /** Share of labelled pixels that are classified correctly. */
  accuracy: number;
  /** Whether the box of the largest predicted piece has an IoU of at least 0.5 with the box of a true object. */
  isLocated: boolean | null;
  /** F-measure of the outlines, see `boundaryF`. */
  boundaryF: number | null;
};

/** Distance at which outlines count as equal, in shares of the image's diagonal (DAVIS, Perazzi et al. 2016). */
const BOUNDARY_TOLERANCE = 0.008;

/**
 * Compares a foreground mask with the truth.
 * @param mask [heightPx, widthPx] of the truth's size, 1 in the foreground, else 0
 * @param objects the single objects of the truth, if labelled; else its foreground counts as one
 */
export function scoreForeground(
  mask: ArrayLike<number>,
  truth: Truth,
  objects?: TrueObjects,
): ForegroundScores {
  const counts = countPixels(mask, truth);
  const { both, onlyMask, onlyTruth, neither } = counts;
  const labelled = both + onlyMask + onlyTruth + neither;
  const accuracy = labelled === 0 ? 1 : (both + neither) / labelled;
  if (both + onlyTruth === 0) {
    return { iou: null, meanIou: null, accuracy, isLocated: null, boundaryF: null };
  }
  const iou = both / (both + onlyMask + onlyTruth);
  const rest = onlyMask + onlyTruth + neither;
  const backgroundIou = rest === 0 ? 1 : neither / rest;
  return {
    iou,
    meanIou: (iou + backgroundIou) / 2,
    accuracy,
    isLocated: isLocated(mask, truth, objects),
    boundaryF: boundaryF(mask, truth),
  };
}

function countPixels(mask: ArrayLike<number>, { pixels }: Truth) {
  const counts = { both: 0, onlyMask: 0, onlyTruth: 0, neither: 0 };
  pixels.forEach((value, pixel) => {
    if (value === IGNORED) return;
    if (mask[pixel]) counts[value === FOREGROUND ? 'both' : 'onlyMask']++;
    else counts[value === FOREGROUND ? 'onlyTruth' : 'neither']++;
  });
  return counts;
}

function isLocated(mask: ArrayLike<number>, truth: Truth, objects: TrueObjects | undefined): boolean {
  const { labels, areasPx } = connectedComponents(mask, truth);
  const largest = areasPx.indexOf(Math.max(...areasPx));
  const predicted = largest > 0 ? boundsOf((pixel) => labels[pixel] === largest, truth) : undefined;
  if (!predicted) return false;
  const wanted = objects
    ? objects.objects.map((object) => boundsOf((pixel) => objects.labels[pixel] === object, truth))
    : [boundsOf((pixel) => truth.pixels[pixel] === FOREGROUND, truth)];
  return wanted.some((box) => box !== undefined && boxIou(predicted, box) >= 0.5);
}

/** Intersection over union of two boxes. */
function boxIou(a: Bounds, b: Bounds): number {
  const area = ({ x0, y0, x1, y1 }: Bounds) => Math.max(x1 - x0, 0) * Math.max(y1 - y0, 0);
  const shared = area({
    x0: Math.max(a.x0, b.x0),
    y0: Math.max(a.y0, b.y0),
    x1: Math.min(a.x1, b.x1),
    y1: Math.min(a.y1, b.y1),
  });
  return shared / (area(a) + area(b) - shared);
}

/**
 * How well outlines agree: the harmonic mean of the shares of either outline that lie within the tolerance of the
 * other. Where the truth leaves a band open, its outline is taken in the middle of the band.
 * @returns 0..1
 */
export function boundaryF(mask: ArrayLike<number>, truth: Truth): number {
  const { widthPx, heightPx } = truth;
  const reach = Math.max(1, Math.round(BOUNDARY_TOLERANCE * Math.hypot(widthPx, heightPx)));
  const wanted = outlineOf(filledTruth(truth).pixels, widthPx, heightPx);
  const found = outlineOf(mask, widthPx, heightPx);
  const precision = shareNear(found, wanted, { widthPx, heightPx, reach });
  const recall = shareNear(wanted, found, { widthPx, heightPx, reach });
  return precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
}

/** Pixels whose right or lower neighbour is on the other side. */
function outlineOf(mask: ArrayLike<number>, widthPx: number, heightPx: number): Uint8Array {
  const outline = new Uint8Array(widthPx * heightPx);
  for (let y = 0, pixel = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, pixel++) {
      const isInside = Boolean(mask[pixel] ?? BACKGROUND);
      const isEdge =
        (x + 1 < widthPx && Boolean(mask[pixel + 1]) !== isInside) ||
        (y + 1 < heightPx && Boolean(mask[pixel + widthPx]) !== isInside);
      if (isEdge) outline[pixel] = 1;
    }
  }
  return outline;
}

type Nearness = { widthPx: number; heightPx: number; reach: number };

/** Share of the pixels of `outline` that have a pixel of `other` within `reach`. */
function shareNear(outline: Uint8Array, other: Uint8Array, { widthPx, heightPx, reach }: Nearness): number {
  const offsets: [dx: number, dy: number][] = [];
  for (let dy = -reach; dy <= reach; dy++)
    for (let dx = -reach; dx <= reach; dx++) if (dx * dx + dy * dy <= reach * reach) offsets.push([dx, dy]);
  let count = 0;
  let near = 0;
  outline.forEach((isEdge, pixel) => {
    if (!isEdge) return;
    count++;
    const x = pixel % widthPx;
    const y = Math.floor(pixel / widthPx);
    const hasNear = offsets.some(([dx, dy]) => {
      const [ox, oy] = [x + dx, y + dy];
      return ox >= 0 && oy >= 0 && ox < widthPx && oy < heightPx && other[oy * widthPx + ox] === 1;
    });
    if (hasNear) near++;
  });
  return count === 0 ? 0 : near / count;
}
