import type { ReviewState } from '../../../contract/mask.ts';
import type { MaskShape } from '../../../domain/mask-shape.ts';
import { floatsToHalves } from '../../tensor/halves.ts';
import { coverage } from '../describe/raw-descriptors.ts';
import { graphOf, type Embedding, type ImagePixels } from '../embed-image.ts';
import { foregroundCues } from '../foreground.ts';
import type { Correction } from './corrected-head.ts';

/** An object of an image, on the grid of the upright original. */
export type ReviewedObject = { review: ReviewState; shape: MaskShape };

/**
 * What a person's work on an image says: what they accepted is foreground, what they rejected is background, unless they
 * accepted something there as well. Of the rest nothing is known, except where they have settled every object and kept one of
 * them: then it is background.
 */
export function correctionOf(
  { pixels, embedding }: { pixels: ImagePixels; embedding: Embedding },
  objects: readonly ReviewedObject[],
): Correction {
  const graph = graphOf(pixels, embedding);
  const cues = foregroundCues(graph, embedding.saliency);
  const covered = (states: readonly ReviewState[]) =>
    objects
      .filter(({ review }) => states.includes(review))
      .map(({ shape }) => coverage(shape, embedding.map).pixels)
      .reduce((sum, px) => sum.map((value, s) => value + (px[s] ?? 0)), new Float32Array(graph.areas.length));
  const [inside, rejected] = [covered(['accepted', 'edited']), covered(['rejected'])];
  const isSettled = isSettledBy(objects);
  const isMostly = (px: Float32Array, s: number) => 2 * (px[s] ?? 0) > (graph.areas[s] ?? 0);
  const { areas, lab, labSpread, edges } = graph;
  return {
    features: floatsToHalves(embedding.features),
    dim: embedding.dim,
    targets: Uint8Array.from(areas, (_, s) => (isMostly(inside, s) ? 1 : 0)),
    areas: areas.map((px, s) => (isSettled || isMostly(inside, s) || isMostly(rejected, s) ? px : 0)),
    isSettled,
    graph: { areas, lab, labSpread, edges },
    cues,
  };
}

function isSettledBy(objects: readonly ReviewedObject[]): boolean {
  return (
    objects.every(({ review }) => review !== 'pending') && objects.some(({ review }) => review !== 'rejected')
  );
}
