import { connectedComponents, type Grid } from '../../superpixel/components.ts';
import type { PlacedSeeds } from './place-seeds.ts';

/** Holes below this share of the object are filled, unless it was said that they are none of it. */
const HOLE_SHARE = 0.05;
/** Without a seed inside: pieces below this share of the largest one are not meant. */
const PIECE_SHARE = 0.1;

/**
 * The pieces of a mask that are meant: those with a seed, or in a box without any, the large ones. Small holes are filled.
 * @param mask [H, W], 1 inside
 * @returns null where nothing is left
 */
export function seededPieces(
  mask: Uint8Array,
  grid: Grid,
  { fixed }: Pick<PlacedSeeds, 'fixed'>,
): Uint8Array | null {
  const { labels, areasPx } = connectedComponents(mask, grid);
  const isMeant = new Uint8Array(areasPx.length);
  for (let pixel = 0; pixel < fixed.length; pixel++) if (fixed[pixel] === 1) isMeant[labels[pixel] ?? 0] = 1;
  isMeant[0] = 0;
  if (!isMeant.includes(1)) {
    const largest = areasPx.reduce((most, px) => Math.max(most, px), 0);
    areasPx.forEach((px, piece) => (isMeant[piece] = Number(piece > 0 && px >= PIECE_SHARE * largest)));
  }
  const kept = new Uint8Array(mask.length);
  let areaPx = 0;
  for (let pixel = 0; pixel < mask.length; pixel++) {
    areaPx += kept[pixel] = isMeant[labels[pixel] ?? 0] ?? 0;
  }
  if (areaPx === 0) return null;
  fillHoles(kept, grid, { fixed, maxPx: HOLE_SHARE * areaPx });
  return kept;
}

/** What touches the border is no hole. */
function fillHoles(
  mask: Uint8Array,
  grid: Grid,
  { fixed, maxPx }: { fixed: Int8Array; maxPx: number },
): void {
  const { widthPx, heightPx } = grid;
  const outside = new Uint8Array(mask.length);
  for (let pixel = 0; pixel < mask.length; pixel++) outside[pixel] = mask[pixel] ? 0 : 1;
  const { labels, areasPx } = connectedComponents(outside, grid);
  const isOpen = Uint8Array.from(areasPx, (px, hole) => Number(hole === 0 || px > maxPx));
  const open = (pixel: number) => (isOpen[labels[pixel] ?? 0] = 1);
  for (let x = 0; x < widthPx; x++) {
    open(x);
    open((heightPx - 1) * widthPx + x);
  }
  for (let y = 0; y < heightPx; y++) {
    open(y * widthPx);
    open(y * widthPx + widthPx - 1);
  }
  for (let pixel = 0; pixel < mask.length; pixel++) {
    if (fixed[pixel] === -1) open(pixel);
  }
  for (let pixel = 0; pixel < mask.length; pixel++) if (!isOpen[labels[pixel] ?? 0]) mask[pixel] = 1;
}
