import type { SegmentSettings } from '../../contract/segmentation.ts';
import { encodeRle, type EncodedMask } from '../mask/rle.ts';
import { kmeans } from '../segment/kmeans.ts';
import type { Grid } from '../segment/components.ts';
import { drawsFor } from '../tensor/random.ts';
import { conceptsOf, coordinates, unitRows, type ConceptModel } from './concepts.ts';
import type { Embedding, ImagePixels } from './evidence.ts';
import { findForeground } from './foreground.ts';
import { readGround } from './ground.ts';
import { objectsOf, type ObjectRules } from './objects.ts';
import { guidedFilter, resampled } from './refine.ts';
import { scoreObject } from './score.ts';
import { splitTouching } from './split-touching.ts';
import { superpixelGraph, type SuperpixelGraph } from './superpixel-graph.ts';

/** What was learned from the collection before its images are cut. */
export type CollectionModel = {
  concepts: ConceptModel;
  /** Whether its images show things on an even ground. */
  isEvenGround: boolean;
};

/** A mask on the grid of the upright original. */
export type FoundMask = EncodedMask & {
  /** 0 for objects, 1 for regions. */
  level: 0 | 1;
  score: number;
  /** Number of its concept. */
  concept: number;
};

export type SegmentTask = {
  pixels: ImagePixels;
  embedding: Embedding;
  /** Size of the upright original. */
  original: Grid;
  settings: SegmentSettings;
};

/** Share of the largest object below which a piece is taken for a part of the background. */
const MIN_SHARE_OF_LARGEST = 0.1;
/** Even grounds: a ground this much quieter than the difference to the things on it, in this image alone. */
const QUIET_GROUND = 0.13;
/** Things on an even ground may be small: fewer pixels than this of the working image are noise. */
const MIN_THING_PX = 15;

/** Whether this image shows things on an even ground; measured in test/bench/segment/NOTES.md. */
export function hasEvenGround({ working }: ImagePixels): boolean {
  const { groundNoise, borderPurity } = readGround(working);
  return groundNoise < QUIET_GROUND && borderPurity > 0.6;
}

/** Cuts one image into masks: objects by themselves, then regions where they are asked for. */
export async function segmentImage(task: SegmentTask, model: CollectionModel): Promise<FoundMask[]> {
  const { pixels, embedding, settings } = task;
  const graph = superpixelGraph(pixels.working, embedding.map);
  const concepts = conceptsOf(model.concepts, embedding.features);
  if (settings.mode === 'everything') return regionMasks(task, concepts, 0);
  if (settings.mode === 'fixed-k') {
    const regions = await ownRegions(task, model, graph);
    return regionMasks(task, regions, 0).map((mask, at) => ({
      ...mask,
      concept: commonest(concepts, (s) => regions[s] === at),
    }));
  }
  const objects = model.isEvenGround ? groundObjects(task, concepts) : sceneObjects(task, graph, concepts);
  return settings.keepsRegions ? [...objects, ...regionMasks(task, concepts, 1)] : objects;
}

/** Objects of a photograph: the foreground of its superpixels, fitted to the edges. */
function sceneObjects(task: SegmentTask, graph: SuperpixelGraph, concepts: Int32Array): FoundMask[] {
  const { pixels, embedding, original, settings } = task;
  const foreground = findForeground(graph);
  const { labels } = embedding.map;
  const coarse = new Float32Array(labels.length);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    coarse[pixel] = foreground.selected[labels[pixel] ?? 0] ?? 0;
  }
  const fine = resampled(coarse, pixels.working, pixels.fine);
  const soft = settings.isRefined ? guidedFilter(pixels.fine, fine) : fine;
  const rules: ObjectRules = {
    minShare: settings.minAreaShare,
    maxHoleShare: settings.maxHoleShare,
    minShareOfLargest: MIN_SHARE_OF_LARGEST,
    isSingle: settings.mode === 'one',
  };
  const mask = new Uint8Array(soft.length);
  for (let pixel = 0; pixel < soft.length; pixel++) mask[pixel] = (soft[pixel] ?? 0) > 0.5 ? 1 : 0;
  return objectsOf(mask, pixels.fine, rules).flatMap((object) => {
    const encoded = onOriginal(object, soft, pixels.fine, original);
    if (!encoded) return [];
    const members = membersOf(object, pixels.fine, embedding);
    const score = scoreObject(graph, foreground, members);
    return [{ ...encoded, level: 0 as const, score, concept: commonest(concepts, (s) => members[s] === 1) }];
  });
}

/** Objects on an even ground: all that is not of its colour, divided at its necks. */
function groundObjects(task: SegmentTask, concepts: Int32Array): FoundMask[] {
  const { pixels, embedding, original, settings } = task;
  const ground = readGround(pixels.fine);
  const area = pixels.fine.widthPx * pixels.fine.heightPx;
  const rules: ObjectRules = {
    minShare: Math.max(settings.minAreaShare / 5, MIN_THING_PX / area),
    maxHoleShare: settings.maxHoleShare,
    minShareOfLargest: 0,
    isSingle: settings.mode === 'one',
  };
  return objectsOf(ground.mask, pixels.fine, rules, splitTouching).flatMap((object) => {
    const encoded = onOriginal(object, Float32Array.from(object), pixels.fine, original);
    if (!encoded) return [];
    let [distance, px] = [0, 0];
    object.forEach((inside, pixel) => {
      if (!inside) return;
      distance += ground.distances[pixel] ?? 0;
      px++;
    });
    // Twice the threshold is as sure as it gets: half of it, as unsure.
    const ratio = distance / Math.max(px, 1) / Math.max(ground.threshold, 1e-6);
    const score = Math.min(Math.max(ratio / 2, 0), 1);
    const members = membersOf(object, pixels.fine, embedding);
    return [{ ...encoded, level: 0 as const, score, concept: commonest(concepts, (s) => members[s] === 1) }];
  });
}

