import type { MaskShape } from '../../domain/mask-shape.ts';
import { runsOf } from './rle.ts';

/**
 * IoU of all that some masks cover and all that others do, on the same grid.
 * @returns 1 where neither covers anything
 * @throws RangeError where the grids differ
 */
export function unionIou(some: readonly MaskShape[], others: readonly MaskShape[]): number {
  const grids = [...some, ...others].map(({ gridWidth, gridHeight }) => `${gridWidth} x ${gridHeight}`);
  if (new Set(grids).size > 1) throw new RangeError(`masks of different grids: ${grids.join(', ')}`);
  const edges = [
    ...some.flatMap((shape) => edgesOf(shape, 0)),
    ...others.flatMap((shape) => edgesOf(shape, 1)),
  ];
  edges.sort((a, b) => a.at - b.at);
  const depths: [number, number] = [0, 0];
  let [both, either, last] = [0, 0, 0];
  for (const { at, side, step } of edges) {
    if (depths[0] > 0 && depths[1] > 0) both += at - last;
    if (depths[0] > 0 || depths[1] > 0) either += at - last;
    depths[side] += step;
    last = at;
  }
  return either === 0 ? 1 : both / either;
}

/** Where a stretch of a mask begins or ends. */
type Edge = { at: number; side: 0 | 1; step: 1 | -1 };

function edgesOf(shape: MaskShape, side: 0 | 1): Edge[] {
  const edges: Edge[] = [];
  let at = 0;
  runsOf(shape).forEach((length, index) => {
    if (index % 2 === 1 && length > 0) {
      edges.push({ at, side, step: 1 }, { at: at + length, side, step: -1 });
    }
    at += length;
  });
  return edges;
}
