import type { SegmentSettings } from '../../contract/segmentation.ts';
import { learnConcepts } from './concepts.ts';
import { graphOf, type Embedding, type ImagePixels } from './evidence.ts';
import { hasEvenGround, type CollectionModel } from './segment-image.ts';
import { rawRows } from './superpixel-rows.ts';

/** Superpixels that are kept in memory, 12 MB with 256 features each: more change concepts little. */
const MAX_ROWS = 12_000;

/** What is learned from one image of the sample. */
export type ImageSurvey = {
  /** [rows, width] float32: raw rows of superpixels spread over the image. */
  raw: Float32Array<ArrayBuffer>;
  width: number;
  hasEvenGround: boolean;
};

/** Superpixels that each of so many images gives to a sample. */
export function rowsAnImage(imageCount: number): number {
  return Math.max(8, Math.floor(MAX_ROWS / Math.max(imageCount, 1)));
}

/** Reads off an image what a sample keeps of it. */
export function surveyImage(
  { pixels, embedding }: { pixels: ImagePixels; embedding: Embedding },
  mostRows: number,
): ImageSurvey {
  const { count } = embedding.map;
  const kept = Math.min(count, mostRows);
  const labels = Array.from({ length: kept }, (_, at) => Math.floor((at * count) / kept));
  return { ...rawRows(embedding, graphOf(pixels, embedding), labels), hasEvenGround: hasEvenGround(pixels) };
}

/**
 * Learns what a collection shows from a sample of its images.
 * @param surveys in an order that is the same each time; not empty
 * @throws Error where there are none
 */
export async function learnCollection(
  surveys: readonly ImageSurvey[],
  settings: SegmentSettings,
): Promise<CollectionModel> {
  const [first] = surveys;
  if (!first) throw new Error('a collection is learned from its images');
  const raw = new Float32Array(surveys.reduce((sum, survey) => sum + survey.raw.length, 0));
  let at = 0;
  for (const survey of surveys) {
    raw.set(survey.raw, at);
    at += survey.raw.length;
  }
  return {
    concepts: await learnConcepts({ raw, width: first.width }, settings),
    isEvenGround: surveys.filter((survey) => survey.hasEvenGround).length * 2 > surveys.length,
  };
}