/** One mask for each region that the image has; together they cover every pixel once. */
function regionMasks({ embedding, original }: SegmentTask, regions: Int32Array, level: 0 | 1): FoundMask[] {
  const map = regionsOnOriginal(embedding, regions, original);
  const mask = new Uint8Array(map.length);
  const numbers = [...new Set(regions)].sort((a, b) => a - b);
  return numbers.flatMap((number) => {
    for (let pixel = 0; pixel < map.length; pixel++) mask[pixel] = map[pixel] === number ? 1 : 0;
    const encoded = encodeRle({ data: mask, ...original });
    if (!encoded) return [];
    return [{ ...encoded, level, score: encoded.areaPx / map.length, concept: number }];
  });
}

/** [H, W] of the original: the region of the nearest superpixel pixel; there are 200 of them at most. */
function regionsOnOriginal({ map }: Embedding, regions: Int32Array, { widthPx, heightPx }: Grid): Uint8Array {
  const out = new Uint8Array(widthPx * heightPx);
  const columns = new Int32Array(widthPx);
  for (let x = 0; x < widthPx; x++) columns[x] = Math.floor(((x + 0.5) * map.widthPx) / widthPx);
  for (let y = 0, at = 0; y < heightPx; y++) {
    const row = Math.floor(((y + 0.5) * map.heightPx) / heightPx) * map.widthPx;
    for (let x = 0; x < widthPx; x++, at++) out[at] = regions[map.labels[row + (columns[x] ?? 0)] ?? 0] ?? 0;
  }
  return out;
}

/** Regions of this image alone: k-means on its own superpixels, features beside colour. */
async function ownRegions(
  { embedding, settings }: SegmentTask,
  { concepts }: CollectionModel,
  graph: SuperpixelGraph,
): Promise<Int32Array> {
  const rows = coordinates(concepts.projection, unitRows(embedding.features, embedding.dim));
  const axes = concepts.projection.variances.length;
  const dim = axes + 3;
  const joined = new Float32Array(embedding.map.count * dim);
  for (let s = 0; s < embedding.map.count; s++) {
    joined.set(rows.subarray(s * axes, (s + 1) * axes), s * dim);
    for (let c = 0; c < 3; c++) joined[s * dim + axes + c] = (graph.lab[s * 3 + c] ?? 0) / COLOUR_UNIT;
  }
  const draw = drawsFor({ seed: settings.seed, step: 0, stream: 'regions' });
  return (await kmeans({ rows: joined, dim }, settings.regionCount, draw)).labels;
}

/** Lab units that weigh as much as one unit of the features. */
const COLOUR_UNIT = 40;

/** An object of the fine grid on the original's: enlarged smoothly, not pixel by pixel. */
function onOriginal(object: Uint8Array, soft: Float32Array, fine: Grid, original: Grid): EncodedMask | null {
  if (fine.widthPx === original.widthPx && fine.heightPx === original.heightPx) {
    return encodeRle({ data: object, ...original });
  }
  const own = soft.map((value, pixel) => (object[pixel] ? Math.max(value, 0.51) : Math.min(value, 0.49)));
  const large = resampled(own, fine, original);
  return encodeRle({ data: Uint8Array.from(large, (value) => (value > 0.5 ? 1 : 0)), ...original });
}

/** [superpixels]: 1 where most of a superpixel lies in the object. */
function membersOf(object: Uint8Array, fine: Grid, { map }: Embedding): Uint8Array {
  const inside = new Int32Array(map.count);
  const areas = new Int32Array(map.count);
  for (let y = 0; y < map.heightPx; y++) {
    const fineY = Math.min(Math.floor(((y + 0.5) * fine.heightPx) / map.heightPx), fine.heightPx - 1);
    for (let x = 0; x < map.widthPx; x++) {
      const fineX = Math.min(Math.floor(((x + 0.5) * fine.widthPx) / map.widthPx), fine.widthPx - 1);
      const label = map.labels[y * map.widthPx + x] ?? 0;
      areas[label] = (areas[label] ?? 0) + 1;
      inside[label] = (inside[label] ?? 0) + (object[fineY * fine.widthPx + fineX] ?? 0);
    }
  }
  const members = Uint8Array.from(inside, (px, s) => (px * 2 > (areas[s] ?? 0) ? 1 : 0));
  // Things smaller than a superpixel belong to the one that holds most of them.
  if (!members.includes(1)) members[inside.indexOf(Math.max(...inside))] = 1;
  return members;
}

function commonest(concepts: Int32Array, isMember: (superpixel: number) => boolean): number {
  const counts = new Map<number, number>();
  concepts.forEach((concept, s) => {
    if (isMember(s)) counts.set(concept, (counts.get(concept) ?? 0) + 1);
  });
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0;
}
