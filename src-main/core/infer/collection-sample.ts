import type { SegmentSettings } from '../../contract/segmentation.ts';
import { learnConcepts } from './concepts.ts';
import type { Embedding, ImagePixels } from './evidence.ts';
import { hasEvenGround, type CollectionModel } from './segment-image.ts';

/** Superpixels that are kept in memory: 30,000 of 256 numbers are 30 MB. */
const MAX_ROWS = 30_000;

/** What is learned from one image of the sample. */
export type ImageSurvey = {
  /** [rows, dim] float32: features of superpixels spread over the image. */
  rows: Float32Array<ArrayBuffer>;
  dim: number;
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
  const { features, dim } = embedding;
  const { count } = embedding.map;
  const kept = Math.min(count, mostRows);
  const rows = new Float32Array(kept * dim);
  for (let at = 0; at < kept; at++) {
    const row = Math.floor((at * count) / kept);
    rows.set(features.subarray(row * dim, (row + 1) * dim), at * dim);
  }
  return { rows, dim, hasEvenGround: hasEvenGround(pixels) };
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
  const rows = new Float32Array(surveys.reduce((sum, survey) => sum + survey.rows.length, 0));
  let at = 0;
  for (const survey of surveys) {
    rows.set(survey.rows, at);
    at += survey.rows.length;
  }
  return {
    concepts: await learnConcepts(rows, first.dim, settings),
    isEvenGround: surveys.filter((survey) => survey.hasEvenGround).length * 2 > surveys.length,
  };
}
