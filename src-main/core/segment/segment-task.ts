import type { SegmentSettings } from '../../contract/segmentation.ts';
import type { EncodedMask } from '../mask/rle.ts';
import type { Grid } from '../superpixel/components.ts';
import type { Embedding, ImagePixels } from './embed-image.ts';

/** A mask on the grid of the upright original. */
export type FoundMask = EncodedMask & {
  /** 0 for objects, 1 for regions. */
  level: 0 | 1;
  score: number;
  /** Number of its concept. */
  concept: number;
};

/** One image to cut, and how. */
export type SegmentTask = {
  pixels: ImagePixels;
  embedding: Embedding;
  /** Size of the upright original. */
  original: Grid;
  settings: SegmentSettings;
};
