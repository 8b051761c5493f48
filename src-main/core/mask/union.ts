import type { MaskShape } from '../../domain/mask-shape.ts';
import { paintMask } from './crop.ts';
import { encodeRle, type EncodedMask } from './rle.ts';

/**
 * All that at least one of the masks holds.
 * @param shapes of one grid, none of them empty
 * @throws RangeError where the grids differ
 */
export function unionOf(shapes: readonly [MaskShape, ...MaskShape[]]): EncodedMask {
  const [{ gridWidth, gridHeight }] = shapes;
  const data = new Uint8Array(gridWidth * gridHeight);
  for (const shape of shapes) {
    assertGrid(shape, { gridWidth, gridHeight });
    paintMask(data, shape, 1);
  }
  const union = encodeRle({ data, widthPx: gridWidth, heightPx: gridHeight });
  if (!union) throw new Error('a union of masks is empty');
  return union;
}

/** @throws RangeError if a mask has another grid */
export function assertGrid(shape: MaskShape, grid: Pick<MaskShape, 'gridWidth' | 'gridHeight'>): void {
  if (shape.gridWidth === grid.gridWidth && shape.gridHeight === grid.gridHeight) return;
  throw new RangeError(
    `a mask of ${shape.gridWidth} x ${shape.gridHeight} is on another grid than ${grid.gridWidth} x ${grid.gridHeight}`,
  );
}
