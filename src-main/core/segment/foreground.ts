import { fitColours, logDensities } from './colour-model.ts';
import { squaredLabDistance } from './lab-distance.ts';
import { minimumCut } from './max-flow.ts';
import { saliencyOf } from './saliency.ts';
import { sigmoid } from './sigmoid.ts';
import type { SuperpixelGraph } from './superpixel-graph.ts';

export type ForegroundWeights = {
  /** Of a prior's log odds. */
  prior: number;
  /** Of saliency less its middle. */
  saliency: number;
  /** Of nearness to the centre less `centreOffset`. */
  centre: number;
  centreOffset: number;
  /** Of the colour models' log ratio. */
  colour: number;
  /** Of borders between superpixels. */
  smoothness: number;
};

/** Without a prior; measured on the development sets: test/bench/segment/NOTES.md. */
export const PLAIN_WEIGHTS: ForegroundWeights = {
  prior: 0,
  saliency: 0.7,
  centre: 3,
  centreOffset: 0.45,
  colour: 1.5,
  smoothness: 2.5,
};

export type Foreground = {
  /** [count]: 1 for superpixels of the foreground. */
  selected: Uint8Array;
  /** [count]: log odds before smoothing. */
  logits: Float32Array;
  /** [count]: log odds by which objects are scored: those of the prior, which knows more than this image, if there is one. */
  referenceLogits: Float32Array;
  /** Whether there was a prior. */
  hasPrior: boolean;
  /** [edges]: what an outline along each edge cost. */
  outlineCosts: Float32Array;
};

const ROUNDS = 4;
const COLOURS = 5;
const EM_ROUNDS = 3;
/** The colour models are surer than they are right: their log ratio is kept within this. */
const MAX_COLOUR_LOGIT = 5;
/** How far the models follow the last selection rather than the prior. */
const FOLLOW_SELECTION = 0.7;
/** Spread of the centre prior, in shares of the image. */
const CENTRE_SPREAD = 0.3;
/** What outlines cost to see whether a foreground is stable, of what they cost to find it. */
const [MUCH_SMOOTHER, HARDLY_SMOOTH] = [4, 0.1];
/** Share of a border's cost that stays where colours differ most. */
const BORDER_FLOOR = 0.1;

/** What an image's own pixels say of its foreground: found once, and used whenever its foreground is found. */
export type ForegroundCues = {
  /** [count] in 0..1, see `saliencyOf`. */
  saliency: Float32Array;
  /** [count] in 0..1: 1 in the middle of the image. */
  nearness: Float32Array;
  /** [edges]: what an outline along each edge costs, see `borderCosts`. */
  borders: Float32Array;
};

/** What a foreground is found in: superpixels with their colours and neighbours. */
export type ForegroundGraph = Pick<SuperpixelGraph, 'areas' | 'lab' | 'labSpread' | 'edges'>;

/** @param saliency as `saliencyOf` finds it, where it is known already */
export function foregroundCues(graph: SuperpixelGraph, saliency = saliencyOf(graph)): ForegroundCues {
  const { centres, areas } = graph;
  const nearness = areas.map((_, s) => {
    const x = (centres[s * 2] ?? 0) - 0.5;
    const y = (centres[s * 2 + 1] ?? 0) - 0.5;
    return Math.exp(-(x * x + y * y) / (2 * CENTRE_SPREAD ** 2));
  });
  return { saliency, nearness, borders: borderCosts(graph) };
}

export type ForegroundOptions = {
  weights: ForegroundWeights;
  /** [count]: log odds of the foreground that are known from elsewhere. */
  prior?: Float32Array;
};

/**
 * The superpixels that a picture is of: what stands out from the background and is near the middle, made consistent
 * in colour and outline by graph cuts between Gaussian mixtures, as GrabCut does (Rother et al. 2004).
 */
