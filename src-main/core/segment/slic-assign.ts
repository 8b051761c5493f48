import type { Grid } from './slic-connectivity.ts';

/** Numbers that describe a centre: y, x in pixels, then three of colour. */
const CENTRE = 5;

/** Side in pixels of the tiles by which centres skip what is out of their reach. */
export const TILE = 8;

/** What the iterations of SLIC work on. */
export type SlicState = {
  grid: Grid;
  /** [heightPx, widthPx, 3], see `scaledLab`. */
  lab: Float64Array;
  /** Distance between seeds; the yardstick of distances by place. */
  stepPx: number;
  /** Number of centres. */
  count: number;
  /** [count, 5]: y, x in pixels, then the colour. */
  centres: Float64Array;
  /** [count, 4]: first row, end row, first column, end column. */
  windows: Int32Array;
  /** Centre of each pixel, and its squared distance to it. Any start will do, a near one is fast. */
  clusters: Int32Array;
  distance: Float64Array;
  /** Upper bound of `distance` in each tile. */
  farthest: Float64Array;
};

/**
 * Gives each pixel to the nearest centre whose window it lies in, of equals to the first. SPEC section 2, step 4.
 *
 * [Note: Own centre first] Each pixel is first measured against the centre that it had, mostly its next one too.
 * With that bound at hand, nearly every other centre is refused by its place alone: whole tiles at once where
 * their nearest pixel is too far, the rest without a look at colours. Rounding is monotonic, so the bounds are
 * exact and so is the result.
 */
export function assignPixels(state: SlicState): void {
  placeWindows(state);
  measureOwnCentres(state);
  for (let k = 0; k < state.count; k++) claimTiles(state, k);
}

/** A centre claims pixels up to two steps away. */
function placeWindows({ centres, windows, count, stepPx, grid }: SlicState): void {
  for (let k = 0; k < count; k++) {
    const y = centres[k * CENTRE] ?? 0;
    const x = centres[k * CENTRE + 1] ?? 0;
    windows[k * 4] = Math.max(y - 2 * stepPx, 0);
    windows[k * 4 + 1] = Math.min(y + 2 * stepPx + 1, grid.heightPx);
    windows[k * 4 + 2] = Math.max(x - 2 * stepPx, 0);
    windows[k * 4 + 3] = Math.min(x + 2 * stepPx + 1, grid.widthPx);
  }
}

function measureOwnCentres(state: SlicState): void {
  const { centres, windows, clusters, distance, farthest, lab, stepPx, grid } = state;
  const weight = 1 / (stepPx * stepPx);
  const tilesAcross = Math.ceil(grid.widthPx / TILE);
  farthest.fill(0);
  for (let at = 0, x = 0, y = 0; at < clusters.length; at++) {
    const k = clusters[at] ?? 0;
    const w = k * 4;
    const isInside =
      y >= (windows[w] ?? 0) &&
      y < (windows[w + 1] ?? 0) &&
      x >= (windows[w + 2] ?? 0) &&
      x < (windows[w + 3] ?? 0);
    const c = k * CENTRE;
    const dy = y - (centres[c] ?? 0);
    const dx = x - (centres[c + 1] ?? 0);
    const dl = (lab[at * 3] ?? 0) - (centres[c + 2] ?? 0);
    const da = (lab[at * 3 + 1] ?? 0) - (centres[c + 3] ?? 0);
    const db = (lab[at * 3 + 2] ?? 0) - (centres[c + 4] ?? 0);
    const measured = isInside ? (dy * dy + dx * dx) * weight + (dl * dl + da * da + db * db) : Infinity;
    distance[at] = measured;
    const tile = ((y / TILE) | 0) * tilesAcross + ((x / TILE) | 0);
    if (measured > (farthest[tile] ?? 0)) farthest[tile] = measured;
    if (++x === grid.widthPx) {
      x = 0;
      y++;
    }
  }
}

