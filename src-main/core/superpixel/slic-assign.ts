import type { Grid } from './slic-connectivity.ts';

/** Numbers that describe a centre: y, x in pixels, then three of colour. */
const CENTRE = 5;

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
  /** Centre of each pixel, and the squared distance to it. */
  clusters: Int32Array;
  distance: Float64Array;
};

/**
 * Gives each pixel to the nearest centre whose window contains it; the first one wins ties. SPEC section 2, step 4.
 *
 * Plain on purpose. Measuring each pixel against its own centre first and letting tiles of 8 x 8 pixels refuse
 * centres by the box of their colours leaves 2.2 of 7.9 million distances for a photo of 224 px, and the same
 * 27 ms: long runs of predictable work are as fast as a quarter of it in short pieces.
 */
export function assignPixels(state: SlicState, reach: number): void {
  state.distance.fill(Infinity);
  for (let k = 0; k < state.count; k++) claimWindow(state, k, reach * state.stepPx);
}

/** Gives centre `k` the pixels, up to `reachPx` away, that are nearer to it than to those before it. */
function claimWindow(
  { centres, clusters, distance, lab, stepPx, grid }: SlicState,
  k: number,
  reachPx: number,
): void {
  const { widthPx, heightPx } = grid;
  const weight = 1 / (stepPx * stepPx);
  const c = k * CENTRE;
  const cy = centres[c] ?? 0;
  const cx = centres[c + 1] ?? 0;
  const cl = centres[c + 2] ?? 0;
  const ca = centres[c + 3] ?? 0;
  const cb = centres[c + 4] ?? 0;
  const firstX = Math.trunc(Math.max(cx - reachPx, 0));
  const endX = Math.trunc(Math.min(cx + reachPx + 1, widthPx));
  const endY = Math.trunc(Math.min(cy + reachPx + 1, heightPx));
  for (let y = Math.trunc(Math.max(cy - reachPx, 0)); y < endY; y++) {
    const dySquared = (y - cy) * (y - cy);
    const row = y * widthPx;
    for (let x = firstX; x < endX; x++) {
      const at = row + x;
      const dl = (lab[at * 3] ?? 0) - cl;
      const da = (lab[at * 3 + 1] ?? 0) - ca;
      const db = (lab[at * 3 + 2] ?? 0) - cb;
      const measured = (dySquared + (x - cx) * (x - cx)) * weight + (dl * dl + da * da + db * db);
      if (measured < (distance[at] ?? 0)) {
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
