import type { Grid } from './slic-connectivity.ts';

/** Numbers that describe a centre: y, x in pixels, then three of colour. */
const CENTRE = 5;

/** Side of a tile in pixels. */
const TILE = 8;

/** Outside of its window a pixel is more than two steps away: 4 by place, in squared steps. */
const SURELY_INSIDE = 3.99;

/** Far above the rounding of a squared distance, far below any that matters. */
const ROUNDING = 1e-9;

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
  tiles: Tiles;
};

type Tiles = {
  /** Tiles in a row. */
  across: number;
  /** [tiles, 6]: box of the colours in the tile, least and then greatest. */
  colours: Float64Array;
  /** [tiles]: greatest distance of a pixel of the tile to its own centre. */
  farthest: Float64Array;
  /** [tiles]: a centre that some pixel of the tile has, or, where `isUniform`, that all of them have. */
  owner: Int32Array;
  isUniform: Uint8Array;
  /** [tiles, count], of which the first `candidateCounts` of a tile are in use. */
  candidates: Uint16Array;
  candidateCounts: Int32Array;
};

/**
 * Gives each pixel to the nearest centre whose window it lies in, of equals to the first. SPEC section 2, step 4.
 *
 * [Note: Own centre first] Each pixel is first measured against the centre that it had, mostly its next one too.
 * Then whole tiles refuse centres: those too far for any pixel, by the tile's place and the box of its colours, and
 * those behind a centre that is nearer to all of them. Only the few others are measured, pixel by pixel; bounds are
 * exact but for rounding, which has its margin, so the result is the one without them.
 */
export function assignPixels(state: SlicState): void {
  placeWindows(state);
  const tileCount = state.tiles.owner.length;
  for (let tile = 0; tile < tileCount; tile++) measureTile(state, tile);
  listCandidates(state);
  for (let tile = 0; tile < tileCount; tile++) settleTile(state, tile);
}

