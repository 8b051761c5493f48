import { boundsOf, connectedComponents, type Grid } from '../../../src-main/core/superpixel/components.ts';

/** One object of a photo: 1 inside, 0 outside, 2 ignored. */
export type Target = Grid & { truth: Uint8Array };
export type Click = { pixel: number; isInside: boolean };

export const MAX_CLICKS = 20;
export const GOAL = 0.85;

/** Intersection over union; ignored pixels count nowhere. */
export function iouOf(mask: ArrayLike<number>, { truth }: Target): number {
  let [both, either] = [0, 0];
  truth.forEach((value, pixel) => {
    if (value === 2) return;
    const inside = mask[pixel] ? 1 : 0;
    if (inside && value) both++;
    if (inside || value) either++;
  });
  return either === 0 ? 1 : both / either;
}

/** The centre of the largest region of errors: its pixel that is furthest from what is not. Undefined where none is left. */
export function nextClick(mask: ArrayLike<number>, target: Target): Click | undefined {
  const { truth } = target;
  const missing = truth.map((value, pixel) => (value === 1 && !mask[pixel] ? 1 : 0));
  const surplus = truth.map((value, pixel) => (value === 0 && mask[pixel] ? 1 : 0));
  const [a, b] = [deepest(missing, target), deepest(surplus, target)];
  if (!a && !b) return undefined;
  const isInside = (a?.areaPx ?? 0) >= (b?.areaPx ?? 0);
  const best = isInside ? a : b;
  return best && { pixel: best.pixel, isInside };
}

export type Deepest = { pixel: number; areaPx: number; depthPx: number };

/** The largest connected region of a mask, and its pixel that is furthest from its border. */
export function deepest(mask: Uint8Array, grid: Grid): Deepest | undefined {
  const { labels, areasPx } = connectedComponents(mask, grid);
  let largest = 0;
  areasPx.forEach((px, label) => {
    if (label > 0 && px > (areasPx[largest] ?? 0)) largest = label;
  });
  if (largest === 0) return undefined;
  const bounds = boundsOf((pixel) => labels[pixel] === largest, grid);
  if (!bounds) return undefined;
  const { x0, y0, x1, y1 } = bounds;
  const crop = { widthPx: x1 - x0, heightPx: y1 - y0 };
  const region = Uint8Array.from({ length: crop.widthPx * crop.heightPx }, (_, at) =>
    Number(
      labels[(y0 + Math.floor(at / crop.widthPx)) * grid.widthPx + x0 + (at % crop.widthPx)] === largest,
    ),
  );
  const distances = squaredDistances(region, crop);
  let deep = 0;
  for (let at = 0; at < distances.length; at++) if ((distances[at] ?? 0) > (distances[deep] ?? 0)) deep = at;
  const pixel = (y0 + Math.floor(deep / crop.widthPx)) * grid.widthPx + x0 + (deep % crop.widthPx);
  return { pixel, areaPx: areasPx[largest] ?? 0, depthPx: Math.sqrt(distances[deep] ?? 0) };
}

/** [H, W]: squared distance of each pixel to the nearest one outside; beyond the picture is outside. Felzenszwalb and Huttenlocher 2012. */
export function squaredDistances(mask: Uint8Array, { widthPx, heightPx }: Grid): Float64Array {
  const out = Float64Array.from(mask, (inside) => (inside ? 1e12 : 0));
  for (let x = 0; x < widthPx; x++) envelope(out, { start: x, step: widthPx, count: heightPx });
  for (let y = 0; y < heightPx; y++) envelope(out, { start: y * widthPx, step: 1, count: widthPx });
  return out;
}

/** The lower envelope of parabolas along a line, with one of height 0 just beyond either end. */
function envelope(
  values: Float64Array,
  { start, step, count }: { start: number; step: number; count: number },
): void {
  const n = count + 2;
  const f = new Float64Array(n);
  for (let i = 0; i < count; i++) f[i + 1] = values[start + i * step] ?? 0;
  const v = new Int32Array(n);
  const z = new Float64Array(n + 1);
  let k = 0;
  z[0] = -Infinity;
  z[1] = Infinity;
  const meet = (q: number, p: number) => ((f[q] ?? 0) + q * q - ((f[p] ?? 0) + p * p)) / (2 * q - 2 * p);
  for (let q = 1; q < n; q++) {
    let s = meet(q, v[k] ?? 0);
    while (s <= (z[k] ?? 0)) s = meet(q, v[--k] ?? 0);
    v[++k] = q;
    z[k] = s;
    z[k + 1] = Infinity;
  }
  k = 0;
  for (let q = 0; q < n; q++) {
    while ((z[k + 1] ?? 0) < q) k++;
    const p = v[k] ?? 0;
    if (q > 0 && q <= count) values[start + (q - 1) * step] = (q - p) ** 2 + (f[p] ?? 0);
  }
}
