import type { Grid } from '../superpixel/components.ts';
import type { Foreground } from './foreground.ts';
import type { GroundReading } from './ground.ts';
import type { ObjectMap } from './objects.ts';
import type { SuperpixelGraph } from './superpixel-graph.ts';

/** Doubt about the evidence under which an object should stay the same, in log odds. */
const DOUBT = 1;
/** Spread of places that count as the middle, in shares of the image. */
const CENTRE_SPREAD = 0.22;
/** Root that brings the product of the signs back to the size of one of them. */
const SCENE_ROOT = 1 / 5;

/**
 * How far an object of a photograph can be trusted, for ranking: how sure the evidence is of it (counted twice), how
 * decided the whole image is, how little the foreground's size depends on where the line is drawn, how little of the
 * object the border cuts off, and how near the middle it lies. No probability. Chosen in test/bench/segment/NOTES.md.
 * @param members superpixels of the object
 * @returns 0..1
 */
export function scoreSceneObject(
  graph: SuperpixelGraph,
  foreground: Foreground,
  members: readonly number[],
): number {
  const { stability, decidedness, borderLength } = imageSigns(graph, foreground);
  const { sureness, border, centredness } = objectSigns(graph, foreground, members);
  const openness = 1 - border / Math.max(borderLength, 1);
  return (sureness ** 2 * stability * decidedness * openness * Math.sqrt(centredness)) ** SCENE_ROOT;
}

function imageSigns({ areas, borderLengths }: SuperpixelGraph, { logits }: Foreground) {
  let [area, decided, strict, loose, borderLength] = [0, 0, 0, 0, 0];
  areas.forEach((px, s) => {
    const logit = logits[s] ?? 0;
    area += px;
    decided += px * Math.abs(Math.tanh(logit / 2));
    if (logit > -DOUBT) loose += px;
    if (logit > DOUBT) strict += px;
    borderLength += borderLengths[s] ?? 0;
  });
  const stability = loose === 0 ? 0 : strict / loose;
  return { stability, decidedness: decided / Math.max(area, 1), borderLength };
}

function objectSigns(
  { areas, borderLengths, centres }: SuperpixelGraph,
  { logits }: Foreground,
  members: readonly number[],
) {
  let [area, sure, border, x, y] = [0, 0, 0, 0, 0];
  for (const s of members) {
    const px = areas[s] ?? 0;
    area += px;
    sure += px / (1 + Math.exp(-(logits[s] ?? 0)));
    border += borderLengths[s] ?? 0;
    x += px * (centres[s * 2] ?? 0);
    y += px * (centres[s * 2 + 1] ?? 0);
  }
  const whole = Math.max(area, 1);
  const offCentre = (x / whole - 0.5) ** 2 + (y / whole - 0.5) ** 2;
  return { sureness: sure / whole, border, centredness: Math.exp(-offCentre / (2 * CENTRE_SPREAD ** 2)) };
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