export function findForeground(
  graph: ForegroundGraph,
  cues: ForegroundCues,
  { weights, prior }: ForegroundOptions = { weights: PLAIN_WEIGHTS },
): Foreground {
  const base = cues.saliency.map(
    (saliency, s) =>
      weights.saliency * (saliency - 0.5) +
      weights.centre * ((cues.nearness[s] ?? 0) - weights.centreOffset) +
      weights.prior * (prior?.[s] ?? 0),
  );
  const capacity = cues.borders.map((cost) => weights.smoothness * cost);
  let shares: Float32Array = base.map(sigmoid);
  let logits: Float32Array = base;
  let selected: Uint8Array = new Uint8Array(base.length);
  for (let round = 0; round < ROUNDS; round++) {
    const colours = colourLogits(graph, shares);
    logits = base.map((value, s) => value + weights.colour * clamp(colours[s] ?? 0, MAX_COLOUR_LOGIT));
    selected = graphCut(graph, logits, capacity);
    shares = base.map(
      (value, s) => FOLLOW_SELECTION * (selected[s] ?? 0) + (1 - FOLLOW_SELECTION) * sigmoid(value),
    );
  }
  return {
    selected,
    logits,
    referenceLogits: prior ?? logits,
    hasPrior: prior !== undefined,
    outlineCosts: capacity,
  };
}

/**
 * How far a foreground stays as it is if outlines cost much more or next to nothing: the mean of its IoU with what is cut
 * then, by the same log odds.
 * @returns 0..1
 */
export function stabilityOf(graph: ForegroundGraph, { selected, logits, outlineCosts }: Foreground): number {
  const ious = [MUCH_SMOOTHER, HARDLY_SMOOTH].map((factor) =>
    iouOf(
      selected,
      graphCut(
        graph,
        logits,
        outlineCosts.map((cost) => factor * cost),
      ),
      graph.areas,
    ),
  );
  return ious.reduce((sum, iou) => sum + iou, 0) / ious.length;
}

/** Intersection over union of two sets of superpixels, by area; 1 where both are empty. */
export function iouOf(a: Uint8Array, b: Uint8Array, areas: Float32Array): number {
  let [both, either] = [0, 0];
  areas.forEach((px, s) => {
    if (a[s] && b[s]) both += px;
    if (a[s] || b[s]) either += px;
  });
  return either === 0 ? 1 : both / either;
}

/**
 * Log ratio of two colour models, of the foreground and of the background.
 * @param shares [count] in 0..1: how far each superpixel belongs to the foreground
 */
function colourLogits(graph: ForegroundGraph, shares: Float32Array): Float32Array {
  const { lab, labSpread: spread, areas } = graph;
  const options = { components: COLOURS, iterations: EM_ROUNDS };
  const inside = fitColours(
    { lab, spread, weights: shares.map((share, s) => share * (areas[s] ?? 0)) },
    options,
  );
  const outside = fitColours(
    { lab, spread, weights: shares.map((share, s) => (1 - share) * (areas[s] ?? 0)) },
    options,
  );
  if (!inside || !outside) return new Float32Array(shares.length);
  const [ofInside, ofOutside] = [logDensities(inside, lab), logDensities(outside, lab)];
  return shares.map((_, s) => (ofInside[s] ?? 0) - (ofOutside[s] ?? 0));
}

function graphCut(
  { edges, areas }: ForegroundGraph,
  logits: Float32Array,
  capacity: Float32Array,
): Uint8Array {
  const meanArea = areas.reduce((sum, px) => sum + px, 0) / areas.length;
  return minimumCut({
    nodeCount: areas.length,
    terminal: logits.map((logit, s) => (logit * (areas[s] ?? 0)) / meanArea),
    from: edges.from,
    to: edges.to,
    capacity,
  });
}

/** Cost of an outline along each edge: its length, less where colours differ more than they usually do here. */
function borderCosts({ map, edges, lab }: SuperpixelGraph): Float32Array {
  const side = Math.sqrt(map.labels.length / map.count);
  const squares = edges.lengths.map((_, edge) =>
    squaredLabDistance(lab, edges.from[edge] ?? 0, edges.to[edge] ?? 0),
  );
  let [total, weighted] = [0, 0];
  edges.lengths.forEach((length, edge) => {
    total += length;
    weighted += length * (squares[edge] ?? 0);
  });
  const scale = 1 / ((2 * weighted) / Math.max(total, 1) + 1e-6);
  return edges.lengths.map((length, edge) => {
    const likeness = Math.exp(-scale * (squares[edge] ?? 0));
    return (length * (BORDER_FLOOR + (1 - BORDER_FLOOR) * likeness)) / side;
  });
}

const clamp = (value: number, limit: number) => Math.min(Math.max(value, -limit), limit);
