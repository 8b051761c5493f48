import type { SuperpixelMap } from '../superpixel/slic.ts';
import { softCells, type SoftCells } from '../superpixel/superpixel-masks.ts';

/** Side of the grid on which superpixels become regions (SPEC section 4, step 4). */
export const REGION_GRID = 56;

/** Superpixels of one image on the two grids that need them. */
export type ImageSuperpixels = {
  count: number;
  /** On the grid of the clustered map, where features are pooled. */
  coarse: SoftCells;
  /** On the region grid. */
  fine: SoftCells;
};

/**
 * The superpixels of a square spanning view on both grids.
 * @param stride of the clustered map
 */
export function superpixelGrids(map: SuperpixelMap, stride: number): ImageSuperpixels {
  return {
    count: map.count,
    coarse: softCells(map, map.widthPx / stride),
    fine: softCells(map, REGION_GRID),
  };
}

/** An image that a batch had to do without, and why. */
export type SkippedImage = { relPath: string; detail: string };

/** What the loop needs to know of a batch, wherever its pixels are. */
export type StepBatch = { step: number; skipped: readonly SkippedImage[] };

/** All that a step reads of its images. Pixels are normalised float32, NHWC. */
export type Batch = StepBatch & {
  /** [2B, H, W, 3]: first views, then second views. */
  views: Float32Array;
  /** [B, H, W, 3]: the whole images, squashed. */
  spanning: Float32Array;
  /** [B, 2, 5]: y1, x1, y2, x2 as fractions of the image, then 1 for flipped; a row for each view. */
  boxes: Float32Array;
  superpixels: readonly ImageSuperpixels[];
};

/** Numbers in a row of the box table. */
export const BOX_FIELDS = 5;

/** Where batches come from; `at` is asked for consecutive steps. */
export type BatchSource<B extends StepBatch = Batch> = AsyncDisposable & {
  at: (step: number) => Promise<B>;
};
