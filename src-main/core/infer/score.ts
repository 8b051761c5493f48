import type { Foreground } from './foreground.ts';
import type { SuperpixelGraph } from './superpixel-graph.ts';

/** Doubt about the evidence under which an object should stay the same, in log odds. */
const DOUBT = 1;

/**
 * How far an object can be trusted, for ranking: how sure the evidence is of it, how little its size depends on where
 * the line is drawn, and how little of it the image's border cuts off. No probability.
 * @param members [count]: 1 for superpixels of the object
 * @returns 0..1
 */
export function scoreObject(graph: SuperpixelGraph, foreground: Foreground, members: Uint8Array): number {
  const { areas, borderLengths } = graph;
  let [area, sureness, strict, loose, border, whole] = [0, 0, 0, 0, 0, 0];
  areas.forEach((px, s) => {
    const logit = foreground.logits[s] ?? 0;
    whole += borderLengths[s] ?? 0;
    if (logit > -DOUBT) loose += px;
    if (logit > DOUBT) strict += px;
    if (!members[s]) return;
    area += px;
    sureness += px / (1 + Math.exp(-logit));
    border += borderLengths[s] ?? 0;
  });
  const stability = loose === 0 ? 0 : strict / loose;
  const openness = 1 - border / Math.max(whole, 1);
  return Math.cbrt((sureness / Math.max(area, 1)) * stability * openness ** 2);
}
