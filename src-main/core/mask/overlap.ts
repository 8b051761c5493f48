import { runsOf } from './rle.ts';
import type { MaskShape } from '../../domain/mask-shape.ts';

/**
 * Pixels that two masks of the same grid share, counted run by run without decoding either.
 * @throws RangeError where the grids differ
 */
function sharedArea(a: MaskShape, b: MaskShape): number {
  if (a.gridWidth !== b.gridWidth || a.gridHeight !== b.gridHeight) {
    throw new RangeError(
      `masks of ${a.gridWidth} x ${a.gridHeight} and ${b.gridWidth} x ${b.gridHeight} do not compare`,
    );
  }
  const [runsA, runsB] = [runsOf(a), runsOf(b)];
  let [indexA, indexB] = [0, 0];
  let [leftA, leftB] = [runsA[0] ?? 0, runsB[0] ?? 0];
  let shared = 0;
  while (indexA < runsA.length && indexB < runsB.length) {
    const length = Math.min(leftA, leftB);
    if (indexA % 2 === 1 && indexB % 2 === 1) shared += length;
    leftA -= length;
    leftB -= length;
    if (leftA === 0) leftA = runsA[++indexA] ?? 0;
    if (leftB === 0) leftB = runsB[++indexB] ?? 0;
  }
  return shared;
}

/** Whether two masks of the same grid share a pixel. @throws RangeError where the grids differ */
export function overlaps(a: MaskShape, b: MaskShape): boolean {
  return sharedArea(a, b) > 0;
}

type Measured = { shape: MaskShape; areaPx: number };

/** Intersection over union of two masks of the same grid, 0 to 1. @throws RangeError where the grids differ */
export function maskIou(a: Measured, b: Measured): number {
  const shared = sharedArea(a.shape, b.shape);
  return shared / (a.areaPx + b.areaPx - shared);
}
