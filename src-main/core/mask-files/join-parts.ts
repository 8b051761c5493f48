import type { Box } from '../../contract/mask.ts';
import type { MaskShape } from '../../domain/mask-shape.ts';
import { decodeCrop } from '../mask/crop.ts';
import { openCvPolygonMask } from '../mask/fill-opencv.ts';
import { maskIou } from '../mask/overlap.ts';
import { polygonsOf } from '../mask/polygon.ts';
import { encodeRuns, runsOf, type EncodedMask } from '../mask/rle.ts';
import type { FileMask } from './mask-record.ts';
import { joinedMask } from './object-parts.ts';

/** Parts that share less than this are different ones. */
const SAME_PART_IOU = 0.5;

/**
 * Joins masks that a format could only hold part by part: those that are the parts of one object known before, and
 * have the same class. All others stay as they are.
 */
export function joinParts(masks: readonly FileMask[], objects: readonly { shape: MaskShape }[]): FileMask[] {
  const free = new Set(masks.filter(({ isPart }) => isPart === true));
  const joined: FileMask[] = [];
  for (const object of free.size > 1 ? objects : []) {
    const [first, ...others] = partsOf(object).flatMap((part) => closestTo(part, free) ?? []);
    const together = first ? [first, ...others.filter(({ className }) => className === first.className)] : [];
    const mask = together.length > 1 ? joinedMask(together) : null;
    if (!mask || !first) continue;
    for (const part of together) free.delete(part);
    joined.push({ ...mask, className: first.className, score: first.score, entries: together.length });
  }
  return [...masks.filter((mask) => mask.isPart !== true || free.has(mask)), ...joined];
}

/** The parts of an object of several, as exports write them. */
function partsOf({ shape }: { shape: MaskShape }): EncodedMask[] {
  const { gridWidth: widthPx, gridHeight: heightPx } = shape;
  const object = encodeRuns(runsOf(shape), widthPx, heightPx);
  if (!object) return [];
  const { box } = object;
  const polygons = polygonsOf(decodeCrop(shape, box), { line: 'centres', offset: box });
  const grid = { widthPx, heightPx };
  return polygons.length < 2 ? [] : polygons.flatMap((polygon) => openCvPolygonMask(polygon, grid) ?? []);
}

function closestTo(part: EncodedMask, masks: Iterable<FileMask>): FileMask | undefined {
  let [closest, closestIou]: [FileMask | undefined, number] = [undefined, SAME_PART_IOU];
  for (const mask of masks) {
    const iou = doTouch(part.box, mask.box) ? maskIou(part, mask) : 0;
    if (iou >= closestIou) [closest, closestIou] = [mask, iou];
  }
  return closest;
}

function doTouch(a: Box, b: Box): boolean {
  const isBeside = a.x + a.width <= b.x || b.x + b.width <= a.x;
  return !isBeside && a.y + a.height > b.y && b.y + b.height > a.y;
}
