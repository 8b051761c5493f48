import type { RgbImage } from '../../image/decode.ts';
import { resizeRgb, sizeWithin } from '../../image/resize-rgb.ts';
import { quickLab } from '../../superpixel/slic-lab.ts';
import { slic, type SuperpixelMap } from '../../superpixel/slic.ts';
import { graphOf, type Embedding, type ImagePixels } from '../embed-image.ts';
import { waysOf, type Ways } from '../geodesic.ts';
import { nearest } from '../original-grid.ts';
import { superpixelGraph, type SuperpixelGraph } from '../superpixel-graph.ts';
import {
  featureRows,
  learnRowModel,
  superpixelDescriptors,
  type SuperpixelRows,
} from '../superpixel-rows.ts';
import { squaredLabDistance } from '../lab-distance.ts';

/** Longer side of the grid on which clicks are answered: finer, a click would take too long. */
const CLICK_PX = 512;
/** Pixels of a superpixel, about: an object of a hundred pixels has several of them. */
const SUPERPIXEL_PX = 40;
/** More superpixels than this would make a click slow. */
const MAX_SUPERPIXELS = 3_000;
/** As `embed` cuts them. */
const SLIC_REACH = 1.5;
/** Lab distance that counts as much as the mean difference of neighbours' features. */
const LAB_STEP = 12;
/** A way costs this much a superpixel where nothing changes, in shares of the mean step. */
const PLAIN_STEP = 0.15;

/** An image made ready for clicks: all that does not depend on them. */
export type ClickScene = {
  fine: RgbImage;
  /** [fine H, W, 3] CIE Lab. */
  lab: Float32Array;
  /** Superpixels of the fine grid, a quarter as large as those that segmentation works on. */
  graph: SuperpixelGraph;
  /** [count, dim]: features of each; null without an encoder. */
  features: SuperpixelRows | null;
  /** [count] in 0..1, see `saliencyOf`. */
  saliency: Float32Array;
  /** The graph with the difference of neighbours as the length of the way between them, 1 in the mean. */
  ways: Ways;
  /** [edges]: those lengths. */
  steps: Float32Array;
};

/** Cuts an image into small superpixels, with the features and saliency of the larger ones below them. */
export async function clickScene(pixels: ImagePixels, embedding: Embedding): Promise<ClickScene> {
  const fine = await resizeRgb(pixels.fine, sizeWithin(pixels.fine, CLICK_PX));
  const area = fine.widthPx * fine.heightPx;
  const segments = Math.min(Math.max(4, Math.round(area / SUPERPIXEL_PX)), MAX_SUPERPIXELS);
  const graph = superpixelGraph(fine, slic(fine, { segments, reach: SLIC_REACH }));
  const below = sharesBelow(graph.map, embedding.map);
  const rows = rowsOf(pixels, embedding);
  const features = rows && { rows: blended(rows.rows, rows.dim, below), dim: rows.dim };
  const steps = stepsOf(graph, features);
  return {
    fine,
    lab: quickLab(fine),
    graph,
    features,
    saliency: blended(embedding.saliency, 1, below),
    ways: waysOf(graph, steps),
    steps,
  };
}

/** The features of an image's superpixels along the axes on which they differ in this image. */
function rowsOf(pixels: ImagePixels, embedding: Embedding): SuperpixelRows | null {
  if (embedding.dim === 0) return null;
  const descriptors = superpixelDescriptors(embedding, graphOf(pixels, embedding));
  return featureRows(learnRowModel(descriptors), descriptors);
}

/** For each superpixel of a map those of another map that it covers, with their pixels. */
function sharesBelow(map: SuperpixelMap, other: SuperpixelMap): Map<number, number>[] {
  const shares = Array.from({ length: map.count }, () => new Map<number, number>());
  const columns = nearest(other.widthPx, map.widthPx);
  const rows = nearest(other.heightPx, map.heightPx);
  for (let y = 0, pixel = 0; y < map.heightPx; y++) {
    const row = (rows[y] ?? 0) * other.widthPx;
    for (let x = 0; x < map.widthPx; x++, pixel++) {
      const own = shares[map.labels[pixel] ?? 0];
      const label = other.labels[row + (columns[x] ?? 0)] ?? 0;
      own?.set(label, (own.get(label) ?? 0) + 1);
    }
  }
  return shares;
}

/** @param values [other count, dim] */
function blended(values: Float32Array, dim: number, shares: readonly Map<number, number>[]): Float32Array {
  const out = new Float32Array(shares.length * dim);
  shares.forEach((below, s) => {
    const total = [...below.values()].reduce((sum, px) => sum + px, 0);
    for (const [label, px] of below) {
      for (let d = 0; d < dim; d++) {
        out[s * dim + d] = (out[s * dim + d] ?? 0) + ((values[label * dim + d] ?? 0) * px) / total;
      }
    }
  });
  return out;
}

/** [edges]: how much neighbours differ in colour and in features, 1 in the mean. */
function stepsOf({ edges, lab }: SuperpixelGraph, features: SuperpixelRows | null): Float32Array {
  const ends = edges.lengths.map((_, edge) => edge);
  const colours = ends.map((edge) => squaredLabDistance(lab, edges.from[edge] ?? 0, edges.to[edge] ?? 0));
  const kinds = ends.map((edge) =>
    features ? rowDistance(features, edges.from[edge] ?? 0, edges.to[edge] ?? 0) : 0,
  );
  const meanKind = meanOf(kinds) || 1;
  const steps = colours.map((colour, edge) =>
    Math.sqrt(colour / LAB_STEP ** 2 + (features ? (kinds[edge] ?? 0) / meanKind : 0)),
  );
  const mean = meanOf(steps) || 1;
  return steps.map((step) => PLAIN_STEP + (1 - PLAIN_STEP) * (step / mean));
}

/** Squared distance of two rows. */
export function rowDistance({ rows, dim }: SuperpixelRows, a: number, b: number): number {
  let sum = 0;
  for (let d = 0; d < dim; d++) sum += ((rows[a * dim + d] ?? 0) - (rows[b * dim + d] ?? 0)) ** 2;
  return sum;
}

function meanOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);
}
