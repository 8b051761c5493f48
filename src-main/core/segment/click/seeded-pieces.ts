import { connectedComponents, type Grid } from '../../superpixel/components.ts';
import type { PlacedSeeds } from './place-seeds.ts';

/** Holes below this share of the object are filled, unless it was said that they are none of it. */
const HOLE_SHARE = 0.05;
/** Without a seed inside: pieces below this share of the largest one are not meant. */
const PIECE_SHARE = 0.1;

/**
 * The pieces of a mask that are meant: those with a seed, or in a box without any, the large ones. Small holes are filled.
 * What was said of pixels holds.
 * @param mask [H, W], 1 inside
 * @returns null where nothing is left
 */
export function seededPieces(
  mask: Uint8Array,
  grid: Grid,
  { fixed }: Pick<PlacedSeeds, 'fixed'>,
): Uint8Array | null {
  const said = mask.map((inside, pixel) => (fixed[pixel] ? Number(fixed[pixel] === 1) : inside));
  const { labels, areasPx } = connectedComponents(said, grid);
  const isMeant = new Uint8Array(areasPx.length);
  for (let pixel = 0; pixel < fixed.length; pixel++) if (fixed[pixel] === 1) isMeant[labels[pixel] ?? 0] = 1;
  if (!isMeant.includes(1)) {
    const largest = areasPx.reduce((most, px) => Math.max(most, px), 0);
    areasPx.forEach((px, piece) => (isMeant[piece] = Number(piece > 0 && px >= PIECE_SHARE * largest)));
  }
  const kept = said.map((_, pixel) => isMeant[labels[pixel] ?? 0] ?? 0);
  const areaPx = kept.reduce((sum, inside) => sum + inside, 0);
  return areaPx === 0 ? null : filled(kept, grid, { fixed, maxPx: HOLE_SHARE * areaPx });
}

function filled(
  mask: Uint8Array,
  grid: Grid,
  { fixed, maxPx }: { fixed: Int8Array; maxPx: number },
): Uint8Array {
  const { widthPx, heightPx } = grid;
  const holes = connectedComponents(
    mask.map((inside) => 1 - inside),
    grid,
  );
  const isOpen = Uint8Array.from(holes.areasPx, (px, hole) => Number(hole === 0 || px > maxPx));
  for (let pixel = 0; pixel < mask.length; pixel++) {
    const x = pixel % widthPx;
    const y = (pixel - x) / widthPx;
    const isBorder = x === 0 || y === 0 || x === widthPx - 1 || y === heightPx - 1;
    if (isBorder || fixed[pixel] === -1) isOpen[holes.labels[pixel] ?? 0] = 1;
  }
  return mask.map((inside, pixel) => inside || 1 - (isOpen[holes.labels[pixel] ?? 0] ?? 1));
}
