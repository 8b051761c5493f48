import type { Bounds } from '../../superpixel/components.ts';
import { nearestDistances } from '../geodesic.ts';
import { rowDistance, type ClickScene } from './click-scene.ts';
import type { PlacedSeeds } from './place-seeds.ts';

/** Weights of what speaks for the object; measured in test/bench/clicks/NOTES.md. */
export type ClickWeights = {
  /** Of the ways from what was said to be inside, against those from what was said to be outside. */
  ways: number;
  /** Of the likeness to the features of what was said. */
  features: number;
  /** Of saliency less its middle. */
  saliency: number;
  /** Of the colour models' log ratio. */
  colours: number;
  /** Of borders between superpixels. */
  smoothness: number;
};

export const CLICK_WEIGHTS: ClickWeights = {
  ways: 1.5,
  features: 1,
  saliency: 1,
  colours: 0.9,
  smoothness: 2.5,
};

/** What a way costs before it starts at the border of the image, in mean steps: the border is probably outside. */
const BORDER_START = 2;
/** Added to both ways, in mean steps: near a seed, being a little nearer to another one says little. */
const WAY_FLOOR = 0.5;
const MAX_WAY_LOGIT = 4;
/** What a way costs that starts at the edge of a box, in mean steps: the middle of a box is probably inside. */
const BOX_START = 2;
/** Likeness of features: distances in shares of the mean distance from what was said to be inside. */
const FEATURE_SCALE = 2;
const MAX_FEATURE_LOGIT = 3;
/** The likeness that counts as none, in the same shares. */
const UNLIKE = 1.2;
/** Seeds whose features are compared: those of long strokes say the same again and again. */
const MAX_COMPARED = 60;

/** [count]: log odds that a superpixel belongs to the object, by all but the colours of what is cut. */
export function clickLogits(scene: ClickScene, seeds: PlacedSeeds, weights: ClickWeights): Float32Array {
  const ways = wayLogits(scene, seeds);
  const features = featureLogits(scene, seeds.hard);
  return scene.saliency.map(
    (saliency, s) =>
      weights.ways * (ways[s] ?? 0) +
      weights.features * (features?.[s] ?? 0) +
      weights.saliency * (saliency - 0.5),
  );
}

/** How much longer the way from what is outside is than that from what is inside. */
function wayLogits({ graph, ways }: ClickScene, { hard, box }: PlacedSeeds): Float32Array {
  const { borderLengths } = graph;
  const hasInside = hard.includes(1);
  const inside = Float32Array.from(hard, (value, s) => {
    if (value === 1) return 0;
    return box && !hasInside && value === 0 ? BOX_START * boxDistance(graph, box, s) : Infinity;
  });
  const outside = Float32Array.from(hard, (value, s) => {
    if (value === -1) return 0;
    return !box && (borderLengths[s] ?? 0) > 0 ? BORDER_START : Infinity;
  });
  const [fromInside, fromOutside] = [nearestDistances(ways, inside), nearestDistances(ways, outside)];
  return fromInside.map((distance, s) => {
    const logit = Math.log(((fromOutside[s] ?? 0) + WAY_FLOOR) / (distance + WAY_FLOOR));
    // Where nothing starts on either side, both ways are endless.
    return Number.isNaN(logit) ? 0 : clamp(logit, MAX_WAY_LOGIT);
  });
}

/** How far a superpixel is from the middle of a box: 0 there, 1 at the middles of its sides. */
function boxDistance({ centres, map }: ClickScene['graph'], { x0, y0, x1, y1 }: Bounds, s: number): number {
  const x = ((centres[s * 2] ?? 0) * map.widthPx - (x0 + x1) / 2) / ((x1 - x0) / 2);
  const y = ((centres[s * 2 + 1] ?? 0) * map.heightPx - (y0 + y1) / 2) / ((y1 - y0) / 2);
  return Math.sqrt(x * x + y * y);
}

/** How much liker the features are to the nearest of what is inside than to the nearest of what is outside. */
function featureLogits({ features }: ClickScene, hard: Int8Array): Float32Array | null {
  const [inside, outside] = [1, -1].map((side) => thinned([...hard.keys()].filter((s) => hard[s] === side)));
  if (!features || !inside?.length) return null;
  const nearestOf = (s: number, seeds: readonly number[]) =>
    seeds.reduce((least, seed) => Math.min(least, rowDistance(features, s, seed)), Infinity);
  const own = Float32Array.from(hard, (_, s) => nearestOf(s, inside));
  const mean = own.reduce((sum, distance) => sum + distance, 0) / own.length || 1;
  return own.map((distance, s) => {
    const other = outside?.length ? nearestOf(s, outside) / mean : 1;
    return clamp(FEATURE_SCALE * (Math.min(other, UNLIKE) - distance / mean), MAX_FEATURE_LOGIT);
  });
}

function thinned(seeds: readonly number[]): number[] {
  const step = Math.ceil(seeds.length / MAX_COMPARED);
  return seeds.filter((_, at) => at % step === 0);
}

export const clamp = (value: number, limit: number): number => Math.min(Math.max(value, -limit), limit);
