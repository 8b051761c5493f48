import type { Grid } from './fill-polygon.ts';
import { fillRow, maskInBox, sidesByRow, sidesOf, type Side } from './pixel-polygon.ts';
import type { Polygon } from './polygon.ts';
import type { Bitmap, EncodedMask } from './rle.ts';

/**
 * The pixels that Pillow gives a polygon: its corners go to the pixels that contain them, and each row is filled
 * between the pixels that are nearest to its sides. Where two sides meet in a corner that sticks out, the corner is drawn
 * up to where the next row begins.
 * Source: `ImageDraw.polygon` of Pillow 12.3, libImaging/Draw.c; checked against it to the pixel.
 * @param polygon in pixels, where the middle of the first one is (0.5, 0.5); may reach beyond the grid
 */
export function fillPillowPolygon(polygon: Polygon, { widthPx, heightPx }: Grid): Bitmap {
  const bitmap = { data: new Uint8Array(widthPx * heightPx), widthPx, heightPx };
  const all = sidesOf(polygon);
  for (const [a, b] of all) {
    if (a.y === b.y) fillRow(bitmap, a.y, Math.min(a.x, b.x), Math.max(a.x, b.x));
  }
  const slants = all.filter(([a, b]) => a.y !== b.y).map(slantOf);
  const bottom = all.reduce((lowest, [{ y }]) => Math.max(lowest, y), 0);
  const { starts, places } = sidesByRow(
    slants.map(({ side }) => side),
    heightPx,
    { hasLast: true },
  );
  for (let y = 0; y < heightPx; y++) {
    const ofRow = Array.from(places.subarray(starts[y], starts[y + 1]), (place) => slants[place]);
    const crossings = Float64Array.from(crossingsOf(ofRow, { y, bottom: Math.min(bottom, heightPx) })).sort();
    for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
      fillRow(bitmap, y, roundUp(crossings[pair] ?? 0), roundDown(crossings[pair + 1] ?? 0));
    }
  }
  return bitmap;
}

/**
 * The mask of a polygon as `fillPillowPolygon` fills it.
 * @returns null where the polygon holds no pixel of the grid
 */
export function pillowPolygonMask(polygon: Polygon, grid: Grid): EncodedMask | null {
  return maskInBox(polygon, grid, fillPillowPolygon);
}

/** A side that is not horizontal; Pillow computes with 32 bits. */
type Slant = { side: Side; top: number; bottom: number; slope: number };

function slantOf(side: Side): Slant {
  const [a, b] = side;
  const slope = Math.fround((b.x - a.x) / (b.y - a.y));
  return { side, top: Math.min(a.y, b.y), bottom: Math.max(a.y, b.y), slope };
}

function placeAt({ side: [{ x, y }], slope }: Slant, row: number): number {
  return Math.fround(Math.fround((row - y) * slope) + x);
}

/** Where the sides cross a row, in the order of the sides; twice where one ends above the bottom. */
function crossingsOf(
  slants: readonly (Slant | undefined)[],
  { y, bottom }: { y: number; bottom: number },
): number[] {
  const crossings: number[] = [];
  const corners = new Corners();
  for (const slant of slants) {
    if (!slant) continue;
    const x = placeAt(slant, y);
    const isEnd = y === slant.top || y === slant.bottom;
    if (y === slant.bottom && y < bottom) crossings.push(x, x);
    else crossings.push(isEnd && slant.slope !== 0 ? cornerAt({ slant, x, y, corners }) : x);
    if (isEnd && slant.slope !== 0) corners.add(slant, awayFromZero(x), y);
  }
  return crossings;
}

/** The first side that ends at a pixel of a row, among those that go up from it and those that go down. */
class Corners {
  readonly #up = new Map<number, Slant>();
  readonly #down = new Map<number, Slant>();

  add(slant: Slant, x: number, y: number): void {
    if (slant.top < y && !this.#up.has(x)) this.#up.set(x, slant);
    if (slant.bottom > y && !this.#down.has(x)) this.#down.set(x, slant);
  }

  find(x: number, direction: 1 | -1): Slant | undefined {
    return (direction === 1 ? this.#down : this.#up).get(x);
  }
}

type Corner = { slant: Slant; x: number; y: number; corners: Corners };

/** Where a corner is drawn from that lies on one side of both sides in the next row. */
function cornerAt({ slant, x, y, corners }: Corner): number {
  const direction = y === slant.bottom ? -1 : 1;
  const other = corners.find(awayFromZero(x), direction);
  if (!other) return x;
  const [next, otherNext] = [placeAt(slant, y + direction), placeAt(other, y + direction)];
  if (x > next + 1 && x > otherNext + 1) return awayFromZero(Math.max(next, otherNext)) + 1;
  if (x < next - 1 && x < otherNext - 1) return awayFromZero(Math.min(next, otherNext)) - 1;
  return x;
}

const awayFromZero = (value: number) => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);
const roundUp = (value: number) => Math.sign(value) * Math.floor(Math.fround(Math.abs(value) + 0.5));
const roundDown = (value: number) => Math.sign(value) * Math.ceil(Math.fround(Math.abs(value) - 0.5));
