import type { SegmentSettings } from '../../contract/segmentation.ts';
import { learnConcepts } from './concepts.ts';
import { graphOf, type Embedding, type ImagePixels } from './embed-image.ts';
import { hasEvenGround, type CollectionModel } from './segment-image.ts';
import { superpixelDescriptors } from './superpixel-rows.ts';

/** Superpixels that are kept in memory, 12 MB with 256 features each: more change concepts little. */
const MAX_ROWS = 12_000;

/** What is learned from one image of the sample. */
export type ImageSample = {
  /** [rows, width] float32: descriptors of superpixels spread over the image. */
  raw: Float32Array<ArrayBuffer>;
  width: number;
  hasEvenGround: boolean;
};

/** Superpixels that each of so many images gives to a sample. */
export function rowsAnImage(imageCount: number): number {
  return Math.max(8, Math.floor(MAX_ROWS / Math.max(imageCount, 1)));
}

/** Reads off an image what a sample keeps of it. */
export function sampleImage(
  { pixels, embedding }: { pixels: ImagePixels; embedding: Embedding },
  mostRows: number,
): ImageSample {
  const { count } = embedding.map;
  const kept = Math.min(count, mostRows);
  const labels = Array.from({ length: kept }, (_, at) => Math.floor((at * count) / kept));
  return {
    ...superpixelDescriptors(embedding, graphOf(pixels, embedding), labels),
    hasEvenGround: hasEvenGround(pixels),
  };
}

/**
 * Learns what a collection shows from a sample of its images.
 * @param samples in an order that is the same each time; not empty
 * @throws Error where there are none
 */
export async function learnCollection(
  samples: readonly ImageSample[],
  settings: SegmentSettings,
): Promise<CollectionModel> {
  const [first] = samples;
  if (!first) throw new Error('a collection is learned from its images');
  const raw = new Float32Array(samples.reduce((sum, sample) => sum + sample.raw.length, 0));
  let at = 0;
  for (const sample of samples) {
    raw.set(sample.raw, at);
    at += sample.raw.length;
  }
  return {
    concepts: await learnConcepts({ raw, width: first.width }, settings),
    isEvenGround: samples.filter((sample) => sample.hasEvenGround).length * 2 > samples.length,
  };
}
