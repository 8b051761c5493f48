import type { FoundMask, SegmentTask } from './segment-task.ts';
import type { SegmentSettings } from '../../contract/segmentation.ts';
import { encodeLabels } from '../mask/encode-labels.ts';
import type { Grid } from '../superpixel/components.ts';
import { boxMean } from './box-mean.ts';
import { conceptsOf, type ConceptModel } from './concepts.ts';
import { cutOutline } from './cut-outline.ts';
import { divideByParts, divideScene, MIN_PART } from './divide-scene.ts';
import { graphOf, type Embedding, type ImagePixels } from './embed-image.ts';
import { findForeground, foregroundCues, type Foreground } from './foreground.ts';
import { readGround } from './ground.ts';
import { headLogits } from './head/foreground-head.ts';
import type { ForegroundModel } from './head/learn-foreground.ts';
import { thingRows } from './head/thing-metric.ts';
import { objectMembers } from './object-members.ts';
import { objectsOf, type Divide, type ObjectMap } from './objects.ts';
import { labelsOnOriginal } from './original-grid.ts';
import { resampled } from './resample.ts';
import { ownRegions, regionMasks } from './regions.ts';
import { scoreGroundObjects, scoreSceneObjects } from './score.ts';
import { splitTouching } from './split-touching.ts';
import type { SuperpixelGraph } from './superpixel-graph.ts';
import { colourRows, featureRows, superpixelDescriptors, type SuperpixelRows } from './superpixel-rows.ts';

/** What was learned from the collection before its images are cut. */
export type CollectionModel = {
  concepts: ConceptModel;
  /** Whether its images show things on an even ground. */
  isEvenGround: boolean;
  foreground: ForegroundModel;
};

/** Objects on the fine grid; `members` holds the superpixels of each, `scores` how far each can be trusted. */
type FoundObjects = { objects: ObjectMap; soft: Float32Array; members: number[][]; scores: number[] };

/** Share of the largest object below which a piece is considered part of the background. */
const MIN_SHARE_OF_LARGEST = 0.1;
/** Ward's distances from which parts of a foreground are different objects; test/bench/segment/NOTES.md. */
const AUTO_COLOURS_APART = 0.4;
const SEVERAL_COLOURS_APART = 0.1;
const SEVERAL_FEATURES_APART = 0.08;
/** The same in mode `several`, in shares of the distance that things of the collection have. */
const SEVERAL_THINGS_APART = 0.5;
/** Even grounds: a ground this much quieter than the difference to the things on it, in this image alone. */
const QUIET_GROUND = 0.115;
/** Things on an even ground may be small: fewer pixels than this of the working image are noise. */
const MIN_THING_PX = 15;

/** Whether this image shows things on an even ground; measured in test/bench/segment/NOTES.md. */
export function hasEvenGround({ working }: Pick<ImagePixels, 'working'>): boolean {
  const { groundNoise, borderPurity } = readGround(working);
  return groundNoise < QUIET_GROUND && borderPurity > 0.6;
}

/** An object whose concept is not known yet. */
export type UnfiledMask = Omit<FoundMask, 'concept'> & {
  /** Its superpixels, which decide its concept. */
  members: number[];
};

/** Segments one image: its objects, then its regions if they are requested. */
export async function segmentImage(task: SegmentTask, model: CollectionModel): Promise<FoundMask[]> {
  const { pixels, embedding, settings } = task;
  const graph = graphOf(pixels, embedding);
  const descriptors = superpixelDescriptors(embedding, graph);
  const concepts = conceptsOf(model.concepts, descriptors);
  if (settings.mode === 'everything') return regionMasks(task, concepts, 0);
  if (settings.mode === 'fixed-k') {
    const regions = await ownRegions(model.concepts.rowModel, descriptors, settings);
    return regionMasks(task, regions, 0).map((mask) => ({
      ...mask,
      concept: commonest(concepts.filter((_, s) => regions[s] === mask.concept)),
    }));
  }
  const foreground = model.isEvenGround ? null : learnedForeground(graph, embedding, model.foreground);
  const features = foreground?.hasPrior ? featureRows(model.concepts.rowModel, descriptors) : null;
  const things = thingsIn(embedding, model.foreground);
  return fileObjects(task, cutObjects(task, { graph, foreground, features, things }), concepts);
}

