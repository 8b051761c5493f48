import { ConceptId, ImageId, MaskId, SegmentationId } from '../contract/ids.ts';
import { MaskOrigin, ReviewState, type Mask } from '../contract/mask.ts';
import type { MaskShape } from '../domain/mask-shape.ts';

export type MaskRow = {
  id: number;
  segmentation_id: number;
  image_id: number;
  concept_id: number | null;
  origin: string;
  level: number;
  x: number;
  y: number;
  width: number;
  height: number;
  area_px: number;
  score: number;
  stack_order: number;
  review: string;
  revision: number;
};
export type ShapeRow = { grid_width: number; grid_height: number; rle: Uint8Array };

/** A mask with the segmentation that it is of. */
export type OwnedMask = Mask & { segmentationId: SegmentationId };

export function toOwnedMask(row: MaskRow): OwnedMask {
  const { x, y, width, height } = row;
  return {
    segmentationId: SegmentationId.parse(row.segmentation_id),
    id: MaskId.parse(row.id),
    imageId: ImageId.parse(row.image_id),
    conceptId: row.concept_id === null ? null : ConceptId.parse(row.concept_id),
    origin: MaskOrigin.parse(row.origin),
    level: row.level,
    box: { x, y, width, height },
    areaPx: row.area_px,
    score: row.score,
    stackOrder: row.stack_order,
    review: ReviewState.parse(row.review),
    revision: row.revision,
  };
}

export function toShape(row: ShapeRow): MaskShape {
  return { gridWidth: row.grid_width, gridHeight: row.grid_height, rle: row.rle };
}
