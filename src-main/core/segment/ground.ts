import type { RgbImage } from '../image/decode.ts';
import { connectedComponents, type Grid } from '../superpixel/components.ts';
import { quickLab } from '../superpixel/slic-lab.ts';
import { boxMean } from './box-mean.ts';

/** An image seen as things on an even ground, as under a microscope or on a table. */
export type GroundReading = {
  /** [H, W]: 1 on things, whose outlines run halfway between the ground's colour and their own. */
  mask: Uint8Array;
  /** [H, W]: distance from the ground's colour, in Lab. */
  distances: Float32Array;
  threshold: number;
  /** Share of the distances' variance that the two sides explain (Otsu's criterion), 0..1. */
  separability: number;
  /** Share of the image's border on the ground's side. */
  borderPurity: number;
  /** Spread of the ground's own distances, in shares of the distance between both sides. */
  groundNoise: number;
};

const BINS = 256;

/**
 * Splits an image by the distance of its colours from the border's, at Otsu's threshold (Otsu 1979).
 *
 * Colours are averaged before distances are taken: a distance is never negative, so that the noise of single pixels
 * would move the whole ground away from its own colour.
 */
export function readGround(image: RgbImage): GroundReading {
  const { widthPx, heightPx } = image;
  const lab = smoothLab(image);
  const distances = distancesFrom(lab, borderColour(lab, widthPx, heightPx));
  const { threshold, separability } = otsu(distances);
  const seen = Uint8Array.from(distances, (distance) => (distance > threshold ? 1 : 0));
  return {
    mask: toHalfHeight(distances, seen, image),
    distances,
    threshold,
    separability,
    borderPurity: 1 - borderShare(seen, widthPx, heightPx),
    groundNoise: noiseOf(distances, seen),
  };
}

/**
 * Draws the outline of each piece of a mask where the distance is half of the piece's median: one threshold for all
 * includes the blurred rim of bright things where it is low enough for dim ones.
 * @param seen [H, W]: 1 inside
 */
function toHalfHeight(distances: Float32Array, seen: ArrayLike<number>, grid: Grid): Uint8Array {
  const { labels, areasPx } = connectedComponents(seen, grid);
  const heights = Array.from(areasPx, (px) => new Float32Array(px));
  const filled = new Int32Array(areasPx.length);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const piece = labels[pixel] ?? 0;
    if (piece === 0) continue;
    const at = filled[piece] ?? 0;
    filled[piece] = at + 1;
    const own = heights[piece];
    if (own) own[at] = distances[pixel] ?? 0;
  }
  const halves = heights.map((piece) => (piece.sort()[piece.length >> 1] ?? 0) / 2);
  return Uint8Array.from(labels, (piece, pixel) =>
    piece > 0 && (distances[pixel] ?? 0) > (halves[piece] ?? 0) ? 1 : 0,
  );
}

/** Channel by channel the median of the border's pixels. */
function borderColour(lab: Float32Array, widthPx: number, heightPx: number): number[] {
  const pixels: number[] = [];
  for (let x = 0; x < widthPx; x++) pixels.push(x, (heightPx - 1) * widthPx + x);
  for (let y = 0; y < heightPx; y++) pixels.push(y * widthPx, y * widthPx + widthPx - 1);
  return [0, 1, 2].map((c) => {
    const values = Float64Array.from(pixels, (pixel) => lab[pixel * 3 + c] ?? 0).sort();
    return values[values.length >> 1] ?? 0;
  });
}

function distancesFrom(lab: Float32Array, colour: readonly number[]): Float32Array {
  const [l = 0, a = 0, b = 0] = colour;
  const distances = new Float32Array(lab.length / 3);
  for (let pixel = 0, at = 0; pixel < distances.length; pixel++, at += 3) {
    const dl = (lab[at] ?? 0) - l;
    const da = (lab[at + 1] ?? 0) - a;
    const db = (lab[at + 2] ?? 0) - b;
    distances[pixel] = Math.sqrt(dl * dl + da * da + db * db);
  }
  return distances;
}

/** Lab colours [H, W, 3], each the mean over 3 x 3 pixels. */
function smoothLab(image: RgbImage): Float32Array {
  const { widthPx, heightPx } = image;
  const lab = quickLab(image);
  const channel = new Float32Array(widthPx * heightPx);
  for (let c = 0; c < 3; c++) {
    for (let pixel = 0; pixel < channel.length; pixel++) channel[pixel] = lab[pixel * 3 + c] ?? 0;
    const means = boxMean(channel, { widthPx, heightPx, radius: 1 });
    for (let pixel = 0; pixel < channel.length; pixel++) lab[pixel * 3 + c] = means[pixel] ?? 0;
  }
  return lab;
}

/**
 * Otsu's threshold between the roots of distances, as a distance: among bright and dim things, the few bright ones
 * would otherwise take the dim ones to the ground's side.
 */
function otsu(distances: Float32Array): { threshold: number; separability: number } {
  const roots = distances.map(Math.sqrt);
  const { threshold, separability } = otsuOf(roots);
  return { threshold: threshold ** 2, separability };
}

function otsuOf(values: Float32Array): { threshold: number; separability: number } {
  let max = 1e-6;
  for (const value of values) if (value > max) max = value;
  const histogram = new Float64Array(BINS);
  let [sum, squares] = [0, 0];
  for (const value of values) {
    const bin = Math.min(Math.floor((value / max) * BINS), BINS - 1);
    histogram[bin] = (histogram[bin] ?? 0) + 1;
    sum += value;
    squares += value * value;
  }
  const count = values.length;
  const variance = squares / count - (sum / count) ** 2;
  const binValue = (bin: number) => ((bin + 0.5) / BINS) * max;
  const whole = histogram.reduce((total, share, bin) => total + share * binValue(bin), 0);
  let [below, belowSum, best, threshold] = [0, 0, 0, max / 2];
  histogram.forEach((share, bin) => {
    below += share;
    belowSum += share * binValue(bin);
    if (below === 0 || below === count) return;
    const difference = belowSum / below - (whole - belowSum) / (count - below);
    const between = (below / count) * (1 - below / count) * difference ** 2;
    if (between <= best) return;
    best = between;
    threshold = ((bin + 1) / BINS) * max;
  });
  return { threshold, separability: variance > 1e-9 ? Math.min(best / variance, 1) : 0 };
}

function borderShare(mask: Uint8Array, widthPx: number, heightPx: number): number {
  let inside = 0;
  for (let x = 0; x < widthPx; x++) inside += (mask[x] ?? 0) + (mask[(heightPx - 1) * widthPx + x] ?? 0);
  for (let y = 0; y < heightPx; y++) {
    inside += (mask[y * widthPx] ?? 0) + (mask[y * widthPx + widthPx - 1] ?? 0);
  }
  return inside / (2 * (widthPx + heightPx));
}

function noiseOf(distances: Float32Array, mask: Uint8Array): number {
  const whole = { below: 0, above: 0, belowCount: 0 };
  for (let pixel = 0; pixel < distances.length; pixel++) {
    const distance = distances[pixel] ?? 0;
    if (mask[pixel]) {
      whole.above += distance;
    } else {
      whole.below += distance;
      whole.belowCount++;
    }
  }
  const ground = whole.below / Math.max(whole.belowCount, 1);
  const things = whole.above / Math.max(distances.length - whole.belowCount, 1);
  return ground / Math.max(things, 1e-6);
}
