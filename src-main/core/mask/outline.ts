import type { Bitmap } from './rle.ts';

/**
 * The closed borders of a mask, along the edges of its pixels.
 *
 * Pixels that touch at a corner belong together, so a part is 8-connected and a hole 4-connected. Walking along
 * a ring, the mask is on the right: outer rings run clockwise (y points down), holes the other way.
 */
export type Outline = {
  rings: Ring[];
  /** Which ring, and which of its edges, runs along the upper side of the pixel at (x, y); undefined for none. */
  topEdgeAt: (x: number, y: number) => { ring: Ring; edge: number } | undefined;
};

export type Ring = {
  /** Corners, x and y in turns; edge i leads from corner i to the next one, and neighbours turn by 90 degrees. */
  corners: number[];
  isHole: boolean;
};

/** East, south, west, north. */
const STEP_X = [1, 0, -1, 0] as const;
const STEP_Y = [0, 1, 0, -1] as const;
/** From a lattice point, by heading: the pixel ahead on the left and on the right. */
const LEFT_X = [0, 0, -1, -1] as const;
const LEFT_Y = [-1, 0, 0, -1] as const;
const RIGHT_X = [0, -1, -1, 0] as const;
const RIGHT_Y = [0, 0, -1, -1] as const;

/** Traces all borders of a mask, in the order of their first pixel, row by row. */
export function traceOutline({ data, widthPx, heightPx }: Bitmap): Outline {
  const ringOf = new Int32Array(widthPx * heightPx);
  const edgeOf = new Int32Array(widthPx * heightPx);
  const rings: Ring[] = [];
  const isInside = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < widthPx && y < heightPx && data[y * widthPx + x] !== 0;

  const trace = (startX: number, startY: number): Ring => {
    const corners: number[] = [];
    let [x, y, heading] = [startX, startY, 0];
    corners.push(x, y);
    for (;;) {
      if (heading === 0) {
        ringOf[y * widthPx + x] = rings.length + 1;
        edgeOf[y * widthPx + x] = corners.length / 2 - 1;
      }
      x += STEP_X[heading] ?? 0;
      y += STEP_Y[heading] ?? 0;
      const next = nextHeading(isInside, { x, y, heading });
      if (next === heading) continue;
      heading = next;
      if (x === startX && y === startY && heading === 0) break;
      corners.push(x, y);
    }
    return { corners, isHole: doubleArea(corners) < 0 };
  };

  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const isTopEdge = isInside(x, y) && !isInside(x, y - 1);
      if (isTopEdge && ringOf[y * widthPx + x] === 0) rings.push(trace(x, y));
    }
  }
  return {
    rings,
    topEdgeAt: (x, y) => {
      const ring = rings[(ringOf[y * widthPx + x] ?? 0) - 1];
      return ring && { ring, edge: edgeOf[y * widthPx + x] ?? 0 };
    },
  };
}

type Walker = { x: number; y: number; heading: number };

function nextHeading(isInside: (x: number, y: number) => boolean, { x, y, heading }: Walker): number {
  if (isInside(x + (LEFT_X[heading] ?? 0), y + (LEFT_Y[heading] ?? 0))) return (heading + 3) % 4;
  if (isInside(x + (RIGHT_X[heading] ?? 0), y + (RIGHT_Y[heading] ?? 0))) return heading;
  return (heading + 1) % 4;
}

/** Twice the signed area, positive for rings that run clockwise. */
function doubleArea(corners: readonly number[]): number {
  let sum = 0;
  for (let at = 0; at < corners.length; at += 2) {
    const next = (at + 2) % corners.length;
    sum += (corners[at] ?? 0) * (corners[next + 1] ?? 0) - (corners[next] ?? 0) * (corners[at + 1] ?? 0);
  }
  return sum;
}
