import { decodeImage, type RgbImage } from '../image/decode.ts';
import type { ImageLimits } from '../image/image-limits.ts';
import { resizeRgb, sizeWithin } from '../image/resize-rgb.ts';
import { slic, type SuperpixelMap } from '../superpixel/slic.ts';
import { embeddingFeature, encoderInput, type FeatureMap, type RemoteEncoder } from './encoder.ts';
import { pixelSamples, poolFeatures } from './pool-features.ts';
import { saliencyOf } from './saliency.ts';
import { superpixelGraph, type SuperpixelGraph } from './superpixel-graph.ts';

/** Longer side on which superpixels are found. */
const WORKING_PX = 320;
/** Longer side on which masks are fitted to edges; larger originals get their outlines enlarged from it. */
const FINE_PX = 640;
/** Pixels of a superpixel, about. */
const SUPERPIXEL_PX = 160;
/** A superpixel is looked for this many seeds' distances around: half of scikit-image's window, for speed. */
const SLIC_REACH = 1.5;

/** Some neighbouring columns of a matrix: those from `from` up to, and without, `to`. */
type Columns = { from: number; to: number };

/** What costs time to find out about an image; the rest follows from it and the settings. */
export type Embedding = {
  map: SuperpixelMap;
  /** [map.count, dim] float32, the encoder's maps side by side; without an encoder there are none, and `dim` is 0. */
  features: Float32Array;
  dim: number;
  /** The columns of the map that separates concepts best. */
  kinds: Columns;
  /** [map.count] in 0..1, see `saliencyOf`. */
  saliency: Float32Array;
  /** What is known of the superpixels from pixels alone; absent where the embedding was computed before. */
  graph?: SuperpixelGraph;
};

/** Pixels of an image at the two sizes that segmentation works on. */
export type ImagePixels = { fine: RgbImage; working: RgbImage };

export async function decodePixels(bytes: Uint8Array, limits: ImageLimits): Promise<ImagePixels> {
  const fine = await decodeImage(bytes, { maxSidePx: FINE_PX, limits });
  return { fine, working: await resizeRgb(fine, sizeWithin(fine, WORKING_PX)) };
}

/** Cuts an image into superpixels and reads the features of each; there are none without an encoder. */
export async function embed(
  { fine, working }: ImagePixels,
  encoder: RemoteEncoder | null,
  inputPx: number,
): Promise<Embedding> {
  const segments = Math.max(4, Math.round((working.widthPx * working.heightPx) / SUPERPIXEL_PX));
  const map = slic(working, { segments, reach: SLIC_REACH });
  const graph = superpixelGraph(working, map);
  const own = { map, graph, saliency: saliencyOf(graph) };
  if (!encoder) return { ...own, features: new Float32Array(0), dim: 0, kinds: { from: 0, to: 0 } };
  const maps = await encoder.encode(await encoderInput(fine, encoder.rules, { sidePx: inputPx }));
  return { ...own, ...sideBySide(map, maps) };
}

/** Mean features of each superpixel in all maps, one map next to the other. */
function sideBySide(
  map: SuperpixelMap,
  maps: readonly FeatureMap[],
): Pick<Embedding, 'features' | 'dim' | 'kinds'> {
  const dim = maps.reduce((sum, { channels }) => sum + channels, 0);
  const features = new Float32Array(map.count * dim);
  const kindsMap = embeddingFeature(maps);
  let kinds = { from: 0, to: dim };
  const samples = pixelSamples(map);
  let from = 0;
  for (const featureMap of maps) {
    const { channels } = featureMap;
    const pooled = poolFeatures(map, featureMap, samples);
    for (let s = 0; s < map.count; s++) {
      features.set(pooled.subarray(s * channels, (s + 1) * channels), s * dim + from);
    }
    if (featureMap === kindsMap) kinds = { from, to: from + channels };
    from += channels;
  }
  return { features, dim, kinds };
}

/** Superpixels of an embedding with their colours and neighbours. */
export function graphOf({ working }: ImagePixels, { map, graph }: Embedding): SuperpixelGraph {
  return graph ?? superpixelGraph(working, map);
}
