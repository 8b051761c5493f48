import { fitColours, logDensities } from '../colour-model.ts';
import { cutOutline } from '../cut-outline.ts';
import { minimumCut } from '../max-flow.ts';
import { sigmoid } from '../sigmoid.ts';
import type { SuperpixelGraph } from '../superpixel-graph.ts';
import { clamp, CLICK_WEIGHTS, clickEvidence, type ClickWeights } from './click-evidence.ts';
import type { ClickScene } from './click-scene.ts';
import type { PlacedSeeds } from './place-seeds.ts';
import { seededPieces } from './seeded-pieces.ts';

/** What seeds may mean, on the fine grid, each within the next; `best` is the place of the most probable one. */
export type ClickMasks = { masks: Uint8Array[]; best: number };

export type ClickOptions = {
  weights?: ClickWeights;
  /** Whether outlines follow the pixels rather than the superpixels. */
  isRefined?: boolean;
  /** Whether there are a smaller and a larger answer, too. */
  isNested?: boolean;
};

const ROUNDS = 3;
const COLOURS = 5;
const EM_ROUNDS = 3;
/** The colour models are surer than they are right: their log ratio is kept within this. */
const MAX_COLOUR_LOGIT = 4;
/** How far the models follow the last cut rather than the evidence. */
const FOLLOW_SELECTION = 0.7;
/** Share of a border's cost that stays where neighbours differ most. */
const BORDER_FLOOR = 0.1;
/** Log odds of what was said. */
const SURE = 50;
/** What is added to the log odds of all superpixels for a larger answer, and taken away for a smaller one. */
const BIASES = [0.5, 1, 2, 3.5, 5.5, 8];
/** A smaller answer has at most this share of the best one, and that of a larger one. */
const NOTABLY_SMALLER = 0.75;

/**
 * The object that seeds mean: superpixels are cut by a minimum cut between two colour models, by the ways to the seeds,
 * the likeness of features, and saliency; then the outline is fitted to the pixels. A smaller and a larger answer come
 * from the same cut with all log odds lower or higher, which gives sets that lie within each other
 * (parametric maximum flow, Gallo et al. 1989).
 * @param seeds with a box or a seed inside; without either there is no answer
 */
export function segmentByClicks(
  scene: ClickScene,
  seeds: PlacedSeeds,
  { weights = CLICK_WEIGHTS, isRefined = true, isNested = true }: ClickOptions = {},
): ClickMasks {
  if (!seeds.box && !seeds.hard.includes(1)) return { masks: [], best: -1 };
  const cut = cutter(scene, seeds, weights);
  const selected = cut(0);
  const best = pixelsOf(scene, selected, { seeds, isRefined });
  if (!best) return { masks: [], best: -1 };
  const others = isNested ? nestedCuts(scene, seeds, { cut, selected }) : [];
  const [part, group] = others.map((other) => other && pixelsOf(scene, other, { seeds, isRefined }));
  const smaller = part?.map((inside, pixel) => inside & (best[pixel] ?? 0));
  const larger = group?.map((inside, pixel) => inside | (best[pixel] ?? 0));
  const masks = [smaller, best, larger].filter((mask) => mask?.includes(1)) as Uint8Array[];
  return { masks, best: masks.indexOf(best) };
}

/** Superpixels of the first notably smaller answer, and of the first notably larger one; null where there is none. */
function nestedCuts(
  scene: ClickScene,
  { hard }: PlacedSeeds,
  { cut, selected }: { cut: Cut; selected: Uint8Array },
): (Uint8Array | null)[] {
  const area = seededArea(scene, selected, hard);
  const firstOf = (sign: 1 | -1, fits: (px: number) => boolean) => {
    for (const bias of BIASES) {
      const other = cut(sign * bias);
      const px = seededArea(scene, other, hard);
      if (px > 0 && fits(px)) return other;
    }
    return null;
  };
  return [
    firstOf(-1, (px) => px <= NOTABLY_SMALLER * area),
    firstOf(1, (px) => NOTABLY_SMALLER * px >= area),
  ];
}

