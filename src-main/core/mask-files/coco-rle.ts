import { z } from 'zod';
import { unpackRuns } from '../../contract/run-lengths.ts';
import { encodeRuns, type EncodedMask } from '../mask/rle.ts';
import type { GridSize } from './image-grid.ts';

/** Some tools write sizes as texts. */
const Side = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]);
const CocoRle = z.object({
  size: z.tuple([Side, Side]),
  counts: z.union([z.string(), z.array(z.number().int().nonnegative())]),
});

/** The mask in COCO's run lengths of either kind, or one sentence about why it is none. */
export function cocoRleMask(segmentation: unknown, grid: GridSize): EncodedMask | string {
  const { data: rle } = CocoRle.safeParse(segmentation);
  if (!rle) return 'Its segmentation is neither polygons nor run lengths with size and counts.';
  const [height, width] = rle.size;
  if (width !== grid.widthPx || height !== grid.heightPx) {
    return `Its mask is ${width} x ${height}, but the image is ${grid.widthPx} x ${grid.heightPx}.`;
  }
  try {
    const { counts } = rle;
    const runs = typeof counts === 'string' ? unpackRuns(Buffer.from(counts, 'latin1')) : counts;
    return encodeRuns(runs, width, height) ?? 'Its mask has no pixels.';
  } catch (error) {
    if (error instanceof RangeError) return `Its mask cannot be read: ${error.message}.`;
    throw error;
  }
}
