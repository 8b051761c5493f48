/** How many keypoints the rows of a dataset for poses have, and whether each has its visibility behind its place. */
export type KeypointShape = { count: number; hasVisibility: boolean };

const BOX_FIELDS = 4;
/** Coordinates are written with a few digits. */
const ROUNDING = 0.01;

/**
 * Recognizes a row of a dataset for poses: a box (centre and size), then two or three numbers per keypoint. Read as a polygon,
 * it would be a mask of nothing.
 * @param fields what follows the class
 * @param shape that data.yaml gives as `kpt_shape`; without it, only keypoints with their visibility (0, 1 or 2) can be recognized
 */
export function keypointsIn(
  fields: readonly string[],
  shape: KeypointShape | null,
): KeypointShape | undefined {
  if (shape) {
    const length = BOX_FIELDS + shape.count * (shape.hasVisibility ? 3 : 2);
    // A prediction can have a score at its end.
    return fields.length === length || fields.length === length + 1 ? shape : undefined;
  }
  const [box, rest] = [fields.slice(0, BOX_FIELDS).map(Number), fields.slice(BOX_FIELDS)];
  const count = rest.length / 3;
  if (count < 1 || !Number.isInteger(count)) return undefined;
  const points = Array.from({ length: count }, (_, at) => rest.slice(3 * at, 3 * at + 3).map(Number));
  const isPose = points.every(([, , visibility]) => [0, 1, 2].includes(visibility ?? NaN));
  if (!isPose || !isBox(box)) return undefined;
  // No coordinate is 2, but the points of a polygon at the edges of the image can have what looks like other degrees.
  const isCertain = points.some(([, , visibility]) => visibility === 2);
  const isLikely = count > 1 && points.every((point) => point[2] === 0 || isInside(point, box));
  return isCertain || isLikely ? { count, hasVisibility: true } : undefined;
}

/** Whether centre and size are those of a box in the image. */
function isBox([x = NaN, y = NaN, width = NaN, height = NaN]: readonly number[]): boolean {
  const fits = (centre: number, size: number) =>
    size > 0 && centre - size / 2 >= -ROUNDING && centre + size / 2 <= 1 + ROUNDING;
  return fits(x, width) && fits(y, height);
}

function isInside([x = NaN, y = NaN]: readonly number[], box: readonly number[]): boolean {
  const [boxX = NaN, boxY = NaN, width = NaN, height = NaN] = box;
  return Math.abs(x - boxX) <= width / 2 + ROUNDING && Math.abs(y - boxY) <= height / 2 + ROUNDING;
}

/** Why a row of keypoints is no mask, and what is to be done. */
export function noMaskOfPose({ count, hasVisibility }: KeypointShape): string {
  const points = `${count} keypoint${count === 1 ? '' : 's'}${hasVisibility ? ' with visibility' : ''}`;
  return `It is a box and ${points}, as datasets for poses have them: keypoints have no area, so they are not imported. Export polygons (YOLO segmentation) instead.`;
}
