import { userError } from '../../contract/errors.ts';
import type { SegmentMode, SegmentSettings } from '../../contract/segmentation.ts';
import { floatsToHalves } from '../tensor/halves.ts';
import { learnConcepts } from './concepts.ts';
import { graphOf, type Embedding } from './embed-image.ts';
import { findForeground, foregroundCues, type Foreground, type ForegroundCues } from './foreground.ts';
import type { ForegroundExample } from './head/foreground-example.ts';
import {
  learnForeground,
  plainForeground,
  type LearnedForeground,
  type LearnForegroundOptions,
} from './head/learn-foreground.ts';
import type { Lessons, TeachingImage } from './head/lessons.ts';
import { surenessOf } from './score.ts';
import { cutObjects, type CollectionModel, type UnfiledMask } from './segment-image.ts';
import type { SegmentTask } from './segment-task.ts';
import type { SuperpixelGraph } from './superpixel-graph.ts';
import { superpixelDescriptors, type SuperpixelColours } from './superpixel-rows.ts';

/** Superpixels that are kept in memory, 12 MB with 256 features each: more change concepts little. */
const MAX_ROWS = 12_000;
/** Images from which a head is learned: more teach it more, and each is cut once more for it. */
const MAX_EXAMPLES = 1_000;
/** Memory for the features of all of them, 2 bytes each. */
const EXAMPLE_BYTES = 512 * 2 ** 20;
/** Superpixels of an image at most, about. */
const SUPERPIXELS = 640;

/** What is learned from one image of the sample. */
export type ImageSample = {
  /** [rows, width] float32: descriptors of superpixels spread over the image. */
  values: Float32Array<ArrayBuffer>;
  width: number;
  /** The image's own foreground with the features in it and around it; null where no head is learned. */
  example: Omit<ForegroundExample, 'image'> | null;
};

/** How images are sampled. */
export type SampleSpec = {
  /** Images of the sample: the more there are, the less is kept of each. */
  imageCount: number;
  /** Whether a foreground head is learned from it. */
  teachesHead: boolean;
  /** Whether the collection shows things on an even ground. */
  isEvenGround: boolean;
};

/** The objects of an image as its own pixels show them, with what is needed to file them under concepts later. */
export type FirstCut = {
  objects: UnfiledMask[];
  colours: SuperpixelColours;
  /** Whether their outlines are those of superpixels: then they are replaced, whatever the collection teaches. */
  isRough: boolean;
};

/** Whether a mode looks for foregrounds; the others make every region a mask. */
export function findsForeground(mode: SegmentMode): boolean {
  return mode !== 'everything' && mode !== 'fixed-k';
}

/** Number of images from which a head is learned with features of `dim` channels. */
export function exampleCount(dim: number): number {
  return Math.min(MAX_EXAMPLES, Math.max(1, Math.floor(EXAMPLE_BYTES / (2 * SUPERPIXELS * dim))));
}

/**
 * Reads off an image what a sample keeps of it, and cuts it without anything that the collection teaches.
 * @returns `first` null for a mode that looks for no foreground
 */
export function sampleImage(
  task: SegmentTask,
  { imageCount, teachesHead, isEvenGround }: SampleSpec,
): { sample: ImageSample; first: FirstCut | null } {
  const { pixels, embedding, settings } = task;
  const graph = graphOf(pixels, embedding);
  const isSought = findsForeground(settings.mode);
  const cut = isSought && !isEvenGround ? plainCut(graph, embedding) : null;
  const labels = spread(embedding.map.count, Math.max(8, Math.floor(MAX_ROWS / imageCount)));
  return {
    sample: {
      ...superpixelDescriptors(embedding, graph, labels),
      example: teachesHead && cut ? exampleOf(graph, embedding, cut) : null,
    },
    first: isSought
      ? {
          // A head usually finds other objects: the time that outlines take is saved for those.
          objects: cutObjects(task, { graph, foreground: cut?.foreground ?? null, isRough: teachesHead }),
          colours: { lab: graph.lab, labSpread: graph.labSpread },
          isRough: teachesHead,
        }
      : null,
  };
}

/** The foreground of an image by its own cues. */
type PlainCut = { cues: ForegroundCues; foreground: Foreground };

function plainCut(graph: SuperpixelGraph, { saliency }: Embedding): PlainCut {
  const cues = foregroundCues(graph, saliency);
  return { cues, foreground: findForeground(graph, cues) };
}

function exampleOf(
  graph: SuperpixelGraph,
  { features, dim }: Embedding,
  { cues, foreground }: PlainCut,
): Omit<ForegroundExample, 'image'> {
  const members = [...foreground.selected.keys()].filter((s) => foreground.selected[s] === 1);
  const { areas, lab, labSpread, edges } = graph;
  return {
    features: floatsToHalves(features),
    dim,
    targets: foreground.selected,
    areas,
    score: members.length === 0 ? 0 : surenessOf(graph, foreground, members),
    graph: { areas, lab, labSpread, edges },
    cues,
  };
}

/** Up to that many of the numbers below `count`, evenly spaced. */
function spread(count: number, most: number): number[] {
  const kept = Math.min(count, most);
  return Array.from({ length: kept }, (_, at) => Math.floor((at * count) / kept));
}

/** A sample of a collection. */
export type CollectionSample = {
  /** In an order that is the same each time. */
  samples: readonly (ImageSample & { image: TeachingImage })[];
  /** Whether the collection shows things on an even ground. */
  isEvenGround: boolean;
};

/** What a collection teaches its own images, and those of others. */
export type LearnedCollection = { model: CollectionModel; lessons: Lessons | null };

/**
 * Learns what a collection shows from a sample of its images.
 * @throws UserError NO_USABLE_IMAGES where not one image could be read
 */
export async function learnCollection(
  { samples, isEvenGround }: CollectionSample,
  settings: SegmentSettings,
  options: Omit<LearnForegroundOptions, 'seed'> = {},
): Promise<LearnedCollection> {
  const [first] = samples;
  if (!first) {
    throw userError('no-images-read');
  }
  const values = new Float32Array(samples.reduce((sum, sample) => sum + sample.values.length, 0));
  let at = 0;
  for (const sample of samples) {
    values.set(sample.values, at);
    at += sample.values.length;
  }
  const concepts = await learnConcepts({ values, width: first.width }, settings);
  const { lessons, ...foreground } = await foregroundOf({ samples, isEvenGround }, settings, options);
  return { model: { concepts, isEvenGround, foreground }, lessons };
}

async function foregroundOf(
  { samples, isEvenGround }: CollectionSample,
  { mode, seed }: SegmentSettings,
  options: Omit<LearnForegroundOptions, 'seed'>,
): Promise<LearnedForeground> {
  if (!findsForeground(mode)) return { ...plainForeground('not-needed'), lessons: null };
  if (isEvenGround) return { ...plainForeground('even-ground'), lessons: null };
  const examples = samples.flatMap(({ example, image }) => (example ? [{ ...example, image }] : []));
  return examples.length === 0
    ? { ...plainForeground('no-encoder'), lessons: null }
    : learnForeground(examples, { seed, ...options });
}
