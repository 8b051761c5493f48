import { assignPixels, moveCentres, type SlicState } from './slic-assign.ts';
import { connectSuperpixels } from './slic-connectivity.ts';
import { scaledLab, type SlicImage } from './slic-lab.ts';

export type SlicOptions = {
  /** Superpixels asked for; connectivity leaves fewer, typically 55 to 85 of 100. */
  segments?: number;
  /** Weight of nearness against likeness of colour. */
  compactness?: number;
  iterations?: number;
  /** How far from its centre a superpixel is looked for, in distances between seeds; scikit-image looks 2 far. */
  reach?: number;
  /** Bounds of a superpixel's size, in shares of the mean size. */
  minSizeFactor?: number;
  maxSizeFactor?: number;
  /** See `scaledLab`. */
  channelValues?: ArrayLike<number>;
};

/** `labels` [heightPx, widthPx] in [0, count), every label in use. */
export type SuperpixelMap = { labels: Uint16Array; count: number; widthPx: number; heightPx: number };

const DEFAULTS = {
  segments: 100,
  compactness: 10,
  iterations: 10,
  reach: 2,
  minSizeFactor: 0.5,
  maxSizeFactor: 3,
};

/**
 * Cuts an image into superpixels: SLIC as scikit-image 0.19.3 computes it, SPEC section 2, in float64.
 *
 * Exact and deterministic: the goldens agree on every pixel.
 */
export function slic(image: SlicImage, options: SlicOptions = {}): SuperpixelMap {
  const { minSizeFactor, maxSizeFactor } = { ...DEFAULTS, ...options };
  const { widthPx, heightPx } = image;
  const { clusters, seeds } = slicClusters(image, options);
  const meanPx = (widthPx * heightPx) / seeds;
  const bounds = { minPx: Math.trunc(minSizeFactor * meanPx), maxPx: Math.trunc(maxSizeFactor * meanPx) };
  return { ...connectSuperpixels(clusters, image, bounds), widthPx, heightPx };
}

/**
 * SLIC before its pieces are connected: SPEC section 2, steps 1 to 4.
 * @returns `clusters` [heightPx, widthPx] in [0, seeds)
 */
export function slicClusters(
  image: SlicImage,
  options: SlicOptions = {},
): { clusters: Int32Array; seeds: number } {
  const { segments, compactness, iterations, reach } = { ...DEFAULTS, ...options };
  const state = startState(image, scaledLab(image, compactness, options.channelValues), segments);
  for (let iteration = 0; iteration < iterations; iteration++) {
    assignPixels(state, reach);
    if (iteration < iterations - 1) moveCentres(state);
  }
  return { clusters: state.clusters, seeds: state.count };
}

/** Seeds on a regular grid, with colour zero as scikit-image leaves it: the first assignment is by place alone. */
function startState({ widthPx, heightPx }: SlicImage, lab: Float64Array, segments: number): SlicState {
  const side = Math.sqrt((widthPx * heightPx) / segments);
  const stepPx = Math.max(1, roundHalfEven(side));
  const places = (sizePx: number) => {
    const first = Math.min(Math.floor(side / 2), sizePx - 1);
    return Array.from({ length: Math.ceil((sizePx - first) / stepPx) }, (_, at) => first + at * stepPx);
  };
  const columns = places(widthPx);
  const seeds = places(heightPx).flatMap((y) => columns.map((x) => [y, x, 0, 0, 0]));
  return {
    grid: { widthPx, heightPx },
    lab,
    stepPx,
    count: seeds.length,
    centres: Float64Array.from(seeds.flat()),
    clusters: new Int32Array(widthPx * heightPx),
    distance: new Float64Array(widthPx * heightPx),
  };
}

function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
