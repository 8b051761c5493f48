import { fitColours, logDensities } from '../colour-model.ts';
import { minimumCut } from '../max-flow.ts';
import { sigmoid } from '../sigmoid.ts';
import type { SuperpixelGraph } from '../superpixel-graph.ts';
import { clamp, CLICK_WEIGHTS, clickLogits, type ClickWeights } from './click-logits.ts';
import type { ClickScene } from './click-scene.ts';
import { fitObject } from './fit-object.ts';
import { meantSuperpixels, type MeantSuperpixels } from './meant-superpixels.ts';
import type { PlacedSeeds } from './place-seeds.ts';

/** What seeds may mean, on the fine grid, each within the next; `best` is the place of the most probable one. */
export type ClickMasks = { masks: Uint8Array[]; best: number };

export type ClickOptions = {
  weights?: ClickWeights;
  /** Whether outlines follow the pixels rather than the superpixels. */
  isRefined?: boolean;
  /** Whether there are a smaller and a larger answer, too. */
  isNested?: boolean;
};

const ROUNDS = 2;
const COLOURS = 5;
const EM_ROUNDS = 2;
/** The colour models are surer than they are right: their log ratio is kept within this. */
const MAX_COLOUR_LOGIT = 4;
/** How far the models follow the last cut rather than what the seeds say. */
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
  { isNested = true, ...options }: ClickOptions = {},
): ClickMasks {
  const clicks = new ClickedObject(scene, seeds, options);
  return isNested ? clicks.answers() : clicks.bestOnly();
}

/** What some seeds mean: the best answer first, as a person waits for it; the others when they are asked for. */
export class ClickedObject {
  readonly #scene: ClickScene;
  readonly #how: { seeds: PlacedSeeds; isRefined: boolean };
  readonly #cut: Cut | null;
  readonly #meant: MeantSuperpixels | null;
  readonly #best: Uint8Array | null;

  constructor(
    scene: ClickScene,
    seeds: PlacedSeeds,
    { weights = CLICK_WEIGHTS, isRefined = true }: Omit<ClickOptions, 'isNested'> = {},
  ) {
    this.#scene = scene;
    this.#how = { seeds, isRefined };
    const hasInside = seeds.box !== null || seeds.hard.includes(1);
    this.#cut = hasInside ? cutter(scene, seeds, weights) : null;
    this.#meant = this.#cut && meantSuperpixels(scene, this.#cut(0), seeds.hard);
    this.#best = this.#meant && fitObject(scene, this.#meant.meant, this.#how);
  }

  bestOnly(): ClickMasks {
    return this.#best ? { masks: [this.#best], best: 0 } : { masks: [], best: -1 };
  }

  answers(): ClickMasks {
    const [best, cut, meant] = [this.#best, this.#cut, this.#meant];
    if (!best || !cut || !meant) return this.bestOnly();
    const smaller = this.#first(cut, -1, (px) => px <= NOTABLY_SMALLER * meant.areaPx);
    const larger = this.#first(cut, 1, (px) => NOTABLY_SMALLER * px >= meant.areaPx);
    const masks = [best];
    // If each outline were fitted alone, outlines could cross.
    for (let pixel = 0; pixel < best.length; pixel++) {
      const inside = best[pixel] ?? 0;
      if (smaller) smaller[pixel] = (smaller[pixel] ?? 0) & inside;
      if (larger) larger[pixel] = (larger[pixel] ?? 0) | inside;
    }
    if (smaller?.includes(1)) masks.unshift(smaller);
    if (larger) masks.push(larger);
    return { masks, best: masks.indexOf(best) };
  }

  /** The first answer that fits, at ever higher biases; null where there is none. */
  #first(cut: Cut, sign: 1 | -1, fits: (areaPx: number) => boolean): Uint8Array | null {
    for (const bias of BIASES) {
      const { meant, areaPx } = meantSuperpixels(this.#scene, cut(sign * bias), this.#how.seeds.hard);
      if (areaPx > 0 && fits(areaPx)) return fitObject(this.#scene, meant, this.#how);
    }
    return null;
  }
}

/** The superpixels that a cut chooses at a bias of all log odds. */
type Cut = (bias: number) => Uint8Array;

function cutter(scene: ClickScene, seeds: PlacedSeeds, weights: ClickWeights): Cut {
  const { graph } = scene;
  const { hard } = seeds;
  const seedLogits = clickLogits(scene, seeds, weights);
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
  let shares: Float32Array = seedLogits.map((logit, s) => shareOf(s, sigmoid(logit)));
  let logits = seedLogits;
  for (let round = 0; round < ROUNDS; round++) {
    const colours = colourLogits(graph, shares);
    logits = seedLogits.map((logit, s) => logit + weights.colours * clamp(colours[s] ?? 0, MAX_COLOUR_LOGIT));
    if (round === ROUNDS - 1) break;
    const selected = cut(logits, 0);
    shares = seedLogits.map((logit, s) =>
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
