import { choleskySolve } from './cholesky.ts';
import { geodesicDistances, type GeodesicDistances } from './geodesic.ts';
import { squaredLabDistance } from './lab-distance.ts';
import type { SuperpixelGraph } from './superpixel-graph.ts';

/** Spread of colour distances that count as the same region, in Lab. */
const REGION_SPREAD = 10;
/** Lab distance between neighbours that counts as none. */
const UNSEEN = 3;
/** Spread of the neighbourhood in which contrast is looked for, in shares of the image. */
const NEAR = 0.25;
/** Ways longer than this weigh less than a 250,000th, so they are left out. */
const REACH = 5 * REGION_SPREAD;
const BACKGROUND_WEIGHT = 5;
const SMOOTHNESS = 0.1;

/**
 * How much each superpixel stands out of the background, without any training: Zhu et al., "Saliency Optimization
 * from Robust Background Detection", CVPR 2014. Background is what hangs together with much of the image's border;
 * an object that touches the border keeps a short contact for its size.
 * @returns [count] in 0..1, the most salient superpixel has 1
 */
export function saliencyOf(graph: SuperpixelGraph): Float32Array {
  const { map, edges, areas } = graph;
  const { count } = map;
  const steps = edges.lengths.map((_, edge) =>
    Math.max(0, labDistance(graph, edges.from[edge] ?? 0, edges.to[edge] ?? 0) - UNSEEN),
  );
  const meanArea = map.labels.length / count;
  const background = backgroundWeights(graph, geodesicDistances(graph, steps, REACH), meanArea);
  const contrast = contrasts(graph, background, meanArea);
  const matrix = new Float64Array(count * count);
  const right = new Float64Array(count);
  const add = (row: number, column: number, value: number) =>
    (matrix[row * count + column] = (matrix[row * count + column] ?? 0) + value);
  for (let s = 0; s < count; s++) {
    add(s, s, (contrast[s] ?? 0) + BACKGROUND_WEIGHT * (background[s] ?? 0) + 1e-4);
    right[s] = contrast[s] ?? 0;
  }
  steps.forEach((step, edge) => {
    const [a, b] = [edges.from[edge] ?? 0, edges.to[edge] ?? 0];
    const weight = Math.exp(-(step * step) / (2 * REGION_SPREAD ** 2)) + SMOOTHNESS;
    add(a, a, weight);
    add(b, b, weight);
    // The lower triangle is enough; edges go from the lower label to the higher.
    add(b, a, -weight);
  });
  const solved = choleskySolve(matrix, right);
  const max = solved.reduce((most, value) => Math.max(most, value), 0) || 1;
  return Float32Array.from(areas, (_, s) => Math.max(0, (solved[s] ?? 0) / max));
}

/** [count] in 0..1: near 1 where the region around a superpixel has much border for its area. */
function backgroundWeights(
  { map, areas, borderLengths }: SuperpixelGraph,
  distances: GeodesicDistances,
  meanArea: number,
): Float32Array {
  const side = Math.sqrt(meanArea);
  const weights = new Float32Array(map.count);
  for (const { members, from } of distances) {
    let area = 0;
    let border = 0;
    for (let other = 0; other < map.count; other++) {
      const distance = from[other] ?? 0;
      if (distance > REACH) continue;
      const weight = Math.exp(-(distance * distance) / (2 * REGION_SPREAD ** 2));
      area += (weight * (areas[other] ?? 0)) / meanArea;
      border += (weight * (borderLengths[other] ?? 0)) / side;
    }
    const connectivity = border / Math.sqrt(area);
    for (const s of members) weights[s] = 1 - Math.exp(-(connectivity * connectivity) / 2);
  }
  return weights;
}

/** [count] in 0..1: distance of colours from the background around, most at 1. */
function contrasts(graph: SuperpixelGraph, background: Float32Array, meanArea: number): Float32Array {
  const { areas, centres } = graph;
  const shares = areas.map((px, s) => ((background[s] ?? 0) * px) / meanArea);
  const values = new Float64Array(areas.length);
  // Distance and nearness are the same both ways.
  for (let s = 0; s < areas.length; s++) {
    for (let other = 0; other < s; other++) {
      const dx = (centres[s * 2] ?? 0) - (centres[other * 2] ?? 0);
      const dy = (centres[s * 2 + 1] ?? 0) - (centres[other * 2 + 1] ?? 0);
      const weight = labDistance(graph, s, other) * Math.exp(-(dx * dx + dy * dy) / (2 * NEAR * NEAR));
      values[s] = (values[s] ?? 0) + weight * (shares[other] ?? 0);
      values[other] = (values[other] ?? 0) + weight * (shares[s] ?? 0);
    }
  }
  const max = values.reduce((most, value) => Math.max(most, value), 0) || 1;
  return Float32Array.from(values, (value) => value / max);
}

/** Distance of two superpixels' mean colours. */
function labDistance({ lab }: Pick<SuperpixelGraph, 'lab'>, a: number, b: number): number {
  return Math.sqrt(squaredLabDistance(lab, a, b));
}
