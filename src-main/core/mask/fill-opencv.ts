import type { Grid } from './fill-polygon.ts';
import { fillRow, maskInBox, sidesByRow, sidesOf, type Point, type Side } from './pixel-polygon.ts';
import type { Polygon } from './polygon.ts';
import type { Bitmap, EncodedMask } from './rle.ts';

/** OpenCV counts places in 65,536ths of a pixel, and cuts off what is finer of a slope. */
const FINE = 2 ** 16;

/**
 * The pixels that OpenCV gives a polygon: its corners go to the pixels that contain them, and then it is everything
 * inside or crossed by its line.
 * Source: `fillPoly` of OpenCV 4.12, imgproc/src/drawing.cpp; checked against it to the pixel.
 * @param polygon in pixels, where the middle of the first one is (0.5, 0.5); may reach beyond the grid
 */
export function fillOpenCvPolygon(polygon: Polygon, { widthPx, heightPx }: Grid): Bitmap {
  const bitmap = { data: new Uint8Array(widthPx * heightPx), widthPx, heightPx };
  const sides = sidesOf(polygon);
  const clipped = sides.map((side) => clip(side, bitmap));
  const lines = sides.map((side, index) => lineOf(side, clipped[index]));
  const { starts, places } = sidesByRow(sides, heightPx, { hasLast: false });
  for (let y = 0; y < heightPx; y++) {
    const ofRow = Float64Array.from(places.subarray(starts[y], starts[y + 1]), (place) => {
      const line = lines[place];
      return line ? line.x + (y - line.y) * line.step : 0;
    }).sort();
    for (let pair = 0; pair + 1 < ofRow.length; pair += 2) {
      fillRow(bitmap, y, Math.ceil((ofRow[pair] ?? 0) / FINE), Math.floor((ofRow[pair + 1] ?? 0) / FINE));
    }
  }
  for (const { side, isInside } of clipped) if (isInside) drawLine(bitmap, side);
  return bitmap;
}

/**
 * The mask of a polygon as `fillOpenCvPolygon` fills it.
 * @returns null where the polygon holds no pixel of the grid
 */
export function openCvPolygonMask(polygon: Polygon, grid: Grid): EncodedMask | null {
  return maskInBox(polygon, grid, fillOpenCvPolygon);
}

/** Where a line is in row `y`, and by how much it moves per row, both in fine units. */
type Line = { x: number; y: number; step: number };

/** The line through a side, on the word of the part of it that is in the image. */
function lineOf([from, to]: Side, clipped: Clipped | undefined): Line {
  const [a, b] = clipped?.side ?? [from, to];
  const [rowA, rowB] = a.y === b.y ? [from.y, to.y] : [a.y, b.y];
  const step = Math.trunc(((b.x - a.x) * FINE) / (rowB - rowA));
  return from.y < to.y ? { x: a.x * FINE, y: rowA, step } : { x: b.x * FINE, y: rowB, step };
}

/** A side without what is outside of the image; a side that is outside only ends somewhere. */
type Clipped = { side: Side; isInside: boolean };

/** Cuts a side off at the upper and lower border, then at the left and right one, at whole pixels. */
function clip(side: Side, { widthPx, heightPx }: Grid): Clipped {
  const limits = { right: widthPx - 1, bottom: heightPx - 1 };
  const beside = ({ x }: Point) => (x < 0 ? -1 : Number(x > limits.right));
  const above = ({ y }: Point) => (y < 0 ? -1 : Number(y > limits.bottom));
  const isOneSided = (a: Point, b: Point) => beside(a) * beside(b) > 0 || above(a) * above(b) > 0;
  let [a, b] = side;
  if (isOneSided(a, b)) return { side, isInside: false };
  if (above(a) !== 0) a = atRow(a, b, above(a) < 0 ? 0 : limits.bottom);
  if (above(b) !== 0) b = atRow(b, a, above(b) < 0 ? 0 : limits.bottom);
  if (isOneSided(a, b)) return { side: [a, b], isInside: false };
  if (beside(a) !== 0) a = atColumn(a, b, beside(a) < 0 ? 0 : limits.right);
  if (beside(b) !== 0) b = atColumn(b, a, beside(b) < 0 ? 0 : limits.right);
  return { side: [a, b], isInside: true };
}

const atRow = (a: Point, b: Point, y: number): Point => ({
  x: a.x + Math.trunc(((y - a.y) * (b.x - a.x)) / (b.y - a.y)),
  y,
});

const atColumn = (a: Point, b: Point, x: number): Point => ({
  x,
  y: a.y + Math.trunc(((x - a.x) * (b.y - a.y)) / (b.x - a.x)),
});

/** Goes from left to right; halfway between two pixels, the line stays. */
function drawLine({ data, widthPx, heightPx }: Bitmap, [from, to]: Side): void {
  const [start, end] = from.x <= to.x ? [from, to] : [to, from];
  const [width, height] = [end.x - start.x, Math.abs(end.y - start.y)];
  const down = Math.sign(end.y - start.y);
  const length = Math.max(width, height);
  const isFlat = width >= height;
  for (let step = 0; step <= length; step++) {
    const aside = length === 0 ? 0 : Math.ceil((step * Math.min(width, height)) / length - 0.5);
    const x = start.x + (isFlat ? step : aside);
    const y = start.y + down * (isFlat ? aside : step);
    if (x >= 0 && y >= 0 && x < widthPx && y < heightPx) data[y * widthPx + x] = 1;
  }
}