/** Tiles of an image, with room for `count` centres. */
export function makeTiles({ widthPx, heightPx }: Grid, lab: Float64Array, count: number): Tiles {
  const across = Math.ceil(widthPx / TILE);
  const tiles = across * Math.ceil(heightPx / TILE);
  const colours = Float64Array.from({ length: tiles * 6 }, (_, at) => (at % 6 < 3 ? Infinity : -Infinity));
  for (let at = 0, y = 0; y < heightPx; y++) {
    const row = Math.floor(y / TILE) * across;
    for (let x = 0; x < widthPx; x++, at++) {
      const box = (row + Math.floor(x / TILE)) * 6;
      for (let axis = 0; axis < 3; axis++) {
        const value = lab[at * 3 + axis] ?? 0;
        if (value < (colours[box + axis] ?? 0)) colours[box + axis] = value;
        if (value > (colours[box + 3 + axis] ?? 0)) colours[box + 3 + axis] = value;
      }
    }
  }
  return {
    across,
    colours,
    farthest: new Float64Array(tiles),
    owner: new Int32Array(tiles),
    isUniform: new Uint8Array(tiles),
    candidates: new Uint16Array(tiles * count),
    candidateCounts: new Int32Array(tiles),
  };
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

/** Measures the pixels of a tile against the centres that they have. */
function measureTile(state: SlicState, tile: number): void {
  const { centres, clusters, distance, lab, grid, tiles } = state;
  const weight = 1 / (state.stepPx * state.stepPx);
  const { firstX, endX, firstY, endY } = areaOf(state, tile);
  const owner = clusters[((firstY + endY) >> 1) * grid.widthPx + ((firstX + endX) >> 1)] ?? 0;
  let isUniform = 1;
  let farthest = 0;
  for (let y = firstY; y < endY; y++) {
    for (let x = firstX, at = y * grid.widthPx + firstX; x < endX; x++, at++) {
      const k = clusters[at] ?? 0;
      const c = k * CENTRE;
      const dy = y - (centres[c] ?? 0);
      const dx = x - (centres[c + 1] ?? 0);
      const dl = (lab[at * 3] ?? 0) - (centres[c + 2] ?? 0);
      const da = (lab[at * 3 + 1] ?? 0) - (centres[c + 3] ?? 0);
      const db = (lab[at * 3 + 2] ?? 0) - (centres[c + 4] ?? 0);
      const byPlace = (dy * dy + dx * dx) * weight;
      const isInside = byPlace < SURELY_INSIDE || isInWindow(state, k, y, x);
      const measured = isInside ? byPlace + (dl * dl + da * da + db * db) : Infinity;
      distance[at] = measured;
      if (measured > farthest) farthest = measured;
      if (k !== owner) isUniform = 0;
    }
  }
  tiles.owner[tile] = owner;
  tiles.isUniform[tile] = isUniform;
  tiles.farthest[tile] = farthest;
}

/** Notes with each tile the centres that may be nearest to one of its pixels, in the order of the centres. */
function listCandidates(state: SlicState): void {
  const { centres, windows, stepPx, count } = state;
  const { farthest, candidates, candidateCounts, across } = state.tiles;
  const weight = 1 / (stepPx * stepPx);
  candidateCounts.fill(0);
  for (let k = 0; k < count; k++) {
    const endY = windows[k * 4 + 1] ?? 0;
    const endX = windows[k * 4 + 3] ?? 0;
    for (let tileY = Math.floor((windows[k * 4] ?? 0) / TILE); tileY * TILE < endY; tileY++) {
      const dy = gap(centres[k * CENTRE] ?? 0, tileY * TILE, tileY * TILE + TILE - 1);
      for (let tileX = Math.floor((windows[k * 4 + 2] ?? 0) / TILE); tileX * TILE < endX; tileX++) {
        const dx = gap(centres[k * CENTRE + 1] ?? 0, tileX * TILE, tileX * TILE + TILE - 1);
        const tile = tileY * across + tileX;
        const least = (dy * dy + dx * dx) * weight + colourGap(state, k, tile);
        if (least > (farthest[tile] ?? 0) || isHopeless(state, k, tile)) continue;
        const listed = candidateCounts[tile] ?? 0;
        candidates[tile * count + listed] = k;
        candidateCounts[tile] = listed + 1;
      }
    }
  }
}

/**
 * Whether every pixel of a tile is nearer to the tile's owner than to centre `k`. The difference of two squared
 * distances is linear, so its least value over the box of places and colours lies in a corner.
 */
function isHopeless(state: SlicState, k: number, tile: number): boolean {
  const { centres, stepPx, tiles } = state;
  const owner = tiles.owner[tile] ?? 0;
  if (k === owner) return tiles.isUniform[tile] === 1 && (tiles.farthest[tile] ?? 0) < Infinity;
  const { firstX, endX, firstY, endY } = areaOf(state, tile);
  if (!isInWindow(state, owner, firstY, firstX) || !isInWindow(state, owner, endY - 1, endX - 1))
    return false;
  const c = k * CENTRE;
  const o = owner * CENTRE;
  const place =
    leastLead(centres[c] ?? 0, centres[o] ?? 0, firstY, endY - 1) +
    leastLead(centres[c + 1] ?? 0, centres[o + 1] ?? 0, firstX, endX - 1);
  let lead = place / (stepPx * stepPx);
  for (let axis = 0; axis < 3; axis++) {
    const box = tile * 6 + axis;
    const [least, greatest] = [tiles.colours[box] ?? 0, tiles.colours[box + 3] ?? 0];
    lead += leastLead(centres[c + 2 + axis] ?? 0, centres[o + 2 + axis] ?? 0, least, greatest);
  }
  return lead > ROUNDING;
}

/** Least value over p in [first, last] of (p - k)^2 - (p - owner)^2. */
function leastLead(k: number, owner: number, first: number, last: number): number {
  const ahead = owner - k;
  return ahead * (2 * (ahead > 0 ? first : last) - k - owner);
}

/** Lower bound of the squared colour distance of centre `k` to the pixels of a tile. */
function colourGap({ centres, tiles: { colours } }: SlicState, k: number, tile: number): number {
  const c = k * CENTRE + 2;
  const box = tile * 6;
  const dl = gap(centres[c] ?? 0, colours[box] ?? 0, colours[box + 3] ?? 0);
  const da = gap(centres[c + 1] ?? 0, colours[box + 1] ?? 0, colours[box + 4] ?? 0);
  const db = gap(centres[c + 2] ?? 0, colours[box + 2] ?? 0, colours[box + 5] ?? 0);
  return dl * dl + da * da + db * db;
}

/** From `place` to the nearest point of [first, last]; 0 within. */
function gap(place: number, first: number, last: number): number {
  return place < first ? first - place : place > last ? place - last : 0;
}

/** Gives each pixel of a tile to the nearest of the tile's candidates. */
function settleTile(state: SlicState, tile: number): void {
  const { count, tiles } = state;
  const area = areaOf(state, tile);
  const endCandidate = tile * count + (tiles.candidateCounts[tile] ?? 0);
  for (let at = tile * count; at < endCandidate; at++) claimPixels(state, tiles.candidates[at] ?? 0, area);
}

function areaOf({ grid, tiles }: SlicState, tile: number): Area {
  const firstX = (tile % tiles.across) * TILE;
  const firstY = Math.floor(tile / tiles.across) * TILE;
  return {
    firstX,
    firstY,
    endX: Math.min(firstX + TILE, grid.widthPx),
    endY: Math.min(firstY + TILE, grid.heightPx),
  };
}

type Area = { firstY: number; endY: number; firstX: number; endX: number };

/** Gives centre `k` the pixels of an area that are nearer to it than to their centre so far. */
function claimPixels(state: SlicState, k: number, { firstY, endY, firstX, endX }: Area): void {
  const { centres, clusters, distance, lab, grid } = state;
  const weight = 1 / (state.stepPx * state.stepPx);
  const c = k * CENTRE;
  const cy = centres[c] ?? 0;
  const cx = centres[c + 1] ?? 0;
  const cl = centres[c + 2] ?? 0;
  const ca = centres[c + 3] ?? 0;
  const cb = centres[c + 4] ?? 0;
  for (let y = firstY; y < endY; y++) {
    const dySquared = (y - cy) * (y - cy);
    for (let x = firstX, at = y * grid.widthPx + firstX; x < endX; x++, at++) {
      const byPlace = (dySquared + (x - cx) * (x - cx)) * weight;
      const dl = (lab[at * 3] ?? 0) - cl;
      const da = (lab[at * 3 + 1] ?? 0) - ca;
      const db = (lab[at * 3 + 2] ?? 0) - cb;
      const measured = byPlace + (dl * dl + da * da + db * db);
      const best = distance[at] ?? 0;
      if (measured > best || (measured === best && k >= (clusters[at] ?? 0))) continue;
      if (byPlace >= SURELY_INSIDE && !isInWindow(state, k, y, x)) continue;
      distance[at] = measured;
      clusters[at] = k;
    }
  }
}

function isInWindow({ windows }: SlicState, k: number, y: number, x: number): boolean {
  const w = k * 4;
  return (
    y >= (windows[w] ?? 0) &&
    y < (windows[w + 1] ?? 0) &&
    x >= (windows[w + 2] ?? 0) &&
    x < (windows[w + 3] ?? 0)
  );
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
