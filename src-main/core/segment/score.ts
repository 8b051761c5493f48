import type { Grid } from '../superpixel/components.ts';
import type { Foreground } from './foreground.ts';
import type { GroundReading } from './ground.ts';
import type { ObjectMap } from './objects.ts';
import { sigmoid } from './sigmoid.ts';
import type { SuperpixelGraph } from './superpixel-graph.ts';

/** Of two equal objects, the one that the border cuts off ranks lower; more weight than this ranks worse. */
const OPENNESS = 0.05;

/**
 * How far an object of a photograph can be trusted: the mean probability of its superpixels, times the mean probability
 * of the background around the foreground. With a head both are its own, so a high score says that what the collection
 * taught and the colours and edges of the image agree. Measured in test/bench/segment/NOTES.md.
 * @param members superpixels of the object
 * @returns 0..1
 */
export function scoreSceneObject(
  { areas, borderLengths }: Pick<SuperpixelGraph, 'areas' | 'borderLengths'>,
  { selected, evidence }: Foreground,
  members: readonly number[],
): number {
  const inside = meanProbability(areas, evidence, members);
  const background = [...selected.keys()].filter((s) => selected[s] === 0);
  const outside = background.length === 0 ? 0 : meanProbability(areas, evidence, background);
  const border = borderLengths.reduce((sum, length) => sum + length, 0);
  const own = members.reduce((sum, s) => sum + (borderLengths[s] ?? 0), 0);
  return inside * (1 - outside) * (1 - own / Math.max(border, 1)) ** OPENNESS;
}

/** Mean probability of the foreground over superpixels, by area. */
function meanProbability(areas: Float32Array, evidence: Float32Array, members: readonly number[]): number {
  let [area, sum] = [0, 0];
  for (const s of members) {
    const px = areas[s] ?? 0;
    area += px;
    sum += px * sigmoid(evidence[s] ?? 0);
  }
  return sum / Math.max(area, 1);
}

/** A pixel this much above the threshold would be inside under a much stricter one. */
const STRICT = 1.25;
/** Steps between pixels make an outline longer than it is: a disk's by about this factor. */
const STAIRCASE = 0.85;

/**
 * How far each object on an even ground can be trusted: the share of it that would stay under a much stricter
 * threshold, less for ragged outlines (4 pi area / length^2, which a disk has as 1).
 * @returns for each object 0..1
 */
export function scoreGroundObjects(
  { distances, threshold }: GroundReading,
  { labels, areasPx }: ObjectMap,
  { widthPx, heightPx }: Grid,
): number[] {
  const strictPx = new Int32Array(areasPx.length + 1);
  const outlinePx = new Int32Array(areasPx.length + 1);
  const add = (to: Int32Array, label: number) => (to[label] = (to[label] ?? 0) + 1);
  for (let y = 0, at = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, at++) {
      const label = labels[at] ?? 0;
      if (label === 0) continue;
      if ((distances[at] ?? 0) > STRICT * threshold) add(strictPx, label);
      if (x === 0 || labels[at - 1] !== label) add(outlinePx, label);
      if (x === widthPx - 1 || labels[at + 1] !== label) add(outlinePx, label);
      if (y === 0 || labels[at - widthPx] !== label) add(outlinePx, label);
      if (y === heightPx - 1 || labels[at + widthPx] !== label) add(outlinePx, label);
    }
  }
  return areasPx.map((px, at) => {
    const length = STAIRCASE * Math.max(outlinePx[at + 1] ?? 0, 1);
    const roundness = Math.min(1, (4 * Math.PI * px) / length ** 2);
    return ((strictPx[at + 1] ?? 0) / px) * Math.sqrt(roundness);
  });
}
