import type { MaskId } from '../../../src-main/contract/ids.ts';
import type { ShapedMask } from '../../../src-main/contract/segmentation.ts';
import type { Point } from '../../canvas/brush.ts';
import { addMask, countsOf, emptyBitmap, type ColumnBitmap } from '../../canvas/column-bitmap.ts';
import {
  lineNear,
  outlinePoints,
  pointNear,
  reshapedBy,
  withPointAdded,
  withPointMoved,
  withPointRemoved,
  type PointAt,
  type Ring,
} from '../../canvas/outline-points.ts';

/** Pixels of the longer side of an image that an outline may be off by one of, so that points are not in each other's way. */
const SIDE_PER_PX = 600;
/** From a point or a line, on the screen. */
const REACH_PX = 9;

type Outlined = Pick<ShapedMask, 'id' | 'counts' | 'gridWidth' | 'gridHeight'>;

/** The outline of a mask by its points: they are moved, added and removed. Places are in pixels of the grid. */
export class OutlineTool {
  /** The outline of a mask as it was last traced or left, by its run lengths. */
  #known: { counts: string; rings: readonly Ring[] } | undefined;
  #held = $state.raw<{
    mask: Outlined;
    before: readonly Ring[];
    rings: readonly Ring[];
    point: PointAt | null;
  }>();

  get isUnderWay(): boolean {
    return this.#held !== undefined;
  }

  /** The outline of a mask, as it is while a point is moved. */
  ringsOf(mask: Outlined): readonly Ring[] {
    const held = this.#held;
    return held?.mask.id === mask.id ? held.rings : this.#traced(mask);
  }

  /**
   * Takes the point at a place, or makes one on the line there; `isRemoving` takes the point away.
   * @param scale pixels of the screen a pixel of the grid
   * @returns whether there was a point or a line
   */
  press(
    mask: Outlined,
    place: Point,
    { scale, isRemoving }: { scale: number; isRemoving: boolean },
  ): boolean {
    const before = this.#traced(mask);
    const reach = REACH_PX / scale;
    const point = pointNear(before, place, reach);
    if (point && isRemoving)
      this.#held = { mask, before, rings: withPointRemoved(before, point), point: null };
    else if (point) this.#held = { mask, before, rings: before, point };
    if (point || isRemoving) return point !== undefined;
    const line = lineNear(before, place, reach);
    if (!line) return false;
    const { rings, added } = withPointAdded(before, line, place);
    // The new point is on the line: until it is moved, nothing has changed.
    this.#held = { mask, before: rings, rings, point: added };
    return true;
  }

  dragTo(place: Point): void {
    const held = this.#held;
    if (held?.point) this.#held = { ...held, rings: withPointMoved(held.rings, held.point, place) };
  }

  /** Ends it. @returns the mask and its new run lengths: null where nothing is left; undefined where nothing changed */
  release(): { id: MaskId; counts: string | null } | undefined {
    const held = this.#held;
    this.#held = undefined;
    if (!held || held.rings === held.before) return undefined;
    const counts = countsOf(reshapedBy(bitmapOf(held.mask), held.before, held.rings));
    if (counts !== null) this.#known = { counts, rings: held.rings };
    return counts === held.mask.counts ? undefined : { id: held.mask.id, counts };
  }

  drop(): void {
    this.#held = undefined;
  }

  #traced(mask: Outlined): readonly Ring[] {
    if (this.#known?.counts !== mask.counts) {
      const tolerancePx = Math.max(1, Math.max(mask.gridWidth, mask.gridHeight) / SIDE_PER_PX);
      this.#known = { counts: mask.counts, rings: outlinePoints(bitmapOf(mask), tolerancePx) };
    }
    return this.#known.rings;
  }
}

function bitmapOf({ gridWidth, gridHeight, counts }: Outlined): ColumnBitmap {
  const bitmap = emptyBitmap(gridWidth, gridHeight);
  addMask(bitmap, counts);
  return bitmap;
}
