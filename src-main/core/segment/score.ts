import type { Grid } from '../superpixel/components.ts';
import { stabilityOf, type Foreground } from './foreground.ts';
import type { GroundReading } from './ground.ts';
import type { ObjectMap } from './objects.ts';
import { sigmoid } from './sigmoid.ts';
import type { SuperpixelGraph } from './superpixel-graph.ts';

/** Of two equal objects, the one that the border cuts off ranks lower; more weight than this ranks worse. */
const OPENNESS = 0.05;

/**
 * How much each sign says, chosen on the development sets, and how high scores are: with these, most of those from
 * LIKELY_RIGHT_SCORE on are of right objects. Measured in test/bench/segment/NOTES.md.
 */
const WEIGHTS = { sureness: 0.3, cutSureness: 0.3, expectedIou: 0.15, stability: 0.6 };

type ScoredGraph = Pick<SuperpixelGraph, 'areas' | 'borderLengths' | 'lab' | 'labSpread' | 'edges'>;

/**
 * How far objects of a photograph can be trusted, from four signs that err in different ways: how sure the reference is,
 * which with a head has not seen the colours of this image; how sure the cut is, which has; the overlap with what is right
 * that the reference expects; and whether the foreground stays the same if outlines cost more or less.
 * @param objects superpixels of each
 * @returns for each object 0..1
 */
export function scoreSceneObjects(
  graph: ScoredGraph,
  foreground: Foreground,
  objects: readonly (readonly number[])[],
): number[] {
  const stability = stabilityOf(graph, foreground);
  const background = backgroundOf(foreground);
  const cutBackground = 1 - meanProbability(graph.areas, foreground.logits, background);
  return objects.map((members) => {
    const cutSureness = meanProbability(graph.areas, foreground.logits, members) * cutBackground;
    const expectedIou = expectedIouOf(graph, foreground, members, background);
    return (
      surenessOf(graph, foreground, members) ** WEIGHTS.sureness *
      cutSureness ** WEIGHTS.cutSureness *
      expectedIou ** WEIGHTS.expectedIou *
      stability ** WEIGHTS.stability
    );
  });
}

/**
 * How sure the reference is of an object: the mean probability of its superpixels, times the mean probability of the
 * background around the foreground.
 * @param members superpixels of the object
 * @returns 0..1
 */
export function surenessOf(
  { areas, borderLengths }: Pick<SuperpixelGraph, 'areas' | 'borderLengths'>,
  foreground: Foreground,
  members: readonly number[],
): number {
  const inside = meanProbability(areas, foreground.referenceLogits, members);
  const background = backgroundOf(foreground);
  const outside = meanProbability(areas, foreground.referenceLogits, background);
  const border = borderLengths.reduce((sum, length) => sum + length, 0);
  const own = members.reduce((sum, s) => sum + (borderLengths[s] ?? 0), 0);
  return inside * (1 - outside) * (1 - own / Math.max(border, 1)) ** OPENNESS;
}

/** Superpixels outside of the foreground. */
function backgroundOf({ selected }: Foreground): number[] {
  return [...selected.keys()].filter((s) => selected[s] === 0);
}

/** What is right of an object, over that and all that may be missing from it, as far as the reference knows. */
function expectedIouOf(
  { areas }: Pick<SuperpixelGraph, 'areas'>,
  { referenceLogits }: Foreground,
  members: readonly number[],
  background: readonly number[],
): number {
  const probable = (superpixels: readonly number[]) =>
    superpixels.reduce((sum, s) => sum + (areas[s] ?? 0) * sigmoid(referenceLogits[s] ?? 0), 0);
  const own = members.reduce((sum, s) => sum + (areas[s] ?? 0), 0);
  return probable(members) / Math.max(own + probable(background), 1);
}

/** Mean probability of the foreground over superpixels, by area. */
function meanProbability(areas: Float32Array, logits: Float32Array, members: readonly number[]): number {
  let [area, sum] = [0, 0];
  for (const s of members) {
    const px = areas[s] ?? 0;
    area += px;
    sum += px * sigmoid(logits[s] ?? 0);
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
