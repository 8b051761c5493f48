import type { Grid } from './fill-polygon.ts';
import type { Polygon } from './polygon.ts';

/**
 * The part of a polygon on a grid and around it, up to the longer side of the grid away: what lies farther cannot
 * change a pixel, but would cost as many steps as it is away. A polygon that stays within is returned as it is.
 * Source: Sutherland and Hodgman, Reentrant polygon clipping (1974).
 */
export function clipPolygon(polygon: Polygon, { widthPx, heightPx }: Grid): Polygon {
  const margin = Math.max(widthPx, heightPx);
  const limits: Limit[] = [
    { axis: 0, value: -margin, sign: 1 },
    { axis: 0, value: widthPx + margin, sign: -1 },
    { axis: 1, value: -margin, sign: 1 },
    { axis: 1, value: heightPx + margin, sign: -1 },
  ];
  return limits.reduce(clipAt, polygon);
}

/** A line parallel to an axis: what lies on its side in the direction of `sign` is kept. */
type Limit = { axis: 0 | 1; value: number; sign: 1 | -1 };

function clipAt(polygon: Polygon, { axis, value, sign }: Limit): Polygon {
  const depthAt = (place: number) => ((polygon[place + axis] ?? 0) - value) * sign;
  let isWhole = true;
  for (let place = 0; place < polygon.length; place += 2) isWhole &&= depthAt(place) >= 0;
  if (isWhole) return polygon;
  const kept: number[] = [];
  for (let place = 0; place < polygon.length; place += 2) {
    const next = (place + 2) % polygon.length;
    const [depth, nextDepth] = [depthAt(place), depthAt(next)];
    if (depth >= 0) kept.push(polygon[place] ?? 0, polygon[place + 1] ?? 0);
    if (depth >= 0 === nextDepth >= 0) continue;
    const share = depth / (depth - nextDepth);
    const other = 1 - axis;
    const from = polygon[place + other] ?? 0;
    const crossing = from + share * ((polygon[next + other] ?? 0) - from);
    kept.push(...(axis === 0 ? [value, crossing] : [crossing, value]));
  }
  return kept;
}