/** Visits the tiles of the window of centre `k` in which there may be pixels nearer to it than to any other. */
function claimTiles(state: SlicState, k: number): void {
  const { centres, windows, farthest, stepPx, grid } = state;
  const weight = 1 / (stepPx * stepPx);
  const cy = centres[k * CENTRE] ?? 0;
  const cx = centres[k * CENTRE + 1] ?? 0;
  const firstY = windows[k * 4] ?? 0;
  const endY = windows[k * 4 + 1] ?? 0;
  const firstX = windows[k * 4 + 2] ?? 0;
  const endX = windows[k * 4 + 3] ?? 0;
  const tilesAcross = Math.ceil(grid.widthPx / TILE);
  for (let tileY = Math.floor(firstY / TILE); tileY * TILE < endY; tileY++) {
    const dy = gap(cy, tileY * TILE);
    for (let tileX = Math.floor(firstX / TILE); tileX * TILE < endX; tileX++) {
      const dx = gap(cx, tileX * TILE);
      if ((dy * dy + dx * dx) * weight > (farthest[tileY * tilesAcross + tileX] ?? 0)) continue;
      claimPixels(state, k, {
        firstY: Math.max(firstY, tileY * TILE),
        endY: Math.min(endY, tileY * TILE + TILE),
        firstX: Math.max(firstX, tileX * TILE),
        endX: Math.min(endX, tileX * TILE + TILE),
      });
    }
  }
}

/** From `place` to the nearest pixel of the tile that begins at `first`; 0 within the tile. */
function gap(place: number, first: number): number {
  return place < first ? first - place : Math.max(place - (first + TILE - 1), 0);
}

type Window = { firstY: number; endY: number; firstX: number; endX: number };

function claimPixels(state: SlicState, k: number, { firstY, endY, firstX, endX }: Window): void {
  const { centres, clusters, distance, lab, stepPx, grid } = state;
  const weight = 1 / (stepPx * stepPx);
  const c = k * CENTRE;
  const cy = centres[c] ?? 0;
  const cx = centres[c + 1] ?? 0;
  const cl = centres[c + 2] ?? 0;
  const ca = centres[c + 3] ?? 0;
  const cb = centres[c + 4] ?? 0;
  for (let y = firstY; y < endY; y++) {
    const dySquared = (y - cy) * (y - cy);
    const row = y * grid.widthPx;
    for (let at = row + firstX, x = firstX; x < endX; x++, at++) {
      const best = distance[at] ?? 0;
      const byPlace = (dySquared + (x - cx) * (x - cx)) * weight;
      if (byPlace > best) continue;
      const dl = (lab[at * 3] ?? 0) - cl;
      const da = (lab[at * 3 + 1] ?? 0) - ca;
      const db = (lab[at * 3 + 2] ?? 0) - cb;
      const measured = byPlace + (dl * dl + da * da + db * db);
      if (measured < best || (measured === best && k < (clusters[at] ?? 0))) {
        distance[at] = measured;
        clusters[at] = k;
      }
    }
  }
}

/** Each centre becomes the mean of its pixels; one that lost them all stays where it is. */
export function moveCentres({ centres, clusters, lab, count, grid }: SlicState): void {
  const sums = new Float64Array(count * CENTRE);
  const sizes = new Int32Array(count);
  for (let at = 0, x = 0, y = 0; at < clusters.length; at++) {
    const k = clusters[at] ?? 0;
    const c = k * CENTRE;
    sizes[k] = (sizes[k] ?? 0) + 1;
    sums[c] = (sums[c] ?? 0) + y;
    sums[c + 1] = (sums[c + 1] ?? 0) + x;
    sums[c + 2] = (sums[c + 2] ?? 0) + (lab[at * 3] ?? 0);
    sums[c + 3] = (sums[c + 3] ?? 0) + (lab[at * 3 + 1] ?? 0);
    sums[c + 4] = (sums[c + 4] ?? 0) + (lab[at * 3 + 2] ?? 0);
    if (++x === grid.widthPx) {
      x = 0;
      y++;
    }
  }
  for (let c = 0; c < sums.length; c++) {
    const size = sizes[Math.floor(c / CENTRE)] ?? 0;
    if (size > 0) centres[c] = (sums[c] ?? 0) / size;
  }
}
