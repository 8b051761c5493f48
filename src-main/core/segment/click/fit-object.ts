import type { Bounds, Grid } from '../../superpixel/components.ts';
import { cutLabOutline } from '../cut-outline.ts';
import type { ClickScene } from './click-scene.ts';
import type { PlacedSeeds } from './place-seeds.ts';
import { seededPieces } from './seeded-pieces.ts';

/** Pixels around an object that its outline is fitted with, in shares of the longer side: the band and its windows of colour. */
const MARGIN = 0.085;

/**
 * The pixels of superpixels, with their outline fitted to the edges. What was said of pixels holds. Only the object and what is
 * around it is looked at, so that small objects are quick.
 * @param meant [count], 1 for superpixels of the object
 * @returns [fine H, W], 1 inside; null where nothing is
 */
export function fitObject(
  { graph: { map }, lab }: ClickScene,
  meant: Uint8Array,
  { seeds: { fixed }, isRefined }: { seeds: Pick<PlacedSeeds, 'fixed'>; isRefined: boolean },
): Uint8Array | null {
  const mask = new Uint8Array(map.labels.length);
  for (let pixel = 0; pixel < mask.length; pixel++) {
    const said = fixed[pixel] ?? 0;
    mask[pixel] = said === 0 ? (meant[map.labels[pixel] ?? 0] ?? 0) : said === 1 ? 1 : 0;
  }
  const bounds = boundsOfMask(mask, map);
  if (!bounds) return null;
  const sidePx = Math.max(map.widthPx, map.heightPx);
  const part = widened(bounds, map, Math.round(MARGIN * sidePx));
  const grid = { widthPx: part.x1 - part.x0, heightPx: part.y1 - part.y0 };
  const said = { fixed: cropped(fixed, map, { part, channels: 1 }) };
  const inside = cropped(mask, map, { part, channels: 1 });
  const picture = { ...grid, lab: cropped(lab, map, { part, channels: 3 }) };
  // The outline of superpixels is wrong by one of them at most.
  const reachPx = Math.max(2, Math.round(Math.sqrt(map.labels.length / map.count)));
  const fitted = isRefined ? cutLabOutline(picture, inside, { ...said, sidePx, reachPx }) : inside;
  const kept = seededPieces(fitted, grid, said) ?? seededPieces(inside, grid, said);
  return kept && pasted(kept, part, map);
}

function boundsOfMask(mask: Uint8Array, { widthPx, heightPx }: Grid): Bounds | undefined {
  const bounds = { x0: widthPx, y0: heightPx, x1: 0, y1: 0 };
  for (let y = 0; y < heightPx; y++) {
    const first = mask.indexOf(1, y * widthPx) - y * widthPx;
    if (first < 0 || first >= widthPx) continue;
    const last = mask.lastIndexOf(1, (y + 1) * widthPx - 1) - y * widthPx;
    bounds.x0 = Math.min(bounds.x0, first);
    bounds.x1 = Math.max(bounds.x1, last + 1);
    bounds.y0 = Math.min(bounds.y0, y);
    bounds.y1 = y + 1;
  }
  return bounds.x1 > 0 ? bounds : undefined;
}

function widened({ x0, y0, x1, y1 }: Bounds, { widthPx, heightPx }: Grid, px: number): Bounds {
  return {
    x0: Math.max(0, x0 - px),
    y0: Math.max(0, y0 - px),
    x1: Math.min(widthPx, x1 + px),
    y1: Math.min(heightPx, y1 + px),
  };
}

/** The part of a picture's values [H, W, channels]. */
function cropped<T extends Uint8Array | Int8Array | Float32Array>(
  values: T,
  { widthPx }: Grid,
  { part: { x0, y0, x1, y1 }, channels }: { part: Bounds; channels: number },
): T {
  const width = (x1 - x0) * channels;
  // Of the same kind as the values: `slice` makes it.
  const out = values.slice(0, width * (y1 - y0)) as T;
  for (let y = y0; y < y1; y++) {
    const from = (y * widthPx + x0) * channels;
    out.set(values.subarray(from, from + width), (y - y0) * width);
  }
  return out;
}

function pasted(part: Uint8Array, { x0, y0, x1, y1 }: Bounds, { widthPx, heightPx }: Grid): Uint8Array {
  const out = new Uint8Array(widthPx * heightPx);
  const width = x1 - x0;
  for (let y = y0; y < y1; y++) {
    const from = (y - y0) * width;
    out.set(part.subarray(from, from + width), y * widthPx + x0);
  }
  return out;
}
