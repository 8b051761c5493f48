import type { ClickScene } from './click-scene.ts';

/** Without a seed inside: pieces below this share of the largest one are not meant. */
const PIECE_SHARE = 0.1;

/** Superpixels [count], 1 for those that are meant, and their pixels. */
export type MeantSuperpixels = { meant: Uint8Array; areaPx: number };

/**
 * Of the selected superpixels, those connected with one that was marked as inside; in a box without any, the large pieces.
 * @param chosen [count], 1 for selected ones
 * @param hard [count], see `PlacedSeeds`
 */
export function meantSuperpixels(scene: ClickScene, chosen: Uint8Array, hard: Int8Array): MeantSuperpixels {
  const pieces: { members: number[]; areaPx: number; isSaid: boolean }[] = [];
  const isReached = new Uint8Array(chosen.length);
  for (let s = 0; s < chosen.length; s++) {
    if (chosen[s] && !isReached[s]) pieces.push(pieceFrom(scene, s, { chosen, hard, isReached }));
  }
  const hasSaid = pieces.some(({ isSaid }) => isSaid);
  const least = PIECE_SHARE * pieces.reduce((most, { areaPx }) => Math.max(most, areaPx), 0);
  const kept = pieces.filter(({ isSaid, areaPx }) => (hasSaid ? isSaid : areaPx >= least));
  const meant = new Uint8Array(chosen.length);
  for (const { members } of kept) for (const s of members) meant[s] = 1;
  return { meant, areaPx: kept.reduce((sum, { areaPx }) => sum + areaPx, 0) };
}

type Search = { chosen: Uint8Array; hard: Int8Array; isReached: Uint8Array };

function pieceFrom(
  { graph: { areas }, ways }: ClickScene,
  start: number,
  { chosen, hard, isReached }: Search,
): { members: number[]; areaPx: number; isSaid: boolean } {
  const members = [start];
  isReached[start] = 1;
  let [areaPx, isSaid] = [0, false];
  // It grows while it is gone through.
  for (const s of members) {
    areaPx += areas[s] ?? 0;
    if (hard[s] === 1) isSaid = true;
    for (let arc = ways.start[s] ?? 0; arc < (ways.start[s + 1] ?? 0); arc++) {
      const other = ways.ends[arc] ?? 0;
      if (!chosen[other] || isReached[other]) continue;
      isReached[other] = 1;
      members.push(other);
    }
  }
  return { members, areaPx, isSaid };
}