/** What distinguishes things in an image; null where its collection has not taught it. */
function thingsIn(embedding: Embedding, { things }: ForegroundModel): Differences | null {
  return things && { rows: thingRows(things, embedding), minDistance: things.minDistance };
}

/** The foreground of an image by its own cues and by what its collection taught. */
function learnedForeground(
  graph: SuperpixelGraph,
  embedding: Embedding,
  { head, weights }: ForegroundModel,
): Foreground {
  const cues = foregroundCues(graph, embedding.saliency);
  return findForeground(graph, cues, { weights, ...(head && { prior: headLogits(head, embedding) }) });
}

/** What parts of a foreground differ in, and Ward's distance from which they are different objects. */
type Differences = { rows: SuperpixelRows; minDistance: number };

/** The superpixels of an image, and what is known of them. */
export type Scene = {
  graph: SuperpixelGraph;
  /** Null for things on an even ground, which are found by its colour. */
  foreground: Foreground | null;
  /** Of the superpixels, if they are known to distinguish objects. */
  features?: SuperpixelRows | null;
  /** As the collection's own things taught it, if there were enough. */
  things?: Differences | null;
  /** Whether outlines may follow superpixels, and pieces stay whole: for masks that are about to be replaced. */
  isRough?: boolean;
};

/** Cuts the objects of an image. */
export function cutObjects(task: SegmentTask, scene: Scene): UnfiledMask[] {
  const { foreground } = scene;
  const found = foreground ? sceneObjects(task, { ...scene, foreground }) : groundObjects(task);
  const { objects, soft, members, scores } = found;
  const labels = labelsOnOriginal({ labels: objects.labels, soft }, task.pixels.fine, task.original);
  const masks = encodeLabels(labels, task.original);
  return members.flatMap((superpixels, at) => {
    const mask = masks.get(at + 1);
    return mask ? [{ ...mask, level: 0 as const, score: scores[at] ?? 0, members: superpixels }] : [];
  });
}

/**
 * Gives objects their concepts, and adds the regions if the settings keep them.
 * @param concepts [superpixels]: the concept of each
 */
export function fileObjects(
  task: Pick<SegmentTask, 'embedding' | 'original' | 'settings'>,
  objects: readonly UnfiledMask[],
  concepts: Int32Array,
): FoundMask[] {
  const filed = objects.map(({ members, ...mask }) => ({
    ...mask,
    concept: commonest(members.map((s) => concepts[s] ?? 0)),
  }));
  return task.settings.keepsRegions ? [...filed, ...regionMasks(task, concepts, 1)] : filed;
}

type Photograph = Scene & { foreground: Foreground };

/** Objects of a photograph: the foreground of its superpixels, fitted to the edges. */
function sceneObjects({ pixels, embedding, settings }: SegmentTask, scene: Photograph): FoundObjects {
  const { graph, foreground, isRough = false } = scene;
  const isRefined = settings.isRefined && !isRough;
  const { map } = embedding;
  const coarse = new Float32Array(map.labels.length);
  for (let at = 0; at < coarse.length; at++) coarse[at] = foreground.selected[map.labels[at] ?? 0] ?? 0;
  const soft = resampled(coarse, pixels.working, pixels.fine);
  const rough = new Uint8Array(soft.length);
  for (let at = 0; at < rough.length; at++) rough[at] = (soft[at] ?? 0) > 0.5 ? 1 : 0;
  const mask = isRefined ? cutOutline(pixels.fine, rough) : rough;
  const rules = {
    minShare: settings.minAreaShare,
    maxHoleShare: settings.maxHoleShare,
    minShareOfLargest: MIN_SHARE_OF_LARGEST,
    isSingle: settings.mode === 'one',
  };
  const pieces = objectsOf(mask, pixels.fine, rules);
  const objects =
    isDivided(settings.mode, scene) && !isRough
      ? divided(pieces, pixels.fine, dividerOf(scene, settings))
      : pieces;
  const members = objectMembers(objects.labels, objects.areasPx.length, pixels.fine, map);
  return {
    objects,
    // A cut outline follows pixels: it is enlarged as a smooth one.
    soft: isRefined ? boxMean(mask, { ...pixels.fine, radius: 1 }) : soft,
    members,
    scores: scoreSceneObjects(graph, foreground, members),
  };
}