/** Pixels of the chosen superpixels that hang together with one that was said to be inside, or of all without any. */
function seededArea({ graph: { areas }, ways }: ClickScene, selected: Uint8Array, hard: Int8Array): number {
  const isReached = new Uint8Array(selected.length);
  const hasSeed = hard.includes(1);
  const open: number[] = [];
  const reach = (s: number) => {
    if (isReached[s] || !selected[s]) return;
    isReached[s] = 1;
    open.push(s);
  };
  for (let s = 0; s < hard.length; s++) if (!hasSeed || hard[s] === 1) reach(s);
  let area = 0;
  for (let s = open.pop(); s !== undefined; s = open.pop()) {
    area += areas[s] ?? 0;
    for (let arc = ways.start[s] ?? 0; arc < (ways.start[s + 1] ?? 0); arc++) reach(ways.ends[arc] ?? 0);
  }
  return area;
}

/** The superpixels that a cut chooses at a bias of all log odds. */
type Cut = (bias: number) => Uint8Array;

function cutter(scene: ClickScene, seeds: PlacedSeeds, weights: ClickWeights): Cut {
  const { graph } = scene;
  const { hard } = seeds;
  const evidence = clickEvidence(scene, seeds, weights);
  const capacity = borderCosts(scene).map((cost) => weights.smoothness * cost);
  const meanArea = graph.map.labels.length / graph.map.count;
  const cut = (logits: Float32Array, bias: number) =>
    minimumCut({
      nodeCount: hard.length,
      terminal: logits.map((logit, s) =>
        hard[s] ? SURE * hard[s] : ((logit + bias) * (graph.areas[s] ?? 0)) / meanArea,
      ),
      from: graph.edges.from,
      to: graph.edges.to,
      capacity,
    });
  const shareOf = (s: number, guess: number) => (hard[s] ? (hard[s] + 1) / 2 : guess);
  let shares: Float32Array = evidence.map((logit, s) => shareOf(s, sigmoid(logit)));
  let logits = evidence;
  for (let round = 0; round < ROUNDS; round++) {
    const colours = colourLogits(graph, shares);
    logits = evidence.map((logit, s) => logit + weights.colours * clamp(colours[s] ?? 0, MAX_COLOUR_LOGIT));
    if (round === ROUNDS - 1) break;
    const selected = cut(logits, 0);
    shares = evidence.map((logit, s) =>
      shareOf(s, FOLLOW_SELECTION * (selected[s] ?? 0) + (1 - FOLLOW_SELECTION) * sigmoid(logit)),
    );
  }
  return (bias) => cut(logits, bias);
}

/** Log ratio of two colour models, of what is inside and of what is outside. */
function colourLogits({ lab, labSpread, areas }: SuperpixelGraph, shares: Float32Array): Float32Array {
  const options = { components: COLOURS, iterations: EM_ROUNDS };
  const fit = (weights: Float32Array) => fitColours({ lab, spread: labSpread, weights }, options);
  const inside = fit(shares.map((share, s) => share * (areas[s] ?? 0)));
  const outside = fit(shares.map((share, s) => (1 - share) * (areas[s] ?? 0)));
  if (!inside || !outside) return new Float32Array(shares.length);
  const [ofInside, ofOutside] = [logDensities(inside, lab), logDensities(outside, lab)];
  return shares.map((_, s) => (ofInside[s] ?? 0) - (ofOutside[s] ?? 0));
}

/** [edges]: cost of an outline along each edge: its length, less where neighbours differ more than they usually do here. */
function borderCosts({ graph, steps }: ClickScene): Float32Array {
  const { map, edges } = graph;
  const side = Math.sqrt(map.labels.length / map.count);
  let [total, weighted] = [0, 0];
  edges.lengths.forEach((length, edge) => {
    total += length;
    weighted += length * (steps[edge] ?? 0) ** 2;
  });
  const scale = total / Math.max(2 * weighted, 1e-6);
  return edges.lengths.map((length, edge) => {
    const likeness = Math.exp(-scale * (steps[edge] ?? 0) ** 2);
    return (length * (BORDER_FLOOR + (1 - BORDER_FLOOR) * likeness)) / side;
  });
}

/** The pixels of chosen superpixels that are meant, with the outline fitted to the edges; null where there are none. */
function pixelsOf(
  { graph: { map }, fine, lab }: ClickScene,
  selected: Uint8Array,
  { seeds, isRefined }: { seeds: PlacedSeeds; isRefined: boolean },
): Uint8Array | null {
  const rough = seededPieces(
    Uint8Array.from(map.labels, (label) => selected[label] ?? 0),
    fine,
    seeds,
  );
  if (!rough || !isRefined) return rough;
  return seededPieces(cutOutline(fine, rough, { lab, fixed: seeds.fixed }), fine, seeds) ?? rough;
}
