import type { ColumnBitmap } from './column-bitmap.ts';

export type Point = { x: number; y: number };

/**
 * Paints what a round brush covers on its way from one point to another: all pixels whose middle it touches.
 * @param from in pixels of the grid, where the middle of the first one is (0.5, 0.5)
 * @param value 1 to add, 0 to take away
 */
export function brushStroke(
  { data, width, height }: ColumnBitmap,
  { from, to, radius, value }: { from: Point; to: Point; radius: number; value: 0 | 1 },
): void {
  const firstX = Math.max(0, Math.ceil(Math.min(from.x, to.x) - radius - 0.5));
  const lastX = Math.min(width - 1, Math.floor(Math.max(from.x, to.x) + radius - 0.5));
  const firstY = Math.max(0, Math.ceil(Math.min(from.y, to.y) - radius - 0.5));
  const lastY = Math.min(height - 1, Math.floor(Math.max(from.y, to.y) + radius - 0.5));
  const limit = radius * radius;
  for (let x = firstX; x <= lastX; x++) {
    for (let y = firstY; y <= lastY; y++) {
      if (squaredDistance({ x: x + 0.5, y: y + 0.5 }, from, to) <= limit) data[x * height + y] = value;
    }
  }
  // The smallest brush paints the pixel that it is on.
  const [x, y] = [Math.floor(to.x), Math.floor(to.y)];
  if (x >= 0 && y >= 0 && x < width && y < height) data[x * height + y] = value;
}

/** Places along a line, no more than a pixel apart: a quick hand leaves only a few points of it. */
export function everyPixelOf(points: readonly Point[]): Point[] {
  return points.flatMap((to, at) => {
    const from = points[at - 1] ?? to;
    const steps = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y)));
    return Array.from({ length: steps }, (_, step) => ({
      x: from.x + ((to.x - from.x) * (step + 1)) / steps,
      y: from.y + ((to.y - from.y) * (step + 1)) / steps,
    }));
  });
}

/** Of a point from a line between two others. */
function squaredDistance(point: Point, from: Point, to: Point): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : ((point.x - from.x) * dx + (point.y - from.y) * dy) / length;
  const t = Math.min(1, Math.max(0, along));
  return (point.x - from.x - t * dx) ** 2 + (point.y - from.y - t * dy) ** 2;
}