/**
 * What a head finds is rarely two things of different colours in one piece: colours divide more animals than scenes. What
 * the collection's things differ in divides scenes.
 */
function isDivided(mode: SegmentSettings['mode'], { foreground, things }: Photograph): boolean {
  return mode === 'several' || (mode === 'auto' && (!foreground.hasPrior || Boolean(things)));
}

/** Pieces of a foreground come apart where its parts differ. */
function dividerOf(scene: Photograph, { mode }: SegmentSettings): Divide {
  const { graph, foreground } = scene;
  const { rows, minDistance } = differencesIn(scene, mode);
  const parts = divideScene(graph, foreground.selected, rows, { minDistance, minShare: MIN_PART });
  return divideByParts(parts, graph.map, MIN_PART);
}

/** By what distinguishes the collection's things, or by features, or, without any, by colours. */
function differencesIn({ graph, features, things }: Photograph, mode: SegmentSettings['mode']): Differences {
  const isSeveral = mode === 'several';
  if (things) return { ...things, minDistance: things.minDistance * (isSeveral ? SEVERAL_THINGS_APART : 1) };
  if (features) return { rows: features, minDistance: SEVERAL_FEATURES_APART };
  return { rows: colourRows(graph), minDistance: isSeveral ? SEVERAL_COLOURS_APART : AUTO_COLOURS_APART };
}

/** The same foreground, pixel by pixel, in more objects. */
function divided(objects: ObjectMap, grid: Grid, divide: Divide): ObjectMap {
  const rules = { minShare: 0, minShareOfLargest: 0, maxHoleShare: 0, isSingle: false };
  return objectsOf(insideOf(objects), grid, rules, divide);
}

/** [fine H, W]: 1 in any object. */
function insideOf({ labels }: ObjectMap): Uint8Array {
  const inside = new Uint8Array(labels.length);
  for (let pixel = 0; pixel < labels.length; pixel++) inside[pixel] = labels[pixel] ? 1 : 0;
  return inside;
}

/** Objects on an even ground: all that is not of its colour, divided at its necks. */
function groundObjects({ pixels, embedding, settings }: SegmentTask): FoundObjects {
  const ground = readGround(pixels.fine);
  const area = pixels.fine.widthPx * pixels.fine.heightPx;
  const rules = {
    minShare: Math.max(settings.minAreaShare / 5, MIN_THING_PX / area),
    maxHoleShare: settings.maxHoleShare,
    minShareOfLargest: 0,
    isSingle: settings.mode === 'one',
  };
  const objects = objectsOf(ground.mask, pixels.fine, rules, splitTouching);
  const count = objects.areasPx.length;
  const inside = insideOf(objects);
  return {
    objects,
    soft: new Float32Array(inside),
    members: objectMembers(objects.labels, count, pixels.fine, embedding.map),
    scores: scoreGroundObjects(ground, objects, pixels.fine),
  };
}

/** The number that comes most often, of equals the one that comes first. */
function commonest(numbers: Int32Array | number[]): number {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  let [best, most] = [0, 0];
  for (const [number, count] of counts) if (count > most) [best, most] = [number, count];
  return best;
}
