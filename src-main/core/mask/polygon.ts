import { traceOutline, type Outline, type Ring } from './outline.ts';
import type { Bitmap } from './rle.ts';

/**
 * Where a polygon runs, because tools fill polygons in two ways.
 *
 * `edges`: along the outer edges of the border pixels, for those that count a pixel as inside where its middle is
 * (the COCO API, drawing libraries that antialias). `centres`: through the middles of the border pixels, for those
 * that also colour every pixel which the line passes (OpenCV's fillPoly, PIL, so YOLO and LabelMe). Either way a
 * polygon filled by its own kind of tool gives back the mask exactly.
 */
export type PolygonLine = 'edges' | 'centres';

/** A closed polygon: x and y in turns, in pixels; the middle of the first pixel is (0.5, 0.5). */
export type Polygon = number[];

/**
 * A mask as polygons, one per part. A polygon cannot have holes, so each hole is joined to what is above it by a
 * seam without width, walked down and up again; all rules of filling leave a seam alone.
 * @param bitmap of the mask or only of its box: `offset` is the place of the bitmap's corner
 */
export function polygonsOf(
  bitmap: Bitmap,
  { line, offset = { x: 0, y: 0 } }: { line: PolygonLine; offset?: { x: number; y: number } },
): Polygon[] {
  const outline = traceOutline(bitmap);
  const seams = findSeams(outline, bitmap);
  return outline.rings
    .filter(({ isHole }) => !isHole)
    .map((ring) => {
      const pen = new Pen(offset);
      drawRing(ring, { seams, line, pen });
      return pen.points;
    });
}

/** A way from an edge of `from` straight down to the hole below it, whose ring it meets at `corner`. */
type Seam = { hole: Ring; corner: number; column: number; fromY: number };
type Seams = ReadonlyMap<Ring, ReadonlyMap<number, Seam[]>>;

/** Every hole has pixels of the mask above it, and above those the border of another ring, higher up. */
function findSeams({ rings, topEdgeAt }: Outline, { data, widthPx }: Bitmap): Seams {
  const seams = new Map<Ring, Map<number, Seam[]>>();
  for (const hole of rings.filter(({ isHole }) => isHole)) {
    const corner = topLeftCorner(hole);
    const column = hole.corners[corner * 2] ?? 0;
    let y = (hole.corners[corner * 2 + 1] ?? 0) - 1;
    while (y > 0 && data[(y - 1) * widthPx + column] !== 0) y--;
    const above = topEdgeAt(column, y);
    if (!above) throw new Error('a hole has no border around it');
    const ofRing = seams.get(above.ring) ?? new Map<number, Seam[]>();
    const ofEdge = ofRing.get(above.edge) ?? [];
    seams.set(above.ring, ofRing.set(above.edge, ofEdge));
    ofEdge.push({ hole, corner, column, fromY: y });
  }
  // Edges with a seam head east, and so do their seams follow each other.
  for (const ofRing of seams.values()) {
    for (const ofEdge of ofRing.values()) ofEdge.sort((a, b) => a.column - b.column);
  }
  return seams;
}

/** The corner where the first of a hole's highest edges ends; that edge heads west. */
function topLeftCorner({ corners }: Ring): number {
  let best = 0;
  for (let corner = 1; corner * 2 < corners.length; corner++) {
    const [x = 0, y = 0] = [corners[corner * 2], corners[corner * 2 + 1]];
    const [bestX = 0, bestY = 0] = [corners[best * 2], corners[best * 2 + 1]];
    if (y < bestY || (y === bestY && x < bestX)) best = corner;
  }
  return best;
}

type Drawing = { seams: Seams; line: PolygonLine; pen: Pen };
type Walk = { ring: Ring; start: number; done: number; pending: Seam[]; back: Seam | undefined };

/** Walks around a ring and, at its seams, down to the holes and around those; a stack, as holes may go deep. */
function drawRing(outer: Ring, { seams, line, pen }: Drawing): void {
  const walks: Walk[] = [{ ring: outer, start: 0, done: 0, pending: [], back: undefined }];
  for (let walk = walks.at(-1); walk !== undefined; walk = walks.at(-1)) {
    const { ring, start } = walk;
    const count = ring.corners.length / 2;
    const seam = walk.pending.shift();
    if (seam) {
      drawSeamTop(pen, seam, line);
      walks.push({ ring: seam.hole, start: seam.corner, done: 0, pending: [], back: seam });
    } else if (walk.done < count) {
      const corner = (start + walk.done++) % count;
      drawCorner(pen, ring, corner, line);
      walk.pending = [...(seams.get(ring)?.get(corner) ?? [])];
    } else {
      if (walk.back) {
        drawCornerStart(pen, ring, start, line);
        drawSeamTop(pen, walk.back, line);
      }
      walks.pop();
    }
  }
}

function drawSeamTop(pen: Pen, { column, fromY }: Seam, line: PolygonLine): void {
  if (line === 'edges') pen.to(column, fromY);
  else pen.to(column + 0.5, fromY + 0.5);
}

/** Through the middles, a corner that turns inwards is cut: from the pixel before it to the pixel behind it. */
function drawCorner(pen: Pen, ring: Ring, corner: number, line: PolygonLine): void {
  drawCornerStart(pen, ring, corner, line);
  if (line === 'edges') return;
  const { x, y } = pointOf(ring, corner);
  const out = headingOf(ring, corner);
  pen.to(x + (out.x - out.y) / 2, y + (out.y + out.x) / 2);
}

function drawCornerStart(pen: Pen, ring: Ring, corner: number, line: PolygonLine): void {
  const { x, y } = pointOf(ring, corner);
  if (line === 'edges') {
    pen.to(x, y);
    return;
  }
  const into = headingOf(ring, corner - 1);
  pen.to(x + (-into.x - into.y) / 2, y + (-into.y + into.x) / 2);
}

/** The direction of an edge as a step of one; on its right, (-y, x), is the mask. */
function headingOf(ring: Ring, edge: number): { x: number; y: number } {
  const [from, to] = [pointOf(ring, edge), pointOf(ring, edge + 1)];
  return { x: Math.sign(to.x - from.x), y: Math.sign(to.y - from.y) };
}

function pointOf({ corners }: Ring, corner: number): { x: number; y: number } {
  const count = corners.length / 2;
  const at = ((corner + count) % count) * 2;
  return { x: corners[at] ?? 0, y: corners[at + 1] ?? 0 };
}

/** Collects points, leaving out redundant ones: repeated ones, and the middle of three in a straight line. */
class Pen {
  readonly points: Polygon = [];
  readonly #offset: { x: number; y: number };

  constructor(offset: { x: number; y: number }) {
    this.#offset = offset;
  }

  to(relativeX: number, relativeY: number): void {
    const { points } = this;
    const [x, y] = [relativeX + this.#offset.x, relativeY + this.#offset.y];
    const [x1 = NaN, y1 = NaN, x2 = NaN, y2 = NaN] = points.slice(-4);
    if (points.length >= 2 && points.at(-2) === x && points.at(-1) === y) return;
    const turn = (x2 - x1) * (y - y2) - (y2 - y1) * (x - x2);
    const isAhead = (x2 - x1) * (x - x2) + (y2 - y1) * (y - y2) > 0;
    if (points.length >= 4 && turn === 0 && isAhead) points.length -= 2;
    points.push(x, y);
  }
}
